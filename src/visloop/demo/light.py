"""The light of the hall and how metal answers it.

All colours are linear light. The lamp is two long tubes over the belt and a soft box; what a
surface shows is looked up by the direction it faces ("matcap": one picture of a lit ball).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.demo.shapes import Field, Rgb, as_field

FINISHES: Final[dict[str, Rgb]] = {
    "steel": (0.60, 0.62, 0.65),
    "zinc": (0.56, 0.61, 0.69),
    "brass": (0.84, 0.60, 0.21),
    "black": (0.075, 0.078, 0.088),
}
BALL_PX: Final = 255
_KEY: Final = np.array((-0.42, -0.62, 0.66))
_WAVELENGTHS_M: Final = np.array((610e-9, 545e-9, 465e-9))


@cache
def mirror_ball() -> NDArray[np.float32]:
    """What polished metal shows by its normal: float32 (B, B, 4), r g b of the hall, and 1.

    Column and row run over the normal's x and y from -1 to 1.
    """
    x, y, z = _normals()
    hall = _hall(2 * z * x, 2 * z * y, 2 * z * z - 1)
    soft = cv2.GaussianBlur(hall, (0, 0), BALL_PX / 60)
    return np.dstack((soft, np.ones_like(x))).astype(np.float32)


@cache
def matt_ball() -> NDArray[np.float32]:
    """The same for a surface without gloss."""
    x, y, z = _normals()
    key = np.maximum(x * _KEY[0] + y * _KEY[1] + z * _KEY[2], 0)
    matt = 0.30 + 0.85 * key + 0.12 * np.maximum(z - 0.3, 0)
    return np.dstack((matt, matt, matt, np.ones_like(x))).astype(np.float32)


def _normals() -> tuple[Field, Field, Field]:
    line = np.linspace(-1, 1, BALL_PX, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    x, y = as_field(x), as_field(y)
    return x, y, np.sqrt(np.maximum(1 - x * x - y * y, 0.0025))


def _hall(rx: Field, ry: Field, rz: Field) -> Field:
    """Light coming from direction (rx, ry, rz): ceiling, two tubes, a soft box, the dark belt."""
    up = np.clip(rz, 0, 1)
    ceiling = 0.27 + 0.24 * up**2
    below = np.clip(-rz, 0, 1)
    grey = np.where(rz > 0, ceiling, 0.27 - 0.14 * below)
    colour = grey[..., None] * np.array((0.97, 1.0, 1.05))
    flat = np.maximum(rz, 0.08)
    tubes = _band(ry / flat, -0.72, 0.26) * _band(rx / flat, 0, 2.6)
    colour += 1.9 * (tubes * (rz > 0.05))[..., None] * np.array((1.0, 1.0, 0.98))
    second = _band(ry / flat, 1.5, 0.35) * _band(rx / flat, 0, 2.2)
    colour += 0.75 * (second * (rz > 0.05))[..., None] * np.array((0.94, 1.0, 1.08))
    window = _band(rx / flat, -1.7, 0.5) * _band(ry / flat, 0.2, 0.9)
    colour += 0.7 * (window * (rz > 0.05))[..., None] * np.array((0.88, 0.98, 1.14))
    return colour.astype(np.float32)


def _band(value: Field, middle: float, half: float) -> Field:
    """1 inside ±half around the middle, falling softly to 0."""
    return np.clip(1.5 - np.abs(value - middle) / half, 0, 1)


def lit(
    surface: NDArray[np.int16], paint: NDArray[np.uint8], turn_rad: float, *, polished: bool
) -> NDArray[np.float32]:
    """Light a turned part.

    Args:
        surface: int16 (H, W, 3), normals in the part's own frame, gloss.
        paint: uint8 (H, W, 4), multiplied by coverage.
        turn_rad: how far the part is turned, clockwise on the screen, against the lamps.
        polished: the gloss is full everywhere.

    Returns:
        float32 (H, W, 4): linear r g b multiplied by coverage, and coverage, all from 0.
    """
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    middle = (BALL_PX - 1) / 2
    scale = middle / 127
    turn = np.array(((c * scale, -s * scale, 0, middle), (s * scale, c * scale, 0, middle)))
    at = np.asarray(cv2.transform(surface, turn), np.int16)
    light = _looked_up(mirror_ball(), at)
    if not polished:
        gloss = cv2.merge([surface[..., 2].astype(np.float32) * np.float32(1 / 255)] * 4)
        matt = _looked_up(matt_ball(), at)
        light = matt + gloss * (light - matt)
    return as_field(cv2.multiply(paint, light, scale=1 / 255, dtype=cv2.CV_32F))


def _looked_up(ball: NDArray[np.float32], at: NDArray[np.int16]) -> NDArray[np.float32]:
    no_fraction = np.zeros(0, np.float32)
    border = cv2.BORDER_REPLICATE
    return as_field(cv2.remap(ball, at, no_fraction, cv2.INTER_NEAREST, borderMode=border))


def colour_of(kelvin: float, white_kelvin: float = 5200) -> NDArray[np.float32]:
    """Linear r g b of a glowing body as a camera balanced for `white_kelvin` sees it, green = 1.

    Source: Planck's law at 610, 545 and 465 nm.
    """
    c2 = 1.438777e-2

    def glow(temperature: float) -> NDArray[np.float64]:
        return 1 / np.expm1(c2 / (_WAVELENGTHS_M * temperature))

    ratio = glow(kelvin) / glow(white_kelvin)
    return (ratio / ratio[1]).astype(np.float32)
