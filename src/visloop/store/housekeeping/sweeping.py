"""Collecting garbage: blobs that nothing needs are condemned, and removed when that is safe.

A blob may be needed by somebody who has not said so yet: a writer finds its bytes stored already,
and names them in the ledger a moment later. So a blob that nothing needs is first *condemned*. Who
puts the same bytes, or asks for them, takes it back. It is removed when no process is in the middle
of writing (`alone`: nobody holds the writers' lock, and nothing in the ledger changed since it was
read; a moment like that is waited for), or else when it stood condemned for the grace time and is
not needed still.

Killed at any moment nothing is lost: a condemned blob is readable, and removing rows of the index
is one transaction.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visloop.store.housekeeping.rows import lengths

if TYPE_CHECKING:
    import sqlite3

    from visloop.store.index import Index

WRITERS: Final = "writers"
GRACE_S: Final = 3600.0
PATIENCE_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05

Needed = Callable[[], "set[bytes]"]
"""Keys of every blob that something needs, read from the ledger as it is now."""
Unchanged = Callable[[], bool]
"""Whether nothing was committed to the ledger since `Needed` began its last look."""


@dataclass(frozen=True)
class Swept:
    """What a sweep found and did: blobs and their bytes.

    `removed` are gone from the index; `waiting` are condemned until their grace is over, the first
    of them in `wait_s` seconds. Of a dry run nothing was removed: `removed` is what could be.
    """

    kept: int
    kept_bytes: int
    removed: int
    removed_bytes: int
    waiting: int = 0
    waiting_bytes: int = 0
    wait_s: float = 0.0


@contextmanager
def writing_ended(folder: Path, patience_s: float = 0.0) -> Generator[bool]:
    """Whether no process writes, or a moment came in which none did; while the block runs, who
    begins to has to wait.
    """
    fd = os.open(folder / WRITERS, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield _alone(fd, time.monotonic() + patience_s)
    finally:
        os.close(fd)


def _alone(fd: int, until_s: float) -> bool:
    """Whether the lock was got; others are never kept waiting for it."""
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                return False
            time.sleep(_LOOK_EVERY_S)
        else:
            return True


def begin_writing(folder: Path) -> int:
    """Tell that this process writes, until the returned handle is closed."""
    fd = os.open(folder / WRITERS, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def sweep(
    folder: Path,
    index: Index,
    needed: Needed,
    unchanged: Unchanged,
    *,
    now_s: float,
    grace_s: float = GRACE_S,
    patience_s: float = PATIENCE_S,
    dry_run: bool = False,
) -> Swept:
    """Condemn what nothing needs, spare what is needed again, remove what may go.

    Where others write, wait so long for a moment in which none does, else for the grace.
    """
    keys = needed()
    kept, kept_bytes, useless, useless_bytes = _census(index, keys)
    if dry_run:
        return Swept(kept, kept_bytes, len(useless), useless_bytes)
    with index.changing() as writer:
        _condemn(writer, useless, now_s)
        _spare(writer, keys)
    with writing_ended(folder, patience_s if useless else 0.0) as alone:
        if alone and not unchanged():
            keys = needed()
        with index.changing() as writer:
            _spare(writer, keys)
            removed = _remove(writer, now_s if alone else now_s - grace_s)
    with index.changing() as writer:
        waiting = writer.execute(_WAITING).fetchone()
    wait_s = max(0.0, (waiting[2] or now_s) + grace_s - now_s) if waiting[0] else 0.0
    return Swept(kept, kept_bytes, *removed, waiting[0], waiting[1] or 0, wait_s)


_WAITING: Final = (
    "SELECT count(*), sum(length), min(since) FROM condemned JOIN blobs USING (digest)"
)

_DUE: Final = (
    "SELECT count(*), sum(length) FROM blobs"
    " WHERE digest IN (SELECT digest FROM condemned WHERE since <= ?)"
)
_DROP: Final = "DELETE FROM blobs WHERE digest IN (SELECT digest FROM condemned WHERE since <= ?)"


def _census(index: Index, needed: set[bytes]) -> tuple[int, int, list[bytes], int]:
    """(kept, their bytes, keys of what nothing needs, their bytes)."""
    kept = kept_bytes = useless_bytes = 0
    useless: list[bytes] = []
    for key, length in lengths(index):
        if key in needed:
            kept += 1
            kept_bytes += length
        else:
            useless.append(key)
            useless_bytes += length
    return kept, kept_bytes, useless, useless_bytes


def _condemn(writer: sqlite3.Connection, keys: list[bytes], now_s: float) -> None:
    rows = ((key, now_s) for key in keys)
    writer.executemany("INSERT OR IGNORE INTO condemned VALUES (?, ?)", rows)


def _spare(writer: sqlite3.Connection, needed: set[bytes]) -> None:
    """Take back the sentence of what is needed."""
    condemned = [row[0] for row in writer.execute("SELECT digest FROM condemned")]
    spared = ((key,) for key in condemned if key in needed)
    writer.executemany("DELETE FROM condemned WHERE digest = ?", spared)


def _remove(writer: sqlite3.Connection, since_s: float) -> tuple[int, int]:
    """Take what was condemned by then out of the index: how many blobs and bytes."""
    count, size = writer.execute(_DUE, (since_s,)).fetchone()
    writer.execute(_DROP, (since_s,))
    writer.execute("DELETE FROM condemned WHERE since <= ?", (since_s,))
    return count, size or 0
