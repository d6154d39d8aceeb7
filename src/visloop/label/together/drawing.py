"""What somebody draws for a task before they give it in: seen by nobody else, in no data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from visloop import data
from visloop.errors import did_you_mean
from visloop.label.records import LabelPorts, NotWaiting, Task
from visloop.label.settling import sample_of, sample_there
from visloop.label.together.people import (
    ANNOTATOR,
    REVIEWER,
    Answer,
    Rights,
    answers_of,
    check_annotator,
    check_reviewer,
    put_answer,
)
from visloop.vision import Annotation

if TYPE_CHECKING:
    from visloop.store import Write


def check_classes(ports: LabelPorts, write: Write, task: Task, final: Sequence[Annotation]) -> None:
    """Return when every label is a class of the task's data set.

    Raises:
        UnknownClass: one is not.
    """
    names = data.class_names(write.connection, ports.data.blobs, task.project, task.dataset)
    wrong = sorted({each.label for each in final if each.label and each.label not in names})
    if wrong:
        raise data.UnknownClass(
            f"{', '.join(map(repr, wrong))} is no class of {task.dataset!r}",
            fix=did_you_mean(wrong[0], list(names), otherwise=f"visloop classes {task.dataset}"),
        )


def draft(write: Write, task: Task, rights: Rights) -> Answer:
    """The answer of who acts, as far as they have drawn it; begun where they have not.

    Raises:
        NotWaiting: it was given already, or the picture is decided.
        GivenToOthers, OwnWork, Forbidden: see `give`.
    """
    those = answers_of(write.connection, task.project, task.id)
    mine = those.get(rights.actor)
    if task.state == "waiting":
        check_annotator(task, those, rights)
        if mine is not None and mine.state == "given":
            raise NotWaiting(
                f"you have answered {task.id}", fix=f"take it back: visloop label undo {task.id}"
            )
        start, role = () if task.rules and task.rules.blind else task.proposed, ANNOTATOR
    else:
        check_reviewer(task, those, rights)
        start, role = task.final or (), REVIEWER
    if mine is not None and mine.annotations is not None:
        return mine
    put_answer(write, task, rights.actor, annotations=start, role=role)
    return answers_of(write.connection, task.project, task.id)[rights.actor]


def drawn(ports: LabelPorts, write: Write, task: Task, rights: Rights) -> data.Sample:
    """The picture with what who acts has drawn on it for the task; see `draft`."""
    mine = draft(write, task, rights)
    there = sample_there(ports, write, task)
    if there is None:
        split = task.candidate.split or ""
        there = sample_of(write, task, task.candidate, (), split)
    labelled = mine.labelled or bool(mine.annotations)
    return msgspec.structs.replace(there, annotations=mine.annotations or (), labelled=labelled)
