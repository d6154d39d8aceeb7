"""Blocks and columns remembered: in memory within a budget, and as files that may be deleted at any time."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from visloop import query
from visloop.query.columns.records import BLOCKS, Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.query.columns.files import Files
    from visloop.query.columns.joining import Layout
    from visloop.query.columns.values import Column, Order, Texts

_MIB: Final = 2**20
_STALE: Final = 16
"""So many chunks of a version may be missing in the file of another before it is written anew."""
_CODE_BYTES: Final = 2
"""Codes of so many bytes are sorted in a time that grows with their number alone."""
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
        orders_mb: how much is held of where each text of a column stands.
        long: columns of texts of so many rows are put in such an order when they are asked again.
        files_mb: how much of blocks is kept as files; the oldest go first.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        blocks_mb: int = 96,
        columns_mb: int = 384,
        orders_mb: int = 128,
        long: int = 1 << 16,
        files_mb: int = 2048,
    ) -> None:
        self._folder = folder
        self._files = files_mb * _MIB
        self._blocks = _Recent[Block](blocks_mb * _MIB, lambda block: block.nbytes)
        self._columns = _Recent["Column"](columns_mb * _MIB, lambda column: column.nbytes)
        self._orders = _Recent["Order"](orders_mb * _MIB, lambda order: order.nbytes)
        self._layouts = _Recent["Layout"](16 * _MIB, lambda layout: layout.nbytes)
        self._last: dict[tuple[str, ...], str] = {}
        self._long = long
        self._whole_folder = folder / "whole" if folder else None
        self._filed: dict[tuple[str, ...], Layout] = {}
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
        layout: Layout,
        make: Callable[[tuple[Layout, Column] | None], Column],
    ) -> Column:
        """A whole column of a version; put together when it is neither held nor kept as a file.

        `make` is given the column of that name of another version, and which chunks that is made of.
        """
        found = self._columns.get((version, *name))
        if found is None:
            before = self._before(name)
            whole = self._whole.read(name) if self._whole and before is None else None
            if whole is not None and whole.version == version:
                found = whole.column
                self._filed[name] = layout
            else:
                if whole is not None:
                    self._filed[name] = whole.layout
                    before = whole.layout, whole.column
                found = make(before)
                self._file(version, name, layout, found)
            self._columns.put((version, *name), found)
        self._last[name] = version
        return found

    def _before(self, name: tuple[str, ...]) -> tuple[Layout, Column] | None:
        """What is held of the version that was asked for last."""
        last = self._last.get(name, "")
        column, layout = self._columns.get((last, *name)), self._layouts.get((last,))
        return None if column is None or layout is None else (layout, column)

    def _file(
        self, version: str, name: tuple[str, ...], layout: Layout, column: Column | None
    ) -> None:
        """Keep it as a file, unless the one that is there needs little to be brought up to it."""
        filed = self._filed.get(name)
        if self._whole and (filed is None or layout.new_since(filed) > _STALE):
            self._whole.write(name, query.Whole.of(version, layout, column))
            self._filed[name] = layout
            self._written += 1

    @cached_property
    def _whole(self) -> Files | None:
        return query.Files(self._whole_folder) if self._whole_folder else None

    def order(self, version: str, name: tuple[str, ...]) -> tuple[Texts, Order] | None:
        """A column of texts that is held, and where each of them stands; made when it is asked for.

        None: the column is not held, or too short or of too many texts to gain by it.
        """
        column = self._columns.get((version, *name))
        if not isinstance(column, query.Texts) or column.codes.itemsize > _CODE_BYTES:
            return None
        if len(column.codes) < self._long or len(column.words) == 1:
            return None
        found = self._orders.get((version, *name))
        if found is None:
            found = query.Order.of(column)
            self._orders.put((version, *name), found)
        return column, found

    def owners(
        self, version: str, whose: tuple[str, ...], make: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """The row of each part of a version; made from other columns when it is not held."""
        key = (version, *whose, "owners")
        found = self._columns.get(key)
        if found is None:
            found = query.Numbers(make())
            self._columns.put(key, found)
        assert isinstance(found, query.Numbers)
        return found.values

    def layout(
        self, version: str, whose: tuple[str, ...], make: Callable[[Layout | None], Layout]
    ) -> Layout:
        """Which chunks a version is made of; `make` is given what another version is made of."""
        name = (*whose, "layout")
        found = self._layouts.get((version,))
        if found is None:
            before = self._layouts.get((self._last.get(name, ""),))
            whole = self._whole.read(name) if self._whole and before is None else None
            if whole is not None:
                self._filed[name] = whole.layout
            if whole is not None and whole.version == version:
                found = whole.layout
            else:
                found = make(before or (whole.layout if whole else None))
                self._file(version, name, found, None)
            self._layouts.put((version,), found)
        self._last[name] = version
        return found

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
