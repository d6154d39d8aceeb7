"""JPEG: segments rewritten, the picture's coded data copied byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.data.ingest.records import BrokenFile
from visloop.data.privacy.place.tiff import clean_tiff
from visloop.data.privacy.place.words import iptc_tells_place, speaks_of_place

if TYPE_CHECKING:
    from collections.abc import Iterator

_APP0, _APP1, _APP2, _APP13, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF
_COMMENT, _SCAN, _END = 0xFE, 0xDA, 0xD9
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_EXIF: Final = b"Exif\0\0"
_XMP: Final = (b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0")
_INDEX: Final = b"MPF\0"
_PICTURES_WITHIN: Final = (b"Exif\0\0", b"\xff\xd8\xff", b"ftyp")


def clean_jpeg(data: bytes, *, place: bool) -> bytes:
    """The file without previews, further pictures, maker notes and what follows its end.

    With `place` also without GPS, and without XMP, IPTC and comments that speak of a place.

    Raises:
        BrokenFile: its segments cannot be followed.
    """
    kept = [b"\xff\xd8"]
    try:
        for marker, start, stop in _segments(data):
            segment = data[start:stop]
            if marker == _APP1 and segment[4:10] == _EXIF:
                block = clean_tiff(segment[10:], place=place)
                segment = segment[:10] + block if block else b""
            elif marker == _APP0 and segment[4:8] == b"JFXX":  # a thumbnail
                segment = b""
            elif _APP1 <= marker <= _APP15 or marker == _COMMENT:
                segment = segment if _stays(marker, segment[4:], place=place) else b""
            kept.append(segment)
    except IndexError:
        raise BrokenFile("truncated", "the JPEG's parts cannot be followed to its end") from None
    return b"".join(kept)


def _stays(marker: int, body: bytes, *, place: bool) -> bool:
    if marker == _APP2 and body.startswith(_INDEX):
        return False
    if marker == _APP14 or (marker == _APP2 and body.startswith(b"ICC_PROFILE\0")):
        return True
    if not body.startswith(_XMP) and any(mark in body for mark in _PICTURES_WITHIN):
        return False  # a preview, or another EXIF block
    if not place:
        return not body.startswith(_XMP[1])  # extended XMP carries pictures
    return not (iptc_tells_place(body) if marker == _APP13 else speaks_of_place(body))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, stop) of each part; a scan's coded data belongs to it; ends with the end."""
    at = 2
    while True:
        while data[at] != 0xFF or data[at + 1] == 0xFF:  # noqa: PLR2004 - fill bytes
            at += 1
        marker = data[at + 1]
        if marker == _END:
            yield marker, at, at + 2
            return
        stop = at + 2
        if marker not in _STANDALONE:
            stop += data[at + 2] << 8 | data[at + 3]
        if marker == _SCAN:
            stop = _coded_end(data, stop)
        if stop > len(data):
            raise IndexError
        yield marker, at, stop
        at = stop


def _coded_end(data: bytes, at: int) -> int:
    """Where the next marker is that is neither stuffing nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise IndexError
        following = data[at + 1]
        if following and following not in _STANDALONE and following != 0xFF:  # noqa: PLR2004
            return at
        at += 1 if following == 0xFF else 2  # noqa: PLR2004
