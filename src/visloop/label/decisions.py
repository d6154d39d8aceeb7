"""What a person decides about a picture: state, sample and fact in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import update

from visloop import data
from visloop.errors import UsageError
from visloop.ids import digest_of, sample_id
from visloop.label.keys import is_first
from visloop.label.queue import get, renamed, with_names
from visloop.label.records import LabelPorts, NothingProposed, Task, TaskCommitted
from visloop.label.tables import tasks
from visloop.store import utc_text
from visloop.vision import Annotation, ClassLabel

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Write

TRAIN: Final = "train"
TEST: Final = "test"
_SHARES: Final = 1 << 32


def split_of(image: str, test_share: float) -> str:
    """The split of an accepted picture, by a hash of its digest: the same picture, the same split.

    Args:
        image: digest of its bytes.
        test_share: share of pictures, in [0, 1], that go to `test`.
    """
    drawn = int(digest_of("split", image)[:8], 16)
    return TEST if drawn < test_share * _SHARES else TRAIN


def accept(
    ports: LabelPorts,
    scope: Scope,
    task_id: str,
    label: str | Sequence[Annotation] | None = None,
    *,
    test_share: float = 0.0,
    drawing: bool = False,
    key: str = "",
) -> Task:
    """Take a picture into its data set, with a label.

    The sample is staged in the same transaction that records the fact `label.accepted`. Accepting
    again with the same label changes nothing; another label corrects the first one, committed or not.

    Args:
        ports: the queue and the data set.
        scope: who decides.
        task_id: the task.
        label: the right class, or annotations; None takes what the model proposed.
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
    """
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        if not is_first(write, key):
            return task
        return accept_in(ports, write, task, label, test_share=test_share, drawing=drawing)


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
    if task.state == "accepted" and _said(final) == _said(task.final or ()):
        return task
    split = task.split or task.candidate.split or split_of(task.image, test_share)
    candidate = data.protected(ports.data, task.candidate)
    if candidate.image != task.image:
        ports.data.blobs.flush()
    sample = _sample(write, task, candidate, final, split)
    data.stage(ports.data, write, task.dataset, [sample])
    agreed = not drawing and bool(task.proposed) and _said(final) == _said(task.proposed)
    return _decide(write, task, "accepted", final=final, split=split, agreed=agreed)


def reject(ports: LabelPorts, scope: Scope, task_id: str, *, key: str = "") -> Task:
    """Leave a picture out: it is not worth learning from.

    Raises:
        TaskNotFound: there is no such task.
        TaskCommitted: it was accepted, and a version holds it.
    """
    return _put_aside(ports, scope, task_id, "rejected", key)


def skip(ports: LabelPorts, scope: Scope, task_id: str, *, key: str = "") -> Task:
    """Leave a picture to somebody else, or for later.

    Raises:
        TaskNotFound: there is no such task.
        TaskCommitted: it was accepted, and a version holds it.
    """
    return _put_aside(ports, scope, task_id, "skipped", key)


def undo(ports: LabelPorts, scope: Scope, task_id: str, *, key: str = "") -> Task:
    """Take a decision back; what it had staged is forgotten.

    The picture waits again, unless a version holds it: then only a correction made since is taken
    back, and the label is the committed one.

    Raises:
        TaskNotFound: there is no such task.
        TaskCommitted: it was accepted, a version holds it, and no correction is staged.
    """
    return _put_aside(ports, scope, task_id, "waiting", key)


def _put_aside(ports: LabelPorts, scope: Scope, task_id: str, state: str, key: str) -> Task:
    with ports.ledger.write(scope) as write:
        task = get(write.connection, scope.project, task_id)
        if not is_first(write, key) or task.state == state:
            return task
        if task.state != "accepted":
            return _decide(write, task, state)
        committed = data.committed_at(
            ports.data, write.connection, scope.project, task.dataset, task.path
        )
        staged = data.take_back(write, task.dataset, [task.path])
        if not staged or (committed is not None and state != "waiting"):
            raise _committed(task)
        if committed is None:
            return _decide(write, task, state)
        return _restored(write, task, committed)


def _committed(task: Task) -> TaskCommitted:
    return TaskCommitted(
        f"{task.path!r} is in a version of {task.dataset!r} already",
        fix=f"correct it instead: visloop label accept {task.id} --label RIGHT",
    )


def _restored(write: Write, task: Task, committed: data.Sample) -> Task:
    """The task as the newest version has it: a correction that was only staged is forgotten."""
    final = committed.annotations
    values = {
        "final": final,
        "split": committed.split,
        "agreed": bool(task.proposed) and _said(final) == _said(task.proposed),
    }
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    payload = {"dataset": task.dataset, "image": task.image, "label": _said(final)[0]}
    write.fact("label.undone", task.id, **payload)
    return get(write.connection, write.scope.project, task.id)


def _decide(write: Write, task: Task, state: str, **learnt: Any) -> Task:
    decided = state != "waiting"
    values: dict[str, Any] = {"final": None, "split": None, "agreed": None, **learnt} | {
        "state": state,
        "decided_by": str(write.scope.actor) if decided else None,
        "decided": write.now if decided else None,
    }
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    payload: dict[str, Any] = {"dataset": task.dataset, "image": task.image}
    if state == "accepted":
        payload |= {"label": _said(learnt["final"])[0], "agreed": learnt["agreed"]}
        payload |= {"split": learnt["split"], "corrects": task.state == "accepted"}
    if task.prediction:
        payload["prediction"] = task.prediction
    write.fact("label.undone" if state == "waiting" else f"label.{state}", task.id, **payload)
    return get(write.connection, write.scope.project, task.id)


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


def _said(annotations: Sequence[Annotation]) -> list[Any]:
    """What annotations say, without who said it and how sure they were: label first."""
    bare = [
        msgspec.structs.replace(each, id="", author="", score=None, review="accepted")
        for each in annotations
    ]
    if len(bare) == 1 and isinstance(bare[0], ClassLabel):
        return [bare[0].label]
    return [msgspec.to_builtins(each) for each in bare] or [None]


def _sample(
    write: Write,
    task: Task,
    candidate: data.Candidate,
    final: tuple[Annotation, ...],
    split: str,
) -> data.Sample:
    origin = {"task": task.id, "prediction": task.prediction, "model": task.model}
    return data.Sample(
        id=sample_id(task.dataset, task.path, task.image),
        path=task.path,
        image=candidate.image,
        bytes=candidate.bytes,
        width=candidate.width,
        height=candidate.height,
        media=candidate.media,
        mode=candidate.mode,
        orientation=candidate.orientation,
        annotations=final,
        labelled=bool(final),
        split=split,
        metadata={**candidate.metadata, **{k: v for k, v in origin.items() if v}},
        source=candidate.source,
        added=utc_text(write.now),
    )
