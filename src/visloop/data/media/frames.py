"""Frames of films, made when somebody asks for them: a reference leads to a PNG.

A few films stay open, so that reading the frames of one in order decodes each once; pictures that
were made are kept in a folder of bounded size.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final, TypeAlias, cast

import msgspec

from visloop.data.ingest.records import BrokenFile
from visloop.data.media.film import Window
from visloop.data.media.video import OtherPixels, Still, VideoReader, open_video
from visloop.errors import Corrupt
from visloop.store import BlobNotFound, survives_forks

if TYPE_CHECKING:
    from visloop.store import Blobs

CACHE_MB: Final = 512
_OPEN_AT_MOST: Final = 2
_KEPT_SHARE: Final = 0.8
_Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
InPlace: TypeAlias = "Callable[[str], BinaryIO | None]"
"""A digest that the store does not hold → the file with those bytes, open, if one was left in place."""


class _Frame(msgspec.Struct, frozen=True):
    """What a reference of the kind `frame` says."""

    kind: str
    video: _Digest
    pts: int
    pixels: _Digest


@dataclass
class _Open:
    """A film that is held open, used by one thread at a time."""

    stream: BinaryIO
    reader: VideoReader
    turn: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False

    def close(self) -> None:
        with self.turn:
            self.closed = True
            self.reader.close()
            self.stream.close()


class Frames:
    """Follows references of the kind `frame`. Safe to share between threads, and over a fork.

    Args:
        in_place: where films are that the store does not hold.
        cache: a folder that may be emptied at any time.
        limit_mb: the most that is kept there.
    """

    def __init__(self, in_place: InPlace, cache: Path, limit_mb: int = CACHE_MB) -> None:
        self._in_place, self._cache, self._limit_bytes = in_place, cache, limit_mb << 20
        self._begin()
        survives_forks(self)

    def follow(self, says: dict[str, Any], blobs: Blobs) -> bytes:
        """The frame as PNG.

        Raises:
            Corrupt: the reference is none of ours, or its film cannot be read any more.
            OtherPixels: the film is decoded into other pixels than when the frame was added.
            BlobNotFound: the film is gone.
            MissingExtra: no reader of films is installed.
        """
        try:
            wanted = msgspec.convert(says, _Frame)
        except msgspec.ValidationError as error:
            raise Corrupt(f"a reference to a frame cannot be read: {error}") from error
        kept = self._cache / wanted.pixels[:2] / f"{wanted.pixels}.png"
        with suppress(FileNotFoundError):
            data = kept.read_bytes()
            os.utime(kept)
            return data
        data = self._made(wanted, blobs)
        self._keep(kept, data)
        return data

    def close(self) -> None:
        """Let go of all films."""
        with self._lock:
            films, self._films = list(self._films.values()), OrderedDict[str, _Open]()
        for film in films:
            film.close()

    def before_fork(self) -> None:
        """Films are the parent's."""

    def after_fork(self, *, in_child: bool) -> None:
        """A child opens its own; what the parent holds open is left alone."""
        if in_child:
            self._left = self._films  # never closed here: another thread may have been inside
            self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._films: OrderedDict[str, _Open] = OrderedDict()
        self._cached_bytes = -1

    def _made(self, wanted: _Frame, blobs: Blobs) -> bytes:
        while True:
            film = self._film(wanted.video, blobs)
            with film.turn:
                if film.closed:  # somebody else needed the room
                    continue
                try:
                    return _still(film.reader, wanted).png()
                except BrokenFile as broken:
                    raise Corrupt(
                        f"a frame of the video {wanted.video[:12]}… cannot be read: {broken.reason}",
                        fix="visloop add the video again",
                    ) from broken

    def _film(self, digest: str, blobs: Blobs) -> _Open:
        with self._lock:
            if (film := self._films.get(digest)) is not None:
                self._films.move_to_end(digest)
                return film
        film = self._opened(digest, blobs)
        with self._lock:
            other = self._films.setdefault(digest, film)
            old = [film] if other is not film else []
            while len(self._films) > _OPEN_AT_MOST:
                old.append(self._films.popitem(last=False)[1])
        for each in old:
            each.close()
        return other

    def _opened(self, digest: str, blobs: Blobs) -> _Open:
        try:
            stream = cast("BinaryIO", Window(blobs.view(digest)))
        except BlobNotFound:
            found = self._in_place(digest)
            if found is None:
                raise
            stream = found
        try:
            return _Open(stream, open_video(stream))
        except BrokenFile as broken:
            stream.close()
            raise Corrupt(f"the video {digest[:12]}… cannot be read: {broken.reason}") from broken

    def _keep(self, kept: Path, data: bytes) -> None:
        """Put it into the cache; a cache that cannot be written is none."""
        temporary = kept.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(kept)
            with self._lock:
                if self._cached_bytes < 0:
                    self._cached_bytes = sum(size for _, size, _ in self._listed())
                else:
                    self._cached_bytes += len(data)
                if self._cached_bytes > self._limit_bytes:
                    self._cached_bytes = self._made_smaller()

    def _listed(self) -> list[tuple[float, int, Path]]:
        """(time of the last use, bytes, file) of what is kept."""
        found: list[tuple[float, int, Path]] = []
        for file in self._cache.glob("*/*"):
            with suppress(OSError):
                stat = file.stat()
                found.append((stat.st_mtime, stat.st_size, file))
        return found

    def _made_smaller(self) -> int:
        """Remove what was not used for longest; the bytes that are left."""
        listed = sorted(self._listed())
        total = sum(size for _, size, _ in listed)
        for _, size, file in listed:
            if total <= self._limit_bytes * _KEPT_SHARE:
                break
            file.unlink(missing_ok=True)
            total -= size
        return total


def _still(reader: VideoReader, wanted: _Frame) -> Still:
    """The frame, if its pixels are those that were seen when it was added."""
    still = reader.still(wanted.pts)
    if still.pixels != wanted.pixels:  # an index that leads astray: once more without it
        still = reader.still(wanted.pts, from_start=True)
    if still.pixels != wanted.pixels:
        raise OtherPixels(
            f"the video {wanted.video[:12]}… is decoded into other pixels here than when it was added"
            f" (pts {wanted.pts})",
            fix="install the version of PyAV that it was added with (pip install av==…), or add it"
            " again (its frames then count as changed)",
        )
    return still
