"""The index of the packs: digest → where its bytes lie, in a small SQLite file of its own.

It can always be made again from the packs: rows are written after their pack was synced, so a row
that a power cut takes away is found again by the repair of that pack's tail.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from visloop.errors import Corrupt
from visloop.store.forks import survives_forks
from visloop.store.known import Known
from visloop.store.packs import Record

BUSY_S: Final = 30.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS packs (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, end INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS blobs (
    digest BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS condemned (
    digest BLOB PRIMARY KEY, since REAL NOT NULL
) WITHOUT ROWID;
"""
_FIND: Final = (
    "SELECT packs.name, offset, length FROM blobs JOIN packs ON packs.number = pack "
    "WHERE digest = ?"
)
_HOLDS: Final = "SELECT since FROM blobs LEFT JOIN condemned USING (digest) WHERE blobs.digest = ?"
_ALL: Final = "SELECT digest FROM blobs"
_BYTES_A_LOOKUP: Final = 750
"""Reading so much of the index costs as much as one lookup: after that many it pays to read it all."""
_OF_PACK: Final = (
    "SELECT digest, offset, length FROM blobs "
    "WHERE pack = (SELECT number FROM packs WHERE name = ?) ORDER BY offset"
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
        self._begin()
        try:
            self._write_here().executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise Corrupt(
                f"the index {path} is damaged: {error}",
                fix="stop visloop and remove index.db: it is made again from the packs",
            ) from error
        survives_forks(self)

    def find(self, digest: bytes) -> Place | None:
        """Where the blob lies, as far as any process has flushed."""
        with self._reading:
            row = self._read_here().execute(_FIND, (digest,)).fetchone()
        return Place(*row) if row else None

    def has(self, digest: bytes) -> bool:
        """Whether the blob is indexed, as far as any process has flushed; who asks may rely on it."""
        with self._reading:
            row = self._read_here().execute(_HOLDS, (digest,)).fetchone()
        return self._spared(digest, row)

    def holds(self, digest: bytes) -> bool:
        """Whether the blob is indexed; cheap for many new ones in a row.

        A blob that another process indexed since our last `add` may be missed.
        """
        with self._reading:
            known = self._known
            if known is not None and not known.may_hold(digest):
                return False
            reader = self._read_here()
            if known is None:
                self._asked += 1
                if self._asked * _BYTES_A_LOOKUP >= self._path.stat().st_size:
                    self._known = Known(row[0] for row in reader.execute(_ALL))
            row = reader.execute(_HOLDS, (digest,)).fetchone()
        return self._spared(digest, row)

    def _spared(self, digest: bytes, row: tuple[float | None] | None) -> bool:
        """Whether the blob is there; one that was condemned is needed again from now on."""
        if row is None or row[0] is None:
            return row is not None
        with self.changing() as writer:
            writer.execute("DELETE FROM condemned WHERE digest = ?", (digest,))
            return writer.execute(_HOLDS, (digest,)).fetchone() is not None

    def rows(self, query: str) -> Iterator[Any]:
        """The rows of a query over the whole index, one snapshot of it."""
        reader = _connect(self._path)
        try:
            yield from reader.execute(query)
        finally:
            reader.close()

    def ends(self) -> dict[str, int]:
        """Pack file name → where its last indexed record ends."""
        with self._reading:
            return dict(self._read_here().execute("SELECT name, end FROM packs"))

    def of_pack(self, pack: str) -> list[tuple[bytes, Place]]:
        """Every blob that is read from that pack, in the order of its bytes."""
        with self._reading:
            rows = self._read_here().execute(_OF_PACK, (pack,)).fetchall()
        return [(digest, Place(pack, offset, length)) for digest, offset, length in rows]

    def add(self, pack: str, records: Sequence[Record], end: int) -> None:
        """Index the records of one pack, which lie on the disk up to `end`, in one transaction."""
        with self._transaction() as writer:
            add_rows(writer, pack, records, end)
        self._learn(records)

    @contextmanager
    def changing(self) -> Generator[sqlite3.Connection]:
        """One write transaction, on the disk at its end."""
        with self._transaction("FULL") as writer:
            yield writer

    @contextmanager
    def _transaction(self, synchronous: str = "NORMAL") -> Generator[sqlite3.Connection]:
        with self._writing:
            writer = self._write_here()
            writer.execute(f"PRAGMA synchronous={synchronous}")
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield writer
            except BaseException:
                writer.execute("ROLLBACK")
                raise
            writer.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self._reading, self._writing:
            self._let_go()

    def before_fork(self) -> None:
        """Close the connections, and keep them closed until the fork is done."""
        self._reading.acquire()
        self._writing.acquire()
        self._let_go()

    def after_fork(self, *, in_child: bool) -> None:
        """Connections are opened again when they are needed."""
        if in_child:
            self._begin()
        else:
            self._writing.release()
            self._reading.release()

    def _learn(self, records: Sequence[Record]) -> None:
        """Keep what is known true: after a commit of somebody else it is read anew when it pays."""
        with self._writing:
            (version,) = self._write_here().execute("PRAGMA data_version").fetchone()
        with self._reading:
            if version != self._version:
                self._version, self._known, self._asked = version, None, 0
            elif self._known is not None:
                self._known.add(record.digest for record in records)

    def _begin(self) -> None:
        self._known: Known | None = None
        self._asked = 0
        self._version: int | None = None
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    def _read_here(self) -> sqlite3.Connection:
        self._reader = self._reader or _connect(self._path)
        return self._reader

    def _write_here(self) -> sqlite3.Connection:
        self._writer = self._writer or _connect(self._path)
        return self._writer

    def _let_go(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = self._version = None


def add_rows(writer: sqlite3.Connection, pack: str, records: Iterable[Record], end: int) -> None:
    """Index the records of a pack that ends there, in the caller's transaction."""
    number = writer.execute(
        "INSERT INTO packs (name, end) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET end = excluded.end RETURNING number",
        (pack, end),
    ).fetchone()[0]
    rows = sorted((r.digest, number, r.offset, r.length) for r in records)
    # the same bytes may have come through another process meanwhile: its place stays
    writer.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", rows)
    if writer.execute("SELECT 1 FROM condemned LIMIT 1").fetchone():
        spared = ((row[0],) for row in rows)
        writer.executemany("DELETE FROM condemned WHERE digest = ?", spared)


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
