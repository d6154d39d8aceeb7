"""What a checkout wrote into its folder: one row a file, in a small database beside them.

What is about to be written or removed stands in `todo` before the first file is touched, so that a
checkout that was killed knows its own half-written files from those of a person.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, Self

from visloop.data.formats.target import Names, above, name_key
from visloop.errors import Conflict, Corrupt

MANIFEST: Final = ".visloop-checkout"
_FORMAT: Final = "1"
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS said (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, file TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
  image TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS todo (path TEXT PRIMARY KEY, file TEXT NOT NULL, image TEXT) WITHOUT ROWID;
"""


class FolderInUse(Conflict):
    """Another checkout works in this folder right now."""

    code = "data.folder_in_use"


class Row(NamedTuple):
    """A file that a checkout wrote: logical path, name below the folder, and as it was then."""

    path: str
    file: str
    image: str
    size_bytes: int
    mtime_ns: int


class Todo(NamedTuple):
    """A file to write (`image` is the digest of its bytes) or to remove (None)."""

    path: str
    file: str
    image: str | None


class Manifest:
    """The database in a folder; a context manager. Only one process has it open.

    Raises:
        FolderInUse: another process has it open.
        Corrupt: the file is something else.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._db = sqlite3.connect(os.path.join(folder, MANIFEST), timeout=0, isolation_level=None)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("BEGIN EXCLUSIVE")
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT OR IGNORE INTO said VALUES ('format', ?)", (_FORMAT,))
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as locked:
            self._db.close()
            raise FolderInUse(
                f"another checkout works in {folder!r}", fix="wait until it has ended"
            ) from locked
        except sqlite3.DatabaseError as broken:
            self._db.close()
            raise Corrupt(
                f"{os.path.join(folder, MANIFEST)!r} is damaged: {broken}",
                fix="remove that file, then check out with --force",
            ) from broken

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def said(self, key: str) -> str | None:
        """What was noted under that key."""
        found = self._db.execute("SELECT value FROM said WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def say(self, key: str, value: str) -> None:
        """Note something."""
        self._db.execute("INSERT OR REPLACE INTO said VALUES (?, ?)", (key, value))

    def get(self, path: str) -> Row | None:
        """The file of that logical path."""
        query = "SELECT path, file, image, size, mtime_ns FROM files WHERE path = ?"
        found = self._db.execute(query, (path,)).fetchone()
        return None if found is None else Row(*found)

    def rows(self) -> Iterator[Row]:
        """Every file, by logical path."""
        query = "SELECT path, file, image, size, mtime_ns FROM files ORDER BY path"
        return map(Row._make, self._db.execute(query))

    @property
    def count(self) -> int:
        """How many files."""
        return int(self._db.execute("SELECT count(*) FROM files").fetchone()[0])

    @contextmanager
    def planning(self) -> Generator[dict[str, Todo]]:
        """Whole or not at all: note what is to be done. Gives what a killed checkout left, by file.

        Rows of those files are dropped: nobody knows how far they were written.
        """
        self._db.execute("BEGIN")
        try:
            left = {each.file: each for each in self.todo()}
            if left:
                self._db.execute("DELETE FROM files WHERE path IN (SELECT path FROM todo)")
                self._db.execute("DELETE FROM todo")
            yield left
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def plan(self, items: Iterable[Todo]) -> None:
        """Note what is to be done."""
        self._db.executemany("INSERT INTO todo VALUES (?, ?, ?)", items)

    def todo(self) -> list[Todo]:
        """What is to be done: first what goes, then what comes, each by path."""
        query = "SELECT path, file, image FROM todo ORDER BY image IS NOT NULL, path"
        return list(map(Todo._make, self._db.execute(query)))

    def done(self, gone: Iterable[str], written: Iterable[Row]) -> None:
        """Note what was done, in one transaction."""
        self._db.execute("BEGIN")
        self._db.executemany("DELETE FROM files WHERE path = ?", ((path,) for path in gone))
        self._db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
            ((each.path, each.file, name_key(each.file), *each[2:]) for each in written),
        )
        self._db.execute("COMMIT")

    def finish(self, said: dict[str, str]) -> None:
        """Nothing is to be done any more; the folder holds what is said."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM todo")
        for key, value in said.items():
            self.say(key, value)
        self._db.execute("COMMIT")

    def is_taken(self, key: str) -> bool:
        """Whether a file of that name, below it or above it is there."""
        low, high = key + "/", key + chr(ord("/") + 1)
        found = self._db.execute(
            "SELECT 1 FROM files WHERE key = ?1 OR (key > ?2 AND key < ?3) LIMIT 1",
            (key, low, high),
        ).fetchone()
        if found is not None:
            return True
        query = "SELECT 1 FROM files WHERE key = ?"
        return any(self._db.execute(query, (each,)).fetchone() for each in above(key))


class FileNames(Names):
    """File names that are free in the folder, too."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__()
        self._manifest = manifest if manifest.count else None
        self.unique(MANIFEST)

    def _free(self, safe: str) -> bool:
        there = self._manifest is not None and self._manifest.is_taken(name_key(safe))
        return not there and super()._free(safe)
