"""One decoded frame: its pixels upright, as PNG or JPEG, and their digest."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from visloop.ids import digest_of

_EXACT: Final = (
    Interpolation.BILINEAR
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
    | Interpolation.FULL_CHR_H_INT
)
"""The same numbers on every processor; the matrix is the one that the film names (BT.601 if none)."""
_FAST_PNG: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1)


class PyAvStill:
    """A frame of a film or a stream."""

    def __init__(self, frame: VideoFrame) -> None:
        self._frame = frame
        self.pts = frame.pts
        self._rgb: NDArray[np.uint8] | None = None

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """uint8 (H, W, 3), upright: the film's display matrix is applied."""
        if self._rgb is None:
            frame = self._frame.reformat(format="rgb24", interpolation=_EXACT)
            pixels = np.asarray(frame.to_ndarray(), np.uint8)
            matrix = self._frame.side_data.get("DISPLAYMATRIX")
            upright = _upright(pixels, bytes(matrix)) if matrix is not None else pixels
            self._rgb = np.ascontiguousarray(upright, np.uint8)
        return self._rgb

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height, upright."""
        height, width = self.rgb.shape[:2]
        return width, height

    @property
    def pixels(self) -> str:
        """Digest of the upright pixels and their shape."""
        return digest_of(str(self.rgb.shape), self.rgb.data.cast("B"))

    def png(self) -> bytes:
        """Without loss."""
        return self._encoded(".png", _FAST_PNG)

    def jpeg(self, quality: int) -> bytes:
        """With loss; `quality` 1 … 100."""
        return self._encoded(".jpg", (cv2.IMWRITE_JPEG_QUALITY, quality))

    def _encoded(self, suffix: str, how: tuple[int, ...]) -> bytes:
        done, encoded = cv2.imencode(suffix, self.rgb[:, :, ::-1], how)
        assert done
        return encoded.tobytes()


def _upright(pixels: NDArray[np.uint8], matrix: bytes) -> NDArray[np.uint8]:
    """Turned and mirrored as a display matrix of right angles says; others are left alone.

    (p, q) → (a p + c q, b p + d q): source, ISO/IEC 14496-12, section 8.5.3 (tkhd).
    """
    a, b, _, c, d = np.frombuffer(matrix, "<i4")[:5].tolist()
    if a == d == 0 and b and c:
        pixels, across, down = pixels.transpose(1, 0, 2), c, b
    elif b == c == 0 and a and d:
        across, down = a, d
    else:
        return pixels
    return pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
