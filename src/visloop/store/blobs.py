"""Bytes by digest: the port `Blobs`, and its local implementation in pack files.

`put` is cheap and visible to this object at once; `flush` makes everything put so far durable and
visible to other processes. Flush before the ledger's commit that names the digests.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from blake3 import blake3

from visloop.errors import Corrupt, NotFound
from visloop.store.forks import survives_forks
from visloop.store.index import Index, Place
from visloop.store.packs import SUFFIX, PackWriter, Record
from visloop.store.scrub import BlobProblem, problems

ADOPT_BELOW_BYTES: Final = 256 << 20
ROLL_AT_BYTES: Final = 512 << 20
_FLUSH_AT: Final = 50_000
_MAPS: Final = 256
_READ_BYTES: Final = 64 << 20
"""After so much was read, the pages of packs are given back: else a process grows by what it reads."""


class BlobNotFound(NotFound):
    """No bytes are stored under that digest."""

    code = "store.blob_not_found"


class Blobs(Protocol):
    """Bytes keyed by their BLAKE3 digest (64 hex digits); the same bytes are stored once."""

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Store the bytes and return their digest (give it when it is already computed)."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes.

        Raises:
            BlobNotFound: nothing is stored under that digest.
            Corrupt: they should be there and are not.
        """
        ...

    def view(self, digest: str) -> memoryview:
        """The bytes without a copy, read-only; errors as `get`."""
        ...

    def has(self, digest: str) -> bool:
        """Whether the bytes are stored: put here, or flushed by anybody."""
        ...

    def verify(self) -> Iterator[BlobProblem]:
        """Read everything and name what is not as it was put."""
        ...

    def flush(self) -> None:
        """Return when everything put so far is on the disk and visible to other processes."""
        ...

    def close(self) -> None:
        """Flush and let go."""
        ...


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
        place = self._place(digest)
        return self._map(place, digest)[place.offset : place.offset + place.length]

    def view(self, digest: str) -> memoryview:
        """The bytes without a copy, read-only; valid as long as it is kept; errors as `get`."""
        place = self._place(digest)
        mapped = memoryview(self._map(place, digest))
        return mapped[place.offset : place.offset + place.length]

    def has(self, digest: str) -> bool:
        """Whether the bytes are stored: put here, or flushed by anybody."""
        key = _key(digest)
        return key in self._pending or self._index.has(key)

    def flush(self) -> None:
        """Return when everything put so far is on the disk and visible to other processes."""
        with self._writing:
            self._flush()

    def close(self) -> None:
        """Flush and let go of the pack, so that another process may go on with it."""
        with self._writing:
            self._let_go()
            self._index.close()
            self._maps.clear()

    def verify(self) -> Iterator[BlobProblem]:
        """Read every flushed blob and yield what is wrong: a pack missing, bytes gone or changed."""
        return problems(self._folder, self._index)

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

    def _map(self, place: Place, digest: str) -> mmap.mmap:
        """The pack, mapped far enough to read `place`."""
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
                mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
            finally:
                os.close(fd)
        except FileNotFoundError as error:
            raise _lost(digest, place, "is missing") from error
        if len(mapped) < end:
            raise _lost(digest, place, "is too short")
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
            self._begin()

    def _begin(self) -> None:
        self._writing = threading.Lock()
        self._mapping = threading.Lock()
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
