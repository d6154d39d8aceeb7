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

FRAME: Final = 8
"""Values in one compressed frame: few enough to unpack at once, enough to pack well."""
_FIRST_FRAME: Final = 16  # as leaves had them that do not say it
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


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node as a blob. Its parts are views of the blob: most are only compared, never unpacked."""

    format: int
    level: int
    index: memoryview
    frames: tuple[memoryview, ...] = ()
    per_frame: int = _FIRST_FRAME


class _Zstd(threading.local):
    """Compressors may not be shared by threads, and making one costs more than using it."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=1).compress
        self.unpack = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()
_NODE: Final = msgspec.msgpack.Decoder(_Stored)
_INDEX: Final = msgspec.msgpack.Decoder(tuple[list[str], list[str]])
_FRAME: Final = msgspec.msgpack.Decoder(tuple[bytes, ...])
_LINKS: Final = msgspec.msgpack.Decoder(tuple[Link, ...])


class Leaf:
    """Entries sorted by key; keys, and values frame by frame, are unpacked on demand.

    Args:
        index: the packed keys and tags.
        frames: the packed values.
        per_frame: how many values a frame holds.
    """

    level: Final = 0

    def __init__(self, index: memoryview, frames: tuple[memoryview, ...], per_frame: int) -> None:
        self.index, self.frames, self.per_frame = index, frames, per_frame
        self._unpacked: tuple[list[str], list[str]] | None = None
        self._values: list[tuple[bytes, ...] | None] = [None] * len(frames)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Leaf:
        """The leaf of these entries, which come sorted."""
        frames = tuple(
            _packed([entry.value for entry in entries[start : start + FRAME]])
            for start in range(0, len(entries), FRAME)
        )
        index = [entry.key for entry in entries], [entry.tag for entry in entries]
        leaf = cls(_packed(index), frames, FRAME)
        leaf._unpacked = index
        return leaf

    def _index(self) -> tuple[list[str], list[str]]:
        if self._unpacked is None:
            self._unpacked = _unpacked(self.index, _INDEX)
        return self._unpacked

    @property
    def keys(self) -> list[str]:
        """The keys, sorted."""
        return self._index()[0]

    @property
    def tags(self) -> list[str]:
        """The tag of each key."""
        return self._index()[1]

    def is_cut_like(self, other: Leaf) -> bool:
        """Whether both hold the same keys in the same frames.

        An index that is packed alike is unpacked once for both.
        """
        if self.per_frame != other.per_frame:
            return False
        if bytes(self.index) != bytes(other.index):
            return self.keys == other.keys
        other._unpacked = self._index()
        return True

    def __len__(self) -> int:
        return len(self.keys)

    def frame(self, number: int) -> tuple[bytes, ...]:
        """The values of one frame, kept unpacked."""
        values = self._values[number]
        if values is None:
            values = self._values[number] = self.unpack(number)
        return values

    def unpack(self, number: int) -> tuple[bytes, ...]:
        """The values of one frame."""
        return _unpacked(self.frames[number], _FRAME)

    def entry(self, at: int) -> Entry:
        """The entry at a position."""
        number, place = divmod(at, self.per_frame)
        return Entry(self.keys[at], self.frame(number)[place], self.tags[at])

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
        stored = _Stored(FORMAT, 0, node.index, node.frames, node.per_frame)
    else:
        stored = _Stored(FORMAT, node.level, _packed(node.items))
    return msgspec.msgpack.encode(stored)


def decode(digest: str, raw: bytes | memoryview) -> Node:
    """The node of a blob.

    Raises:
        Corrupt: the blob is something else.
    """
    try:
        stored = _NODE.decode(raw)
        if stored.level:
            return Inner(stored.level, _unpacked(stored.index, _LINKS))
    except (Corrupt, msgspec.MsgspecError) as broken:
        raise Corrupt(f"{digest[:12]} is not a tree node: {broken}") from broken
    return Leaf(stored.index, stored.frames, stored.per_frame)


def _packed(value: Any) -> memoryview:
    return memoryview(_zstd.pack(msgspec.msgpack.encode(value)))


def _unpacked(raw: memoryview, shape: msgspec.msgpack.Decoder[T]) -> T:
    try:
        plain = _zstd.unpack(raw, max_output_size=_MAX_FRAME_BYTES)
        return shape.decode(plain)
    except (zstandard.ZstdError, msgspec.MsgspecError) as broken:
        raise Corrupt(f"a part of a tree node is damaged: {broken}") from broken
