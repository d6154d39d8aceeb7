"""Looking at one file: its size, time and bytes, their digest, what picture they are.

`python -m visloop.data.intake.looking` does that for many files beside an `add` (see `helpers`), so
this module loads little. A `Job` comes as a frame on stdin; what was seen, and the bytes, go into its
slot, a piece of shared memory, and a length on stdout says that they are there.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Iterator
from typing import IO, Final

import msgspec
from blake3 import blake3

from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import Probe

MAX_FILE_BYTES: Final = 1 << 30
RACY: Final = -1
"""Stands for the time of a file that changed just before it was read: equal times prove nothing."""
TICK_NS: Final = 20_000_000
"""Clocks of file systems tick every few milliseconds: two changes within a tick look like one."""
NEVER_CONVERTED: Final = frozenset({b"\xff\xd8", b"\x89P"})
"""How JPEG and PNG begin: nearly every file, so nothing more is asked of them."""
SLOT_BYTES: Final = 16 << 20
TOLD_BYTES: Final = 512 << 10
"""A slot begins with room for what was seen; the bytes follow."""
LENGTH: Final = struct.Struct("<I")


class Job(msgspec.Struct, array_like=True, gc=False):
    """Files to look at; with `keep` their bytes are wanted too."""

    slot: int
    keep: bool
    files: list[bytes]


class Seen(msgspec.Struct, array_like=True, gc=False):
    """A whole JPEG or PNG: size in bytes, mtime in ns or RACY, digest, and what picture it is.

    `at` is where in its slot's room the bytes lie, if they were wanted.
    """

    size_bytes: int
    mtime_ns: int
    image: str
    probe: Probe
    at: int


def contents(file: str | bytes, most: int = MAX_FILE_BYTES) -> tuple[int, int, bytes]:
    """Size in bytes, mtime in ns or RACY, and the bytes themselves unless they are more than `most`.

    Raises:
        OSError: it cannot be opened or read.
    """
    started_ns = time.time_ns()
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        stat = os.fstat(opened)
        data = b""
        if stat.st_size <= most:
            data = os.read(opened, stat.st_size + 1)
            while 0 < len(data) < stat.st_size and (more := os.read(opened, stat.st_size)):
                data += more
    finally:
        os.close(opened)
    racy = stat.st_size != len(data) or stat.st_mtime_ns > started_ns - TICK_NS
    return stat.st_size, RACY if racy else stat.st_mtime_ns, data


def _look(file: bytes, room: memoryview | None, at: int) -> Seen | None:
    """One file, its bytes put at `at` of the room; None where the caller must look itself."""
    most = MAX_FILE_BYTES if room is None else len(room) - at
    _, mtime_ns, data = contents(file, most)
    if data[:2] not in NEVER_CONVERTED:
        return None
    what = probe(data, "")
    if not isinstance(what, Probe):
        return None
    if room is not None:
        room[at : at + len(data)] = data
    return Seen(len(data), mtime_ns, blake3(data).hexdigest(), what, at)


def _done(job: Job, slot: memoryview) -> int:
    """Look at a job's files; the length of what is told at the slot's beginning."""
    room = slot[TOLD_BYTES:] if job.keep else None
    told: list[Seen | None] = []
    at = 0
    for file in job.files:
        try:
            seen = _look(file, room, at)
        except Exception:  # noqa: BLE001 - whatever it is, the caller will meet it too, and tell
            seen = None
        told.append(seen)
        at += seen.size_bytes if seen is not None else 0
    raw = msgspec.msgpack.encode(told)
    if len(raw) > TOLD_BYTES:
        raw = msgspec.msgpack.encode([None] * len(told))
    slot[: len(raw)] = raw
    return len(raw)


def _frames(stream: IO[bytes]) -> Iterator[bytes]:
    while head := stream.read(LENGTH.size):
        yield stream.read(*LENGTH.unpack(head))


def main() -> None:
    """Do jobs until stdin ends; Ctrl-C is for the process that gives them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    shared = memoryview(mmap.mmap(int(sys.argv[1]), 0))
    decoder = msgspec.msgpack.Decoder(Job)
    for frame in _frames(sys.stdin.buffer):
        job = decoder.decode(frame)
        start = job.slot * SLOT_BYTES
        length = _done(job, shared[start : start + SLOT_BYTES])
        sys.stdout.buffer.write(LENGTH.pack(length))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
