"""Walking along versions: where two lines meet, and where something was last touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from visloop.data.history.clean import tree_of
from visloop.data.records import Version
from visloop.data.tree.nodes import Bytes
from visloop.data.versions import ancestors


def common(history: Iterable[Version], a: int, b: int) -> int:
    """The newest version that both come from; 0 when there is none."""
    known = list(history)
    return max(ancestors(known, a) & ancestors(known, b), default=0)


def last_touched(blobs: Bytes, versions: Mapping[int, Version], last: Version, path: str) -> int:
    """The version that gave the sample at that path the state that `last` has."""
    now = tree_of(blobs, last).get(path)
    while True:
        like = [
            number
            for number in last.parents
            if number in versions and tree_of(blobs, versions[number]).get(path) == now
        ]
        if not like:
            return last.number
        last = versions[max(like)]


def later_side(
    blobs: Bytes,
    versions: Mapping[int, Version],
    sides: tuple[Version | None, Version, Version | None],
    path: str,
) -> Literal["ours", "theirs"]:
    """Which side touched that sample (empty: anything) in the later version."""
    _, ours, theirs = sides
    if theirs is None:
        return "ours"
    if not path:
        return "theirs" if theirs.number > ours.number else "ours"
    mine = last_touched(blobs, versions, ours, path)
    return "theirs" if last_touched(blobs, versions, theirs, path) > mine else "ours"
