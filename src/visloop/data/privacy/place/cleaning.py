"""One picture of any format without its place, its pixels byte for byte as they were."""

from __future__ import annotations

import re
from struct import error
from typing import Final

from visloop.data.ingest.records import BrokenFile
from visloop.data.privacy.place.chunks import clean_png, clean_webp
from visloop.data.privacy.place.jpeg import clean_jpeg
from visloop.data.privacy.place.tiff import clean_tiff
from visloop.data.privacy.place.words import without_packets

_BLOCK: Final = re.compile(rb"II\*\0|MM\0\*")


def cleaned(data: bytes, media: str, orientation: int, *, place: bool) -> bytes:
    """The picture without previews, maker notes and further pictures; with `place` without GPS.

    Args:
        data: the encoded picture.
        media: its media type.
        orientation: as the probe found it; it stays.
        place: also take off whatever tells where it was taken.

    Raises:
        BrokenFile: its parts cannot be followed, so nobody knows what is in them.
    """
    try:
        match media:
            case "image/jpeg":
                return clean_jpeg(data, place=place)
            case "image/png":
                return clean_png(data, place=place, orientation=orientation)
            case "image/webp":
                return clean_webp(data, place=place, orientation=orientation)
            case "image/tiff":
                out = clean_tiff(data, place=place, previews=False, file=True)
                return without_packets(out) if place else out
            case "image/bmp":
                return data
            case _:  # AVIF, GIF: blocks are found by how they begin, and overwritten where they lie
                return _within(data) if place else data
    except error as problem:
        raise BrokenFile("decode_error", f"its parts cannot be followed: {problem}") from problem


def _within(data: bytes) -> bytes:
    out = without_packets(data)
    for found in _BLOCK.finditer(data):
        block = clean_tiff(out[found.start() :], place=True, previews=False)
        if block:
            out = out[: found.start()] + block
    return out
