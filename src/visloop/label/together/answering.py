"""What people say of a picture that was given to them, and what becomes of it.

waiting → everybody has answered → (they agree?) → review → accepted; disputed where they do not
agree. Somebody who did not label it decides what is to review or disputed, or sends it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete, select, update

from visloop import data
from visloop.errors import UsageError, did_you_mean
from visloop.label.agreeing.matching import merged, score
from visloop.label.queue import get, renamed
from visloop.label.records import LabelPorts, NothingProposed, NotWaiting, Task
from visloop.label.settling import decide, said, sample_there, take
from visloop.label.tables import answers, tasks
from visloop.label.together.drawing import check_classes
from visloop.label.together.people import (
    REVIEWER,
    Answer,
    Rights,
    answers_of,
    check_annotator,
    check_reviewer,
    people_of,
    put_answer,
)
from visloop.vision import Annotation, ClassLabel, NumberValue

if TYPE_CHECKING:
    from visloop.store import Write

CHANGED: Final = "its labels have changed since it was given out"


class Base(msgspec.Struct, frozen=True):
    """What the sample held when it was given to people."""

    annotations: tuple[Annotation, ...]
    labelled: bool


@dataclass(frozen=True)
class Said:
    """What somebody says: a class, annotations, another's answer (`of`), or that nothing is there."""

    label: str | Sequence[Annotation] | None = None
    of: str = ""
    nothing: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Apart:
    """What is kept of a task and not shown."""

    base: Base | None
    control: tuple[Annotation, ...] | None
    prior: str | None


def apart(write: Write, task: Task) -> Apart:
    """See `Apart`."""
    columns = (tasks.c.base, tasks.c.control, tasks.c.prior)
    row = write.execute(select(*columns).where(tasks.c.id == task.id)).mappings().one()
    return msgspec.convert({str(key): value for key, value in row.items()}, Apart)


def give(
    ports: LabelPorts, write: Write, task: Task, says: Said, rights: Rights, *, test_share: float
) -> Task:
    """Take what somebody says: an answer while the picture waits, else a decision about others' ones.

    Raises:
        GivenToOthers: other people have it.
        OwnWork, Forbidden: see `check_reviewer`.
        NothingProposed: nothing was said, drawn or proposed.
        UnknownClass: a label is no class of the data set.
    """
    those = answers_of(write.connection, task.project, task.id)
    names = data.class_names(write.connection, ports.data.blobs, task.project, task.dataset)
    if task.state == "waiting":
        check_annotator(task, those, rights)
    else:
        check_reviewer(task, those, rights)
    final = _final(task, says, those, rights.actor)
    check_classes(ports, write, task, final)
    final = renamed(final, names)
    if task.state != "waiting":
        decided = task.state in {"accepted", "rejected"}
        prior = apart(write, task).prior if decided else task.state
        return _taken(ports, write, task, final, prior, test_share=test_share)
    values = {"state": "given", "annotations": final, "labelled": True, "given": write.now}
    put_answer(write, task, rights.actor, **values, seconds=says.seconds, returned_by="")
    write.fact("label.answered", task.id, dataset=task.dataset, image=task.image)
    return settle(ports, write, task, test_share=test_share)


def settle(ports: LabelPorts, write: Write, task: Task, *, test_share: float) -> Task:
    """What follows once everybody has answered; nothing before."""
    assert task.rules is not None
    given = people_of(answers_of(write.connection, task.project, task.id), "given")
    if len(given) < task.rules.annotators:
        return get(write.connection, task.project, task.id)
    known = apart(write, task)
    answers = {each.actor: each.annotations or () for each in given}
    size = (task.candidate.height, task.candidate.width)
    agree = score(answers, size) if len(given) > 1 else None
    final = merged(answers, size) if len(given) > 1 else (given[0].annotations or ())
    write.execute(update(tasks).where(tasks.c.id == task.id).values(score=agree))
    if known.control is not None:
        return _closed(write, task, final)
    there = sample_there(ports, write, task)
    if known.base is not None and (
        there is None or said(there.annotations) != said(known.base.annotations)
    ):
        return _to(write, task, "disputed", final, CHANGED)
    if agree is not None and agree < task.rules.bar:
        return _to(write, task, "disputed", ())
    if task.rules.review:
        return _to(write, task, "review", final)
    return _taken(ports, write, task, final, "waiting", test_share=test_share)


def _taken(
    ports: LabelPorts,
    write: Write,
    task: Task,
    final: tuple[Annotation, ...],
    prior: str | None,
    *,
    test_share: float,
) -> Task:
    """The label is in the data set; what was there is remembered, to be put back."""
    there = sample_there(ports, write, task)
    if there is not None and task.state != "accepted":
        before = Base(there.annotations, there.labelled)
        write.execute(update(tasks).where(tasks.c.id == task.id).values(base=before))
    whole = completed(task, there.annotations if there else (), final)
    if task.state == "accepted" and said(whole) == said(task.final or ()):
        return task
    agreed = bool(task.proposed) and said(final) == said(task.proposed)
    return take(ports, write, task, whole, test_share=test_share, agreed=agreed, prior=prior)


def _closed(write: Write, task: Task, final: tuple[Annotation, ...]) -> Task:
    """A control is answered; nothing else happens."""
    by = {"decided_by": str(write.scope.actor), "decided": write.now}
    values = {"state": "accepted", "prior": "waiting", "final": final, **by}
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    return get(write.connection, task.project, task.id)


def _to(write: Write, task: Task, state: str, final: Sequence[Annotation], why: str = "") -> Task:
    """Others decide about it, from what was answered now: what a reviewer drew before is of before."""
    earlier = (answers.c.project == task.project, answers.c.task == task.id)
    write.execute(delete(answers).where(*earlier, answers.c.role == REVIEWER))
    reasons = (*task.reasons, why) if why and why not in task.reasons else task.reasons
    values: dict[str, Any] = {"state": state, "final": final, "reasons": reasons}
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    kind = "label.disputed" if state == "disputed" else "label.to_review"
    write.fact(kind, task.id, dataset=task.dataset, image=task.image)
    return get(write.connection, task.project, task.id)


def completed(
    task: Task, there: Sequence[Annotation], final: tuple[Annotation, ...]
) -> tuple[Annotation, ...]:
    """What was asked for, and what the sample holds beside it: boxes stay where classes were asked."""
    assert task.rules is not None
    if not (task.rules.blind or task.rules.question == "class"):
        return final
    whole = (ClassLabel,) if task.rules.question == "class" else ()
    kept = [each for each in there if not isinstance(each, whole)]
    if not whole:
        kept = [each for each in kept if isinstance(each, ClassLabel | NumberValue)]
    return (*final, *kept)


def _final(task: Task, says: Said, those: dict[str, Answer], actor: str) -> tuple[Annotation, ...]:
    if says.of:
        return _of(task, says.of, those)
    if isinstance(says.label, str):
        return (ClassLabel(label=says.label, author=actor),)
    if says.label is not None or says.nothing:
        return _theirs(says.label or (), actor)
    mine = those.get(actor)
    if mine is not None and mine.annotations is not None and (mine.annotations or mine.labelled):
        return _theirs(mine.annotations, actor)
    if task.state in {"review", "disputed"} and (task.final or task.state == "review"):
        return task.final or ()
    if task.state != "disputed" and task.proposed:
        return _theirs(task.proposed, actor)
    raise NothingProposed(
        f"nothing was said of {task.id}",
        fix=f"visloop label accept {task.id} --label CLASS (or --nothing: there is nothing to label)",
    )


def _of(task: Task, name: str, those: dict[str, Answer]) -> tuple[Annotation, ...]:
    given = {each.actor.partition(":")[2]: each for each in people_of(those, "given")}
    if task.state == "waiting" or name not in given:
        raise UsageError(
            f"{name!r} has given no answer to take",
            fix=did_you_mean(name, list(given), otherwise=f"one of: {', '.join(given)}"),
        )
    return given[name].annotations or ()


def _theirs(those: Sequence[Annotation], actor: str) -> tuple[Annotation, ...]:
    change = {"author": actor, "score": None, "review": "accepted"}
    return tuple(msgspec.structs.replace(each, **change) for each in those)


def send_back(write: Write, task: Task, comment: str, rights: Rights) -> Task:
    """The people who labelled it do so again, told why.

    Raises:
        UsageError: without a comment they would not know why.
        NotWaiting: nobody has labelled it, or it is decided.
        OwnWork, Forbidden: see `check_reviewer`.
    """
    if not comment.strip():
        raise UsageError("nobody would know why it comes back", fix="say it: --comment 'too wide'")
    if task.state not in {"review", "disputed"}:
        raise NotWaiting(
            f"{task.id} is {task.state}: nothing of it is to be looked over",
            fix="see: visloop label list --view to-review",
        )
    those = answers_of(write.connection, task.project, task.id)
    check_reviewer(task, those, rights)
    back = {"state": "returned", "comment": comment.strip(), "returned_by": rights.actor}
    for each in people_of(those, "given"):
        put_answer(write, task, each.actor, **back)
    values = {"state": "waiting", "final": None, "score": None}
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    write.fact("label.returned", task.id, dataset=task.dataset, image=task.image)
    return get(write.connection, task.project, task.id)


def leave_out(write: Write, task: Task, rights: Rights) -> Task:
    """Nothing can be labelled here: of who answers it is disputed, of who decides it ends so.

    Raises:
        GivenToOthers, OwnWork, Forbidden: see `give`.
    """
    those = answers_of(write.connection, task.project, task.id)
    if task.state != "waiting":
        check_reviewer(task, those, rights)
        return decide(write, task, "rejected", prior=task.state)
    check_annotator(task, those, rights)
    values = {"state": "given", "annotations": (), "labelled": False, "given": write.now}
    put_answer(write, task, rights.actor, **values)
    write.fact("label.answered", task.id, dataset=task.dataset, image=task.image)
    if apart(write, task).control is not None:
        return _closed(write, task, ())
    name = rights.actor.partition(":")[2]
    return _to(write, task, "disputed", (), f"left out by {name}")
