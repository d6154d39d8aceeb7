"""Nodes of a tree, in memory and as blobs.

A leaf keeps its values in small compressed frames beside its keys, so that one sample is read, and
two versions of a leaf are compared, without unpacking the rest. Blobs are MessagePack with
`format`: `index` holds a leaf's keys and tags or an inner node's links, `frames` a leaf's values;
each is zstd over MessagePack.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import zstandard

from visloop.errors import Corrupt
from visloop.ids import FORMAT

FRAME: Final = 16
"""Values in one compressed frame: few enough to unpack at once, enough to pack well."""
_MAX_FRAME_BYTES: Final = 1 << 30
T = TypeVar("T")


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A key (a sample's path), its encoded value, and a tag to tally (its split, or "")."""

    key: str
    value: bytes
    tag: str = ""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """A reference to a node: its last key, digest, level (0 = leaf), entries below, tally of tags."""

    key: str
    node: str
    level: int
    count: int
    tally: dict[str, int]


Item: TypeAlias = Entry | Link


class _Stored(msgspec.Struct, frozen=True):
    """A node as a blob."""

    format: int
    level: int
    index: bytes
    frames: tuple[bytes, ...] = ()


class _Zstd(threading.local):
    """Compressors may not be shared by threads, and making one costs more than using it."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=3).compress
        self.unpack = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


class Leaf:
    """Entries sorted by key; values are unpacked frame by frame, on demand."""

    level: Final = 0

    def __init__(self, keys: Sequence[str], tags: Sequence[str], frames: tuple[bytes, ...]) -> None:
        self.keys, self.tags, self.frames = keys, tags, frames
        self._values: list[tuple[bytes, ...] | None] = [None] * len(frames)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Leaf:
        """The leaf of these entries, which come sorted."""
        frames = tuple(
            _packed([entry.value for entry in entries[start : start + FRAME]])
            for start in range(0, len(entries), FRAME)
        )
        return cls([entry.key for entry in entries], [entry.tag for entry in entries], frames)

    def __len__(self) -> int:
        return len(self.keys)

    def frame(self, number: int) -> tuple[bytes, ...]:
        """The values of one frame."""
        values = self._values[number]
        if values is None:
            values = _unpacked(self.frames[number], tuple[bytes, ...])
            self._values[number] = values
        return values

    def entry(self, at: int) -> Entry:
        """The entry at a position."""
        return Entry(self.keys[at], self.frame(at // FRAME)[at % FRAME], self.tags[at])

    def find(self, key: str) -> Entry | None:
        """The entry of that key."""
        at = bisect_left(self.keys, key)
        return self.entry(at) if at < len(self.keys) and self.keys[at] == key else None

    @property
    def items(self) -> list[Entry]:
        """All entries."""
        values = [value for number in range(len(self.frames)) for value in self.frame(number)]
        return list(map(Entry, self.keys, values, self.tags))

    def link(self, digest: str) -> Link:
        """How a parent knows this node."""
        tally = dict(sorted(Counter(self.tags).items()))
        return Link(self.keys[-1] if self.keys else "", digest, 0, len(self.keys), tally)


class Inner:
    """Links to the nodes of the level below, sorted by their last keys."""

    def __init__(self, level: int, links: Sequence[Link]) -> None:
        self.level, self.items = level, links

    def __len__(self) -> int:
        return len(self.items)

    def link(self, digest: str) -> Link:
        """How a parent knows this node."""
        tally: Counter[str] = Counter()
        for each in self.items:
            tally.update(each.tally)
        count = sum(each.count for each in self.items)
        return Link(self.items[-1].key, digest, self.level, count, dict(sorted(tally.items())))


Node: TypeAlias = Leaf | Inner


def encode(node: Node) -> bytes:
    """The blob of a node."""
    if isinstance(node, Leaf):
        stored = _Stored(FORMAT, 0, _packed((node.keys, node.tags)), node.frames)
    else:
        stored = _Stored(FORMAT, node.level, _packed(node.items))
    return msgspec.msgpack.encode(stored)


def decode(digest: str, raw: bytes) -> Node:
    """The node of a blob.

    Raises:
        Corrupt: the blob is something else.
    """
    try:
        stored = msgspec.msgpack.decode(raw, type=_Stored)
        if stored.level:
            return Inner(stored.level, _unpacked(stored.index, tuple[Link, ...]))
        keys, tags = _unpacked(stored.index, tuple[list[str], list[str]])
    except (Corrupt, msgspec.MsgspecError) as broken:
        raise Corrupt(f"{digest[:12]} is not a tree node: {broken}") from broken
    return Leaf(keys, tags, stored.frames)


def _packed(value: Any) -> bytes:
    return _zstd.pack(msgspec.msgpack.encode(value))


def _unpacked(raw: bytes, shape: type[T]) -> T:
    try:
        plain = _zstd.unpack(raw, max_output_size=_MAX_FRAME_BYTES)
        return msgspec.msgpack.decode(plain, type=shape)
    except (zstandard.ZstdError, msgspec.MsgspecError) as broken:
        raise Corrupt(f"a part of a tree node is damaged: {broken}") from broken
