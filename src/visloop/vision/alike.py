"""Whether two pictures are the same shot: resized, recompressed, cropped, turned a little, re-lit.

A thumbprint finds plain copies, local features find the piece that one picture is of the other; then
both are laid over each other and compared block by block, so that two pictures from one fixed camera,
which differ in a small place only, are told apart.

Source: Lowe 2004 (SIFT), Arandjelović, Zisserman 2012 (the root of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.vision.boxes import ShapeError

Floats: TypeAlias = NDArray[np.float32]

_PRINT: Final = 8
_FLAT: Final = 1e-3
_SIDE_PX: Final = 256
_FEATURES: Final = 300
_FAINT: Final = 0.01  # pictures of smooth things have few strong features
_DISTINCT: Final = 0.8  # Lowe's ratio
_REACH_PX: Final = 3.0
_LEAST_POINTS: Final = 4
_LARGEST: Final = 2.5  # one picture may show the other's content so many times as large
_GRID: Final = 24
_LEAST_OVERLAP: Final = 0.25
_COLOURLESS: Final = 6.0  # of 255: what compression leaves on a grey picture
_QUANTILE: Final = 0.98


def thumbprint(rgb: NDArray[np.uint8]) -> Floats:
    """Block means of a picture, 8 × 8 × 3, less their mean, at length one.

    Args:
        rgb: uint8 (H, W, 3).

    Returns:
        float32 (192,); the L2 distance of two of them is 0 for the same picture and √2 for unrelated
        ones.

    Raises:
        ShapeError: not uint8 (H, W, 3).
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:  # noqa: PLR2004
        raise ShapeError(f"a picture is uint8 (H, W, 3), not {rgb.dtype} {rgb.shape}")
    small = cv2.resize(rgb, (_PRINT, _PRINT), interpolation=cv2.INTER_AREA)
    values = np.asarray(small, np.float32).ravel() / np.float32(255)
    values -= values.mean()
    return values / max(float(np.linalg.norm(values)), _FLAT)


def mirrored(prints: Floats) -> Floats:
    """The thumbprints, (N, 192), of the same pictures seen in a mirror."""
    return prints.reshape(-1, _PRINT, _PRINT, 3)[:, :, ::-1].reshape(prints.shape)


@dataclass(frozen=True)
class Sketch:
    """A picture to compare with: `planes` float32 (3, h, w), at most 256 px a side, are its brightness
    and its colour (red and blue less brightness); local features at `points` float32 (K, 2), described
    by `marks` float32 (K, 128).
    """

    planes: Floats
    points: Floats
    marks: Floats


def sketch(rgb: NDArray[np.uint8], *, mirror: bool = False) -> Sketch:
    """What `likeness` needs of a picture, or of its mirror image.

    Args:
        rgb: uint8 (H, W, 3).
        mirror: turn left and right around.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE_PX / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    if mirror:
        rgb = np.ascontiguousarray(rgb[:, ::-1])
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    found, marks = cv2.SIFT.create(nfeatures=_FEATURES, contrastThreshold=_FAINT).detectAndCompute(
        grey, None
    )  # pyright: ignore[reportArgumentType, reportCallIssue]
    light = np.asarray(grey, np.float32)
    layers = np.stack([light, rgb[..., 0] - light, rgb[..., 2] - light], axis=-1)
    smooth = np.asarray(cv2.GaussianBlur(layers, (0, 0), 1.0), np.float32)
    planes = np.ascontiguousarray(smooth.transpose(2, 0, 1))
    if not found:
        none = np.zeros((0, 128), np.float32)
        return Sketch(planes, none[:, :2], none)
    rooted = np.sqrt(marks / np.maximum(marks.sum(axis=1, keepdims=True), _FLAT))
    points = np.array([each.pt for each in found], np.float32)
    return Sketch(planes, points, np.asarray(rooted, np.float32))


def likeness(first: Sketch, second: Sketch) -> float:
    """How far two pictures agree where they show the same, in [0, 1]; 0: no common piece is found.

    One less the 98th percentile of the differences of blocks, in standard deviations of the common
    piece, after both are brought in line in brightness, contrast and tint. Colour counts
    where both have any. Above .5: the same shot.
    """
    ways = [_stretched(first, second)]
    placed = _placed(first, second)
    if placed is not None:
        ways.append(placed)
    return max(_agreement(first.planes, second.planes, way) for way in ways)


def _stretched(first: Sketch, second: Sketch) -> Floats:
    """The whole of one picture onto the whole of the other, float32 (2, 3)."""
    (h, w), (high, wide) = first.planes.shape[1:], second.planes.shape[1:]
    return np.array([[wide / w, 0, 0], [0, high / h, 0]], np.float32)


def _placed(first: Sketch, second: Sketch) -> Floats | None:
    """The turn, scale and shift that lays one picture's features on the other's, float32 (2, 3)."""
    if min(len(first.points), len(second.points)) < _LEAST_POINTS:
        return None
    similar = first.marks @ second.marks.T
    distance = np.sqrt(np.maximum(2 - 2 * similar, 0))
    near = np.argpartition(distance, 1, axis=1)[:, :2]
    two = np.sort(np.take_along_axis(distance, near, axis=1), axis=1)
    best = distance.argmin(axis=1)
    rows = np.flatnonzero(two[:, 0] < _DISTINCT * two[:, 1])
    rows = rows[distance.argmin(axis=0)[best[rows]] == rows]  # each is the other's nearest
    if len(rows) < _LEAST_POINTS:
        return None
    cv2.setRNGSeed(0)
    way, inside = cv2.estimateAffinePartial2D(
        first.points[rows], second.points[best[rows]], ransacReprojThreshold=_REACH_PX
    )
    if way is None or int(inside.sum()) < _LEAST_POINTS:  # pyright: ignore[reportUnnecessaryComparison]
        return None
    scale = float(np.hypot(way[0, 0], way[1, 0]))
    if not 1 / _LARGEST <= scale <= _LARGEST:
        return None
    return np.asarray(way, np.float32)


def _agreement(first: Floats, second: Floats, way: Floats) -> float:
    """See `likeness`, for one way to lay the first picture onto the second."""
    high, wide = second.shape[1:]
    grid = (min(_GRID, wide), min(_GRID, high))
    size = (wide, high)
    laid = [np.asarray(cv2.warpAffine(plane, way, size), np.float32) for plane in first]
    inside = np.asarray(cv2.warpAffine(np.ones_like(first[0]), way, size), np.float32)

    def blocks(plane: Floats) -> Floats:
        return np.asarray(cv2.resize(plane, grid, interpolation=cv2.INTER_AREA), np.float32).ravel()

    whole = blocks(inside) > 0.99  # noqa: PLR2004 - blocks that lie inside of both pictures
    smaller = min(high * wide, abs(float(np.linalg.det(way[:, :2]))) * first[0].size)
    if whole.mean() * high * wide < _LEAST_OVERLAP * smaller or whole.sum() < _GRID:
        return 0.0
    x, y = (np.stack([blocks(p)[whole] for p in planes]) for planes in (laid, second))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    if min(float(np.abs(first[1:]).max()), float(np.abs(second[1:]).max())) <= _COLOURLESS:
        x, y = x[:1], y[:1]
    spread = float(np.sqrt((y**2).mean(axis=1).sum()))
    gain = float((x * y).sum()) / max(float((x**2).sum()), _FLAT)
    if gain <= 0 or spread < _FLAT:
        return 0.0
    apart = np.sqrt(((gain * x - y) ** 2).sum(axis=0))
    return max(0.0, 1.0 - float(np.quantile(apart, _QUANTILE)) / spread)
