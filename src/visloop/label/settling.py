"""What decides a picture: its state, its sample and the fact, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import update

from visloop import data
from visloop.errors import NotFound
from visloop.ids import digest_of, sample_id
from visloop.label.queue import get
from visloop.label.records import LabelPorts, Task
from visloop.label.tables import tasks
from visloop.store import utc_text
from visloop.vision import Annotation, ClassLabel

if TYPE_CHECKING:
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


def take(
    ports: LabelPorts,
    write: Write,
    task: Task,
    final: tuple[Annotation, ...],
    *,
    test_share: float,
    agreed: bool,
    prior: str | None = None,
) -> Task:
    """The picture goes into its data set with these annotations, and its task is accepted."""
    there = sample_there(ports, write, task)
    if there is not None:
        split = there.split or split_of(task.image, test_share)
        sample = msgspec.structs.replace(there, annotations=final, labelled=True)
    else:
        split = task.split or task.candidate.split or split_of(task.image, test_share)
        candidate = data.protected(ports.data, task.candidate)
        if candidate.image != task.image:
            ports.data.blobs.flush()
        sample = sample_of(write, task, candidate, final, split)
    data.stage(ports.data, write, task.dataset, [sample])
    return decide(write, task, "accepted", prior=prior, final=final, split=split, agreed=agreed)


def sample_there(ports: LabelPorts, write: Write, task: Task) -> data.Sample | None:
    """The sample of a picture that was in its data set before it was given to people."""
    if task.rules is None:
        return None
    where = (write.connection, task.project, task.dataset, task.path)
    try:
        found = data.working_sample(ports.data, *where)
    except NotFound:
        return None
    return found if found.image == task.image else None


def restored(write: Write, task: Task, committed: data.Sample) -> Task:
    """The task as the newest version has it: a correction that was only staged is forgotten."""
    final = committed.annotations
    values = {
        "final": final,
        "split": committed.split,
        "agreed": bool(task.proposed) and said(final) == said(task.proposed),
    }
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    payload = {"dataset": task.dataset, "image": task.image, "label": said(final)[0]}
    write.fact("label.undone", task.id, **payload)
    return get(write.connection, write.scope.project, task.id)


def decide(
    write: Write, task: Task, state: str, *, prior: str | None = None, **learnt: Any
) -> Task:
    """The task in another state, with what was learnt by it, and the fact of it."""
    decided = state != "waiting"
    values: dict[str, Any] = {"final": None, "split": None, "agreed": None, **learnt} | {
        "state": state,
        "prior": prior,
        "decided_by": str(write.scope.actor) if decided else None,
        "decided": write.now if decided else None,
    }
    write.execute(update(tasks).where(tasks.c.id == task.id).values(**values))
    payload: dict[str, Any] = {"dataset": task.dataset, "image": task.image}
    if state == "accepted":
        payload |= {"label": said(learnt["final"])[0], "agreed": learnt["agreed"]}
        payload |= {"split": learnt["split"], "corrects": task.state == "accepted"}
    if task.prediction:
        payload["prediction"] = task.prediction
    write.fact("label.undone" if state == "waiting" else f"label.{state}", task.id, **payload)
    return get(write.connection, write.scope.project, task.id)


def said(annotations: Sequence[Annotation]) -> list[Any]:
    """What annotations say, without who said it and how sure they were: label first."""
    bare = [
        msgspec.structs.replace(each, id="", author="", score=None, review="accepted")
        for each in annotations
    ]
    if len(bare) == 1 and isinstance(bare[0], ClassLabel):
        return [bare[0].label]
    return [msgspec.to_builtins(each) for each in bare] or [None]


def sample_of(
    write: Write,
    task: Task,
    candidate: data.Candidate,
    final: tuple[Annotation, ...],
    split: str,
) -> data.Sample:
    """A captured picture as a sample."""
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
