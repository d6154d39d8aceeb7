"""An immutable, content-addressed, sorted map cut into chunks: what a version of a data set is.

Entries are sorted by key and cut into leaves; the leaves' references are cut into inner nodes, and
so on up to one root. Where to cut is decided by a hash of the key at the cut and by the size of
the chunk since the last cut, so the same entries give the same root whatever the history, and an
edit disturbs only the chunks around it. Every reference carries the number of entries below it and
a tally of their tags, so that counting, paging and filtering by tag skip what they do not need.
Source: probabilistic B-trees ("prolly trees") as in Noms and Dolt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from blake3 import blake3

from visloop.data.tree.codec import Entry, Inner, Item, Leaf, Link, Node, decode, encode
from visloop.ids import digest_of


class Bytes(Protocol):
    """The part of a blob store that a tree needs."""

    def put(self, data: bytes) -> str:
        """Keep the bytes; their digest."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes of that digest."""
        ...

    def view(self, digest: str) -> memoryview:
        """The same without a copy."""
        ...


@dataclass(frozen=True)
class Shape:
    """How large chunks are: never cut before `least`, then on average every `mean`, at `most`."""

    least: int = 64
    mean: int = 192
    most: int = 1024

    def cuts(self, level: int, key: str, size: int) -> bool:
        """Whether a chunk of that level ends after `key`, its `size`-th item."""
        if size < self.least:
            return False
        if size >= self.most:
            return True
        drawn = blake3(b"%d:" % level + key.encode()).digest(length=4)
        return int.from_bytes(drawn, "little") * self.mean < 1 << 32


class Scratch:
    """Bytes kept in memory over a blob store that is only read: trees that nobody will keep."""

    def __init__(self, below: Bytes) -> None:
        self._below = below
        self._fresh: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep the bytes in memory; their digest."""
        digest = digest_of(data)
        self._fresh[digest] = data
        return digest

    def get(self, digest: str) -> bytes:
        """From memory, else from below."""
        found = self._fresh.get(digest)
        return self._below.get(digest) if found is None else found

    def view(self, digest: str) -> memoryview:
        """The same without a copy."""
        found = self._fresh.get(digest)
        return self._below.view(digest) if found is None else memoryview(found)


class Nodes:
    """Nodes by digest, the last few decoded ones remembered."""

    def __init__(self, blobs: Bytes, shape: Shape | None = None, *, remembered: int = 64) -> None:
        self.blobs = blobs
        self.shape = shape or Shape()
        self._remembered = remembered
        self._recent: OrderedDict[str, Node] = OrderedDict()
        self._lock = Lock()

    def load(self, digest: str) -> Node:
        """The node of that digest.

        Raises:
            Corrupt: the blob is not a node.
        """
        with self._lock:
            found = self._recent.get(digest)
            if found is not None:
                self._recent.move_to_end(digest)
                return found
        node = decode(digest, self.blobs.view(digest))
        self._remember(digest, node)
        return node

    def store(self, node: Node) -> Link:
        """Keep the node; a link to it."""
        digest = self.blobs.put(encode(node))
        self._remember(digest, node)
        return node.link(digest)

    def _remember(self, digest: str, node: Node) -> None:
        with self._lock:
            self._recent[digest] = node
            if len(self._recent) > self._remembered:
                self._recent.popitem(last=False)


def _key(item: Item) -> str:
    return item.key


@dataclass(frozen=True)
class Tree:
    """A handle on one immutable tree: where its nodes are, and the link to its root."""

    nodes: Nodes
    root: Link

    @classmethod
    def open(cls, nodes: Nodes, digest: str) -> Tree:
        """The tree whose root node has that digest."""
        return cls(nodes, nodes.load(digest).link(digest))

    @classmethod
    def empty(cls, nodes: Nodes) -> Tree:
        """The tree without entries, stored like any other."""
        return cls(nodes, nodes.store(Leaf.of(())))

    @classmethod
    def nothing(cls, nodes: Nodes) -> Tree:
        """Where there is no tree yet: reads as empty, edits as empty, is stored nowhere."""
        return cls(nodes, Link("", "", 0, 0, {}))

    @property
    def digest(self) -> str:
        """Digest of the root node: equal trees have equal digests."""
        return self.root.node

    @property
    def count(self) -> int:
        """How many entries."""
        return self.root.count

    @property
    def tally(self) -> dict[str, int]:
        """How many entries have each tag."""
        return dict(self.root.tally)

    def get(self, key: str) -> Entry | None:
        """The entry of that key."""
        found = self.chunk(0, key)
        if found is None:
            return None
        leaf = found[1]
        assert isinstance(leaf, Leaf)
        return leaf.find(key)

    def chunk(self, level: int, key: str) -> tuple[Link, Node, bool] | None:
        """The chunk of a level where `key` is or would go, and whether it is the level's last.

        None when the tree has no entries.
        """
        if self.root.count == 0:
            return None
        link, last = self.root, True
        node = self.nodes.load(link.node)
        while isinstance(node, Inner) and node.level > level:
            at = min(bisect_left(node.items, key, key=_key), len(node.items) - 1)
            last = last and at == len(node.items) - 1
            link = node.items[at]
            node = self.nodes.load(link.node)
        return link, node, last

    def chunk_after(self, level: int, key: str) -> tuple[Link, Node, bool] | None:
        """The chunk of a level that follows the one whose last key is `key`; None after the last."""
        found = self.chunk(level, key + "\0")  # the least string above `key`
        return None if found is None or found[0].key <= key else found

    def entries(self, after: str | None = None, tag: str | None = None) -> Iterator[Entry]:
        """Entries in the order of their keys, from beyond `after`, of one tag only if given."""
        waiting = [self.root]
        while waiting:
            link = waiting.pop()
            if link.count == 0 or (tag is not None and tag not in link.tally):
                continue
            if after is not None and link.key <= after:
                continue
            node = self.nodes.load(link.node)
            if isinstance(node, Inner):
                waiting.extend(reversed(node.items))
                continue
            for entry in node.items:
                if (after is None or entry.key > after) and (tag is None or entry.tag == tag):
                    yield entry

    def page(self, offset: int, limit: int, tag: str | None = None) -> list[Entry]:
        """`limit` entries from the `offset`-th on (0 = first), found by counts, not by reading."""
        page: list[Entry] = []
        waiting = [self.root]
        while waiting and len(page) < limit:
            link = waiting.pop()
            here = link.count if tag is None else link.tally.get(tag, 0)
            if here <= offset:
                offset -= here
                continue
            node = self.nodes.load(link.node)
            if isinstance(node, Inner):
                waiting.extend(reversed(node.items))
            else:
                fitting = [at for at in range(len(node)) if tag is None or node.tags[at] == tag]
                chosen = fitting[offset : offset + limit - len(page)]
                page.extend(node.entry(at) for at in chosen)
                offset = 0
        return page

    def node_digests(self) -> Iterator[str]:
        """Digests of every node: what must not be collected while the tree is kept."""
        waiting = [self.root] if self.root.node else []
        while waiting:
            link = waiting.pop()
            yield link.node
            if link.level and isinstance(node := self.nodes.load(link.node), Inner):
                waiting.extend(node.items)
