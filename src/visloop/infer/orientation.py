"""EXIF orientation: read from a JPEG's header without a library, and applied.

A photo from a phone is stored as the sensor saw it, with a note how to turn it; everything in
visloop speaks of the upright picture.

Source: CIPA DC-008 (Exif 2.32), 4.6.4, tag 0x0112; JPEG: ITU-T T.81, B.1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UPRIGHT: Final = 1
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_FLIPPED_X: Final = frozenset({2, 3, 6, 7})  # once turned on its side
_FLIPPED_Y: Final = frozenset({3, 4, 7, 8})
_TAG: Final = 0x0112
_SHORT: Final = 3
_START_OF_SCAN, _APP1 = 0xDA, 0xE1
_EXIF: Final = b"Exif\0\0"


def is_sideways(orientation: int) -> bool:
    """Whether width and height change places when the picture is turned upright."""
    return orientation in _SIDEWAYS


def cover_upright(
    size_hw: tuple[int, int], cover_hw: tuple[float, float], orientation: int
) -> tuple[tuple[int, int], tuple[float, float, float, float]]:
    """Size of the upright picture, and what the decoded pixels cover of it, x1 y1 x2 y2.

    Pixels decoded at a smaller scale may reach a little past the right and lower border of what is
    stored: the last block is always whole. Turned upright, that may be any border.

    Args:
        size_hw: height and width, as stored.
        cover_hw: what the decoded pixels cover from the upper left corner, in stored pixels.
        orientation: EXIF's 1 … 8.
    """
    (height, width), (high, wide) = size_hw, cover_hw
    if orientation in _SIDEWAYS:
        (height, width), (high, wide) = (width, height), (wide, high)
    left = width - wide if orientation in _FLIPPED_X else 0.0
    top = height - high if orientation in _FLIPPED_Y else 0.0
    return (height, width), (left, top, left + wide, top + high)


def turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture as it was meant to be seen.

    Args:
        pixels: uint8 (H, W, 3).
        orientation: EXIF's 1 … 8; anything else counts as upright.

    Returns:
        uint8 (H, W, 3), or (W, H, 3) where the picture lay on its side.
    """
    if orientation in _SIDEWAYS:
        pixels = np.asarray(cv2.transpose(pixels), np.uint8)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if flip is None else np.asarray(cv2.flip(pixels, flip), np.uint8)


def jpeg_orientation(data: bytes | memoryview) -> int:
    """EXIF's orientation, 1 … 8, of a JPEG; 1 where it says nothing that can be understood."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - every marker begins so
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte
            at += 1
            continue
        if marker == _START_OF_SCAN:
            break
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _APP1 and bytes(data[at + 4 : at + 10]) == _EXIF:
            return _tiff_orientation(bytes(data[at + 10 : at + 2 + size]))
        at += 2 + size
    return UPRIGHT


def _tiff_orientation(tiff: bytes) -> int:
    """The orientation of the first directory of a TIFF structure."""
    if tiff[:4] == b"II*\0":
        order = "little"
    elif tiff[:4] == b"MM\0*":
        order = "big"
    else:
        return UPRIGHT

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    directory = number(4, 4)
    for index in range(number(directory, 2)):
        entry = directory + 2 + 12 * index
        if entry + 12 > len(tiff):
            break
        if number(entry, 2) == _TAG:
            value = number(entry + 8, 2) if number(entry + 2, 2) == _SHORT else UPRIGHT
            return value if 1 <= value <= 8 else UPRIGHT  # noqa: PLR2004
    return UPRIGHT
