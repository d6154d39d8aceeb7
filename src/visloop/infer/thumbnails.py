"""Small JPEGs of large ones, decoded no larger than they must be."""

from __future__ import annotations

import cv2
import numpy as np
import simplejpeg

from visloop.infer.orientation import jpeg_orientation, turn_upright

_QUALITY = 85


def jpeg_thumbnail(data: bytes | memoryview, px: int) -> bytes | None:
    """A JPEG whose longer side is at most `px`, upright; None: not an ordinary JPEG, ask Pillow.

    libjpeg decodes at the least eighth that is large enough, the mean over areas does the rest.

    Args:
        data: the encoded picture; what a damaged one still shows is drawn.
        px: pixels of the longer side; smaller pictures stay as large as they are.
    """
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(data)
        if colour not in {"YCbCr", "Gray", "RGB"}:
            return None
        scale = min(1.0, px / max(int(height), int(width)))
        high, wide = (max(1, round(int(side) * scale)) for side in (height, width))
        pixels = simplejpeg.decode_jpeg(
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
    if pixels.shape[:2] != (high, wide):
        small = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(small, np.uint8)
    upright = turn_upright(pixels, jpeg_orientation(data))
    return simplejpeg.encode_jpeg(upright, quality=_QUALITY)
