"""A file that arrives in pieces: kept in a folder until it is whole, whatever ends in between.

Each has a folder of its own: `about.json`, `bytes`, `offset` (so many bytes are there for certain: a
piece counts once it is on the disk) and, when it was taken, `outcome.json`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from visloop.data.records import Added
from visloop.errors import NotFound
from visloop.ids import digest_of

KEPT_S: Final = 7 * 24 * 3600.0
"""What nobody sends more of for so long is thrown away."""
_T = TypeVar("_T")


class UploadNotFound(NotFound):
    """No upload of that id is under way: it was never begun, ended, or lay too long."""

    code = "upload.not_found"


class About(msgspec.Struct, frozen=True):
    """What was said at the beginning: who sends which file, how large, into which data set."""

    actor: str
    project: str
    dataset: str
    path: str
    size_bytes: int
    modified_ns: int | None = None
    labels: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    format: int = 1

    @property
    def id(self) -> str:
        """The same file by the same person is the same upload, so that it goes on where it stopped."""
        return digest_of(msgspec.json.encode(self))[:32]


class Arriving:
    """One upload."""

    def __init__(self, folder: Path, about: About) -> None:
        self._folder, self.about = folder, about
        self.id = folder.name

    @property
    def file(self) -> Path:
        """The bytes that are there."""
        return self._folder / "bytes"

    @property
    def offset(self) -> int:
        """How many bytes are there for certain."""
        try:
            return int((self._folder / "offset").read_text("ascii"))
        except (OSError, ValueError):
            return 0

    @property
    def whole(self) -> bool:
        """Whether all bytes are there, taken or not."""
        return self.offset == self.about.size_bytes

    @property
    def expires(self) -> float:
        """When it is thrown away unless more comes: seconds since 1970."""
        return self._folder.stat().st_mtime + KEPT_S

    def piece(self) -> Piece:
        """Room for what comes next, behind what is there for certain."""
        return Piece(self.file, self._folder / "offset", self.offset)

    def outcome(self) -> Added | None:
        """What became of it; None while it was not taken."""
        try:
            return msgspec.json.decode((self._folder / "outcome.json").read_bytes(), type=Added)
        except FileNotFoundError:
            return None

    def took(self, outcome: Added) -> None:
        """Note what became of it, and let go of the bytes."""
        _write(self._folder / "outcome.json", msgspec.json.encode(outcome))
        self.file.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Generator[None]:
        """Nobody else takes it meanwhile."""
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def drop(self) -> None:
        """Throw it away."""
        shutil.rmtree(self._folder, ignore_errors=True)


class Piece:
    """Bytes behind those that are there; they count when `keep` was called, and not before."""

    def __init__(self, file: Path, mark: Path, offset: int) -> None:
        self._mark, self._offset, self.size = mark, offset, 0
        self._fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._fd, offset)

    def write(self, data: bytes) -> None:
        """More of it."""
        at = self._offset + self.size
        view = memoryview(data)
        while view:
            done = os.pwrite(self._fd, view, at)
            view, at = view[done:], at + done
        self.size += len(data)

    def keep(self) -> None:
        """It is right: put it on the disk, and count it."""
        os.fsync(self._fd)
        _write(self._mark, str(self._offset + self.size).encode())

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


class Arrivals:
    """The folder of all uploads of a workspace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, about: About) -> Arriving:
        """The upload of this file: a new one, or the one that was cut off.

        A file without a time of change might be another one of the same name: it begins anew.
        """
        self.sweep()
        name = about.id if about.modified_ns is not None else os.urandom(16).hex()
        folder = self._folder / name
        found = Arriving(folder, about)
        if found.outcome() is not None:
            found.drop()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / "about.json", msgspec.json.encode(about))
        return found

    def find(self, name: str) -> Arriving:
        """The upload of that id.

        Raises:
            UploadNotFound: there is none.
        """
        folder = self._folder / name
        if not name.isalnum() or not (about := _read(folder / "about.json", About)):
            raise UploadNotFound(
                f"no upload {name!r} is under way",
                fix="begin it again: what of it was taken is recognised",
            )
        return Arriving(folder, about)

    def __iter__(self) -> Iterator[Arriving]:
        """All of them."""
        for folder in self._folder.iterdir() if self._folder.exists() else ():
            if about := _read(folder / "about.json", About):
                yield Arriving(folder, about)

    def sweep(self) -> None:
        """Throw away what nobody went on with."""
        late = time.time() - KEPT_S
        for folder in self._folder.iterdir() if self._folder.exists() else ():
            with suppress(OSError):
                if folder.stat().st_mtime < late:
                    shutil.rmtree(folder, ignore_errors=True)


def _read(file: Path, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _write(file: Path, raw: bytes) -> None:
    """All of it or nothing, on the disk when it returns."""
    beside = file.with_suffix(".new")
    with beside.open("wb") as opened:
        opened.write(raw)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
