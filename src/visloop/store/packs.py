"""Pack files: append-only, each written by one process at a time, readable by all.

A pack is `MAGIC` (16 bytes) and records: `VLB1`, payload length (8 bytes, little-endian), BLAKE3
digest (32 bytes), payload. The writer holds an `flock` on its pack; a pack that nobody holds may
be adopted. A process that was killed leaves at most one torn record, at the end.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from blake3 import blake3

from visloop.errors import Corrupt

MAGIC: Final = b"visloop-pack 1\n\0"
HEADER: Final = struct.Struct("<4sQ32s")
_RECORD: Final = b"VLB1"
SUFFIX: Final = ".pack"
_CHUNK: Final = 16 << 20
_BEHIND_BYTES: Final = 2 << 20
"""So much may lie unwritten in the page cache before the disk is told to begin."""


class Record(NamedTuple):
    """Where one payload lies: `offset` and `length` in bytes, of the payload itself."""

    digest: bytes
    offset: int
    length: int

    @property
    def end(self) -> int:
        """Where the next record starts."""
        return self.offset + self.length


class PackWriter:
    """The end of one pack, held by this process. `end` is where the next record goes."""

    def __init__(self, path: Path, fd: int, end: int) -> None:
        self.path = path
        self.name = path.name
        self.end = end
        self._fd = fd
        self._begun = end

    @classmethod
    def create(cls, folder: Path) -> PackWriter:
        """A new pack, held from its first moment."""
        while True:
            path = folder / f"{secrets.token_hex(8)}{SUFFIX}"
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # somebody who repairs looked at it in this very moment
                os.close(fd)
                continue
            os.pwrite(fd, MAGIC, 0)
            sync_folder(folder)
            return cls(path, fd, len(MAGIC))

    @classmethod
    def adopt(cls, path: Path) -> PackWriter | None:
        """Hold an existing pack, or None when another process holds it (or removed it)."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino == os.fstat(fd).st_ino:
                return cls(path, fd, os.fstat(fd).st_size)
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(fd)
        return None

    def append(self, digest: bytes, payload: bytes | memoryview) -> Record:
        """Write one record; in the page cache afterwards, on the disk after `sync`.

        Raises:
            OSError: the disk is full, …; what was half written is overwritten by the next record.
        """
        length = payload.nbytes if isinstance(payload, memoryview) else len(payload)
        header = HEADER.pack(_RECORD, length, digest)
        written = os.pwritev(self._fd, [header, payload], self.end)
        if written != HEADER.size + length:
            self._write_rest(header, payload, written)
        record = Record(digest, self.end + HEADER.size, length)
        self.end += HEADER.size + length
        if self.end - self._begun >= _BEHIND_BYTES:
            self._begin_writing()
        return record

    def _begin_writing(self) -> None:
        """Let the disk work while the next pictures are read, so that `sync` finds little left.

        On Linux this advice starts the writing of changed pages, and does not wait for it.
        """
        if sys.platform == "linux":
            length = self.end - self._begun
            os.posix_fadvise(self._fd, self._begun, length, os.POSIX_FADV_DONTNEED)
        self._begun = self.end

    def _write_rest(self, header: bytes, payload: bytes | memoryview, written: int) -> None:
        whole = memoryview(header + bytes(payload))
        while written < len(whole):
            written += os.pwrite(self._fd, whole[written:], self.end + written)

    def sync(self) -> None:
        """Return when every record is on the disk."""
        os.fdatasync(self._fd)

    def repair(self, known_end: int) -> list[Record]:
        """Bring the end in order: whole records after `known_end`, and a torn rest cut off.

        Raises:
            Corrupt: the pack is shorter than what is known to be in it, or no pack at all.
        """
        start = max(known_end, len(MAGIC))
        size = os.fstat(self._fd).st_size
        if size < known_end or (known_end and os.pread(self._fd, len(MAGIC), 0) != MAGIC):
            raise Corrupt(
                f"pack {self.name} lost bytes: {size} of at least {known_end} are left",
                fix="restore it from a backup",
            )
        if os.pread(self._fd, len(MAGIC), 0) != MAGIC:  # killed before its first record
            os.pwrite(self._fd, MAGIC, 0)
            size = len(MAGIC)
        found = list(scan(self._fd, start, size))
        self.end = found[-1].end if found else start
        os.ftruncate(self._fd, self.end)
        self.sync()
        return found

    def close(self) -> None:
        """Let go of the pack: the last close of its file gives the lock back."""
        os.close(self._fd)


def scan(fd: int, start: int, size: int) -> Iterator[Record]:
    """Whole records whose bytes match their digest, up to the first that is torn."""
    while start + HEADER.size <= size:
        magic, length, digest = HEADER.unpack(os.pread(fd, HEADER.size, start))
        record = Record(digest, start + HEADER.size, length)
        if magic != _RECORD or record.end > size or digest_at(fd, record) != digest:
            return
        yield record
        start = record.end


def digest_at(fd: int, record: Record) -> bytes:
    """BLAKE3 of the payload that lies there, read piece by piece."""
    hasher = blake3()
    at = record.offset
    while at < record.end and (piece := os.pread(fd, min(_CHUNK, record.end - at), at)):
        hasher.update(piece)
        at += len(piece)
    return hasher.digest()


def sync_folder(folder: Path) -> None:
    """Return when the names in the folder are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
