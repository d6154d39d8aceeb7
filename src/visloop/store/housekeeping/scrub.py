"""Reading every stored byte again, to see whether it is still what its digest says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visloop.store.housekeeping.rows import living
from visloop.store.packs import HEADER, Record, digest_at

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store.index import Index, Place


@dataclass(frozen=True)
class BlobProblem:
    """What `verify` found wrong with one blob or pack."""

    digest: str
    pack: str
    what: str


def problems(
    folder: Path, index: Index, progress: Progress, *, quick: bool = False
) -> Iterator[BlobProblem]:
    """What is wrong with the indexed blobs of that folder, pack by pack.

    `quick` looks whether every pack is there and long enough, and reads no bytes.
    """
    ends = sorted(index.ends())
    total = sum(count for count, _ in living(index).values())
    every = ((pack, *each) for pack in ends for each in index.of_pack(pack))
    fd, opened = -1, ""
    try:
        for pack, key, place in progress.track(every, doing="verify", unit="blob", total=total):
            if pack != opened:
                _close(fd)
                fd, opened = _open(folder / pack), pack
            what = _what_is_wrong(fd, key, place, quick=quick)
            if what and (now := index.find(key)) != place:  # it moved, or was collected, meanwhile
                what = _elsewhere(folder, key, now, quick=quick)
            if what:
                yield BlobProblem(key.hex(), pack, what)
    finally:
        _close(fd)


def _elsewhere(folder: Path, key: bytes, place: Place | None, *, quick: bool) -> str:
    if place is None:
        return ""
    fd = _open(folder / place.pack)
    try:
        return _what_is_wrong(fd, key, place, quick=quick)
    finally:
        _close(fd)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)


def _what_is_wrong(fd: int, key: bytes, place: Place, *, quick: bool) -> str:
    if fd < 0:
        return f"pack {place.pack} is missing"
    if os.fstat(fd).st_size < place.offset + place.length:
        return f"pack {place.pack} is too short"
    if quick:
        return ""
    if os.pread(fd, HEADER.size, place.offset - HEADER.size)[-32:] != key:
        return "the record's header was changed"
    if digest_at(fd, Record(key, place.offset, place.length)) != key:
        return "the bytes do not match their digest"
    return ""
