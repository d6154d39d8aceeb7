"""Shapes that other tools have and we have not, as shapes that we have."""

from __future__ import annotations

import math
from typing import Final

ELLIPSE_POINTS: Final = 64
ELLIPSE_NOTE: Final = f"ellipses became outlines of {ELLIPSE_POINTS} points"
_PLACES: Final = 6
"""Coordinates are read to a millionth of a pixel: percentages come back as what they were."""


def tidy(value: float) -> float:
    """A coordinate in pixels without the dust of its arithmetic."""
    return round(value, _PLACES)


def ellipse_ring(
    cx: float, cy: float, rx: float, ry: float, angle_deg: float = 0.0
) -> tuple[float, ...]:
    """An ellipse as a ring x1 y1 x2 y2 …; the angle turns clockwise, y points down."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    ring: list[float] = []
    for at in range(ELLIPSE_POINTS):
        turn = 2 * math.pi * at / ELLIPSE_POINTS
        x, y = rx * math.cos(turn), ry * math.sin(turn)
        ring += [tidy(cx + x * cos - y * sin), tidy(cy + x * sin + y * cos)]
    return tuple(ring)


def about_corner(
    x: float, y: float, width: float, height: float, angle_deg: float
) -> tuple[float, float, float, float]:
    """The centre and size of a box that is turned clockwise about its own top left corner (x, y)."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    cx = x + cos * width / 2 - sin * height / 2
    cy = y + sin * width / 2 + cos * height / 2
    return tidy(cx), tidy(cy), width, height


def corner_of(
    cx: float, cy: float, width: float, height: float, angle_deg: float
) -> tuple[float, float]:
    """The corner that was top left before the box was turned about its centre."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return cx - cos * width / 2 + sin * height / 2, cy - sin * width / 2 - cos * height / 2
