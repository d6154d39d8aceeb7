"""Blur of lenses, panes and movement. Source: Hendrycks & Dietterich 2019, section 3.

All of it leaves things where they are: boxes and masks stay true.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

import cv2
import numpy as np

from visloop.vision.corruptions.sizing import Floats, Pixels, coarsely, of_units, to_pixels

_DEFOCUS: Final = (3, 4, 6, 8, 10)  # radius, units
_GLASS: Final = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
_MOTION: Final = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))  # radius, sigma, units
_ZOOM: Final = ((1.10, 0.01), (1.15, 0.01), (1.20, 0.02), (1.24, 0.02), (1.30, 0.03))
_EIGHTH_TURN: Final = pi / 4
_FINE: Final = 4
_FAINT: Final = 3.0


def defocus_blur(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """A lens out of focus: every point becomes a disk."""
    del rng

    def change(pixels: Pixels, unit: float) -> Pixels:
        return _filtered(pixels, _disk(_DEFOCUS[severity - 1] * unit))

    return coarsely(rgb, change)


def glass_blur(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """A frosted pane: points are seen a few units from where they are, by chance."""
    sigma, most, times = _GLASS[severity - 1]

    def change(pixels: Pixels) -> Pixels:
        high, wide = pixels.shape[:2]
        columns = np.arange(wide, dtype=np.float32)
        rows = np.arange(high, dtype=np.float32)[:, None]
        seen = _smooth(pixels, sigma)
        for _ in range(times):
            off = rng.integers(-most, most + 1, (2, *pixels.shape[:2])).astype(np.float32)
            x, y = columns + off[0], rows + off[1]
            moved = cv2.remap(seen, x, y, cv2.INTER_NEAREST, borderMode=_REFLECTED)
            seen = np.asarray(moved, np.uint8)
        return _smooth(seen, sigma)

    return of_units(rgb, change)


def motion_blur(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """The camera moved: a line at up to an eighth of a turn from level, both ways from the point."""
    angle = rng.uniform(-_EIGHTH_TURN, _EIGHTH_TURN)
    radius, sigma = _MOTION[severity - 1]

    def change(pixels: Pixels, unit: float) -> Pixels:
        return _filtered(pixels, line_kernel(radius * unit, sigma * unit, angle))

    return coarsely(rgb, change)


def zoom_blur(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """The camera came nearer while the shutter was open."""
    del rng
    largest, step = _ZOOM[severity - 1]

    def change(pixels: Pixels, _: float) -> Pixels:
        high, wide = pixels.shape[:2]
        total = pixels.astype(np.float32)
        zooms = np.arange(1.0, largest + step / 2, step)
        for zoom in zooms:
            grown = np.array(
                [[zoom, 0, (1 - zoom) * (wide - 1) / 2], [0, zoom, (1 - zoom) * (high - 1) / 2]]
            )
            cv2.accumulate(
                cv2.warpAffine(pixels, grown, (wide, high), flags=cv2.INTER_LINEAR), total
            )
        return to_pixels(total / (len(zooms) + 1))

    return coarsely(rgb, change)


def line_kernel(radius: float, sigma: float, angle: float) -> Floats:
    """A blur along a line, its middle where the point was: float32 (K, K), summing to 1.

    Args:
        radius: half the length, px; at least a pixel is taken.
        sigma: light fades along the line as the half of a Gaussian curve of this width, px.
        angle: from level, radians.
    """
    sigma = max(sigma, 0.1)
    along = np.arange(0, min(2 * max(radius, 1.0), _FAINT * sigma), 1 / _FINE)
    light = np.exp(-(along**2) / (2 * sigma**2))
    light /= light.sum()
    along -= light @ along
    reach = int(np.ceil(np.abs(along).max())) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    across, down = along * cos(angle) + reach, along * sin(angle) + reach
    left, top = np.floor(across).astype(int), np.floor(down).astype(int)
    right, low = across - left, down - top
    for x, y, share in (
        (left, top, (1 - right) * (1 - low)),
        (left + 1, top, right * (1 - low)),
        (left, top + 1, (1 - right) * low),
        (left + 1, top + 1, right * low),
    ):
        np.add.at(kernel, (y, x), light * share)
    return kernel.astype(np.float32)


def _disk(radius: float) -> Floats:
    """A disk whose border pixels count by the share of them that it covers; sums to 1."""
    reach = int(np.ceil(radius)) + 1
    fine = (np.arange((2 * reach + 1) * _FINE) + 0.5) / _FINE - reach - 0.5
    inside = (fine[:, None] ** 2 + fine[None] ** 2 <= max(radius, 0.5) ** 2).astype(np.float32)
    side = 2 * reach + 1
    kernel = inside.reshape(side, _FINE, side, _FINE).mean(axis=(1, 3))
    return kernel / kernel.sum()


def _filtered(pixels: Pixels, kernel: Floats) -> Pixels:
    return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=_REFLECTED), np.uint8)


def _smooth(pixels: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=_REFLECTED), np.uint8)


_REFLECTED: Final = cv2.BORDER_REFLECT_101
