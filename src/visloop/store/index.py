"""The index of the packs: digest → where its bytes lie, in a small SQLite file of its own.

It can always be made again from the packs: rows are written after their pack was synced, so a row
that a power cut takes away is found again by the repair of that pack's tail.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from visloop.errors import Corrupt
from visloop.store.packs import Record

BUSY_S: Final = 30.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS packs (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, end INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS blobs (
    digest BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) WITHOUT ROWID;
"""
_FIND: Final = (
    "SELECT packs.name, offset, length FROM blobs JOIN packs ON packs.number = pack "
    "WHERE digest = ?"
)


class Place(NamedTuple):
    """Where a blob's bytes lie: pack file name, offset and length in bytes."""

    pack: str
    offset: int
    length: int


class Index:
    """One connection to read, one to write, each with its lock: lookups never wait for a commit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        try:
            self._writer = _connect(path)
            self._writer.executescript(_SCHEMA)
            self._reader = _connect(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise Corrupt(
                f"the index {path} is damaged: {error}",
                fix="stop visloop and remove index.db: it is made again from the packs",
            ) from error

    def find(self, digest: bytes) -> Place | None:
        """Where the blob lies, as far as any process has flushed."""
        with self._reading:
            row = self._reader.execute(_FIND, (digest,)).fetchone()
        return Place(*row) if row else None

    def ends(self) -> dict[str, int]:
        """Pack file name → where its last indexed record ends."""
        with self._reading:
            return dict(self._reader.execute("SELECT name, end FROM packs"))

    def add(self, pack: str, records: Iterable[Record], end: int) -> None:
        """Index the records of one pack, which lie on the disk up to `end`, in one transaction."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._add(pack, records, end)
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def _add(self, pack: str, records: Iterable[Record], end: int) -> None:
        number = self._writer.execute(
            "INSERT INTO packs (name, end) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET end = excluded.end RETURNING number",
            (pack, end),
        ).fetchone()[0]
        rows = sorted((r.digest, number, r.offset, r.length) for r in records)
        # the same bytes may have come through another process meanwhile: its place stays
        self._writer.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", rows)

    def all(self) -> Iterator[tuple[bytes, Place]]:
        """Every blob, pack by pack in the order of its bytes; a snapshot on its own connection."""
        connection = _connect(self._path)
        try:
            query = (
                "SELECT digest, packs.name, offset, length FROM blobs "
                "LEFT JOIN packs ON packs.number = pack ORDER BY pack, offset"
            )
            for digest, name, offset, length in connection.execute(query):
                yield digest, Place(name or "", offset, length)
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._writer.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    deadline = time.monotonic() + BUSY_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        with suppress(sqlite3.OperationalError):  # switching needs the file alone for a moment
            connection.execute("PRAGMA journal_mode=WAL")
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError(f"{path} cannot be switched to WAL")
        time.sleep(0.005)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection
