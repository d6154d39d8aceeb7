"""Corruptions are stated for pictures of 224 px; this brings them to pictures of any size.

A unit is 1/224 of the shorter side: a picture of 200 px and one of 12 MP look alike hurt when they are
looked at in the same size. Grain and blocks are as large as units, also where pixels are smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

SIDE_PX: Final = 224
_ALMOST: Final = 0.02
_LONGEST: Final = 8
_FINEST: Final = 2.0
"""A blur is computed at this many pixels a unit at most: it leaves nothing finer than that."""


def unit_px(rgb: NDArray[np.generic]) -> float:
    """Pixels of a unit of (H, W, …); a strip is taken for at least an eighth as wide as it is long."""
    return max(min(rgb.shape[:2]), max(rgb.shape[:2]) / _LONGEST) / SIDE_PX


def in_units(rgb: NDArray[np.generic]) -> tuple[int, int]:
    """Height and width in units, whole ones, at least 1."""
    unit = unit_px(rgb)
    return max(1, round(rgb.shape[0] / unit)), max(1, round(rgb.shape[1] / unit))


def resized(array: NDArray[Any], hw: tuple[int, int], *, smooth: bool = True) -> NDArray[Any]:
    """(H, W, …) at another size: means where it shrinks; where it grows `smooth`, or in blocks."""
    if array.shape[:2] == hw:
        return array
    shrinks = hw[0] < array.shape[0] or hw[1] < array.shape[1]
    grown = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return np.asarray(
        cv2.resize(array, (hw[1], hw[0]), interpolation=cv2.INTER_AREA if shrinks else grown)
    )


def to_pixels(levels: NDArray[Any]) -> Pixels:
    """Levels of 0 … 255 as uint8, what lies outside cut off."""
    # rounds, too, in one pass
    cut: NDArray[Any] = cv2.addWeighted(levels, 1.0, levels, 0.0, 0.0, dtype=cv2.CV_8U)
    return np.asarray(cut, np.uint8).reshape(levels.shape)


def of_units(rgb: Pixels, change: Callable[[Pixels], Pixels]) -> Pixels:
    """Let `change` work on a copy whose pixels are units, and carry what it changed over to `rgb`.

    Detail that is finer than units stays, so that only the corruption hurts.
    """
    if abs(unit_px(rgb) - 1) < _ALMOST:
        return change(rgb)
    small = to_pixels(resized(rgb, in_units(rgb)))
    changed = change(small).astype(np.float32) - small
    return to_pixels(rgb + resized(changed, (rgb.shape[0], rgb.shape[1]), smooth=False))


def coarsely(rgb: Pixels, change: Callable[[Pixels, float], Pixels]) -> Pixels:
    """Let `change(pixels, unit_px)` work on a copy of a large picture that is as fine as it needs."""
    unit = unit_px(rgb)
    if unit <= _FINEST:
        return change(rgb, unit)
    hw = max(1, round(rgb.shape[0] * _FINEST / unit)), max(1, round(rgb.shape[1] * _FINEST / unit))
    changed = change(to_pixels(resized(rgb, hw)), _FINEST)
    return to_pixels(resized(changed, (rgb.shape[0], rgb.shape[1])))


def fractal(hw: tuple[int, int], decay: float, rng: np.random.Generator) -> Floats:
    """Clouds in [0, 1], float32 (H, W): noise of ever finer grids, each `decay` times weaker.

    Source: what midpoint displacement tends to (Fournier, Fussell & Carpenter 1982).
    """
    total = np.zeros(hw, np.float32)
    cells, weight = 2, 1.0
    while cells <= 2 * max(hw) and weight > 1 / SIDE_PX:
        grid = rng.uniform(-1, 1, (min(cells, hw[0]) + 1, min(cells, hw[1]) + 1))
        layer = cv2.resize(grid.astype(np.float32), (hw[1], hw[0]), interpolation=cv2.INTER_LINEAR)
        total += np.float32(weight) * layer
        cells, weight = cells * 2, weight / decay
    total -= total.min()
    return total / max(float(total.max()), 1e-6)
