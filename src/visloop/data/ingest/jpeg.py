"""JPEG without decoding: walk the header's segments, then see whether the picture ends.

Source: ITU-T T.81 annex B; CIPA DC-007 for the multi-picture index. Ordinary 8-bit baseline,
extended and progressive files with 1, 3 or 4 components are answered here; rare kinds are left to
a real decoder.
"""

from __future__ import annotations

from struct import error, unpack_from
from typing import Final, NamedTuple

from visloop.data.ingest.records import BrokenFile

_START_OF_FRAME: Final = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC)}
) | {
    0xCD,
    0xCE,
    0xCF,
}
_ORDINARY: Final = frozenset({0xC0, 0xC1, 0xC2})
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_SOS, _EOI, _APP1, _APP2 = 0xDA, 0xD9, 0xE1, 0xE2
_MODES: Final = {1: "L", 3: "RGB", 4: "CMYK"}
_END: Final = b"\xff\xd9"
_NUMBER_OF_IMAGES: Final = 0xB001


class JpegHeader(NamedTuple):
    """Stored size in pixels, Pillow's mode (None: ask a decoder), EXIF block, what lies after it."""

    width: int
    height: int
    mode: str | None
    exif: bytes | None
    pictures: int
    trailing_bytes: int


def read_jpeg(data: bytes) -> JpegHeader:
    """Read sizes and EXIF, and check that the picture's end is there.

    Raises:
        BrokenFile: `truncated` or `decode_error`.
    """
    try:
        return _walk(data)
    except IndexError:
        raise BrokenFile("truncated", "the file stops inside its header") from None


def _walk(data: bytes) -> JpegHeader:
    frame: tuple[int, int, str | None] | None = None
    exif: bytes | None = None
    pictures = 1
    at = 2
    while True:
        at = _marker_at(data, at)
        marker = data[at + 1]
        if marker in _STANDALONE:
            at += 2
            continue
        if marker == _EOI:
            raise BrokenFile("decode_error", "the JPEG ends before its picture begins")
        length = data[at + 2] << 8 | data[at + 3]
        if length < 2:  # noqa: PLR2004 - the length counts itself
            raise BrokenFile("decode_error", "a header segment has an impossible length")
        if marker == _SOS:
            break
        if marker in _START_OF_FRAME:
            frame = _frame(data, at, marker)
        elif marker == _APP1 and exif is None and data[at + 4 : at + 10] == b"Exif\0\0":
            exif = data[at + 10 : at + 2 + length]
        elif marker == _APP2 and data[at + 4 : at + 8] == b"MPF\0":
            pictures = _pictures(data[at + 8 : at + 2 + length])
        at += 2 + length
    if frame is None:
        raise BrokenFile("decode_error", "the JPEG has no frame header")
    return JpegHeader(*frame, exif, pictures, _trailing(data, at))


def _marker_at(data: bytes, at: int) -> int:
    """Where the next marker's last 0xFF is; stray bytes between segments are stepped over."""
    if data[at] != 0xFF:  # noqa: PLR2004
        at = data.find(b"\xff", at)
        if at < 0:
            raise BrokenFile("truncated", "the file stops inside its header")
    while data[at + 1] == 0xFF:  # noqa: PLR2004
        at += 1
    return at


def _frame(data: bytes, at: int, marker: int) -> tuple[int, int, str | None]:
    precision, components = data[at + 4], data[at + 9]
    height = data[at + 5] << 8 | data[at + 6]
    width = data[at + 7] << 8 | data[at + 8]
    ordinary = marker in _ORDINARY and precision == 8 and height > 0  # noqa: PLR2004
    if not width:
        raise BrokenFile("decode_error", "the JPEG says that it is 0 pixels wide")
    return width, height, _MODES.get(components) if ordinary else None


def _trailing(data: bytes, scan: int) -> int:
    """How many bytes follow the picture; inside coded data 0xFF is never followed by 0xD9."""
    if data.endswith(_END):
        return 0
    end = data.find(_END, scan)
    if end < 0:
        raise BrokenFile(
            "truncated", "the JPEG's end is missing: the lower part of the picture is lost"
        )
    return len(data) - end - 2


def _pictures(index: bytes) -> int:
    """How many pictures a multi-picture file (MPO: stereo, previews) says it holds; 1 if unclear."""
    order = "<" if index[:2] == b"II" else ">"
    try:
        (at,) = unpack_from(f"{order}I", index, 4)
        (count,) = unpack_from(f"{order}H", index, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, _, _, value = unpack_from(f"{order}HHII", index, entry)
            if tag == _NUMBER_OF_IMAGES:
                return max(1, value)
    except error:
        return 1
    return 1
