"""What goes wrong with a part: scratch, dent, rust, a chipped edge."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.demo.shapes import SIDE_PX, Body

DEFECTS: Final = ("scratch", "dent", "rust", "chip")
LIGHT_SCRATCH: Final = 0.5  # a scratch weaker than this passes inspection …
_CENTRE: Final = SIDE_PX / 2


def damaged(body: Body, defect: str, strength: float, rng: np.random.Generator) -> Body:
    """A copy of `body` with one defect on it.

    Args:
        body: a flawless part.
        defect: one of `DEFECTS`.
        strength: 0 … 1, from hardly seen to ruined.
        rng: where on the part, and in what shape.
    """
    surface, paint = body.surface.copy(), body.paint.copy()
    at = _somewhere_on(paint[..., 3], rng, rim=defect == "chip")
    match defect:
        case "scratch":
            _scratch(surface, paint, at, strength, rng)
        case "dent":
            _dent(surface, paint, at, strength, rng)
        case "rust":
            _rust(surface, paint, at, strength, rng)
        case _:
            _chip(paint, at, strength, rng)
    return Body(surface, paint, polished=body.polished and defect != "rust")


def _somewhere_on(
    coverage: NDArray[np.uint8], rng: np.random.Generator, *, rim: bool
) -> tuple[float, float]:
    """A point of the part: on its outer rim, or well inside its metal."""
    small = cv2.resize(coverage, (48, 48), interpolation=cv2.INTER_AREA)
    depth = cv2.distanceTransform((small > 128).astype(np.uint8), cv2.DIST_L2, 3)
    rows, columns = np.nonzero((depth > 0) & (depth < 1.6) if rim else depth >= 0.6 * depth.max())
    if rim:
        far = np.hypot(rows - 23.5, columns - 23.5)
        outer = far >= np.quantile(far, 0.6)
        rows, columns = rows[outer], columns[outer]
    k = int(rng.integers(len(rows)))
    return (columns[k] + 0.5) * SIDE_PX / 48, (rows[k] + 0.5) * SIDE_PX / 48


def _scratch(
    surface: NDArray[np.int16],
    paint: NDArray[np.uint8],
    at: tuple[float, float],
    strength: float,
    rng: np.random.Generator,
) -> None:
    """One to three long, slightly bent grooves: a bright lip beside a dark floor."""
    heading = rng.uniform(0, np.pi)
    for _ in range(1 + int(2.9 * strength)):
        reach = SIDE_PX * rng.uniform(0.14, 0.2) * (0.7 + strength)
        angle = heading + rng.normal(0, 0.12)
        along = np.linspace(-1, 1, 9)[:, None] * reach
        bend = (along / reach) ** 2 * rng.normal(0, 7)
        step = np.array((np.cos(angle), np.sin(angle)))
        side = np.array((-step[1], step[0]))
        line = np.array(at) + side * rng.normal(0, 9) + along * step + bend * side
        for shift, tone, width in ((1.6, 235, 1), (-0.5, 20, 1 + round(2 * strength))):
            points = np.rint((line + side * shift) * 8).astype(np.int32)
            groove = np.zeros(paint.shape[:2], np.uint8)
            cv2.polylines(groove, [points], False, 255, width, cv2.LINE_AA, shift=3)
            _blend(paint, groove, (tone, tone, tone), 0.45 + 0.5 * strength)
            _upright(surface, groove)


def _dent(
    surface: NDArray[np.int16],
    paint: NDArray[np.uint8],
    at: tuple[float, float],
    strength: float,
    rng: np.random.Generator,
) -> None:
    """A round hollow: the slopes of a bowl added to the slopes of the surface."""
    radius = SIDE_PX * (0.055 + 0.06 * strength) * rng.uniform(0.9, 1.2)
    x, y = _grid()
    dx, dy = (x - np.float32(at[0])) / radius, (y - np.float32(at[1])) / radius
    bowl = np.exp(-1.2 * (dx * dx + dy * dy)) * np.float32(150 + 130 * strength)
    for channel, slope in ((0, dx), (1, dy)):
        bent = surface[..., channel] + bowl * slope
        surface[..., channel] = np.clip(bent, -126, 126).astype(np.int16)
    shade = 1 - np.float32(0.45 * strength) * np.exp(-2.0 * (dx * dx + dy * dy))
    paint[..., :3] = (paint[..., :3] * shade[..., None]).astype(np.uint8)


def _rust(
    surface: NDArray[np.int16],
    paint: NDArray[np.uint8],
    at: tuple[float, float],
    strength: float,
    rng: np.random.Generator,
) -> None:
    """A blotch of brown with a ragged edge; the metal is matt and rough there."""
    x, y = _grid()
    reach = np.float32(SIDE_PX * (0.1 + 0.2 * strength))
    far = np.hypot(x - np.float32(at[0]), y - np.float32(at[1])) / reach
    shift = [int(n) for n in rng.integers(0, SIDE_PX, 4)]
    ragged = np.roll(_noise(), shift[:2], (0, 1))
    mottle = np.clip(0.5 + 0.8 * np.roll(_noise(), shift[2:], (0, 1)), 0, 1)[..., None]
    eaten = np.clip((0.9 - far + 0.8 * ragged) * 2.2, 0, 1)
    old, fresh = np.array((24, 9, 5), np.float32), np.array((98, 36, 10), np.float32)
    rust = (old + mottle * (fresh - old)) * (paint[..., 3:] * np.float32(1 / 255))
    cover = (eaten * np.float32(0.95))[..., None]
    paint[..., :3] = (paint[..., :3] + cover * (rust - paint[..., :3])).astype(np.uint8)
    surface[..., 2] = (surface[..., 2] * (1 - 0.97 * eaten)).astype(np.int16)
    rough = (40 * (ragged + mottle[..., 0] - 0.5) * eaten)[..., None]
    surface[..., :2] = np.clip(surface[..., :2] + rough, -126, 126).astype(np.int16)


def _chip(
    paint: NDArray[np.uint8], at: tuple[float, float], strength: float, rng: np.random.Generator
) -> None:
    """A piece broken out of the rim: a missing tooth, a bitten washer."""
    count, radius = 11, SIDE_PX * (0.06 + 0.055 * strength)
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = radius * rng.uniform(0.65, 1.3, count)
    corners = np.column_stack((np.cos(angles), np.sin(angles))) * radii[:, None] + np.array(at)
    bite = np.zeros(paint.shape[:2], np.uint8)
    cv2.fillPoly(bite, [np.rint(corners * 8).astype(np.int32)], 255, cv2.LINE_AA, shift=3)
    fracture = np.asarray(cv2.dilate(bite, np.ones((7, 7), np.uint8)), np.uint8)
    _blend(paint, fracture, (38, 38, 40), 0.75)
    rows, columns = np.nonzero(bite)
    left = 1 - bite[rows, columns].astype(np.float32)[:, None] / 255
    paint[rows, columns] = (paint[rows, columns] * left).astype(np.uint8)


def _blend(
    paint: NDArray[np.uint8], mask: NDArray[np.uint8], colour: tuple[int, int, int], amount: float
) -> None:
    """Mix a colour into those pixels of the part that the mask touches."""
    rows, columns = np.nonzero(mask)
    old = paint[rows, columns].astype(np.float32)
    share = mask[rows, columns].astype(np.float32)[:, None] * np.float32(amount / 255)
    new = np.array(colour, np.float32) * old[:, 3:] / 255
    paint[rows, columns, :3] = (old[:, :3] + share * (new - old[:, :3])).astype(np.uint8)


def _upright(surface: NDArray[np.int16], mask: NDArray[np.uint8]) -> None:
    """Level the slope where the mask touches."""
    rows, columns = np.nonzero(mask)
    surface[rows, columns, :2] //= 2


@cache
def _grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32)
    return x, y


@cache
def _noise() -> NDArray[np.float32]:
    """Cloudy noise that repeats, about -1 … 1, float32 (S, S)."""
    rng = np.random.default_rng(7)
    total = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    for sigma, weight in ((12.0, 1.0), (5.0, 0.7), (2.0, 0.45)):
        wide = np.tile(rng.normal(0, 1, (SIDE_PX, SIDE_PX)).astype(np.float32), (3, 3))
        soft = cv2.GaussianBlur(wide, (0, 0), sigma)[SIDE_PX:-SIDE_PX, SIDE_PX:-SIDE_PX]
        total += np.float32(weight) * soft / soft.std()
    return total / np.abs(total).max()
