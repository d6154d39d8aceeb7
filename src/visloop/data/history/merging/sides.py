"""The sample of a conflict as each side has it, for people to look at."""

from __future__ import annotations

from typing import TypeAlias

from visloop.data.history.merging.conflicts import MergeConflict
from visloop.data.history.merging.plan import Side, changed
from visloop.data.records import Sample, Version
from visloop.data.tree.nodes import Bytes, Nodes
from visloop.data.working import decode

ThreeSamples: TypeAlias = tuple[Sample | None, Sample | None, Sample | None]


def three_samples(
    blobs: Bytes,
    sides: tuple[Version | None, Version | None, Version | None],
    conflict: MergeConflict,
) -> ThreeSamples:
    """As base, ours and theirs have it, wherever it lies there; of a class or a field, nothing."""
    if not conflict.sample:
        return None, None, None
    nodes = Nodes(blobs)
    base, ours, theirs = (Side.of(nodes, each).tree for each in sides)
    mine = changed(base, ours).get(conflict.sample)
    other = changed(base, theirs).get(conflict.sample)
    was = (mine or other or (None, None))[0]
    here = mine[1] if mine else was
    there = other[1] if other else was
    if conflict.field == "taken":  # another sample lies at its path
        here = ours.get(conflict.path)
    return (
        decode(was) if was else None,
        decode(here) if here else None,
        decode(there) if there else None,
    )
