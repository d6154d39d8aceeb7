"""Where tiles lie in a prepared picture, and for which boxes each answers."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from visloop.vision.contract import Tiling


class Window(NamedTuple):
    """A tile: its upper left corner, and the part in which the middles of its boxes lie, in pixels of
    the prepared picture; the outer ones answer for everything beyond the border too.
    """

    x: int
    y: int
    own_xyxy: tuple[float, float, float, float]


def windows(tiling: Tiling, size_hw: tuple[int, int]) -> tuple[Window, ...]:
    """The tiles of a prepared picture, row by row.

    Args:
        tiling: how large they are and how much of each other they share.
        size_hw: height and width of the prepared picture.
    """
    (high, wide), overlap = tiling.size_hw, tiling.overlap_px
    rows, columns = _side(size_hw[0], high, overlap), _side(size_hw[1], wide, overlap)
    return tuple(
        Window(x, y, (left, above, right, below))
        for y, above, below in rows
        for x, left, right in columns
    )


def _side(length: int, tile: int, overlap: int) -> list[tuple[int, float, float]]:
    """Start of each tile along a side, and between which middles of the overlaps it answers."""
    count = 1 if tile >= length else math.ceil((length - overlap) / (tile - overlap))
    starts = [place * (length - tile) // max(1, count - 1) for place in range(count)]
    middles = [(one + tile + other) / 2 for one, other in itertools.pairwise(starts)]
    edges = (-math.inf, *middles, math.inf)
    bounds = itertools.pairwise(edges)
    return [(start, low, high) for start, (low, high) in zip(starts, bounds, strict=True)]
