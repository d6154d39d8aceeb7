"""PNG without decoding: walk the chunks, check the critical ones' checksums, see the end.

Source: W3C PNG specification, third edition.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import error, unpack_from
from typing import Final, NamedTuple

from visloop.data.ingest.records import BrokenFile

_MODES: Final = {
    0: {1: "1", 2: "L", 4: "L", 8: "L", 16: "I;16"},
    2: {8: "RGB", 16: "RGB"},
    3: {1: "P", 2: "P", 4: "P", 8: "P"},
    4: {8: "LA", 16: "RGBA"},
    6: {8: "RGBA", 16: "RGBA"},
}
"""Colour type → bit depth → Pillow's mode."""
_TEXTS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
_OLD_EXIF, _XMP, _TURNED = b"Raw profile type exif", b"XML:com.adobe.xmp", b"tiff:Orientation"
_LARGEST: Final = 2**31 - 1


class PngHeader(NamedTuple):
    """Size in pixels, Pillow's mode, bits per channel."""

    width: int
    height: int
    mode: str
    depth_bits: int


class PngBody(NamedTuple):
    """What the other chunks hold; `turned_by_text` when a text chunk speaks of an orientation."""

    exif: bytes | None
    turned_by_text: bool
    frames: int
    trailing_bytes: int


def read_png_header(data: bytes) -> PngHeader:
    """The first chunk.

    Raises:
        BrokenFile: `truncated` or `decode_error`.
    """
    if len(data) < 33:  # noqa: PLR2004 - signature 8, IHDR 25
        raise BrokenFile("truncated", "the file stops inside its header")
    length, kind, width, height, depth, colour = unpack_from(">I4sIIBB", data, 8)
    mode = _MODES.get(colour, {}).get(depth)
    whole = 0 < width <= _LARGEST and 0 < height <= _LARGEST
    if kind != b"IHDR" or length != 13 or mode is None or not whole or not _sound(data, 8, 13):  # noqa: PLR2004
        raise BrokenFile("decode_error", "the PNG's header is damaged")
    return PngHeader(width, height, mode, depth)


def read_png_body(data: bytes) -> PngBody:
    """Everything after the header, up to the end chunk.

    Raises:
        BrokenFile: `truncated` or `decode_error`.
    """
    exif: bytes | None = None
    frames, pixels, by_text = 1, False, False
    at, length = 33, 0
    for kind, at, length in _chunks(data):
        if kind == b"IDAT":
            pixels = True
        elif kind == b"eXIf":
            exif = data[at + 8 : at + 8 + length]
        elif kind in _TEXTS:
            by_text |= _speaks_of_turning(data, at, length)
        elif kind == b"acTL" and length == 8:  # noqa: PLR2004
            (frames,) = unpack_from(">I", data, at + 8)
    if not pixels:
        raise BrokenFile("decode_error", "the PNG holds no pixels")
    return PngBody(exif, by_text, max(1, frames), len(data) - at - 12 - length)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, offset, length of its data) from the second chunk to the end, which is empty."""
    at, kind = 33, b""
    while kind != b"IEND":
        try:
            length, kind = unpack_from(">I4s", data, at)
        except error:
            raise BrokenFile("truncated", "the PNG's end is missing") from None
        if at + 12 + length > len(data):
            raise BrokenFile("truncated", "the PNG stops inside its pixels or its data")
        if kind[0] < 0x60 and not _sound(data, at, length):  # noqa: PLR2004 - upper case: critical
            name = kind.decode("latin-1")
            raise BrokenFile("decode_error", f"the checksum of its {name} part is wrong")
        yield kind, at, length
        at += 12 + length


def _speaks_of_turning(data: bytes, at: int, length: int) -> bool:
    if data.startswith(_OLD_EXIF, at + 8):
        return True
    return data.startswith(_XMP, at + 8) and data.find(_TURNED, at, at + 8 + length) > 0


def _sound(data: bytes, at: int, length: int) -> bool:
    (stated,) = unpack_from(">I", data, at + 8 + length)
    return zlib.crc32(memoryview(data)[at + 4 : at + 8 + length]) == stated
