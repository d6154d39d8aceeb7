"""Regions of a picture made unreadable, whatever its depth and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cv2
    import numpy as np
    from numpy.typing import NDArray
else:
    cv2 = lazy_vendor("cv2")
    np = lazy_vendor("numpy")

_CELLS: Final = 5
"""A region keeps about as many different colours along its shorter side."""


class Region(NamedTuple):
    """Corners in pixels of the upright picture, x2 and y2 exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int


class Redactor(Protocol):
    """A plug-in of `visloop.redactors`: it finds what must not be seen."""

    def __call__(self, rgb: NDArray[np.uint8]) -> Sequence[Region]:
        """Regions of an upright picture, uint8 (H, W, 3)."""
        ...


def grown(regions: Sequence[Region], margin: float, size: tuple[int, int]) -> list[Region]:
    """Each region larger by a share of its size on every side, inside the (width, height)."""
    width, height = size
    out: list[Region] = []
    for x1, y1, x2, y2 in regions:
        dx, dy = round((x2 - x1) * margin) + 1, round((y2 - y1) * margin) + 1
        region = Region(max(0, x1 - dx), max(0, y1 - dy), min(width, x2 + dx), min(height, y2 + dy))
        if region.x2 > region.x1 and region.y2 > region.y1:
            out.append(region)
    return out


def blurred(
    pixels: NDArray[Any], regions: Sequence[Region], *, cells: int = _CELLS
) -> NDArray[Any]:
    """A copy in which each region is a mosaic of few cells, blurred over.

    What is left of a region is the mean colour of a few cells: the pixels cannot be computed back
    from it. `cells` lie along the shorter side.
    """
    out = pixels.copy()
    for x1, y1, x2, y2 in regions:
        part = out[y1:y2, x1:x2]
        height, width = part.shape[:2]
        cell = max(height, width) if min(height, width) < cells else min(height, width) / cells
        small = (max(1, round(width / cell)), max(1, round(height / cell)))
        mosaic = cv2.resize(
            cv2.resize(part, small, interpolation=cv2.INTER_AREA),
            (width, height),
            interpolation=cv2.INTER_NEAREST,
        )
        soft = cv2.GaussianBlur(mosaic, (0, 0), max(cell / 2, 1.0))
        out[y1:y2, x1:x2] = np.asarray(soft).reshape(part.shape)
    return out
