"""A film that is open: its bytes, as they were at one moment, and its reader."""

from __future__ import annotations

import io
import mmap
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from blake3 import blake3

from visloop.data.ingest.records import BrokenFile
from visloop.data.media.video import VideoReader, open_video

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_STORED_BYTES: Final = 4 << 30
_IN_MEMORY_BYTES: Final = 64 << 20
_CHUNK: Final = 4 << 20


class Window(io.RawIOBase):
    """A file over bytes that lie in memory, without a copy of them."""

    def __init__(self, data: memoryview) -> None:
        super().__init__()
        self._data, self._at = data, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Copy what is next."""
        into = memoryview(buffer).cast("B")
        piece = self._data[self._at : self._at + len(into)]
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._data)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Where it is."""
        return self._at


class Film:
    """One state of a film's file: what is decoded is what `digest` names.

    The bytes are copied first (to a nameless file where they are many), so that a file that
    changes meanwhile does no harm; only `in_place` reads the file itself.

    Args:
        file: the path that opens it.
        in_place: leave the bytes where they are.

    Raises:
        OSError: it cannot be read.
        BrokenFile: it is no film, or too large to be stored.
        MissingExtra: no reader is installed.
    """

    def __init__(self, file: str, *, in_place: bool) -> None:
        started_ns = time.time_ns()
        self.file = file
        self._open: list[BinaryIO | mmap.mmap] = []
        opened = Path(file).open("rb")  # noqa: SIM115 - closed with the film
        self._open.append(opened)
        try:
            stat = os.fstat(opened.fileno())
            self.size_bytes, self.mtime_ns = stat.st_size, stat.st_mtime_ns
            self.read_ns = started_ns
            _check_size(stat.st_size, in_place=in_place)
            self.digest = ""
            self.data: bytes | mmap.mmap | None = None
            self._stream = self._in_place(opened) if in_place else self._copied(opened)
            self.reader: VideoReader = open_video(self._stream)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the reader, then of the bytes."""
        if hasattr(self, "reader"):
            self.reader.close()
        for each in reversed(self._open):
            each.close()

    def _in_place(self, opened: BinaryIO) -> BinaryIO:
        hasher = blake3()
        while piece := opened.read(_CHUNK):
            hasher.update(piece)
        self.digest = hasher.hexdigest()
        opened.seek(0)
        return opened

    def _copied(self, opened: BinaryIO) -> BinaryIO:
        if self.size_bytes <= _IN_MEMORY_BYTES:
            self.data = opened.read()
            self.digest = blake3(self.data).hexdigest()
            return io.BytesIO(self.data)
        hasher = blake3()
        with tempfile.TemporaryFile() as copy:
            while piece := opened.read(_CHUNK):
                hasher.update(piece)
                copy.write(piece)
            copy.flush()
            self.data = mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ)
        self._open.append(self.data)
        self.digest = hasher.hexdigest()
        return cast("BinaryIO", self.data)  # a mapping reads, seeks and tells as a file does


def _check_size(size_bytes: int, *, in_place: bool) -> None:
    if not size_bytes:
        raise BrokenFile("empty", "the file has no bytes")
    if not in_place and size_bytes > MAX_STORED_BYTES:
        raise BrokenFile(
            "too_large",
            f"the film has {size_bytes >> 20} MiB; at most {MAX_STORED_BYTES >> 20} are copied",
        )
