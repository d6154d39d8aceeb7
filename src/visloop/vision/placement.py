"""Where a picture lies in a model's input, and the way back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from visloop.vision.boxes import Boxes, clip


class Placement(NamedTuple):
    """A part of the upright picture fills a part of the prepared input; linear, each side by itself.

    `size_hw` is the picture's height and width, `input_hw` the input's; `source_xyxy` is the part in
    the picture's pixels, `target_xyxy` where it went, in the input's. Two rectangles say all that
    resize, crop, letterbox and scaled decoding did, so the way back is exact.
    """

    size_hw: tuple[int, int]
    input_hw: tuple[int, int]
    source_xyxy: tuple[float, float, float, float]
    target_xyxy: tuple[float, float, float, float]

    def to_input(self, xyxy: Boxes) -> Boxes:
        """Boxes of the picture as they lie in the input; those outside of it are not cut off.

        Args:
            xyxy: float32 (N, 4), pixels of the upright picture.

        Returns:
            float32 (N, 4), pixels of the prepared input.
        """
        return _moved(xyxy, self.source_xyxy, self.target_xyxy)

    def to_picture(self, xyxy: Boxes) -> Boxes:
        """Boxes of the input as they lie in the picture, cut off at its border.

        Args:
            xyxy: float32 (N, 4), pixels of the prepared input.

        Returns:
            float32 (N, 4), pixels of the upright picture.
        """
        height, width = self.size_hw
        return clip(_moved(xyxy, self.target_xyxy, self.source_xyxy), width, height)


def unmoved(size_hw: tuple[int, int]) -> Placement:
    """A picture that is the input."""
    whole = (0.0, 0.0, float(size_hw[1]), float(size_hw[0]))
    return Placement(size_hw, size_hw, whole, whole)


def _moved(
    xyxy: Boxes,
    source: tuple[float, float, float, float],
    target: tuple[float, float, float, float],
) -> Boxes:
    """From one rectangle's coordinates to the other's, computed in float64."""
    start, end = np.asarray(source, np.float64), np.asarray(target, np.float64)
    scale = (end[2:] - end[:2]) / (start[2:] - start[:2])
    corners = np.asarray(xyxy, np.float64).reshape(-1, 2, 2)
    return ((corners - start[:2]) * scale + end[:2]).reshape(-1, 4).astype(np.float32)
