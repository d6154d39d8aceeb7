"""Vectors as points in the plane: principal components, and what a plug-in makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visloop.config import load_plugin
from visloop.data.features import Vectors
from visloop.errors import MissingExtra, UsageError, did_you_mean

if TYPE_CHECKING:
    from visloop.progress import Progress

PCA: Final = "pca"
TSNE: Final = "tsne"
WAYS: Final = (TSNE, PCA)
"""How a map can be made, the better one first."""
_EXTRA: Final = "map"
_KEPT: Final = 50
_LOOKED_AT: Final = 8192
_FEWEST: Final = 10
"""Of fewer pictures the principal components show everything."""

Blocks = Callable[[], Iterator[Vectors]]


class Projection(Protocol):
    """What a plug-in of `visloop.projections` does."""

    def __call__(
        self, vectors: Vectors, start: Vectors, *, seed: int, progress: Progress
    ) -> Vectors:
        """float32 (n, d) and where to begin, float32 (n, 2) → float32 (n, 2), the same every time."""
        ...


def chosen(by: str) -> str:
    """The way that is asked for; without one the best that is installed.

    Raises:
        UsageError: there is no such way.
        MissingExtra: its library is not installed.
    """
    if by and by not in WAYS:
        raise UsageError(
            f"no map is made by {by!r}", fix=did_you_mean(by, WAYS, otherwise=", ".join(WAYS))
        )
    if by == PCA:
        return by
    try:
        load_plugin("projections", TSNE, extra=_EXTRA)
    except MissingExtra:
        if by:
            raise
        return PCA
    return TSNE


def project(by: str, count: int, blocks: Blocks, *, seed: int, progress: Progress) -> Vectors:
    """Points of vectors.

    Args:
        by: `pca` or `tsne`.
        count: n, how many vectors there are.
        blocks: gives all of them, some thousands at a time, as often as it is called.
        seed: of what is drawn at random; principal components draw nothing.
        progress: told of each step.

    Returns:
        float32 (n, 2), within [-1, 1], centred, the same scale on both axes.
    """
    if count == 0:
        return np.zeros((0, 2), np.float32)
    inner = components(count, blocks, _KEPT)
    plane = np.zeros((count, 2), np.float32)
    plane[:, : min(2, inner.shape[1])] = inner[:, :2]
    if by == TSNE and count >= _FEWEST:
        made: Projection = load_plugin("projections", TSNE, extra=_EXTRA)
        plane = made(inner, plane, seed=seed, progress=progress)
    return _fitted(plane)


def components(count: int, blocks: Blocks, kept: int) -> Vectors:
    """The first principal components of vectors, float32 (n, at most `kept`), the largest first.

    Directions are those of at most 8,192 vectors, evenly spread, so that the cost of finding them does
    not grow. Each points to where its largest number is positive: no run turns a map around.

    Source: Pearson 1901.
    """
    spread = np.unique(np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(np.int64))
    some = np.concatenate(list(_rows(blocks, spread)))
    mean = some.mean(axis=0)
    some = some - mean
    if len(some) < some.shape[1]:
        _, _, ways = np.linalg.svd(some, full_matrices=False)
    else:
        ways = np.linalg.eigh(some.T @ some)[1][:, ::-1].T
    ways = ways[: min(kept, len(some))]
    signs = np.sign(np.take_along_axis(ways, np.abs(ways).argmax(axis=1)[:, None], axis=1))
    ways = (ways * np.where(signs == 0, 1, signs)).astype(np.float32)
    return np.concatenate([(block - mean) @ ways.T for block in blocks()]).astype(np.float32)


def _rows(blocks: Blocks, wanted: NDArray[np.int64]) -> Iterator[Vectors]:
    """Those rows of all blocks."""
    at = 0
    for block in blocks():
        here = wanted[(wanted >= at) & (wanted < at + len(block))] - at
        if len(here):
            yield block[here]
        at += len(block)


def _fitted(points: Vectors) -> Vectors:
    low, high = points.min(axis=0), points.max(axis=0)
    half = max(float((high - low).max()) / 2, float(np.finfo(np.float32).tiny))
    return ((points - (low + high) / 2) / half).astype(np.float32)
