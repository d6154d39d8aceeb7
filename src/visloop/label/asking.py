"""Pictures of a data set that somebody wants looked at once more, put on the queue and taken off it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, select

from visloop import data
from visloop.data import Candidate
from visloop.ids import sample_id
from visloop.label.queue import enqueue
from visloop.label.records import LabelPorts, Proposal
from visloop.label.tables import tasks

if TYPE_CHECKING:
    from visloop.store import Write
    from visloop.vision import Annotation

_AT_ONCE: Final = 500


def candidate_of(sample: data.Sample, annotations: tuple[Annotation, ...]) -> Candidate:
    """A sample as a picture that waits, with what is proposed for it."""
    return Candidate(
        path=sample.path,
        image=sample.image,
        bytes=sample.bytes,
        width=sample.width,
        height=sample.height,
        media=sample.media,
        mode=sample.mode,
        orientation=sample.orientation,
        annotations=annotations,
        split=sample.split,
        metadata=sample.metadata,
        source=sample.source,
    )


def ask_again(
    ports: LabelPorts, write: Write, dataset: str, paths: Sequence[str], reason: str
) -> list[str]:
    """Put samples on the queue, in the caller's transaction, with the labels they have; new tasks.

    Those that are or were on it are left, and those that moved since they came: a decision would make
    another sample of them.
    """
    proposals: list[Proposal] = []
    held = data.working_samples(ports.data, write.connection, write.scope.project, dataset, paths)
    for sample in held.values():
        if sample.id == sample_id(dataset, sample.path, sample.image):
            now = tuple(
                msgspec.structs.replace(each, review="proposed") for each in sample.annotations
            )
            proposals.append(Proposal(candidate=candidate_of(sample, now), reasons=(reason,)))
    return enqueue(write, dataset, proposals)


def withdraw(write: Write, wanted: Sequence[str]) -> int:
    """Take tasks off the queue that still wait for anybody, in the caller's transaction; how many did.

    What was given to people since stays: they may have answered.
    """
    mine = (tasks.c.project == write.scope.project) & (tasks.c.state == "waiting")
    mine &= tasks.c.rules.is_(None)
    gone: list[str] = []
    for at in range(0, len(wanted), _AT_ONCE):
        some = mine & tasks.c.id.in_(wanted[at : at + _AT_ONCE])
        gone += write.connection.scalars(select(tasks.c.id).where(some))
        write.execute(delete(tasks).where(some))
    if gone:
        write.fact("label.withdrawn", gone[0], tasks=gone)
    return len(gone)
