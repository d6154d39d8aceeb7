"""The columns of one chunk as a blob of bytes, kept by the chunk's digest; any field can be read alone.

A value is kept under the type that it has (`t` text, `i` whole number, `f` number, `b` truth, `j`
anything else), not under that of its field: what a field is may change from version to version.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from visloop.query.columns.joining import small
from visloop.query.columns.records import Block, Stored
from visloop.query.columns.values import Column, Numbers, Texts
from visloop.query.moments import moment
from visloop.query.schema import Field

Storage: TypeAlias = Literal["t", "i", "f", "b", "j"]
_LEAST, _MOST = -(2**63), 2**63
_TYPES: Final[dict[str, str]] = {"t": "<i4", "i": "<i8", "f": "<f8", "b": "|i1", "j": "|i1"}


def counts(block: Block) -> NDArray[np.int32]:
    """int32 (rows): parts of each row."""
    return np.frombuffer(_unpack(block.owned), "<i4")


class Builder:
    """Collects the columns of one chunk."""

    def __init__(self, counts: Sequence[int]) -> None:
        self._pack = zstandard.ZstdCompressor(level=1).compress
        self._counts = counts
        self._sizes = {False: len(counts), True: sum(counts)}
        self._columns: dict[str, Stored] = {}

    def texts(self, key: str, values: Sequence[str | None]) -> None:
        """A text, or none, for each row or part."""
        words: dict[str, int] = {}
        take = words.setdefault
        codes = [-1 if each is None else take(each, len(words)) for each in values]
        if words:
            packed = self._pack(msgspec.msgpack.encode(list(words)))
            self._columns[f"{key}:t"] = Stored(
                self._pack(np.array(codes, "<i4").tobytes()), b"", packed
            )

    def whole(self, key: str, values: Sequence[int | None]) -> None:
        """A whole number, or none, for each row or part."""
        present = np.array([each is not None for each in values], np.bool_)
        if present.any():
            filled = np.array([0 if each is None else each for each in values], "<i8")
            self._columns[f"{key}:i"] = Stored(
                self._pack(filled.tobytes()), self._pack(present.tobytes())
            )

    def counted(self, key: str, values: NDArray[np.int64]) -> None:
        """A whole number for each row or part."""
        if len(values):
            present = np.ones(len(values), np.bool_)
            self._columns[f"{key}:i"] = Stored(
                self._pack(values.astype("<i8").tobytes()), self._pack(present.tobytes())
            )

    def numbers(self, key: str, values: Sequence[float | None]) -> None:
        """A number, or none, for each row or part."""
        found = np.array([np.nan if each is None else each for each in values], "<f8")
        if not np.isnan(found).all():
            self._columns[f"{key}:f"] = Stored(self._pack(found.tobytes()))

    def truths(self, key: str, values: Sequence[bool | None]) -> None:
        """True, false, or none, for each row or part."""
        found = np.array([-1 if each is None else each for each in values], "|i1")
        if (found >= 0).any():
            self._columns[f"{key}:b"] = Stored(self._pack(found.tobytes()))

    def any(self, key: str, at: Sequence[int], values: Sequence[Any], *, parts: bool) -> None:
        """Values of whatever types at some rows or parts."""
        spread: dict[Storage, list[Any]] = {}
        for place, value in zip(at, values, strict=True):
            storage = _storage(value)
            if storage not in spread:
                spread[storage] = [None] * self._sizes[parts]
            spread[storage][place] = value
        self._mixed(key, spread)

    def _mixed(self, key: str, spread: dict[Storage, list[Any]]) -> None:
        write: dict[str, Callable[[str, list[Any]], None]] = {
            "t": self.texts,
            "i": self.whole,
            "f": self.numbers,
            "b": self.truths,
        }
        for storage, values in spread.items():
            if storage == "j":
                found = np.array([each is not None for each in values], "|i1")
                self._columns[f"{key}:j"] = Stored(self._pack(found.tobytes()))
            else:
                write[storage](key, values)

    def block(self) -> Block:
        """What was collected."""
        owned = self._pack(np.array(self._counts, "<i4").tobytes())
        return Block(self._sizes[False], self._sizes[True], owned, self._columns)


def _storage(value: Any) -> Storage:
    match value:
        case bool():
            return "b"
        case int():
            return "i" if _LEAST <= value < _MOST else "j"
        case float():
            return "f" if np.isfinite(value) else "j"
        case str():
            return "t"
        case _:
            return "j"


class _Zstd(threading.local):
    """Decompressors may not be shared by threads, and making one costs more than using it."""

    def __init__(self) -> None:
        self.unpack = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def _unpack(raw: bytes) -> bytes:
    return _zstd.unpack(raw)


# --- the same field of all chunks ----------------------------------------------------------------


def assemble(blocks: Iterable[Block], field: Field, size: int) -> Column:
    """One field of all chunks, in their order.

    Args:
        blocks: the chunks.
        field: which one; values that are not of its type count as none.
        size: how many rows, or parts, the chunks have together.
    """
    match field.type:
        case "text":
            return _texts(blocks, field, size)
        case "time":
            found = _texts(blocks, field, size)
            marks = [moment(word) for word in found.words]
            table = np.array([0 if each is None else each for each in marks] + [0], np.int64)
            known = np.array([each is not None for each in marks] + [False], np.bool_)
            return Numbers(table[found.codes], known[found.codes]).packed()
        case "number":
            return _floats(blocks, field, size).packed()
        case _:
            return _flagged(blocks, field, size).packed()


def _places(blocks: Iterable[Block], field: Field) -> Iterable[tuple[Block, slice]]:
    start = 0
    for block in blocks:
        end = start + (block.parts if field.parts else block.rows)
        yield block, slice(start, end)
        start = end


def _array(stored: Stored, storage: str) -> NDArray[Any]:
    return np.frombuffer(_unpack(stored.values), _TYPES[storage])


def _texts(blocks: Iterable[Block], field: Field, size: int) -> Texts:
    codes = np.full(size, -1, np.int32)
    words: dict[str, int] = {}
    take = words.setdefault
    for block, place in _places(blocks, field):
        stored = block.columns.get(f"{field.key}:t")
        if stored is not None:
            here: list[str] = msgspec.msgpack.decode(_unpack(stored.words), type=list[str])
            table = np.array([*(take(word, len(words)) for word in here), -1], np.int32)
            codes[place] = table[_array(stored, "t")]
    return Texts(small(codes, len(words)), tuple(words))


def _floats(blocks: Iterable[Block], field: Field, size: int) -> Numbers:
    values = np.full(size, np.nan)
    for block, place in _places(blocks, field):
        if (stored := block.columns.get(f"{field.key}:f")) is not None:
            values[place] = _array(stored, "f")
        if (stored := block.columns.get(f"{field.key}:i")) is not None:
            present = np.frombuffer(_unpack(stored.present), np.bool_)
            values[place][present] = _array(stored, "i")[present]
    return Numbers(values)


def _flagged(blocks: Iterable[Block], field: Field, size: int) -> Numbers:
    """Whole numbers, truths; of anything else only whether there is a value."""
    storage = {"integer": "i", "boolean": "b"}.get(field.type, "")
    values = np.zeros(size, np.int64 if storage == "i" else np.int8)
    present = np.zeros(size, np.bool_)
    for block, place in _places(blocks, field):
        if storage:
            stored = block.columns.get(f"{field.key}:{storage}")
            if stored is not None:
                found = _array(stored, storage)
                values[place] = found
                present[place] = _present(stored, found, storage)
            continue
        for each in _TYPES:
            if (stored := block.columns.get(f"{field.key}:{each}")) is not None:
                present[place] |= _present(stored, _array(stored, each), each)
    return Numbers(values, present)


def _present(stored: Stored, values: NDArray[Any], storage: str) -> NDArray[np.bool_]:
    if storage == "i":
        return np.frombuffer(_unpack(stored.present), np.bool_)
    if storage == "f":
        return ~np.isnan(values)
    return values > 0 if storage == "j" else values >= 0
