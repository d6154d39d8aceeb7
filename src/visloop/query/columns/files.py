"""Whole columns as files, so that a new process need not put them together from their chunks.

A file is a digest of the rest, where its arrays begin, a line of JSON, and the arrays; each begins
at a multiple of 64 bytes. Files that are torn, of another layout, or gone count as never written.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import zstandard
from blake3 import blake3
from numpy.typing import NDArray

from visloop.query.columns.joining import Layout
from visloop.query.columns.values import Column, Numbers, Texts

_LAYOUT: Final = 1
_ALIGNED: Final = 64
_SUM: Final = 32


class _Head(msgspec.Struct):
    """Of which version; name, type and length of each array; the attributes that chunks have."""

    version: str
    arrays: list[tuple[str, str, int]]
    attributes: list[list[str]] = []
    layout: int = _LAYOUT


@dataclass(frozen=True)
class Whole:
    """What a file holds: of which version, where its chunks lie, and the column, if it is one's."""

    version: str
    arrays: dict[str, NDArray[Any]]
    attributes: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, version: str, layout: Layout, column: Column | None = None) -> Whole:
        """What is to be kept."""
        nodes = np.frombuffer(bytes.fromhex("".join(layout.nodes)), np.uint8)
        arrays: dict[str, NDArray[Any]] = {"nodes": nodes, "rows": layout.rows}
        arrays["parts"] = layout.parts
        kinds: dict[frozenset[str], int] = {}
        if isinstance(column, Texts):
            words = msgspec.msgpack.encode(list(column.words))
            packed = zstandard.ZstdCompressor(level=1).compress(words)
            arrays |= {"codes": column.codes, "words": np.frombuffer(packed, np.uint8)}
        elif column is not None:
            arrays["values"] = column.values
            if column.present is not None:
                arrays["present"] = column.present
        else:
            kind_of = [kinds.setdefault(each, len(kinds)) for each in layout.chunks]
            arrays["kinds"] = np.array(kind_of, np.int32)
        return cls(version, arrays, tuple(kinds))

    @cached_property
    def layout(self) -> Layout:
        """Which chunks the version is made of."""
        digests = self.arrays["nodes"].tobytes().hex()
        nodes = tuple(digests[at : at + 64] for at in range(0, len(digests), 64))
        kinds = self.arrays.get("kinds", np.zeros(0, np.int32)).tolist()
        chunks = tuple(self.attributes[each] for each in kinds)
        return Layout(nodes, self.arrays["rows"], self.arrays["parts"], chunks)

    @cached_property
    def column(self) -> Column:
        """The column."""
        if "values" in self.arrays:
            return Numbers(self.arrays["values"], self.arrays.get("present"))
        packed = self.arrays["words"].tobytes()
        words = zstandard.ZstdDecompressor().decompress(packed)
        return Texts(self.arrays["codes"], tuple(msgspec.msgpack.decode(words, type=list[str])))


class Files:
    """A folder of them: one of each name, of whichever version it was kept last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: tuple[str, ...]) -> Whole | None:
        """What is kept under that name."""
        try:
            raw = self._place(name).read_bytes()
            start = int.from_bytes(raw[_SUM : 2 * _SUM], "little")
            if blake3(memoryview(raw)[_SUM:]).digest() != raw[:_SUM]:
                return None
            head = msgspec.json.decode(raw[2 * _SUM : start].rstrip(), type=_Head)
        except (OSError, msgspec.MsgspecError):
            return None
        if head.layout != _LAYOUT:
            return None
        arrays: dict[str, NDArray[Any]] = {}
        for key, kind, length in head.arrays:
            arrays[key] = np.frombuffer(raw, np.dtype(kind), length, start)
            start += _padded(arrays[key].nbytes)
        return Whole(head.version, arrays, tuple(map(frozenset, head.attributes)))

    def write(self, name: tuple[str, ...], whole: Whole) -> None:
        """Through a temporary name; a full disk costs the next process time, nothing else."""
        arrays = {
            key: np.ascontiguousarray(each, each.dtype.newbyteorder("<"))
            for key, each in whole.arrays.items()
        }
        told = [(key, each.dtype.str, len(each)) for key, each in arrays.items()]
        head = msgspec.json.encode(_Head(whole.version, told, list(map(sorted, whole.attributes))))
        head = head.ljust(_padded(len(head)))
        pieces: list[Any] = [(2 * _SUM + len(head)).to_bytes(_SUM, "little"), head]
        for each in arrays.values():
            pieces += [each.view(np.uint8).data, bytes(_padded(each.nbytes) - each.nbytes)]
        hasher = blake3()
        for piece in pieces:
            hasher.update(piece)
        place = self._place(name)
        temporary = place.with_name(f"{place.name}.{os.getpid()}.tmp")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.writelines([hasher.digest(), *pieces])
            temporary.replace(place)
        except OSError:
            return

    def _place(self, name: tuple[str, ...]) -> Path:
        return self._folder / blake3("\0".join(name).encode()).hexdigest()[:40]


def _padded(length: int) -> int:
    return -(-length // _ALIGNED) * _ALIGNED
