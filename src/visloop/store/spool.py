"""A bounded spool: the last bytes that were served, kept until somebody asks for them or they age out.

Every process appends to a segment file of its own; when all segments together would pass the
limit, the oldest closed ones are dropped and their records counted. Nothing here waits for the
disk: what a power cut may take is telemetry, and a full disk costs records, never an answer.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from visloop.errors import Refused, UsageError
from visloop.store.forks import survives_forks

HEADER: Final = struct.Struct("<4sI")
_MAGIC: Final = b"VLS1"
_SUFFIX: Final = ".spool"
_NOWHERE: Final = "lost"
_BUFFER_BYTES: Final = 256 << 10
_BUFFERS: Final = 512  # the system takes 1,024 in one call
_SEGMENT_MAX_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class SpoolRef:
    """Where one payload was put; `str(ref)` travels in logs, `SpoolRef.parse` reads it back."""

    segment: str
    offset: int
    length: int

    def __str__(self) -> str:
        return f"{self.segment}:{self.offset}:{self.length}"

    @classmethod
    def parse(cls, text: str) -> SpoolRef:
        """The reverse of `str(ref)`.

        Raises:
            UsageError: not a reference into a spool.
        """
        segment, _, rest = text.partition(":")
        offset, _, length = rest.partition(":")
        plain = segment.replace("-", "").isalnum()
        if not (plain and offset.isdecimal() and length.isdecimal()):
            raise UsageError(f"{text!r} is not a place in a spool", fix="SEGMENT:OFFSET:LENGTH")
        return cls(segment, int(offset), int(length))


class SpoolTooSmall(Refused):
    """One payload is larger than the whole spool may be."""

    code = "store.spool_too_small"


class _State(msgspec.Struct):
    """What all processes share: the next segment's number and how many records were dropped.

    Segments in `dropping` are counted already, and on their way out.
    """

    next: int = 1
    dropped: int = 0
    dropping: list[str] = []
    format: int = 1


class Spool:
    """One folder of segments. Safe to share between threads and to carry over a fork."""

    def __init__(self, folder: Path | str, limit_bytes: int) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._limit_bytes = limit_bytes
        self._segment_bytes = min(max(limit_bytes // 16, 1), _SEGMENT_MAX_BYTES)
        self._begin()
        survives_forks(self)

    def append(self, payload: bytes | memoryview) -> SpoolRef:
        """Keep the payload; readable here at once, by other processes after `flush`.

        Raises:
            SpoolTooSmall: it alone is larger than the limit.
        """
        length = len(payload)
        size = HEADER.size + length
        if size > self._limit_bytes:
            raise SpoolTooSmall(
                f"{length} bytes do not fit in a spool of {self._limit_bytes}",
                fix="raise the spool's limit",
            )
        with self._lock:
            if (self._fd < 0 or self._end + size > self._segment_bytes) and not self._roll(size):
                return SpoolRef(_NOWHERE, HEADER.size, length)
            ref = SpoolRef(self._segment, self._end + HEADER.size, length)
            self._buffer += (HEADER.pack(_MAGIC, length), payload)
            self._buffered += size
            self._end += size
            if self._buffered >= _BUFFER_BYTES or len(self._buffer) >= _BUFFERS:
                self._write_out()
        return ref

    def flush(self) -> None:
        """Hand what is buffered to the system: other processes see it, our death does not lose it."""
        with self._lock:
            self._write_out()

    def read(self, ref: SpoolRef) -> bytes | None:
        """The payload, or None when its segment was dropped or never reached the disk."""
        if ref.segment == self._segment:
            self.flush()
        try:
            fd = os.open(self._path(ref.segment), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            whole = os.pread(fd, HEADER.size + ref.length, ref.offset - HEADER.size)
        finally:
            os.close(fd)
        if len(whole) != HEADER.size + ref.length or whole[:4] != _MAGIC:
            return None
        return whole[HEADER.size :]

    def dropped(self) -> int:
        """How many records were dropped so far, by all processes, to keep the limit."""
        return self._read_state().dropped + self._lost

    def size_bytes(self) -> int:
        """What all segments take on the disk."""
        return sum(size for _, size in self._segments())

    def close(self) -> None:
        """Flush and let go of the segment: from now on it may be dropped."""
        with self._lock:
            self._let_go()

    def _roll(self, size: int) -> bool:
        """Go on in a new segment, after making room for it; False when the disk does not let us."""
        self._let_go()
        try:
            with self._shared_state() as state:
                self._make_room(state, max(size, self._segment_bytes))
                state.dropped += self._lost
                name = f"{state.next:08d}-{secrets.token_hex(4)}"
                state.next += 1
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                fd = os.open(self._path(name), flags, 0o644)
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lost += 1
            return False
        self._fd, self._segment, self._end, self._lost = fd, name, 0, 0
        return True

    def _make_room(self, state: _State, need: int) -> None:
        """Choose the oldest closed segments to drop until `need` bytes fit, and count their records."""
        segments = self._segments()
        held = {path for path, _ in segments if _is_held(path)}
        total = sum(max(n, self._segment_bytes) if p in held else n for p, n in segments)
        for path, size in segments:
            if total + need <= self._limit_bytes:
                break
            if path not in held:
                state.dropped += _count(path)
                state.dropping.append(path.name)
                total -= size

    def _write_out(self) -> None:
        """Give the buffer to the system; when the disk is full its records are lost, and counted."""
        chunks, size, self._buffer, self._buffered = self._buffer, self._buffered, [], 0
        if not chunks:
            return
        start = self._end - size
        try:
            done = os.pwritev(self._fd, chunks, start)
            rest = memoryview(b"".join(chunks) if done < size else b"")[done:]
            while rest:
                done = os.pwrite(self._fd, rest, self._end - len(rest))
                rest = rest[done:]
        except OSError:
            self._lost += len(chunks) // 2
            with suppress(OSError):
                os.ftruncate(self._fd, start)
            self._let_go()

    def _let_go(self) -> None:
        self._write_out()
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _path(self, segment: str) -> Path:
        return self._folder / f"{segment}{_SUFFIX}"

    def _segments(self) -> list[tuple[Path, int]]:
        """Segment files, oldest first, with their sizes in bytes."""
        found: list[tuple[Path, int]] = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with suppress(FileNotFoundError):  # dropped meanwhile by another process
                found.append((path, path.stat().st_size))
        return found

    @contextmanager
    def _shared_state(self) -> Generator[_State]:
        """The state that all processes share, for one of them at a time; saved at the end."""
        fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            state = self._read_state()
            self._unlink(state)  # of a process that was killed before it came to it
            yield state
            fresh = self._folder / "state.json.new"
            fresh.write_bytes(msgspec.json.encode(state))
            fresh.replace(self._folder / "state.json")
            self._unlink(state)
        finally:
            os.close(fd)

    def _unlink(self, state: _State) -> None:
        for name in state.dropping:
            (self._folder / name).unlink(missing_ok=True)
        state.dropping = []

    def _read_state(self) -> _State:
        try:
            return msgspec.json.decode((self._folder / "state.json").read_bytes(), type=_State)
        except FileNotFoundError:
            return _State()
        except msgspec.DecodeError:  # torn by a power cut: go on behind the newest segment
            newest = max((path.name for path, _ in self._segments()), default="0-")
            return _State(next=int(newest.partition("-")[0]) + 1)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._fd = -1
        self._segment = ""
        self._end = 0
        self._buffer: list[bytes | memoryview] = []
        self._buffered = 0
        self._lost = 0

    def before_fork(self) -> None:
        """Nothing to do: the segment stays the parent's."""

    def after_fork(self, *, in_child: bool) -> None:
        """In a child: the segment and what is not written yet are the parent's."""
        if in_child:
            if self._fd >= 0:
                os.close(self._fd)
            self._begin()


def _is_held(path: Path) -> bool:
    """Whether a living process still appends to that segment."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _count(path: Path) -> int:
    """Whole records in a segment, header by header."""
    with path.open("rb", buffering=0) as file:
        size, at, found = os.fstat(file.fileno()).st_size, 0, 0
        while len(header := os.pread(file.fileno(), HEADER.size, at)) == HEADER.size:
            magic, length = HEADER.unpack(header)
            at += HEADER.size + length
            if magic != _MAGIC or at > size:
                break
            found += 1
    return found
