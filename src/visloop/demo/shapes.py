"""Distance fields and the canvas on which a part is modelled: heights in, surface and paint out.

A part is modelled once, in a square of ±`EXTENT` around the origin (x to the right, y down), lying
under a camera that looks straight down. What is kept is not a picture but what light needs to make
one: the slope of the surface, how shiny it is, what colour. So a turned part is lit as a turned
part, and another finish is another colour of metal.

Distances are signed: below zero inside (source: Quilez, "2D distance functions").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]

SIDE_PX: Final = 288
EXTENT: Final = 1.1
PX_PER_UNIT: Final = SIDE_PX / (2 * EXTENT)
Rgb = tuple[float, float, float]
_CROWN: Final = 0.13  # flat faces are never quite flat, nor seen from quite above: they shimmer


@dataclass(frozen=True)
class Body:
    """A modelled part, ready to be turned, scaled and lit.

    Attributes:
        surface: int16 (S, S, 3): normal x and y in 1/127, gloss 0 … 255.
        paint: uint8 (S, S, 4): linear reflectance r, g, b (shaded in crevices, multiplied by
            coverage), and coverage.
        polished: the gloss is full everywhere.
    """

    surface: NDArray[np.int16]
    paint: NDArray[np.uint8]
    polished: bool


def as_field(mat: Any) -> NDArray[np.float32]:
    """What OpenCV gave back, as the float32 that it is."""
    return np.asarray(mat, np.float32)


def axes() -> tuple[Field, Field]:
    """Coordinates x and y of every pixel centre, float32 (S, S) each."""
    line = (np.arange(SIDE_PX, dtype=np.float32) + 0.5) / PX_PER_UNIT - EXTENT
    x, y = np.meshgrid(line, line)
    return as_field(x), as_field(y)


def circle(x: Field, y: Field, radius: float) -> Field:
    """Distance to a disc around the origin."""
    return np.hypot(x, y) - np.float32(radius)


def box(x: Field, y: Field, half_x: float, half_y: float, corner: float = 0.0) -> Field:
    """Distance to a rectangle around the origin with rounded corners."""
    qx = np.abs(x) - np.float32(half_x - corner)
    qy = np.abs(y) - np.float32(half_y - corner)
    outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
    return outside + np.minimum(np.maximum(qx, qy), 0) - np.float32(corner)


def hexagon(x: Field, y: Field, apothem: float) -> Field:
    """Distance to a regular hexagon (inside exact, outside a lower bound)."""
    turns = [np.pi / 6 + k * np.pi / 3 for k in range(3)]
    sides = [np.abs(x * np.float32(np.cos(t)) + y * np.float32(np.sin(t))) for t in turns]
    return np.maximum.reduce(sides) - np.float32(apothem)


def segment(x: Field, y: Field, a: tuple[float, float], b: tuple[float, float]) -> Field:
    """Distance to the line from `a` to `b` (never negative)."""
    ax, ay = a
    bx, by = b[0] - ax, b[1] - ay
    t = np.clip(((x - ax) * bx + (y - ay) * by) / max(bx * bx + by * by, 1e-9), 0, 1)
    return np.hypot(x - ax - t * bx, y - ay - t * by).astype(np.float32)


def cover(distance: Field) -> Field:
    """Share of each pixel that lies inside: the anti-aliased edge."""
    return np.clip(0.5 - distance * np.float32(PX_PER_UNIT), 0, 1)


def bevel(distance: Field, width: float, depth: float) -> Field:
    """Height of a plate whose rim is rounded over `width` and falls by `depth`."""
    t = np.clip(-distance / np.float32(width), 0, 1)
    return np.float32(depth) * np.sqrt(np.maximum(1 - (1 - t) ** 2, 0))


def dome(distance: Field, radius: float) -> Field:
    """Height of a round bar (or ball) of `radius` from the distance to its axis (or centre)."""
    return np.sqrt(np.maximum(np.float32(radius) ** 2 - distance**2, 0)).astype(np.float32)


def lathe(radius: Field, rng: np.random.Generator, depth: float) -> Field:
    """Fine rings left by turning: a noise that depends on the distance from the axis only."""
    grain = rng.normal(0, depth, 192).astype(np.float32)
    at = np.arange(192, dtype=np.float32) * np.float32(1.6 / 192)
    return np.interp(radius.ravel(), at, grain).reshape(radius.shape).astype(np.float32)


class Canvas:
    """Layers put on top of one another; each is lit by the slope of its own height."""

    def __init__(self, metal: Rgb) -> None:
        self.metal = metal
        self.x, self.y = axes()
        shape = self.x.shape
        self._normal = np.zeros((*shape, 2), np.float32)
        self._paint = np.tile(np.asarray(metal, np.float32), (*shape, 1))
        self._gloss = np.ones(shape, np.float32)
        self._height = np.zeros(shape, np.float32)
        self._alpha = np.zeros(shape, np.float32)

    def add(
        self,
        distance: Field,
        height: Field,
        *,
        colour: Rgb | None = None,
        gloss: float = 1.0,
        shade: float | Field = 1.0,
    ) -> None:
        """Lay a piece over what is there: `shade` darkens it, `gloss` 0 is matt and 1 polished."""
        inside = cover(distance)
        slope_y, slope_x = np.gradient(height, np.float32(1 / PX_PER_UNIT))
        steep = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
        normal = np.stack((-slope_x * steep, -slope_y * steep), axis=-1)
        paint = np.asarray(colour or self.metal, np.float32) * np.asarray(shade)[..., None]
        over = inside[..., None]
        self._normal += over * (normal - self._normal)
        self._paint += over * (paint - self._paint)
        self._gloss += inside * (np.float32(gloss) - self._gloss)
        self._height += inside * (height - self._height)
        self._alpha = np.maximum(self._alpha, inside)

    def cut(self, distance: Field) -> None:
        """Take away everything inside: a hole through to the belt."""
        self._alpha *= 1 - cover(distance)

    def body(self, crevice: float = 5.0) -> Body:
        """The finished part; `crevice` says how dark low places between high ones are."""
        solid = np.where(self._alpha > 0.5, self._height, 0).astype(np.float32)
        near = cv2.GaussianBlur(solid, (0, 0), 3.0)
        far = cv2.GaussianBlur(solid, (0, 0), 9.0)
        sunk = np.maximum(near - solid, 0) + 0.7 * np.maximum(far - solid, 0)
        occlusion = 1 / (1 + np.float32(crevice) * sunk)
        crowned = self._normal + np.float32(_CROWN) * np.dstack((self.x, self.y))
        surface = np.dstack((np.clip(crowned, -1, 1) * 127, self._gloss * 255))
        reach = (occlusion * self._alpha)[..., None]
        paint = np.dstack((self._paint * reach, self._alpha)) * 255
        return Body(
            surface=np.rint(surface).astype(np.int16),
            paint=np.clip(np.rint(paint), 0, 255).astype(np.uint8),
            polished=bool(self._gloss.min() >= 1),
        )
