"""The nearest of some rows of a gallery to a query, best first."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors
from visloop.data.finding.gallery import Gallery

EXACT: Final = 4096
"""So many rows are compared one by one; of more, the best by their sketches are."""
POOL: Final = 1024


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
    unit = (query / max(float(np.linalg.norm(query)), 1e-30)).astype(np.float32)
    places = np.arange(len(rows))
    if len(rows) > EXACT:
        about = gallery.sketched(unit)[rows]
        if inner:
            about = about * gallery.lengths(rows)
        pool = max(POOL, 2 * count)
        if len(rows) > pool:
            places = np.sort(np.argpartition(-about, pool)[:pool])
    scores = gallery.units(rows[places]) @ unit
    if inner:
        scores = scores * gallery.lengths(rows[places])
    best = np.lexsort((places, -scores))[:count]
    return places[best], scores[best]
