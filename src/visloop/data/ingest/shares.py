"""Coordinates given as shares of the picture, made pixels once its size is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from visloop.lazy import lazy_vendor
from visloop.vision import Box, OrientedBox, Points, Polygon, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cv2
    import numpy as np

    from visloop.vision import Annotation
else:
    cv2 = lazy_vendor("cv2")
    np = lazy_vendor("numpy")

_FOUR_CORNERS: Final = 8
_CROOKED_PX: Final = 1.0
"""Corners of a rectangle that was written with few decimals are off by less than this."""


def in_pixels(
    annotations: Sequence[Annotation], size: tuple[int, int], *, corners: bool = False
) -> tuple[tuple[Annotation, ...], int]:
    """The annotations in pixels; and how many outlines of four corners had no right angles.

    Args:
        annotations: boxes, tracks, outlines and key points in shares (0 … 1); others stay.
        size: (width, height) in pixels of the upright picture.
        corners: outlines of four corners are turned boxes; crooked ones become the smallest
            turned box around them.
    """
    made: list[Annotation] = []
    crooked = 0
    for each in annotations:
        scaled = _scaled(each, size)
        if corners and isinstance(scaled, Polygon) and len(scaled.rings[0]) == _FOUR_CORNERS:
            scaled, right = _turned_box(scaled)
            crooked += not right
        made.append(scaled)
    return tuple(made), crooked


def _scaled(each: Annotation, size: tuple[int, int]) -> Annotation:
    width, height = size
    match each:
        case Box() | Track():
            x1, y1, x2, y2 = each.xyxy
            return replace(each, xyxy=(x1 * width, y1 * height, x2 * width, y2 * height))
        case Polygon():
            rings = tuple(
                tuple(value * size[at % 2] for at, value in enumerate(ring)) for ring in each.rings
            )
            return replace(each, rings=rings)
        case Points():
            points = tuple((x * width, y * height, seen) for x, y, seen in each.points)
            return replace(each, points=points)
        case _:
            return each


def _turned_box(outline: Polygon) -> tuple[Annotation, bool]:
    """The turned box with these corners, its width along the first side; and whether it fits."""
    ring = outline.rings[0]
    if not all(map(math.isfinite, ring)):
        return outline, True
    a, b, c, d = ((ring[at], ring[at + 1]) for at in range(0, _FOUR_CORNERS, 2))
    centre = ((a[0] + b[0] + c[0] + d[0]) / 4, (a[1] + b[1] + c[1] + d[1]) / 4)
    along = ((b[0] - a[0] + c[0] - d[0]) / 2, (b[1] - a[1] + c[1] - d[1]) / 2)
    across = ((d[0] - a[0] + c[0] - b[0]) / 2, (d[1] - a[1] + c[1] - b[1]) / 2)
    right = (
        math.dist((a[0] + c[0], a[1] + c[1]), (b[0] + d[0], b[1] + d[1])) <= 2 * _CROOKED_PX
        and abs(math.dist(a, c) - math.dist(b, d)) <= _CROOKED_PX
    )
    size, angle = (math.hypot(*along), math.hypot(*across)), math.atan2(along[1], along[0])
    if not right:
        points = np.asarray(ring, np.float32).reshape(4, 2)
        centre, size, degrees = cv2.minAreaRect(points)
        angle = math.radians(degrees)
    given = {name: getattr(outline, name) for name in outline.__struct_fields__ if name != "rings"}
    cxcywh = (float(centre[0]), float(centre[1]), float(size[0]), float(size[1]))
    return OrientedBox(cxcywh=cxcywh, angle_deg=math.degrees(angle), **given), right
