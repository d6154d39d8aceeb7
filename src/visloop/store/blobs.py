"""Bytes by digest in pack files: the local implementation of `Blobs`.

`put` is cheap and visible to this object at once; `flush` makes everything put so far durable and
visible to other processes. Flush before the ledger's commit that names the digests.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from blake3 import blake3

from visloop.errors import Corrupt
from visloop.progress import Silent
from visloop.store.bytes import BlobNotFound
from visloop.store.forks import survives_forks
from visloop.store.guard import Guard
from visloop.store.housekeeping.scrub import BlobProblem
from visloop.store.housekeeping.upkeep import Upkeep
from visloop.store.index import Index, Place
from visloop.store.packs import SUFFIX, PackWriter, Record

ADOPT_BELOW_BYTES: Final = 256 << 20
ROLL_AT_BYTES: Final = 512 << 20
_FLUSH_AT: Final = 50_000
_MAPS: Final = 256
_READ_BYTES: Final = 64 << 20
"""After so much was read, the pages of packs are given back: else a process grows by what it reads."""
_LARGE_BYTES: Final = 4 << 20
"""A copy of so much, a network mostly, is not held a second time as pages of its pack."""


class PackBlobs:
    """`Blobs` in one folder of pack files. Safe to share between threads, and to carry over a fork.

    Several processes may write at once, each to a pack of its own.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        adopt_below_bytes: int = ADOPT_BELOW_BYTES,
        roll_at_bytes: int = ROLL_AT_BYTES,
    ) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._adopt_below_bytes = adopt_below_bytes
        self._roll_at_bytes = roll_at_bytes
        self._index = Index(self._folder / "index.db")
        self._begin()
        self._repair()
        survives_forks(self)

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Store the bytes and return their digest; durable after `flush`.

        Raises:
            OSError: the disk is full, ….
        """
        key = bytes.fromhex(digest) if digest else blake3(data).digest()
        with self._writing:
            self._guard.hold()
            if key not in self._pending and not self._index.holds(key):
                writer = self._writer or self._hold_a_pack()
                self._pending[key] = (writer.name, writer.append(key, data))
                if writer.end >= self._roll_at_bytes:
                    self._let_go()
                elif len(self._pending) >= _FLUSH_AT:
                    self._flush()
        return digest or key.hex()

    def get(self, digest: str) -> bytes:
        """The bytes.

        Raises:
            BlobNotFound: nothing is stored under that digest.
            Corrupt: the pack is missing or too short.
        """
        mapped, place = self._mapped(digest)
        data = mapped[place.offset : place.offset + place.length]
        if place.length >= _LARGE_BYTES:
            self._give_back()
        return data

    def view(self, digest: str) -> memoryview:
        """The bytes without a copy, read-only; valid as long as it is kept; errors as `get`."""
        mapped, place = self._mapped(digest)
        return memoryview(mapped)[place.offset : place.offset + place.length]

    def has(self, digest: str) -> bool:
        """Whether the bytes are stored: put here, or flushed by anybody."""
        key = _key(digest)
        if not self._guard.settled:  # whoever asks may rely on the answer, as one who puts
            with self._writing:
                self._guard.hold()
        return key in self._pending or self._index.has(key)

    def flush(self) -> None:
        """Return when everything put so far is on the disk and visible to other processes."""
        with self._writing:
            self._flush()

    def close(self) -> None:
        """Flush and let go of the pack, so that another process may go on with it."""
        with self._writing:
            self._let_go()
            self._guard.let_go()
            self._index.close()
            self._maps.clear()

    def verify(self) -> Iterator[BlobProblem]:
        """Read every flushed blob and yield what is wrong: a pack missing, bytes gone or changed."""
        return self.upkeep.problems(Silent())

    @property
    def upkeep(self) -> Upkeep:
        """What is done to the whole store."""
        return Upkeep(self._folder, self._index, self._pause, self._at_work)

    def _pause(self) -> None:
        with self._writing:
            self._let_go()

    @contextmanager
    def _at_work(self) -> Generator[None]:
        with self._writing:
            self._guard.begin()
        try:
            yield
        finally:
            with self._writing:
                if self._guard.end():
                    self._let_go()
                    self._guard.let_go()

    def _place(self, digest: str) -> Place:
        key = _key(digest)
        pending = self._pending.get(key)
        if pending is not None:
            return Place(pending[0], pending[1].offset, pending[1].length)
        place = self._index.find(key)
        if place is None:
            raise BlobNotFound(
                f"no bytes are stored under {digest}",
                fix="add the file that it came from again, or restore a backup",
            )
        return place

    def _mapped(self, digest: str) -> tuple[mmap.mmap, Place]:
        """The pack, mapped far enough to read the blob, and where in it the blob lies."""
        place = self._place(digest)
        while True:
            found = self._map(place)
            if not isinstance(found, str):
                return found, place
            again = self._place(digest)
            if again == place:  # else it was moved between looking it up and opening its pack
                raise _lost(digest, place, found)
            place = again

    def _map(self, place: Place) -> mmap.mmap | str:
        """The pack, or in words why `place` cannot be read."""
        mapped = self._maps.get(place.pack)
        end = place.offset + place.length
        self._read_bytes += place.length
        if self._read_bytes >= _READ_BYTES:
            self._give_back()
        if mapped is not None and len(mapped) >= end:
            return mapped
        try:
            fd = os.open(self._folder / place.pack, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if os.fstat(fd).st_size < end:
                    return "is too short"
                mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
            finally:
                os.close(fd)
        except FileNotFoundError:
            return "is missing"
        with self._mapping:
            if len(self._maps) >= _MAPS:  # views that are still in use keep their map alive
                self._maps.pop(next(iter(self._maps)))
            self._maps[place.pack] = mapped
        return mapped

    def _give_back(self) -> None:
        """What was read leaves this process's memory; the system's cache keeps it, views stay good."""
        self._read_bytes = 0
        if sys.platform == "linux":
            with self._mapping:
                for mapped in self._maps.values():
                    mapped.madvise(mmap.MADV_DONTNEED)

    def _hold_a_pack(self) -> PackWriter:
        ends = self._index.ends()
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path.stat().st_size < self._adopt_below_bytes:
                writer = self._adopt(path, ends)
                if writer is not None:
                    self._writer = writer
                    return writer
        self._writer = PackWriter.create(self._folder)
        return self._writer

    def _adopt(self, path: Path, ends: dict[str, int]) -> PackWriter | None:
        """Hold a pack with its tail in order, or None: it is held, or must be looked at by a person."""
        writer = PackWriter.adopt(path)
        if writer is None:
            return None
        known = ends.get(path.name, 0)
        if writer.end != known:
            known = self._index.ends().get(path.name, 0)  # its last holder may just have flushed
        try:
            if writer.end != known:
                found = writer.repair(known)
                self._index.add(path.name, found, writer.end)
        except Corrupt:  # `verify` and `get` say what is lost; new bytes go elsewhere
            writer.close()
            return None
        return writer

    def _repair(self) -> None:
        """Put in order what killed processes left at the ends of packs that nobody holds."""
        ends = self._index.ends()
        for path in self._folder.glob(f"*{SUFFIX}"):
            if path.stat().st_size != ends.get(path.name, 0):
                writer = self._adopt(path, ends)
                if writer is not None:
                    writer.close()

    def _flush(self) -> None:
        if self._writer is None or not self._pending:
            return
        self._writer.sync()
        records = [record for _, record in self._pending.values()]
        self._index.add(self._writer.name, records, self._writer.end)
        self._pending.clear()

    def _let_go(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def before_fork(self) -> None:
        """Nothing to do: the index closes itself, and the pack stays the parent's."""

    def after_fork(self, *, in_child: bool) -> None:
        """In a child: what the parent holds and has not flushed is the parent's; begin beside it."""
        if in_child:
            if self._writer is not None:
                self._writer.close()
            self._guard.let_go()
            self._begin()

    def _begin(self) -> None:
        self._writing = threading.Lock()
        self._mapping = threading.Lock()
        self._guard = Guard(self._folder)
        self._writer: PackWriter | None = None
        self._pending: dict[bytes, tuple[str, Record]] = {}
        self._maps: dict[str, mmap.mmap] = {}
        self._read_bytes = 0


def _key(digest: str) -> bytes:
    """The digest's 32 bytes; for text that is no digest, a key that nothing has."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return b""


def _lost(digest: str, place: Place, how: str) -> Corrupt:
    return Corrupt(
        f"blob {digest}: its pack {place.pack} {how}", fix="restore the pack from a backup"
    )
