"""A version's samples and objects as columns, put together from those of its chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from visloop.data import working
from visloop.data.querying.building import build
from visloop.data.querying.schema import schema
from visloop.data.records import DataPorts, Sample
from visloop.data.snapshot import Snapshot, open_ref
from visloop.data.tree.codec import Entry, Inner, Leaf, Link, Node
from visloop.events import Scope
from visloop.ids import Ref
from visloop.query import Block, Column, Field, Kept, Numbers, Schema, assemble, counts, known_views


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
        key = (self.snapshot.tree.digest, "attributes")
        found = schema(
            self.snapshot, self._kept.names(key, self._attributes), of_parts=self._of_parts
        )
        scope = Scope(project=self.snapshot.version.project)
        return replace(found, views=known_views(self._ports.ledger, scope))

    def size(self, *, parts: bool) -> int:
        """How many samples, or annotations."""
        return len(self.owners()) if parts else self.snapshot.tree.count

    def column(self, field: Field) -> Column:
        """One field of all samples, or of all annotations."""
        key = (self.snapshot.tree.digest, field.key, field.type)
        size = self.size(parts=field.parts)
        return self._kept.column(key, lambda: assemble(self._blocks(), field, size))

    def owners(self) -> NDArray[np.int64]:
        """(annotations): the sample that each belongs to."""
        found = self._kept.column((self.snapshot.tree.digest, "owners"), self._owners)
        assert isinstance(found, Numbers)
        return found.values

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
        for link in self._links:
            if link.node not in known:
                for place, entry in enumerate(self._leaf(link).items, at):
                    was = before.get(entry.key)
                    if was is not None and was.value == entry.value:
                        continue
                    if starts is None:
                        changed[place] = True
                    else:
                        fresh = _fresh(entry, was)
                        changed[starts[place] :][: len(fresh)] = fresh
            at += link.count
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
    def _links(self) -> list[Link]:
        tree = self.snapshot.tree
        return list(_leaves(tree.nodes.load, tree.root)) if tree.count else []

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.fromiter(accumulate(link.count for link in self._links), np.int64)

    def _leaf(self, link: Link) -> Leaf:
        node = self.snapshot.tree.nodes.load(link.node)
        assert isinstance(node, Leaf)
        return node

    def _entry(self, at: int) -> Entry:
        number = int(np.searchsorted(self._ends, at, side="right"))
        link = self._links[number]
        return self._leaf(link).entry(at - int(self._ends[number]) + link.count)

    def _blocks(self) -> Iterator[Block]:
        for link in self._links:
            yield self._kept.block(link.node, lambda link=link: self._built(link))

    def _built(self, link: Link) -> Block:
        return build([working.decode(entry) for entry in self._leaf(link).items])

    def _tracked(self) -> Iterator[Block]:
        """The blocks; the first pass over a version may have to build them, so it is reported."""
        yield from self._ports.progress.track(
            self._blocks(), doing="read", unit="chunk", total=len(self._links)
        )
        self._kept.tidy()

    def _owners(self) -> Numbers:
        each_block = [counts(block) for block in self._tracked()]
        each = np.concatenate(each_block) if each_block else np.zeros(0, np.int32)
        rows = np.repeat(np.arange(len(each)), each)
        return Numbers(rows, np.ones(len(rows), np.bool_))

    def _attributes(self) -> frozenset[str]:
        return frozenset(
            name.removeprefix("attribute.")
            for block in self._tracked()
            for name in block.columns
            if name.startswith("attribute.")
        )


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
