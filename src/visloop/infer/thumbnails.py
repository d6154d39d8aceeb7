"""Small JPEGs of large ones and of parts of them, decoded no larger than they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import simplejpeg

from visloop.errors import UsageError
from visloop.infer.orientation import is_sideways, jpeg_orientation, turn_upright

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUALITY = 85


def jpeg_thumbnail(data: bytes | memoryview, px: int) -> bytes | None:
    """A JPEG whose longer side is at most `px`, upright; None: not an ordinary JPEG, ask Pillow.

    libjpeg decodes at the least eighth that is large enough, the mean over areas does the rest.

    Args:
        data: the encoded picture; what a damaged one still shows is drawn.
        px: pixels of the longer side; smaller pictures stay as large as they are.
    """
    size_hw = _stored_hw(data)
    if size_hw is None:
        return None
    scale = min(1.0, px / max(size_hw))
    high, wide = (max(1, round(side * scale)) for side in size_hw)
    pixels = _decoded(data, high, wide)
    if pixels is None:
        return None
    upright = turn_upright(_shrunk(pixels, high, wide), jpeg_orientation(data))
    return simplejpeg.encode_jpeg(upright, quality=_QUALITY)


def jpeg_size(data: bytes | memoryview) -> tuple[int, int] | None:
    """Width and height of the upright picture; None: not an ordinary JPEG."""
    size_hw = _stored_hw(data)
    if size_hw is None or is_sideways(jpeg_orientation(data)):
        return size_hw
    return size_hw[1], size_hw[0]


def jpeg_upright(data: bytes | memoryview, scale: float) -> NDArray[np.uint8] | None:
    """The upright picture at the least eighth of its size that is no less than `scale` of it.

    Returns:
        uint8 (H, W, 3); None: not an ordinary JPEG, ask Pillow.
    """
    size_hw = _stored_hw(data)
    if size_hw is None:
        return None
    pixels = _decoded(data, *(max(1, round(side * scale)) for side in size_hw))
    return None if pixels is None else turn_upright(pixels, jpeg_orientation(data))


def part_inside(
    part_xyxy: tuple[int, int, int, int], size_wh: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The part as far as it lies in the picture.

    Raises:
        UsageError: none of it does.
    """
    wide, high = size_wh
    x1, y1, x2, y2 = part_xyxy
    left, top, right, bottom = max(0, x1), max(0, y1), min(wide, x2), min(high, y2)
    if left >= right or top >= bottom:
        raise UsageError(
            f"nothing of the picture lies in {x1},{y1},{x2},{y2}",
            fix=f"x1,y1,x2,y2 within its {wide} x {high} pixels",
        )
    return left, top, right, bottom


def drawn_part(
    pixels: NDArray[np.uint8],
    size_wh: tuple[int, int],
    part_xyxy: tuple[int, int, int, int],
    px: int,
) -> bytes:
    """A JPEG of a part of a picture, its longer side at most `px`.

    Args:
        pixels: uint8 (H, W, 3), the upright picture, which may have been decoded smaller.
        size_wh: its width and height.
        part_xyxy: corners inside it.
        px: a smaller part stays as large as it is.
    """
    x1, y1, x2, y2 = part_xyxy
    scale = min(1.0, px / max(x2 - x1, y2 - y1))
    by = max(pixels.shape[:2]) / max(size_wh)
    top, left = int(y1 * by), int(x1 * by)
    cut = pixels[top : max(top + 1, round(y2 * by)), left : max(left + 1, round(x2 * by))]
    high, wide = (max(1, round(side * scale)) for side in (y2 - y1, x2 - x1))
    small = np.ascontiguousarray(_shrunk(cut, high, wide))
    return simplejpeg.encode_jpeg(small, quality=_QUALITY)


def _stored_hw(data: bytes | memoryview) -> tuple[int, int] | None:
    """Height and width as they are stored; None: not an ordinary JPEG."""
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    return (int(height), int(width)) if colour in {"YCbCr", "Gray", "RGB"} else None


def _decoded(data: bytes | memoryview, high: int, wide: int) -> NDArray[np.uint8] | None:
    """uint8 (H, W, 3), as it is stored, no smaller than asked for; None: it cannot be read."""
    try:
        return simplejpeg.decode_jpeg(
            data,
            "RGB",
            fastdct=True,
            fastupsample=True,
            min_height=high,
            min_width=wide,
            min_factor=1,
            strict=False,
        )
    except ValueError:
        return None


def _shrunk(pixels: NDArray[np.uint8], high: int, wide: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (high, wide):
        return pixels
    return np.asarray(cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
