"""Pictures laid side by side in one square, for the sheets of an assessment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

_SIDE_PX: Final = 320
_QUALITY: Final = 88
_GROUND: Final = 236


def side_by_side(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """A square JPEG that shows all of them, each whole, in as many columns as rows or one more.

    Args:
        pictures: uint8 (H, W, 3) each, one at least.
    """
    columns = int(np.ceil(np.sqrt(len(pictures))))
    rows = -(-len(pictures) // columns)
    wide, high = _SIDE_PX // columns, _SIDE_PX // rows
    sheet = np.full((_SIDE_PX, _SIDE_PX, 3), _GROUND, np.uint8)
    for place, picture in enumerate(pictures):
        scale = min((wide - 4) / picture.shape[1], (high - 4) / picture.shape[0])
        size = (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale)))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        top = place // columns * high + (high - size[1]) // 2
        left = place % columns * wide + (wide - size[0]) // 2
        sheet[top : top + size[1], left : left + size[0]] = small
    return simplejpeg.encode_jpeg(sheet, quality=_QUALITY)
