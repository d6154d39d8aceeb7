"""Reading every stored byte again, to see whether it is still what its digest says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from visloop.store.index import Index, Place
from visloop.store.packs import HEADER, Record, digest_at


@dataclass(frozen=True)
class BlobProblem:
    """What `verify` found wrong with one blob or pack."""

    digest: str
    pack: str
    what: str


def problems(folder: Path, index: Index) -> Iterator[BlobProblem]:
    """What is wrong with the indexed blobs of that folder, pack by pack."""
    for pack in sorted(index.ends()):
        fd = _open(folder / pack)
        try:
            for key, place in index.of_pack(pack):
                what = _what_is_wrong(fd, key, place)
                if what:
                    yield BlobProblem(key.hex(), pack, what)
        finally:
            if fd >= 0:
                os.close(fd)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _what_is_wrong(fd: int, key: bytes, place: Place) -> str:
    if fd < 0:
        return f"pack {place.pack} is missing"
    if os.fstat(fd).st_size < place.offset + place.length:
        return f"pack {place.pack} is too short"
    if os.pread(fd, HEADER.size, place.offset - HEADER.size)[-32:] != key:
        return "the record's header was changed"
    if digest_at(fd, Record(key, place.offset, place.length)) != key:
        return "the bytes do not match their digest"
    return ""
