"""A version's samples and objects as columns, put together from those of its chunks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.data import working
from visloop.data.picking.picks import picked
from visloop.data.querying.building import build
from visloop.data.querying.schema import schema
from visloop.data.records import DataPorts, Sample
from visloop.data.snapshot import Snapshot, open_ref
from visloop.data.tree.codec import Entry, Inner, Leaf, Link, Node
from visloop.events import Scope
from visloop.ids import Ref
from visloop.query import (
    Block,
    Column,
    Field,
    Kept,
    Layout,
    Numbers,
    Outline,
    Schema,
    assemble,
    counts,
    cut,
    joined,
    known_views,
)

_LOOKED: Final = 16
"""Chunks that are asked which fields have values."""


class Columns:
    """One version; chunks that another version had, and columns that were asked for, are remembered.

    Args:
        ports: where state and bytes live.
        snapshot: the version, or the working state.
        of_parts: whether objects are asked for, not samples.
    """

    def __init__(self, ports: DataPorts, snapshot: Snapshot, *, of_parts: bool) -> None:
        self.snapshot = snapshot
        self._ports = ports
        self._kept: Kept = ports.columns
        self._of_parts = of_parts

    @property
    def schema(self) -> Schema:
        """What can be asked of this version."""
        return self._schema

    @cached_property
    def _schema(self) -> Schema:
        found = schema(self.snapshot, self._layout.attributes, of_parts=self._of_parts)
        scope = Scope(project=self.snapshot.version.project)
        ledger = self._ports.ledger
        return replace(
            found,
            views=known_views(ledger, scope),
            picked=partial(picked, ledger, scope.project),
        )

    def size(self, *, parts: bool) -> int:
        """How many samples, or annotations."""
        ends = self._layout.parts if parts else self._layout.rows
        return int(ends[-1]) if len(ends) else 0

    def column(self, field: Field) -> Column:
        """One field of all samples, or of all annotations."""

        def assembled(nodes: Sequence[str], size: int) -> Column:
            return assemble(map(self._block, nodes), field, size)

        return self._column((field.key, field.type), assembled, parts=field.parts)

    def places(self, field: Field, text: str) -> NDArray[np.int32] | None:
        """Where a field of texts is `text`, if the column is held, and so asked more than once."""
        name = (*self._whose, field.key, field.type)
        found = self._kept.order(self.snapshot.tree.digest, name)
        if found is None:
            return None
        column, order = found
        code = column.code_of.get(text)
        return np.zeros(0, np.int32) if code is None else order[code]

    def filled(self) -> frozenset[str]:
        """Keys of the fields that have values, as chunks here and there tell; of few chunks each one."""
        nodes = self._layout.nodes
        looked = nodes[:: math.ceil(len(nodes) / _LOOKED) or 1]
        names = (name for node in looked for name in self._block(node).columns)
        return frozenset(name.rpartition(":")[0] for name in names)

    def owners(self) -> NDArray[np.int32]:
        """(annotations): the sample that each belongs to."""
        return self._kept.owners(self.snapshot.tree.digest, self._whose, self._repeated)

    def _repeated(self) -> NDArray[np.int32]:
        def counted(nodes: Sequence[str], size: int) -> Column:
            each = [counts(self._block(node)) for node in nodes]
            return Numbers(np.concatenate(each) if each else np.zeros(size, np.int32)).packed()

        each = self._column(("each",), counted, parts=False)
        assert isinstance(each, Numbers)
        return np.repeat(np.arange(len(each.values), dtype=np.int32), each.values)

    def since(self, version: str, *, parts: bool) -> NDArray[np.bool_]:
        """(samples) or (annotations): whether it is new, or another one, than in that version.

        A sample is known by its path, an annotation by its id within the sample.
        """
        now = self.snapshot.version
        before = open_ref(
            self._ports, Ref(now.dataset, version, None, now.project), now.project
        ).tree
        known = (
            {link.node for link in _leaves(before.nodes.load, before.root)}
            if before.count
            else set()
        )
        changed = np.zeros(self.size(parts=parts), np.bool_)
        starts = (
            np.searchsorted(self.owners(), np.arange(self.size(parts=False))) if parts else None
        )
        at = 0
        for node, end in zip(self._layout.nodes, self._layout.rows.tolist(), strict=True):
            if node not in known:
                for place, entry in enumerate(self._leaf(node).items, at):
                    was = before.get(entry.key)
                    if was is not None and was.value == entry.value:
                        continue
                    if starts is None:
                        changed[place] = True
                    else:
                        fresh = _fresh(entry, was)
                        changed[starts[place] :][: len(fresh)] = fresh
            at = end
        return changed

    def sample(self, at: int) -> Sample:
        """The sample at a place in the order of paths."""
        return working.decode(self._entry(at))

    def place_in_sample(self, part: int) -> tuple[int, int]:
        """The sample's place, and the annotation's within it, of an annotation's place."""
        owners = self.owners()
        row = int(owners[part])
        return row, part - int(np.searchsorted(owners, row))

    # --- chunks -------------------------------------------------------------------------------

    @cached_property
    def _layout(self) -> Layout:
        return self._kept.layout(self.snapshot.tree.digest, self._whose, self._laid_out)

    def _laid_out(self, before: Layout | None) -> Layout:
        """The first pass over a version may have to build what is kept of its chunks: it is reported."""
        tree = self.snapshot.tree
        links = list(_leaves(tree.nodes.load, tree.root)) if tree.count else []
        known = before.outlines() if before else {}
        new = [link.node for link in links if link.node not in known]
        for node in self._ports.progress.track(new, doing="read", unit="chunk", total=len(new)):
            known[node] = _outline(self._block(node))
        self._kept.tidy()
        outlines = [known[link.node] for link in links]
        return Layout(
            nodes=tuple(link.node for link in links),
            rows=np.cumsum([link.count for link in links], dtype=np.int64),
            parts=np.cumsum([each.parts for each in outlines], dtype=np.int64),
            chunks=tuple(each.attributes for each in outlines),
        )

    def _leaf(self, node: str) -> Leaf:
        found = self.snapshot.tree.nodes.load(node)
        assert isinstance(found, Leaf)
        return found

    def _entry(self, at: int) -> Entry:
        ends = self._layout.rows
        number = int(np.searchsorted(ends, at, side="right"))
        start = int(ends[number - 1]) if number else 0
        return self._leaf(self._layout.nodes[number]).entry(at - start)

    def _block(self, node: str) -> Block:
        return self._kept.block(
            node, lambda: build([working.decode(entry) for entry in self._leaf(node).items])
        )

    @property
    def _whose(self) -> tuple[str, str]:
        return self.snapshot.version.project, self.snapshot.version.dataset

    def _column(
        self,
        name: tuple[str, ...],
        assembled: Callable[[Sequence[str], int], Column],
        *,
        parts: bool,
    ) -> Column:
        """A column of all chunks; of those that the version asked before had, it is copied."""
        layout = self._layout

        def make(last: tuple[Layout, Column] | None) -> Column:
            pieces = layout.since(last[0]) if last else None
            if last is None or pieces is None:
                return assembled(layout.nodes, self.size(parts=parts))
            before, column = last
            return joined(
                [
                    cut(column, before.span(piece, parts=parts))
                    if isinstance(piece, range)
                    else assembled([layout.nodes[piece]], _length(layout, piece, parts=parts))
                    for piece in pieces
                ]
            )

        return self._kept.column(self.snapshot.tree.digest, (*self._whose, *name), layout, make)


def _length(layout: Layout, chunk: int, *, parts: bool) -> int:
    span = layout.span(range(chunk, chunk + 1), parts=parts)
    return span.stop - span.start


def _outline(block: Block) -> Outline:
    attributes = (
        name.removeprefix("attribute.") for name in block.columns if name.startswith("attribute.")
    )
    return Outline(block.parts, frozenset(attributes))


def _fresh(now: Entry, was: Entry | None) -> list[bool]:
    """Of each annotation of a sample, whether it was not there before just like this."""
    before = {each.id: each for each in (working.decode(was).annotations if was else ())}
    return [before.get(each.id) != each for each in working.decode(now).annotations]


def _leaves(load: Callable[[str], Node], root: Link) -> Iterator[Link]:
    """Links to the leaves below a root, in order; leaves themselves are not read."""
    waiting = [root]
    while waiting:
        link = waiting.pop()
        if link.level == 0:
            yield link
            continue
        node = load(link.node)
        assert isinstance(node, Inner)
        waiting.extend(reversed(node.items))
