"""HEIC and HEIF through pi-heif (libheif, decoding only): the entry point `heif` of `visloop.media`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from pi_heif import open_heif

from visloop.data import BrokenFile, MediaPicture

if TYPE_CHECKING:
    from pi_heif import HeifFile


class HeifReader:
    """The plug-in `heif` of `visloop.media`."""

    def count(self, data: bytes) -> int:
        """How many pictures the file holds (a burst, a collection)."""
        return len(_opened(data))

    def picture(self, data: bytes, number: int, *, window: str, max_pixels: int) -> MediaPicture:
        """One picture (1: the main one), upright, for libheif applies the file's own turns.

        EXIF's orientation is not applied on top of irot and imir: it only tells what they did
        (ISO/IEC 23008-12, annex A.2.1), and phones write both.
        """
        del window
        held = _opened(data)
        order = [held.primary_index, *(n for n in range(len(held)) if n != held.primary_index)]
        frame = held[order[number - 1]]
        width, height = frame.size
        if width * height > max_pixels:
            raise BrokenFile(
                "too_many_pixels",
                f"{width} × {height} pixels are more than {max_pixels / 1e6:,.0f} MP",
            )
        try:
            pixels = np.array(frame, copy=True)  # libheif frees its own with the file
        except Exception as problem:  # libheif's errors come as several kinds
            raise _broken(problem) from problem
        several = {"page.number": number, "page.count": len(held)} if len(held) > 1 else {}
        exif, profile = frame.info.get("exif") or b"", frame.info.get("icc_profile") or b""
        return MediaPicture(
            pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint16),
            several,
            ("HEIC/HEIF, kept as PNG without loss of pixels",),
            exif.removeprefix(b"Exif\0\0"),
            profile,
            held=len(held),
        )


def _opened(data: bytes) -> HeifFile:
    with warnings.catch_warnings(action="ignore"):
        try:
            return open_heif(data, convert_hdr_to_8bit=False, bgr_mode=False)
        except Exception as problem:
            raise _broken(problem) from problem


def _broken(problem: Exception) -> BrokenFile:
    text = " ".join(str(problem).split())[:200] or type(problem).__name__
    if isinstance(problem, EOFError) or "end of file" in text.lower():
        return BrokenFile("truncated", "the HEIC file stops too early")
    return BrokenFile("decode_error", f"it cannot be decoded: {text}")
