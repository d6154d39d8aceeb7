"""The store as the rest of the house sees it: who asks for a picture by digest gets the picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from blake3 import blake3
from sqlalchemy import RowMapping, select

from visloop.data.media.frames import Frames
from visloop.data.tables import located
from visloop.ids import digest_of
from visloop.store import BlobNotFound, Following, utc_text

if TYPE_CHECKING:
    from visloop.store import Blobs, Ledger

_CHUNK: Final = 4 << 20


class FileChanged(BlobNotFound):
    """A file that was left in place holds other bytes now: the old ones are nowhere."""

    code = "data.file_changed"


class FileGone(BlobNotFound):
    """A file that was left in place is not there, or cannot be read."""

    code = "data.file_gone"


def following(blobs: Blobs, ledger: Ledger, cache: Path) -> Following:
    """`blobs` with references followed, and files left in place read where they lie.

    Args:
        blobs: the store itself.
        ledger: where it is noted which files were left where they lie.
        cache: a folder that may be emptied at any time, for pictures that cost much to make.
    """
    frames = Frames(lambda digest: open_in_place(ledger, digest), cache / "frames")
    return Following(
        blobs, {"frame": frames.follow}, lambda digest: read_in_place(ledger, digest), frames.close
    )


def open_in_place(ledger: Ledger, digest: str) -> BinaryIO | None:
    """The file of that digest that was left in place, open; None if none was ever noted.

    Equal size and time mean equal bytes; else it is read once to find out.

    Raises:
        FileChanged: the file holds other bytes now.
        FileGone: it is not there, or may not be read.
    """
    problems: list[BlobNotFound] = []
    for row in _rows(ledger, digest):
        file = Path(os.fsdecode(row["raw"]))
        try:
            opened = file.open("rb")
            stat = os.fstat(opened.fileno())
            same = (stat.st_size, stat.st_mtime_ns) == (row["size"], row["mtime_ns"])
            if same or (stat.st_size == row["size"] and _digest(opened) == digest):
                return opened
            opened.close()
        except OSError as problem:
            problems.append(_gone(row, problem))
            continue
        problems.insert(0, _changed(row, stat.st_mtime))
    if problems:
        raise problems[0]
    return None


def _digest(opened: BinaryIO) -> str:
    hasher = blake3()
    while piece := opened.read(_CHUNK):
        hasher.update(piece)
    opened.seek(0)
    return hasher.hexdigest()


def _rows(ledger: Ledger, digest: str) -> Sequence[RowMapping]:
    query = select(located).where(located.c.image == digest).order_by(located.c.noted.desc())
    with ledger.read() as connection:
        return connection.execute(query).mappings().all()


def read_in_place(ledger: Ledger, digest: str) -> bytes | None:
    """The bytes of that digest from a file left in place, checked; None if none was ever noted.

    Raises:
        FileChanged: the file holds other bytes now.
        FileGone: it is not there, or may not be read.
    """
    problems: list[BlobNotFound] = []
    for row in _rows(ledger, digest):
        file = Path(os.fsdecode(row["raw"]))
        try:
            stat = file.stat()
            data = file.read_bytes() if stat.st_size == row["size"] else b""
        except OSError as problem:
            problems.append(_gone(row, problem))
            continue
        if digest_of(data) == digest:
            return data
        problems.insert(0, _changed(row, stat.st_mtime))
    if problems:
        raise problems[0]
    return None


def file_problem(ledger: Ledger, digest: str, *, quick: bool) -> str | None:
    """What is wrong with the file of that digest; empty: nothing; None: none was left in place.

    `quick` reads it only where size or time differ.
    """
    try:
        if not quick:
            return None if read_in_place(ledger, digest) is None else ""
        opened = open_in_place(ledger, digest)
    except BlobNotFound as problem:
        return problem.what
    if opened is None:
        return None
    opened.close()
    return ""


def _changed(row: RowMapping, changed_s: float) -> FileChanged:
    when, was = utc_text(datetime.fromtimestamp(changed_s, UTC)), utc_text(row["noted"])
    return FileChanged(
        f"{row['file']} was left in place and was changed on {when}: the bytes"
        f" {row['image'][:12]}… that it had on {was} are kept nowhere",
        fix="put the file back as it was, or take it as it is now: visloop add it again, and commit",
    )


def _gone(row: RowMapping, problem: OSError) -> FileGone:
    why = problem.strerror or type(problem).__name__
    return FileGone(
        f"{row['file']} was left in place and cannot be read: {why}",
        fix="put it back or mount its disk; if it moved, visloop add the folder that it is in now",
    )
