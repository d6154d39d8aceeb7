"""The nearest of some rows of a gallery to a query, best first."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors
from visloop.data.finding.gallery import Gallery

EXACT: Final = 4096
"""So many rows are compared one by one; of more, the best by their sketches are."""
POOL: Final = 1024
_MOST_OF_IT: Final = 0.5
SEEN: Final = 1600
"""So many are looked at in an index, and the best `SEEN_BEST` of them compared exactly."""
SEEN_BEST: Final = 160
_SEEN_A_WANTED: Final = 4
_FARTHER: Final = 8
"""Products with words are largest where vectors are long, not only nearby: more are looked at."""


class Placed:
    """All samples of a version as rows of a gallery, and back.

    Args:
        rows: int64 (n), the row of each sample's picture; -1 where it has none.
        size: how many rows the gallery has.
    """

    def __init__(self, rows: NDArray[np.int64], size: int) -> None:
        self.rows, self._size = rows, size

    @cached_property
    def holds(self) -> NDArray[np.bool_]:
        """(size): whether a sample shows the picture of that row."""
        found = np.zeros(self._size + 1, np.bool_)  # the last one is for -1: no picture
        found[self.rows] = True
        return found[:-1]

    @cached_property
    def share(self) -> float:
        """Of the gallery, how much is in the version; 0 where a sample is not in the gallery."""
        if len(self.rows) <= EXACT or int(self.rows.min()) < 0:
            return 0.0
        return int(np.count_nonzero(self.holds)) / self._size

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.rows, kind="stable")
        return order, self.rows[order]

    def places(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """The samples that show the pictures of these rows, which differ; ascending."""
        order, known = self._sorted
        first, end = np.searchsorted(known, rows), np.searchsorted(known, rows, side="right")
        counts = end - first
        shift = np.repeat(first - (np.cumsum(counts) - counts), counts)
        return np.sort(order[shift + np.arange(len(shift))])


def nearest(
    gallery: Gallery, query: Vectors, rows: NDArray[np.int64], count: int, *, inner: bool = False
) -> tuple[NDArray[np.int64], Vectors]:
    """Where in `rows` the nearest stand, and how near they are.

    Args:
        gallery: the vectors.
        query: float32 (D), of any length.
        rows: (n), rows of the gallery; repeats are allowed.
        count: how many are wanted.
        inner: rank by the product with the query (long vectors before short ones), not the cosine.

    Returns:
        int64 (k) places in `rows`, k = min(count, n), equals in their order; float32 (k) cosines,
        or products with the query at length 1.
    """
    unit = _unit(query)
    places = np.arange(len(rows))
    if len(rows) > EXACT:
        about = gallery.sketched(unit)[rows]
        if inner:
            about = about * gallery.lengths(rows)
        pool = max(POOL, 2 * count)
        if len(rows) > pool:
            places = np.sort(np.argpartition(-about, pool)[:pool])
    return _compared(gallery, unit, rows, places, count, inner=inner)


def nearest_of_all(
    gallery: Gallery,
    query: Vectors,
    placed: Placed,
    count: int,
    *,
    inner: bool = False,
    without: int = -1,
) -> tuple[NDArray[np.int64], Vectors] | None:
    """As `nearest` for all samples of a version but those of row `without`, by the gallery's index.

    None: it has no index, or too little of what the index finds would be of the version.
    """
    if placed.share < _MOST_OF_IT:
        return None
    unit = _unit(query)
    farther = _FARTHER if inner else 1
    found = gallery.near(unit, int(max(farther * SEEN, _SEEN_A_WANTED * count) / placed.share))
    if found is None:
        return None
    rows, about = found
    fits = rows < len(placed.holds)  # others may have been added meanwhile
    fits &= placed.holds[rows * fits] & (rows != without)
    rows, about = rows[fits], about[fits]
    if inner:
        about = about * gallery.lengths(rows)
    pool = max(farther * SEEN_BEST, 2 * count)
    if len(rows) > pool:
        rows = rows[np.argpartition(-about, pool)[:pool]]
    return _compared(gallery, unit, placed.rows, placed.places(rows), count, inner=inner)


def _unit(query: Vectors) -> Vectors:
    return (query / max(float(np.linalg.norm(query)), 1e-30)).astype(np.float32)


def _compared(
    gallery: Gallery,
    unit: Vectors,
    rows: NDArray[Any],
    places: NDArray[np.int64],
    count: int,
    *,
    inner: bool,
) -> tuple[NDArray[np.int64], Vectors]:
    """The best of some places, exactly."""
    scores = gallery.units(rows[places]) @ unit
    if inner:
        scores = scores * gallery.lengths(rows[places])
    best = np.lexsort((places, -scores))[:count]
    return places[best], scores[best]
