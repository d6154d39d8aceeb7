"""How many answers a serving process gave, in a file that outlives it.

Sixteen bytes, memory-mapped: `answered` and `dropped`, little-endian 64 bit. The number of an answer
is written before the client can see it, so after `kill -9` the difference to the rows in the
ledger is exactly what the log lost. The process holds a lock on the file while it lives.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PAIR: Final = struct.Struct("<QQ")
_SUFFIX: Final = ".counter"


@dataclass(frozen=True)
class Counts:
    """What a counter file says."""

    answered: int
    dropped: int


class Counter:
    """Numbers answers from 1; safe to call from several threads."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.answered = 0
        self.dropped = 0
        self._fd = -1 if path is None else _held(path)
        self._map = mmap.mmap(self._fd, _PAIR.size)

    @classmethod
    def create(cls, folder: Path, server: str) -> Counter:
        """The counter of a new server; its file is `folder/SERVER.counter`."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder / f"{server}{_SUFFIX}")

    def next(self) -> int:
        """The number of one more answer, on record before this returns."""
        with self._lock:
            self.answered += 1
            _PAIR.pack_into(self._map, 0, self.answered, self.dropped)
            return self.answered

    def drop(self, count: int = 1) -> None:
        """That many answers will never be in the log."""
        with self._lock:
            self.dropped += count
            _PAIR.pack_into(self._map, 0, self.answered, self.dropped)

    def close(self, *, remove: bool = False) -> None:
        """Let go of the lock; `remove` the file when its figures are in the ledger."""
        self._map.close()
        if self._path is not None:
            if remove:
                self._path.unlink(missing_ok=True)
            os.close(self._fd)


def _held(path: Path) -> int:
    """A new counter file, locked before it has its name: others would take it for a dead process's."""
    fresh = path.with_suffix(".new")
    fd = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.ftruncate(fd, _PAIR.size)
    fresh.rename(path)
    return fd


def abandoned(folder: Path) -> Iterator[tuple[str, Counts]]:
    """(server, counts) of every process that ended without closing its counter."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        server = path.name.removesuffix(_SUFFIX)
        if not holds(folder, server):
            raw = path.read_bytes()
            if len(raw) == _PAIR.size:
                yield server, Counts(*_PAIR.unpack(raw))


def holds(folder: Path, server: str) -> bool:
    """Is the process of that counter alive? (Asks the lock, so a reused process number does not fool it.)"""
    try:
        fd = os.open(folder / f"{server}{_SUFFIX}", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def forget(folder: Path, server: str) -> None:
    """Remove the file of a server whose figures are in the ledger."""
    (folder / f"{server}{_SUFFIX}").unlink(missing_ok=True)
