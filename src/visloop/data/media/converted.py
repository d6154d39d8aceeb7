"""Files whose pictures must be converted: the plug-in that reads them, and what is kept of them.

What is kept is a PNG without loss; the original bytes are not (a DICOM file names its patient).
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from PIL import Image

from visloop.config import load_plugin
from visloop.data.formats.bake import upright_exif
from visloop.data.ingest.media import Unsupported, media_of
from visloop.data.ingest.probe import MAX_PIXELS, probe
from visloop.data.ingest.records import BrokenFile, Probe
from visloop.data.media.records import Piece
from visloop.data.records import Refusal
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.ingest.records import Found
    from visloop.data.media.records import Sink
else:
    cv2 = lazy_vendor("cv2")
    np = lazy_vendor("numpy")

_PNG_EFFORT: Final = 3
_HEAD_BYTES: Final = 512
_AFTER_HEADER: Final = 33


class MediaPicture(NamedTuple):
    """One decoded picture: uint8 or uint16, (H, W) or (H, W, 3 or 4) in RGB order, upright.

    `exif` is a TIFF-structured block to be carried along, whose orientation is applied already;
    `profile` an ICC colour profile; `held` how many pictures the file holds.
    """

    pixels: NDArray[np.uint8 | np.uint16]
    metadata: dict[str, Any]
    notes: tuple[str, ...] = ()
    exif: bytes = b""
    profile: bytes = b""
    held: int = 1


class Converter(Protocol):
    """What a plug-in of `visloop.media` does."""

    def count(self, data: bytes) -> int:
        """How many pictures the file holds; raises BrokenFile."""
        ...

    def picture(self, data: bytes, number: int, *, window: str, max_pixels: int) -> MediaPicture:
        """The picture of that number, from 1 on; raises BrokenFile."""
        ...


def converter_of(data: bytes) -> str | None:
    """The name of the plug-in that reads this file, by its first bytes; None: it needs none."""
    kind = media_of(data[:_HEAD_BYTES])
    return kind.converter or None if isinstance(kind, Unsupported) else None


@lru_cache
def converter(name: str) -> Converter:
    """The plug-in itself.

    Raises:
        MissingExtra: its library is not installed.
    """
    return load_plugin("media", name, extra=name)()


def converted(name: str, data: bytes, at: dict[str, Any]) -> Piece:
    """The picture of a file that must be converted; `at` may say its `number` and the `window`.

    Raises:
        BrokenFile: every way in which the file can be bad.
        MissingExtra: the library that reads it is not installed.
    """
    reader = converter(name)
    number = int(at.get("number", 1))
    window = str(at.get("window", "auto"))
    picture = reader.picture(data, number, window=window, max_pixels=MAX_PIXELS)
    kept = png(picture.pixels, upright_exif(picture.exif), picture.profile)
    seen = probe(kept, "converted.png")
    if isinstance(seen, Refusal):  # a picture too small or too large for PNG
        raise BrokenFile(seen.reason_code, seen.reason)
    notes = picture.notes
    if picture.held > 1 and "number" not in at:
        notes += (f"it holds {picture.held} pictures: the first is used (--pages all takes each)",)
    return Piece(kept, told(seen, {"converted.from": name} | picture.metadata, notes))


def told(seen: Probe, metadata: dict[str, Any], notes: tuple[str, ...]) -> Probe:
    """What a kept picture is, with what its file said besides."""
    return Probe(
        media=seen.media,
        width=seen.width,
        height=seen.height,
        mode=seen.mode,
        orientation=seen.orientation,
        frames=1,
        metadata=seen.metadata | metadata,
        notes=(*notes, *seen.notes),
    )


def open_converted(found: Found, sink: Sink) -> Piece:
    """Opener of the parts whose kind is the name of a converter."""
    del sink
    part = found.part
    assert part is not None
    file = Path(found.file)
    stat = file.stat()
    read = _read_again if part.at.get("of", 1) > 1 else _read
    return converted(part.kind, read(found.file, stat.st_size, stat.st_mtime_ns), part.at)


def _read(file: str, size_bytes: int, mtime_ns: int) -> bytes:
    del size_bytes, mtime_ns
    return Path(file).read_bytes()


_read_again = lru_cache(maxsize=1)(_read)
"""A file of many pictures is asked for many times in a row."""


def png(pixels: NDArray[np.uint8 | np.uint16], exif: bytes = b"", profile: bytes = b"") -> bytes:
    """The pixels as PNG, without loss."""
    pixels = np.ascontiguousarray(pixels)
    if pixels.dtype == np.uint16:
        order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
        turned = cv2.cvtColor(pixels, order[pixels.shape[2]]) if pixels.ndim == 3 else pixels  # noqa: PLR2004
        done, encoded = cv2.imencode(".png", turned)
        if not done:
            raise BrokenFile("decode_error", "its pixels cannot be written as PNG")
        data = encoded.tobytes()
    else:
        out = BytesIO()
        Image.fromarray(pixels).save(out, "PNG", compress_level=_PNG_EFFORT)
        data = out.getvalue()
    more = chunk(b"iCCP", b"ICC\0\0" + zlib.compress(profile)) if profile else b""
    more += chunk(b"eXIf", exif) if exif else b""
    return data[:_AFTER_HEADER] + more + data[_AFTER_HEADER:]


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
