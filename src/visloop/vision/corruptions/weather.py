"""Weather and light. Source: Hendrycks & Dietterich 2019, section 3; `darkness` is not theirs.

Their frost is photographs of frosted panes; here it is drawn.
"""

from __future__ import annotations

from math import pi
from typing import Final

import cv2
import numpy as np

from visloop.vision.corruptions.blur import line_kernel
from visloop.vision.corruptions.sizing import (
    SIDE_PX,
    Floats,
    Pixels,
    fractal,
    in_units,
    resized,
    to_pixels,
)

# mean and deviation of the flakes' light, their size, least light, fall's radius and sigma, clearness
_SNOW: Final = (
    (0.1, 0.3, 3.0, 0.5, 10, 4, 0.8),
    (0.2, 0.3, 2.0, 0.5, 12, 4, 0.7),
    (0.55, 0.3, 4.0, 0.9, 12, 8, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)
_FROST: Final = ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))  # picture, frost
_FOG: Final = ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))  # thickness, decay
_BRIGHTNESS: Final = (0.1, 0.2, 0.3, 0.4, 0.5)
_DARKNESS: Final = (0.5, 0.35, 0.25, 0.15, 0.1)  # what is left of the light
_ICE: Final = (0.86, 0.95, 1.0)


def snow(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Flakes that fall past, and everything paler."""
    mean, deviation, size, least, radius, sigma, clear = _SNOW[severity - 1]
    hw = in_units(rgb)
    grid = max(2, round(hw[0] / size)), max(2, round(hw[1] / size))
    flakes = resized(rng.normal(mean, deviation, grid).astype(np.float32), hw)
    flakes = np.where(flakes < least, 0, np.clip(flakes, 0, 1))
    fall = line_kernel(radius, sigma, rng.uniform(pi / 4, 3 * pi / 4))
    fallen = np.asarray(cv2.filter2D(flakes, -1, fall), np.float32)
    light = np.float32(255) * _over(fallen + fallen[::-1, ::-1], rgb)
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    pale = (grey * 1.5 + 127.5)[..., None]
    return to_pixels(clear * rgb + (1 - clear) * np.maximum(rgb, pale) + light[..., None])


def frost(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Ice crystals on the pane, thicker towards the borders."""
    kept, thick = _FROST[severity - 1]
    ice = _over(_crystals(in_units(rgb), rng), rgb)
    return to_pixels(kept * rgb + (255 * thick * ice)[..., None] * np.array(_ICE, np.float32))


def fog(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Clouds of light before everything."""
    thickness, decay = _FOG[severity - 1]
    clouds = _over(fractal(in_units(rgb), decay, rng), rgb)
    brightest = max(1, int(rgb.max())) / 255
    seen = rgb + (255 * thickness * clouds)[..., None]
    return to_pixels(seen * np.float32(brightest / (brightest + thickness)))


def brightness(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Daylight: more light, the same hue and saturation."""
    del rng
    more = np.float32(255 * _BRIGHTNESS[severity - 1])
    most = np.arange(256, dtype=np.float32)
    gains = np.minimum(most + more, 255) / np.maximum(most, 1)
    level = rgb.max(axis=2)
    lit = rgb * gains[level][..., None]
    lit[level == 0] = more
    return to_pixels(lit)


def darkness(rgb: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """A lamp that is too weak: the same picture by less light, down to a tenth."""
    del rng
    return to_pixels(np.arange(256) * _DARKNESS[severity - 1])[rgb]


def _over(layer: Floats, rgb: Pixels) -> Floats:
    """A layer whose pixels are units, brought to the picture's size."""
    return resized(layer, (rgb.shape[0], rgb.shape[1]))


def _crystals(hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Frost in [0, 1], float32 (H, W): needles along the ridges of clouds, and a haze between them."""
    ridges = np.zeros(hw, np.float32)
    for _ in range(2):
        clouds = fractal(hw, 1.6, rng)
        ridges = np.maximum(ridges, (1 - np.abs(2 * clouds - 1)) ** 6)
    rows, columns = (np.abs(np.linspace(-1, 1, side, dtype=np.float32)) for side in hw)
    border = np.maximum(rows[:, None], columns[None]) ** 2
    haze = fractal(hw, 1.4, rng)
    grain = rng.uniform(0.7, 1.0, hw).astype(np.float32)
    needles = cv2.GaussianBlur(ridges, (0, 0), 0.002 * SIDE_PX)
    ice = (0.25 + 0.75 * border) * haze + 0.75 * np.asarray(needles, np.float32)
    return np.clip(ice * grain, 0, 1).astype(np.float32)
