"""Nodes of a tree, in memory and as blobs.

A leaf keeps its values in small compressed frames beside its keys, so that one sample is read, and
two versions of a leaf are compared, without unpacking the rest. Blobs are MessagePack with
`format`: `index` holds a leaf's keys and tags or an inner node's links, `body` a leaf's frames, one
after the other up to their `ends`; each is zstd over MessagePack. `sums` tell which frames of two
leaves are equal without looking at them.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import zstandard
from blake3 import blake3

from visloop.errors import Corrupt
from visloop.ids import FORMAT

FRAME: Final = 8
"""Values in one compressed frame: few enough to unpack at once, enough to pack well."""
_SUM_BYTES: Final = 16
_SUM_BITS: Final = 8 * _SUM_BYTES
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
    """A node as a blob. Its parts are views of the blob: most of a leaf is never unpacked.

    `frames` are those of leaves as they were first written: sixteen values each, no sums.
    """

    format: int
    level: int
    index: memoryview
    frames: tuple[memoryview, ...] = ()
    per_frame: int = 16
    body: memoryview = memoryview(b"")
    ends: tuple[int, ...] = ()
    sums: bytes = b""


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
        body: the packed values of all frames.
        ends: where in `body` each frame ends.
        sums: a digest of each packed frame, one after the other.
        per_frame: how many values a frame holds.
    """

    level: Final = 0

    def __init__(
        self,
        index: memoryview,
        body: memoryview,
        ends: Sequence[int],
        sums: bytes,
        per_frame: int,
    ) -> None:
        self.index, self.body, self.ends, self.sums = index, body, ends, sums
        self.per_frame = per_frame
        self._unpacked: tuple[list[str], list[str]] | None = None
        self._values: dict[int, tuple[bytes, ...]] = {}

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Leaf:
        """The leaf of these entries, which come sorted."""
        frames = [
            _packed([entry.value for entry in entries[start : start + FRAME]])
            for start in range(0, len(entries), FRAME)
        ]
        index = [entry.key for entry in entries], [entry.tag for entry in entries]
        return cls.joined(_packed(index), frames, FRAME)

    @classmethod
    def joined(cls, index: memoryview, frames: Sequence[memoryview], per_frame: int) -> Leaf:
        """The leaf of packed parts."""
        sums = b"".join(blake3(each).digest(length=_SUM_BYTES) for each in frames)
        ends = tuple(accumulate(map(len, frames)))
        return cls(index, memoryview(b"".join(frames)), ends, sums, per_frame)

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

    def is_indexed_like(self, other: Leaf) -> bool:
        """Whether both hold the same keys and tags in the same frames; told without unpacking them."""
        return self.per_frame == other.per_frame and bytes(self.index) == bytes(other.index)

    def unlike(self, other: Leaf) -> list[int]:
        """The frames whose values are not packed as those of a leaf that has as many, in order."""
        differing = int.from_bytes(self.sums, "big") ^ int.from_bytes(other.sums, "big")
        last = len(self.ends) - 1
        found: list[int] = []
        while differing:
            after = (differing.bit_length() - 1) // _SUM_BITS
            found.append(last - after)
            differing &= (1 << after * _SUM_BITS) - 1
        return found

    def __len__(self) -> int:
        return len(self.keys)

    def frame(self, number: int) -> tuple[bytes, ...]:
        """The values of one frame, kept unpacked."""
        values = self._values.get(number)
        if values is None:
            values = self._values[number] = self.unpack(number)
        return values

    def unpack(self, number: int) -> tuple[bytes, ...]:
        """The values of one frame."""
        start = self.ends[number - 1] if number else 0
        return _unpacked(self.body[start : self.ends[number]], _FRAME)

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
        values = [value for number in range(len(self.ends)) for value in self.frame(number)]
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
        stored = _Stored(
            FORMAT,
            0,
            node.index,
            per_frame=node.per_frame,
            body=node.body,
            ends=tuple(node.ends),
            sums=node.sums,
        )
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
    if stored.frames:
        return Leaf.joined(stored.index, stored.frames, stored.per_frame)
    return Leaf(stored.index, stored.body, stored.ends, stored.sums, stored.per_frame)


def _packed(value: Any) -> memoryview:
    return memoryview(_zstd.pack(msgspec.msgpack.encode(value)))


def _unpacked(raw: memoryview, shape: msgspec.msgpack.Decoder[T]) -> T:
    try:
        plain = _zstd.unpack(raw, max_output_size=_MAX_FRAME_BYTES)
        return shape.decode(plain)
    except (zstandard.ZstdError, msgspec.MsgspecError) as broken:
        raise Corrupt(f"a part of a tree node is damaged: {broken}") from broken
