"""Giving space back: packs of which much is dead are written anew without it, and removed.

The living records of a pack go to the end of another, that is brought to the disk, the index then
leads there in one durable transaction, and only then the old pack is removed. A process killed in
between leaves a pack too many, never one too few; readers that looked a place up before find it
again by looking up once more. A pack that another process writes to is left for next time.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop.errors import Corrupt
from visloop.store.housekeeping import rows
from visloop.store.packs import HEADER, MAGIC, SUFFIX, PackWriter, Record, digest_at, sync_folder

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store.index import Index, Place

_DEAD_SHARE: Final = 0.05
ROLL_AT_BYTES: Final = 512 << 20


@dataclass(frozen=True)
class Compacted:
    """Packs removed, and what that gave back; `dead_bytes` are left in packs, `busy` are written to."""

    packs: int
    freed_bytes: int
    dead_bytes: int
    busy: int


class _Pack(NamedTuple):
    name: str
    size_bytes: int
    dead_bytes: int


def dead_bytes(folder: Path, index: Index) -> int:
    """How many bytes of the packs nothing leads to."""
    return sum(each.dead_bytes for each in _packs(folder, index))


def compact(folder: Path, index: Index, progress: Progress) -> Compacted:
    """Write packs anew of which a twentieth or more is dead."""
    found = _packs(folder, index)
    worth = [each for each in found if each.dead_bytes > _DEAD_SHARE * each.size_bytes]
    left = sum(each.dead_bytes for each in found)
    copying = _Copying(folder, index)
    done = busy = freed = 0
    try:
        for each in progress.track(worth, doing="compact", unit="pack", total=len(worth)):
            moved_bytes = copying.move(each.name)
            if moved_bytes is None:
                busy += 1
                continue
            done, left = done + 1, left - each.dead_bytes
            freed += each.size_bytes - moved_bytes
    finally:
        copying.close()
    return Compacted(done, freed, left, busy)


def _packs(folder: Path, index: Index) -> list[_Pack]:
    living = rows.living(index)
    found: list[_Pack] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        count, size_bytes = living.get(path.name, (0, 0))
        used = len(MAGIC) + count * HEADER.size + size_bytes if count else 0
        try:
            whole = path.stat().st_size
        except FileNotFoundError:  # another gc was faster
            continue
        found.append(_Pack(path.name, whole, max(0, whole - used)))
    return found


class _Copying:
    """Where living records go: one pack after another, each held by this process."""

    def __init__(self, folder: Path, index: Index) -> None:
        self._folder, self._index = folder, index
        self._to: PackWriter | None = None

    def move(self, name: str) -> int | None:
        """Empty a pack and remove it; the bytes that were moved. None: it must stay for now."""
        old = PackWriter.adopt(self._folder / name)
        if old is None:
            return None
        try:
            end = self._index.ends().get(name, 0)
            if old.end != end:  # what a killed writer left
                self._index.add(name, old.repair(end), old.end)
            living = self._index.of_pack(name)
            copied = self._copied(name, living)
            rows.move(self._index, name, copied, self._to.name if self._to else "", self._end)
            (self._folder / name).unlink()
            sync_folder(self._folder)
            if self._end >= ROLL_AT_BYTES:
                self.close()
        except Corrupt:  # damaged: it stays as it is, `verify` says what is lost
            return None
        finally:
            old.close()
        return sum(HEADER.size + place.length for _, place in living)

    @property
    def _end(self) -> int:
        return self._to.end if self._to else 0

    def _copied(self, name: str, living: Iterable[tuple[bytes, Place]]) -> list[Record]:
        """The records in their new place, on the disk.

        Raises:
            Corrupt: bytes are not what their digest says.
        """
        fd = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
        copied: list[Record] = []
        try:
            mapped = memoryview(mmap.mmap(fd, 0, access=mmap.ACCESS_READ))
            for key, place in living:
                if digest_at(fd, Record(key, place.offset, place.length)) != key:
                    raise Corrupt(f"blob {key.hex()} in {name} is damaged")
                payload = mapped[place.offset : place.offset + place.length]
                copied.append(self._room().append(key, payload))
        finally:
            os.close(fd)
        if self._to is not None:
            self._to.sync()
        return copied

    def _room(self) -> PackWriter:
        if self._to is None:
            self._to = PackWriter.create(self._folder)
        return self._to

    def close(self) -> None:
        """Let go of the pack that was written."""
        if self._to is not None:
            self._to.close()
            self._to = None
