"""Columns of one version out of those of an earlier one: chunks that both have are copied whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.query.columns.values import Column, Numbers, Texts

Piece: TypeAlias = range | int
"""Chunks of the earlier version that follow each other, or a chunk that it does not have."""
_NEW: Final = 4
"""When one chunk in so many is new, everything is put together afresh."""


class Outline(NamedTuple):
    """What must be known of a chunk before its columns are read."""

    parts: int
    attributes: frozenset[str]


@dataclass(frozen=True)
class Layout:
    """Which chunks a version is made of: their digests, where the rows and parts of each end.

    `chunks` are the attributes that the parts of each have; of a layout that only says where the
    rows of a column are, there are none.
    """

    nodes: tuple[str, ...]
    rows: NDArray[np.int64]
    parts: NDArray[np.int64]
    chunks: tuple[frozenset[str], ...] = ()

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Those of any part."""
        return frozenset[str]().union(*set(self.chunks))

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        return self.rows.nbytes + self.parts.nbytes + 250 * len(self.nodes)

    def outlines(self) -> dict[str, Outline]:
        """Of each chunk, by its digest."""
        counts = np.diff(self.parts, prepend=0).tolist()
        return dict(zip(self.nodes, map(Outline, counts, self.chunks), strict=True))

    def new_since(self, before: Layout) -> int:
        """How many chunks it has that the other has not."""
        return len(self._places.keys() - before._places.keys())

    @cached_property
    def _places(self) -> dict[str, int]:
        return {node: at for at, node in enumerate(self.nodes)}

    def since(self, before: Layout) -> list[Piece] | None:
        """What it is made of; None: too little of the earlier version is left in it."""
        pieces: list[Piece] = []
        known, new = before._places, 0
        for at, node in enumerate(self.nodes):
            was = known.get(node)
            last = pieces[-1] if pieces else None
            if was is None:
                new += 1
                pieces.append(at)
            elif isinstance(last, range) and last.stop == was:
                pieces[-1] = range(last.start, was + 1)
            else:
                pieces.append(range(was, was + 1))
        return None if new * _NEW >= len(self.nodes) else pieces

    def span(self, chunks: range, *, parts: bool) -> slice:
        """Where the rows, or parts, are of chunks that follow each other."""
        ends = self.parts if parts else self.rows
        return slice(int(ends[chunks.start - 1]) if chunks.start else 0, int(ends[chunks[-1]]))


def cut(column: Column, rows: slice) -> Column:
    """Some rows of a column that follow each other."""
    if isinstance(column, Texts):
        return Texts(column.codes[rows], column.words)
    present = None if column.present is None else column.present[rows]
    return Numbers(column.values[rows], present)


def joined(columns: Sequence[Column]) -> Column:
    """Columns of one kind, one after the other; a text that none of them holds is forgotten."""
    numbers = [each for each in columns if isinstance(each, Numbers)]
    return _numbers(numbers) if numbers else _texts([e for e in columns if isinstance(e, Texts)])


def _numbers(columns: Sequence[Numbers]) -> Numbers:
    values = np.concatenate([each.values for each in columns])
    fractions = all(each.present is None and each.values.dtype.kind == "f" for each in columns)
    if fractions or not any(each.may_lack for each in columns):
        return Numbers(values)
    return Numbers(values, np.concatenate([each.has for each in columns]))


def _texts(columns: Sequence[Texts]) -> Texts:
    words: dict[str, int] = {}
    take = words.setdefault
    tables: dict[int, NDArray[np.int32]] = {}  # by the words, which pieces of one column share
    codes: list[NDArray[np.int32]] = []
    for each in columns:
        table = tables.get(id(each.words))
        if table is None:
            table = np.array([*(take(word, len(words)) for word in each.words), -1], np.int32)
            tables[id(each.words)] = table
        codes.append(table[each.codes])
    whole = np.concatenate(codes)
    used = np.zeros(len(words) + 1, np.bool_)
    used[whole] = True
    left = list(words)
    if not used[:-1].all():
        left = [word for word, is_used in zip(words, used, strict=False) if is_used]
        used[-1] = False
        table = np.cumsum(used, dtype=np.int32) - 1
        table[-1] = -1
        whole = table[whole]
    return Texts(small(whole, len(left)), tuple(left))


def small(codes: NDArray[Any], words: int) -> NDArray[np.signedinteger[Any]]:
    """Codes of so many words as the smallest whole numbers that hold them, and -1."""
    return codes.astype(np.min_scalar_type(-words - 1))
