"""Taking back what was said or decided of a picture that was given to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import update

from visloop import data
from visloop.label.queue import get
from visloop.label.records import LabelPorts, NotWaiting, Task, TaskCommitted
from visloop.label.settling import decide, said, sample_there
from visloop.label.tables import tasks
from visloop.label.together.answering import apart, settle
from visloop.label.together.people import Answer, Rights, answers_of, people_of, put_answer

if TYPE_CHECKING:
    from visloop.store import Write


def take_back(
    ports: LabelPorts, write: Write, task: Task, rights: Rights, *, test_share: float
) -> Task:
    """The last thing that who acts did to the task never was; an owner takes back anybody's.

    Raises:
        NotWaiting: they have done nothing that could be taken back.
        TaskCommitted: a version holds the label.
    """
    those = answers_of(write.connection, task.project, task.id)
    mine = those.get(rights.actor)
    if task.state in {"accepted", "rejected"}:
        return _decision(ports, write, task, those, rights)
    returned = [e for e in people_of(those, "returned") if e.returned_by == rights.actor]
    if task.state == "waiting" and returned:
        for each in returned:
            put_answer(write, task, each.actor, state="given", comment="", returned_by="")
        return settle(ports, write, task, test_share=test_share)
    if mine is not None and mine.state == "given":
        return _answers(write, task, [mine])
    if rights.manage and people_of(those, "given"):
        return _answers(write, task, people_of(those, "given"))
    if task.state == "waiting":
        return task
    raise NotWaiting(
        f"{rights.actor} has done nothing to {task.id} that could be taken back",
        fix="who labelled it takes it back, or a reviewer: visloop label back TASK --comment WHY",
    )


def _answers(write: Write, task: Task, those: list[Answer]) -> Task:
    for each in those:
        put_answer(write, task, each.actor, state="assigned", given=None)
    values = {"state": "waiting", "final": None, "score": None}
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    write.fact("label.undone", task.id, dataset=task.dataset, image=task.image)
    return get(write.connection, task.project, task.id)


def _decision(
    ports: LabelPorts, write: Write, task: Task, those: dict[str, Answer], rights: Rights
) -> Task:
    known = apart(write, task)
    control = known.control is not None
    mine = those.get(rights.actor)
    theirs = mine is not None and mine.state == "given"
    if not (rights.manage or task.decided_by == rights.actor or (control and theirs)):
        by = (task.decided_by or "").partition(":")[2]
        raise NotWaiting(f"{by} has decided about {task.id}", fix=f"ask {by}, or an owner")
    if task.state == "accepted" and not control:
        _unstage(ports, write, task)
    prior = known.prior or "waiting"
    if prior == "waiting":
        given = [mine] if mine is not None and theirs else people_of(those, "given")
        return _answers(write, task, given)
    back = decide(write, task, "waiting")
    final = task.final if prior == "review" else ()
    values = {"state": prior, "final": final, "prior": None}
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    return get(write.connection, task.project, back.id)


def _unstage(ports: LabelPorts, write: Write, task: Task) -> None:
    """The sample is as it was before."""
    base = apart(write, task).base
    where = (ports.data, write.connection, task.project, task.dataset, task.path)
    committed = data.committed_at(*where)
    if committed is not None and said(committed.annotations) == said(task.final or ()):
        raise TaskCommitted(
            f"{task.path!r} is in a version of {task.dataset!r} already",
            fix=f"correct it instead: visloop label accept {task.id} --label RIGHT",
        )
    if base is None:
        data.take_back(write, task.dataset, [task.path])
        return
    there = sample_there(ports, write, task)
    if there is not None:
        before = {"annotations": base.annotations, "labelled": base.labelled}
        data.stage(ports.data, write, task.dataset, [msgspec.structs.replace(there, **before)])
