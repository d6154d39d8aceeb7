"""Changing trees and comparing them, at a cost that grows with the change.

`apply` walks level by level: it cuts anew from the first chunk that an edit touches until a cut
falls where the old tree had one, then jumps to the next edit. What it replaced on one level are the
edits of the level above. `differences` walks two trees at once and steps over equal subtrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, cast

from visloop.data.tree.codec import Entry, Inner, Item, Leaf, Link, Node
from visloop.data.tree.nodes import Nodes, Tree

Edit: TypeAlias = tuple[str, Entry | None]
Change: TypeAlias = tuple[Entry | None, Entry | None]
_ItemEdit: TypeAlias = tuple[str, Item | None]


def build(nodes: Nodes, entries: Iterable[Entry]) -> Tree:
    """The tree of these entries, which come sorted by key, each key once."""
    return apply(Tree.empty(nodes), ((entry.key, entry) for entry in entries))


def apply(tree: Tree, edits: Iterable[Edit]) -> Tree:
    """The tree with entries put (an entry) or taken out (None); only changed chunks are written.

    Args:
        tree: what is edited; it stays as it is.
        edits: sorted by key, each key once. Taking out what is not there is no error.
    """
    nodes = tree.nodes
    changes = _rechunk(tree, 0, edits)
    for level in range(1, tree.root.level + 1):
        changes = _rechunk(tree, level, changes)
    if not changes:
        return tree
    level, links = tree.root.level + 1, [link for _, link in changes if link is not None]
    while len(links) > 1:
        cutter = _Cutter(nodes, level)
        for link in links:
            cutter.add(link)
        cutter.close()
        level, links = level + 1, cutter.made
    if not links:
        return Tree.empty(nodes)
    root = links[0]
    while isinstance(node := nodes.load(root.node), Inner) and len(node) == 1:
        root = node.items[0]
    return Tree(nodes, root)


class _Cutter:
    """Cuts a stream of items of one level into nodes; `made` links to them, in order."""

    def __init__(self, nodes: Nodes, level: int) -> None:
        self._nodes, self._level = nodes, level
        self._open: list[Item] = []
        self.made: list[Link] = []

    @property
    def at_cut(self) -> bool:
        """Whether the last item closed a chunk (or none came yet)."""
        return not self._open

    def add(self, item: Item) -> None:
        """Take the next item; store the chunk when it ends here."""
        self._open.append(item)
        if self._nodes.shape.cuts(self._level, item.key, len(self._open)):
            self.close()

    def close(self) -> None:
        """Store what is open as the last chunk of its level."""
        if self._open:
            self.made.append(self._nodes.store(_node(self._level, self._open)))
            self._open = []


def _node(level: int, items: Sequence[Item]) -> Node:
    if level == 0:
        return Leaf.of(cast("Sequence[Entry]", items))
    return Inner(level, cast("Sequence[Link]", items))


def _rechunk(tree: Tree, level: int, edits: Iterable[_ItemEdit]) -> list[tuple[str, Link | None]]:
    """Edit the items of one level; what the level above has to replace, sorted by key."""
    pending = _Edits(edits)
    cutter = _Cutter(tree.nodes, level)
    old: dict[str, Link] = {}
    while pending.key is not None:
        chunk = tree.chunk(level, pending.key)
        while chunk is not None:
            link, node, is_last = chunk
            old[link.key] = link
            until = None if is_last else link.key
            for item in pending.merged_into(node.items, until):
                cutter.add(item)
            if is_last or cutter.at_cut:
                break
            chunk = tree.chunk_after(level, link.key)
        else:  # there was no entry at all: everything is new
            for item in pending.merged_into((), None):
                cutter.add(item)
    cutter.close()
    return _replaced(old, cutter.made)


def _replaced(old: dict[str, Link], made: list[Link]) -> list[tuple[str, Link | None]]:
    changes: dict[str, Link | None] = dict.fromkeys(old)
    for link in made:
        if (was := old.get(link.key)) is not None and was.node == link.node:
            del changes[link.key]
        else:
            changes[link.key] = link
    return sorted(changes.items(), key=lambda change: change[0])


class _Edits:
    """A stream of edits, looked at one ahead."""

    def __init__(self, edits: Iterable[_ItemEdit]) -> None:
        self._edits = iter(edits)
        self._next = next(self._edits, None)

    @property
    def key(self) -> str | None:
        """Key of the next edit; None after the last."""
        return None if self._next is None else self._next[0]

    def merged_into(self, items: Sequence[Item], until: str | None) -> Iterator[Item]:
        """The old items with all edits up to key `until` (None: to the end) worked in."""
        for item in items:
            while self._next is not None and self._next[0] < item.key:
                yield from self._take()
            if self._next is not None and self._next[0] == item.key:
                yield from self._take()
            else:
                yield item
        while self._next is not None and (until is None or self._next[0] <= until):
            yield from self._take()

    def _take(self) -> Iterator[Item]:
        assert self._next is not None
        _, item = self._next
        self._next = next(self._edits, None)
        if item is not None:
            yield item


def differences(a: Tree, b: Tree, *, named: bool = True) -> Iterator[Change]:
    """Pairs (entry in a or None, entry in b or None) wherever the two trees differ, by key.

    Args:
        a: one tree.
        b: the other.
        named: False: a pair may come without its key and tag (""), where finding them would cost.
    """
    left, right = _Walk(a), _Walk(b)
    while True:
        x, y = left.head, right.head
        if x is None and y is None:
            return
        if isinstance(x, Link) and isinstance(y, Link):
            yield from _step(left, x, right, y, named=named)
        elif isinstance(x, Link):
            left.expand(x)
        elif isinstance(y, Link):
            right.expand(y)
        else:
            if (first := _compared(x, y)) is not None:
                yield first
            if first is None or first[0] is not None:
                left.skip()
            if first is None or first[1] is not None:
                right.skip()


def _step(left: _Walk, x: Link, right: _Walk, y: Link, *, named: bool) -> Iterator[Change]:
    """Two subtrees meet: step over equal ones, open the higher or both."""
    if x.node == y.node:
        left.skip()
        right.skip()
        return
    a, b = left.load(x), right.load(y)
    if isinstance(a, Leaf) and isinstance(b, Leaf):
        same = a.is_indexed_like(b)
        if same or (a.per_frame == b.per_frame and a.keys == b.keys):
            left.skip()
            right.skip()
            keyed = named or not same
            yield from _in_place(a, b, same=same) if keyed else _values_in_place(a, b)
            return
    if x.level >= y.level:
        left.expand(x)
    if y.level >= x.level:
        right.expand(y)


def _in_place(a: Leaf, b: Leaf, *, same: bool) -> Iterator[Change]:
    """The unequal pairs of two leaves that are cut alike; frames that are equal stay packed."""
    keys, tags = a.keys, a.tags
    other_tags = tags if same else b.tags
    frames = a.unlike(b) if tags == other_tags else range(len(a.ends))
    for number in frames:
        pairs = zip(a.unpack(number), b.unpack(number), strict=True)
        for at, (was, now) in enumerate(pairs, number * a.per_frame):
            if was != now or tags[at] != other_tags[at]:
                yield Entry(keys[at], was, tags[at]), Entry(keys[at], now, other_tags[at])


def _values_in_place(a: Leaf, b: Leaf) -> Iterator[Change]:
    """The same of leaves whose keys and tags are equal, which stay packed."""
    for number in a.unlike(b):
        for was, now in zip(a.unpack(number), b.unpack(number), strict=True):
            if was != now:
                yield Entry("", was), Entry("", now)


def _compared(x: Entry | None, y: Entry | None) -> Change | None:
    """The change that two next entries show: one side's alone, a pair, or None when equal."""
    if x is None or y is None:
        return (x, y)
    if x.key != y.key:
        return (x, None) if x.key < y.key else (None, y)
    return None if x == y else (x, y)


class _Walk:
    """A tree's entries in order, its subtrees opened only on demand."""

    def __init__(self, tree: Tree) -> None:
        self._nodes = tree.nodes
        self._waiting: list[Iterator[Item]] = []
        self.head: Item | None = tree.root if tree.count else None

    def skip(self) -> None:
        """Go past the head."""
        while self._waiting:
            self.head = next(self._waiting[-1], None)
            if self.head is not None:
                return
            self._waiting.pop()
        self.head = None

    def load(self, link: Link) -> Node:
        """The node behind a link."""
        return self._nodes.load(link.node)

    def expand(self, link: Link) -> None:
        """Replace the head, a link, by what it links to."""
        self._waiting.append(iter(self.load(link).items))
        self.skip()
