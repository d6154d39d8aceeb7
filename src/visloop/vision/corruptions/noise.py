"""Noise of sensors and lines. Source: Hendrycks & Dietterich 2019, section 3."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from visloop.lazy import lazy_vendor
from visloop.vision.corruptions.sizing import Pixels, of_units, to_pixels

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_vendor("scipy.special")

_GAUSSIAN: Final = (0.08, 0.12, 0.18, 0.26, 0.38)  # standard deviation, of values in [0, 1]
_SHOT: Final = (60.0, 25.0, 12.0, 5.0, 3.0)  # photons of a white pixel
_IMPULSE: Final = (0.03, 0.06, 0.09, 0.17, 0.27)  # share of values
_DRAWS: Final = 2**12
_HALF: Final = 0.5


def gaussian_noise(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Electronic noise: the same everywhere."""

    def change(pixels: Pixels) -> Pixels:
        noise = rng.standard_normal(pixels.shape, np.float32)
        return to_pixels(pixels + np.float32(255 * _GAUSSIAN[severity - 1]) * noise)

    return of_units(rgb, change)


def shot_noise(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Light comes in photons: Poisson noise."""

    def change(pixels: Pixels) -> Pixels:
        drawn = np.frombuffer(rng.bytes(2 * pixels.size), np.uint16).reshape(pixels.shape)
        return _photons(_SHOT[severity - 1])[pixels, drawn % _DRAWS]

    return of_units(rgb, change)


def impulse_noise(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Broken cells and bits: values that are all white or all black."""

    def change(pixels: Pixels) -> Pixels:
        chance = rng.random(pixels.shape, np.float32)
        share = _IMPULSE[severity - 1]
        black, white = chance < share * _HALF, chance >= 1 - share * _HALF
        return np.where(black, np.uint8(0), np.where(white, np.uint8(255), pixels))

    return of_units(rgb, change)


@lru_cache(maxsize=len(_SHOT))
def _photons(white: float) -> Pixels:
    """What a pixel of each of 256 levels becomes, by 4096 equally likely chances: uint8 (256, 4096)."""
    chances = (np.arange(_DRAWS) + _HALF) / _DRAWS
    counts = np.arange(int(white + 10 * white**_HALF) + 10)
    means = np.arange(256)[:, None] / 255 * white
    reached = special.pdtr(counts[None], means)  # P(at most so many)
    drawn = np.array([np.searchsorted(row, chances) for row in reached])
    return to_pixels(drawn / white * 255)
