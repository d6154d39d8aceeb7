"""What a person decides about a picture: state, sample and fact in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from visloop import data
from visloop.errors import UsageError
from visloop.label.keys import is_first
from visloop.label.queue import get, renamed, with_names
from visloop.label.records import LabelPorts, NothingProposed, Task, TaskCommitted
from visloop.label.settling import decide, restored, said, take
from visloop.label.together.answering import Said, give, leave_out, send_back
from visloop.label.together.drawing import draft
from visloop.label.together.people import rights_of
from visloop.label.together.undoing import take_back
from visloop.vision import Annotation, ClassLabel

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Write


def accept(
    ports: LabelPorts,
    scope: Scope,
    task_id: str,
    label: str | Sequence[Annotation] | Said | None = None,
    *,
    test_share: float = 0.0,
    drawing: bool = False,
    key: str = "",
) -> Task:
    """Take a picture into its data set, with a label.

    The sample is staged in the same transaction that records the fact `label.accepted`. Accepting
    again with the same label changes nothing; another label corrects the first one, committed or not.
    Of a picture that was given to people it is an answer, which becomes the label once all have
    answered and agree (`visloop.label.together`).

    Args:
        ports: the queue and the data set.
        scope: who decides.
        task_id: the task.
        label: the right class, or annotations; None takes what was drawn, or the model proposed.
        test_share: share of pictures that become test pictures, never trained on.
        drawing: somebody is about to draw on it: it comes in as proposed, or with nothing on it and
            not labelled yet; the model is not said to have been right.
        key: what this decision is called; taken under that name before, within 60 days, nothing is
            done: a late copy of it does not undo what was decided since.

    Raises:
        TaskNotFound: there is no such task.
        NothingProposed: `label` is None and the model proposed nothing, and nobody is to draw.
        UnknownClass: the label is no class of the data set.
        NotProtected: the workspace's policy of privacy cannot be kept for the picture.
        GivenToOthers: other people have the picture.
        OwnWork, Forbidden: others decide about it.
    """
    says = label if isinstance(label, Said) else Said(label)
    rights = rights_of(ports, scope)
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        if not is_first(write, key):
            return task
        if task.rules is None:
            return accept_in(ports, write, task, says.label, test_share=test_share, drawing=drawing)
        if drawing:
            draft(write, task, rights)
            return task
        return give(ports, write, task, says, rights, test_share=test_share)


def accept_in(
    ports: LabelPorts,
    write: Write,
    task: Task,
    label: str | Sequence[Annotation] | None,
    *,
    test_share: float,
    drawing: bool = False,
) -> Task:
    """`accept` in the caller's transaction."""
    names = data.class_names(write.connection, ports.data.blobs, task.project, task.dataset)
    task = with_names(task, names)
    if drawing and task.state == "accepted":
        return task
    blank = drawing and label is None and not task.proposed
    final = () if blank else _final(task, label, str(write.scope.actor))
    final = renamed(final, names)
    if task.state == "accepted" and said(final) == said(task.final or ()):
        return task
    agreed = not drawing and bool(task.proposed) and said(final) == said(task.proposed)
    return take(ports, write, task, final, test_share=test_share, agreed=agreed)


def reject(ports: LabelPorts, scope: Scope, task_id: str, *, key: str = "") -> Task:
    """Leave a picture out: it is not worth learning from.

    Raises:
        TaskNotFound: there is no such task.
        TaskCommitted: it was accepted, and a version holds it.
        GivenToOthers, OwnWork, Forbidden: see `accept`.
    """
    rights = rights_of(ports, scope)
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        if not is_first(write, key) or task.state == "rejected":
            return task
        if task.rules is not None:
            return leave_out(write, task, rights)
        return _put_aside(ports, write, task, "rejected")


def skip(ports: LabelPorts, scope: Scope, task_id: str, *, key: str = "") -> Task:
    """Leave a picture to somebody else, or for later.

    Raises:
        TaskNotFound: there is no such task.
        TaskCommitted: it was accepted, and a version holds it.
    """
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        if not is_first(write, key) or task.state == "skipped" or task.rules is not None:
            return task
        return _put_aside(ports, write, task, "skipped")


def back(ports: LabelPorts, scope: Scope, task_id: str, comment: str, *, key: str = "") -> Task:
    """Send a picture back to the people who labelled it, with a comment.

    Raises:
        TaskNotFound: there is no such task.
        UsageError: there is no comment.
        NotWaiting: nobody has labelled it, or it is decided.
        OwnWork, Forbidden: see `accept`.
    """
    rights = rights_of(ports, scope)
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        return send_back(write, task, comment, rights) if is_first(write, key) else task


def undo(
    ports: LabelPorts, scope: Scope, task_id: str, *, test_share: float = 0.0, key: str = ""
) -> Task:
    """Take a decision back; what it had staged is forgotten.

    The picture waits again, unless a version holds it: then only a correction made since is taken
    back, and the label is the committed one. Of a picture that was given to people it is the last
    that who asks did to it: an answer, a decision, a comment.

    Raises:
        TaskNotFound: there is no such task.
        TaskCommitted: it was accepted, a version holds it, and no correction is staged.
        NotWaiting: others have decided about it since.
    """
    rights = rights_of(ports, scope)
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        if not is_first(write, key):
            return task
        if task.rules is not None:
            return take_back(ports, write, task, rights, test_share=test_share)
        return task if task.state == "waiting" else _put_aside(ports, write, task, "waiting")


def _put_aside(ports: LabelPorts, write: Write, task: Task, state: str) -> Task:
    if task.state != "accepted":
        return decide(write, task, state)
    where = (ports.data, write.connection, task.project, task.dataset, task.path)
    committed = data.committed_at(*where)
    staged = data.take_back(write, task.dataset, [task.path])
    if not staged or (committed is not None and state != "waiting"):
        raise _committed(task)
    if committed is None:
        return decide(write, task, state)
    return restored(write, task, committed)


def _committed(task: Task) -> TaskCommitted:
    return TaskCommitted(
        f"{task.path!r} is in a version of {task.dataset!r} already",
        fix=f"correct it instead: visloop label accept {task.id} --label RIGHT",
    )


def _final(
    task: Task, label: str | Sequence[Annotation] | None, author: str
) -> tuple[Annotation, ...]:
    if isinstance(label, str):
        return (ClassLabel(label=label, author=author),)
    if label is None and not task.proposed:
        raise NothingProposed(
            f"nothing was proposed for {task.id}",
            fix=f"say what it is: visloop label accept {task.id} --label CLASS",
        )
    chosen = task.proposed if label is None else tuple(label)
    if not chosen:
        raise UsageError("an accepted picture needs a label", fix="give one, or reject the picture")
    return tuple(
        msgspec.structs.replace(each, author=author, score=None, review="accepted")
        for each in chosen
    )
