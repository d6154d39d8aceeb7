"""What the detector should have answered: bumps at the centres, boxes around them.

Source: Liu 2019 (TTFNet), for both kinds of bump and the weights of the boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ALPHA: Final = 0.54
_LEAST_PX: Final = 1.0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Target:
    """One picture's truth on a grid of (H, W) cells.

    `heat` float32 (C, H, W) in [0, 1], 1 at centres; `corners` float32 (4, H, W) in pixels;
    `weight` float32 (H, W), how much the box of a cell counts; `counts` float32 (H, W), how much the
    heat of a cell counts: 0 where the picture says nothing (ignored regions, crowds).
    """

    heat: Floats
    corners: Floats
    weight: Floats
    counts: Floats


def target_of(
    boxes: Floats,
    places: NDArray[np.int64],
    ignored: Floats,
    size: tuple[int, int, int],
    stride: int,
    weights: Floats,
) -> Target:
    """Draw the truth.

    Args:
        boxes: float32 (M, 4), pixels of the input.
        places: int64 (M,), of the classes.
        ignored: float32 (I, 4), regions that neither reward nor blame.
        size: classes, rows and columns of the grid.
        stride: pixels of a cell.
        weights: float32 (C,), how much an object of each class counts.
    """
    classes, high, wide = size
    heat = np.zeros((classes, high, wide), np.float32)
    corners = np.zeros((4, high, wide), np.float32)
    weight = np.zeros((high, wide), np.float32)
    counts = np.ones((high, wide), np.float32)
    for x1, y1, x2, y2 in ignored / stride:
        counts[max(0, int(y1)) : int(np.ceil(y2)), max(0, int(x1)) : int(np.ceil(x2))] = 0
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], _LEAST_PX)
    areas = sides[:, 0] * sides[:, 1]
    for row in np.argsort(-areas, kind="stable"):  # the small ones lie on top
        centre = (boxes[row, :2] + boxes[row, 2:]) / 2 / stride
        x, y = min(int(centre[0]), wide - 1), min(int(centre[1]), high - 1)
        bump = _bump(x, y, np.float32(_ALPHA / 2 / stride) * sides[row], high, wide)
        plane = heat[places[row]]
        np.maximum(plane, bump, out=plane)
        inside = bump > 0
        corners[:, inside] = boxes[row][:, None]
        much = weights[places[row]]
        weight[inside] = (much * bump / bump.sum() * np.log(max(areas[row], np.e)))[inside]
        counts[inside] = much
    return Target(heat, corners, weight, counts)


def _bump(x: int, y: int, radius: Floats, high: int, wide: int) -> Floats:
    """A bell of height 1 at cell (x, y), cut off at `radius` (x, y, in cells), float32 (H, W)."""
    rx, ry = int(radius[0]), int(radius[1])
    bump = np.zeros((high, wide), np.float32)
    columns = np.arange(max(0, x - rx), min(wide, x + rx + 1))
    rows = np.arange(max(0, y - ry), min(high, y + ry + 1))
    across = np.exp(-((columns - x) ** 2) / (2 * ((2 * rx + 1) / 6) ** 2))
    down = np.exp(-((rows - y) ** 2) / (2 * ((2 * ry + 1) / 6) ** 2))
    bump[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = np.outer(down, across)
    return bump
