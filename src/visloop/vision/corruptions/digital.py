"""What is done to pictures on their way. Source: Hendrycks & Dietterich 2019, section 3."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from visloop.vision.corruptions.sizing import (
    SIDE_PX,
    Floats,
    Pixels,
    coarsely,
    in_units,
    of_units,
    resized,
    to_pixels,
)

_CONTRAST: Final = (0.4, 0.3, 0.2, 0.1, 0.05)
# how far, how smoothly, how far its corners: parts of the shorter side (the paper's 244 of 224)
_ELASTIC: Final = (
    (2.0, 0.7, 0.1),
    (2.0, 0.08, 0.2),
    (0.05, 0.01, 0.02),
    (0.07, 0.01, 0.02),
    (0.12, 0.01, 0.02),
)
_PAPER: Final = 244 / SIDE_PX
_CELLS: Final = 4.0
_PIXELATE: Final = (0.6, 0.5, 0.4, 0.3, 0.25)
_JPEG: Final = (25, 18, 15, 10, 7)


def contrast(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Everything nearer to the mean of its channel."""
    del rng
    left = _CONTRAST[severity - 1]
    means = np.array(cv2.mean(rgb)[:3])
    table = to_pixels(np.arange(256)[:, None] * left + means * (1 - left))  # level, channel
    return np.asarray(cv2.LUT(rgb, table[None]), np.uint8)


def elastic_transform(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Stretched and bent: the only one that moves things."""
    how_far, smooth, corners = _ELASTIC[severity - 1]
    moved = rng.uniform(-corners, corners, (3, 2)) * _PAPER
    wobble = [_wobble(in_units(rgb), how_far, smooth, rng) for _ in range(2)]

    def change(pixels: Pixels, unit: float) -> Pixels:
        high, wide = pixels.shape[:2]
        x, y = (unit * resized(each, (high, wide)) for each in wobble)
        x, y = x + np.arange(wide), y + np.arange(high)[:, None]
        back = _affine((wide, high), moved, SIDE_PX * unit)
        x, y = ((a * x + b * y + c).astype(np.float32) for a, b, c in back)
        bent = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(bent, np.uint8)

    return coarsely(rgb, change)


def pixelate(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Too few pixels, shown as blocks."""
    del rng
    high, wide = (max(1, int(side * _PIXELATE[severity - 1])) for side in in_units(rgb))
    small = resized(rgb, (min(high, rgb.shape[0]), min(wide, rgb.shape[1])))
    blocks = cv2.resize(small, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(blocks, np.uint8)


def jpeg_compression(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Too few bytes: blocks of 8 × 8 units with little in them."""
    del rng
    quality = _JPEG[severity - 1]

    def change(pixels: Pixels) -> Pixels:
        raw = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", "420")
        return simplejpeg.decode_jpeg(raw, "RGB")

    return of_units(rgb, change)


def _affine(size: tuple[int, int], moved: NDArray[np.float64], side: float) -> NDArray[np.float64]:
    """(2, 3): from where three corners went, by parts of the shorter side, to where they were."""
    known = np.array(size) / 2 + side / 3 * np.array(((1, 1), (1, -1), (-1, -1)))
    there = known + side * moved
    back = cv2.getAffineTransform(there.astype(np.float32), known.astype(np.float32))
    return np.asarray(back, np.float64)


def _wobble(hw: tuple[int, int], how_far: float, smooth: float, rng: np.random.Generator) -> Floats:
    """How far each unit moves, in units: float32 (H, W)."""
    sigma = smooth * _PAPER * SIDE_PX
    cell = max(1.0, sigma / _CELLS)  # of a coarse wobble a coarse grid tells all
    grid = max(1, round(hw[0] / cell)), max(1, round(hw[1] / cell))
    drawn = rng.uniform(-1, 1, grid).astype(np.float32)
    soft = cv2.GaussianBlur(drawn, (0, 0), sigma / cell, borderType=cv2.BORDER_REFLECT)
    far = how_far * _PAPER * SIDE_PX / cell
    return np.float32(far) * resized(np.asarray(soft, np.float32).reshape(grid), hw)
