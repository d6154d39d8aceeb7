"""Blocks and columns remembered: in memory within a budget, and as files that may be deleted at any time."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from visloop.query.columns.records import BLOCKS, Block

if TYPE_CHECKING:
    from visloop.query.columns.joining import Layout, Outline
    from visloop.query.columns.values import Column

_MIB: Final = 2**20
_decoder = msgspec.msgpack.Decoder(Block)
T = TypeVar("T")


class _Recent(Generic[T]):
    """The values used last, up to so many bytes together."""

    def __init__(self, budget: int, size: Callable[[T], int]) -> None:
        self._budget, self._size = budget, size
        self._held: OrderedDict[tuple[str, ...], T] = OrderedDict()
        self._bytes = 0
        self._lock = RLock()

    def get(self, key: tuple[str, ...]) -> T | None:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: tuple[str, ...], value: T) -> None:
        with self._lock:
            if key in self._held:
                return
            self._held[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._budget and len(self._held) > 1:
                self._bytes -= self._size(self._held.popitem(last=False)[1])


class Kept:
    """What a workspace remembers of the columns of its chunks.

    Args:
        folder: where blocks are kept as files, two letters of the digest a folder; None: nowhere.
        blocks_mb: how much of blocks is held in memory.
        columns_mb: how much of whole columns is held in memory.
        files_mb: how much of blocks is kept as files; the oldest go first.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        blocks_mb: int = 96,
        columns_mb: int = 384,
        files_mb: int = 2048,
    ) -> None:
        self._folder = folder
        self._files = files_mb * _MIB
        self._blocks = _Recent[Block](blocks_mb * _MIB, lambda block: block.nbytes)
        self._columns = _Recent["Column"](columns_mb * _MIB, lambda column: column.nbytes)
        self._outlines = _Recent["Outline"](8 * _MIB, lambda each: 200 + 100 * len(each.attributes))
        self._layouts = _Recent["Layout"](16 * _MIB, lambda layout: layout.nbytes)
        self._last: dict[tuple[str, ...], str] = {}
        self._written = 0

    def block(self, digest: str, make: Callable[[], Block]) -> Block:
        """The block of a chunk; made when nobody remembers it."""
        found = self._blocks.get((digest,))
        if found is None:
            found = self._read(digest)
            if found is None:
                found = make()
                self._write(digest, found)
            self._blocks.put((digest,), found)
        return found

    def column(
        self,
        version: str,
        name: tuple[str, ...],
        make: Callable[[tuple[str, Column] | None], Column],
    ) -> Column:
        """A whole column of a version; put together when it is not held.

        `make` is given the version (and column) of that name that was asked for last, if held.
        """
        found = self._columns.get((version, *name))
        if found is None:
            last = self._last.get(name, "")
            before = self._columns.get((last, *name))
            found = make(None if before is None else (last, before))
            self._columns.put((version, *name), found)
        self._last[name] = version
        return found

    def outline(self, digest: str, make: Callable[[], Outline]) -> Outline:
        """What must be known of a chunk before its columns are read."""
        found = self._outlines.get((digest,))
        if found is None:
            found = make()
            self._outlines.put((digest,), found)
        return found

    def layout(self, version: str, make: Callable[[], Layout]) -> Layout:
        """Which chunks a version is made of."""
        found = self._layouts.get((version,))
        if found is None:
            found = make()
            self._layouts.put((version,), found)
        return found

    def held_layout(self, version: str) -> Layout | None:
        """The same, if it is held."""
        return self._layouts.get((version,))

    def tidy(self) -> None:
        """Let the oldest files go when there are too many; after writing, cheap otherwise."""
        if self._folder is None or self._written == 0:
            return
        self._written = 0
        files = [
            (each.stat().st_mtime, each.stat().st_size, each) for each in self._folder.glob("*/*")
        ]
        room = self._files - sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if room >= 0:
                return
            file.unlink(missing_ok=True)
            room += size

    def _place(self, digest: str) -> Path | None:
        return None if self._folder is None else self._folder / digest[:2] / digest[2:]

    def _read(self, digest: str) -> Block | None:
        place = self._place(digest)
        if place is None:
            return None
        try:
            found = _decoder.decode(place.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None  # never written, let go, or torn: made anew
        return found if found.layout == BLOCKS else None

    def _write(self, digest: str, block: Block) -> None:
        """Through a temporary name; a full disk costs the next command time, nothing else."""
        place = self._place(digest)
        if place is None:
            return
        temporary = place.with_name(f"{place.name}.{os.getpid()}.tmp")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(msgspec.msgpack.encode(block))
            temporary.replace(place)
        except OSError:
            return
        self._written += 1
