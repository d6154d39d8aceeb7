"""Bootstrap: how far a figure would move had other pictures been drawn.

Whatever depends on the pictures through counts alone (accuracy, precision, recall, F1) is
resampled through those counts: drawing N pictures with replacement and counting is the same
as one multinomial draw, so the cost does not grow with N.

Source: Efron & Tibshirani 1993, percentile interval; for pairs Agresti & Min 2005.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.metrics import Counts, Floats, Indices, Marginals

RESAMPLES = 2_000
SEED = 20_000
_BLOCK_CELLS = 4_000_000
_PAIR_PRIOR = 0.5


@dataclass(frozen=True)
class Interval:
    """A percentile interval; `confidence` is the share of resamples inside."""

    low: float
    high: float
    confidence: float


def percentile(draws: Floats, confidence: float = 0.95) -> Interval:
    """The middle `confidence` of the resamples, (B,) → interval."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, (tail, 1 - tail))
    return Interval(float(low), float(high), confidence)


def resample_marginals(
    confusion: Counts, *, resamples: int = RESAMPLES, seed: int = SEED
) -> Marginals:
    """Marginals of `resamples` redrawn sets of pictures.

    Args:
        confusion: int (C, C).
        resamples: B.
        seed: the same seed gives the same draws.

    Returns:
        int64 (B, C) each.
    """
    rows, columns = np.nonzero(confusion)
    drawn = _Tally(len(confusion), resamples)
    for part, counts in _multinomials(confusion[rows, columns], resamples, seed):
        drawn.enter(part, counts, rows, columns)
    return drawn.marginals


def resample_means(values: Floats, *, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Means of `resamples` redrawn sets of (N,) values, (B,)."""
    rng = np.random.default_rng(seed)
    n = len(values)
    means = np.zeros(resamples)
    step = max(1, _BLOCK_CELLS // max(1, n))
    for start in range(0, resamples if n else 0, step):
        size = min(step, resamples - start)
        means[start : start + size] = values[rng.integers(0, n, (size, n))].mean(axis=1)
    return means


def resample_gain(
    better: int, worse: int, n: int, *, resamples: int = RESAMPLES, seed: int = SEED
) -> Floats:
    """Difference in accuracy of two models on the same redrawn pictures, (B,).

    Half a picture is added to each side before drawing: else three pictures that only one model
    got right, and none the other, would count as proof.

    Args:
        better: pictures that only the candidate answered rightly.
        worse: pictures that only the other answered rightly.
        n: pictures in all.
        resamples: B.
        seed: the same seed gives the same draws.

    Source: Agresti & Min 2005 for the half picture.
    """
    weights = np.array([better + _PAIR_PRIOR, worse + _PAIR_PRIOR, max(0, n - better - worse)])
    drawn = np.random.default_rng(seed).multinomial(n, weights / weights.sum(), size=resamples)
    return (drawn[:, 0] - drawn[:, 1]) / max(1, n)


def resample_pairs(
    truth: Indices,
    first: Indices,
    second: Indices,
    classes: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[Marginals, Marginals]:
    """Marginals of two models on the same redrawn pictures, (B, C) each.

    Args:
        truth: int (N,).
        first: int (N,), the answers of one model.
        second: int (N,), the answers of the other to the same pictures.
        classes: C.
        resamples: B.
        seed: the same seed gives the same draws.
    """
    joint = (truth.astype(np.int64) * classes + first) * classes + second
    cells, counts = np.unique(joint, return_counts=True)
    row, a, b = cells // classes**2, cells // classes % classes, cells % classes
    tallies = _Tally(classes, resamples), _Tally(classes, resamples)
    for part, drawn in _multinomials(counts, resamples, seed):
        for tally, answer in zip(tallies, (a, b), strict=True):
            tally.enter(part, drawn, row, answer)
    return tallies[0].marginals, tallies[1].marginals


class _Tally:
    """Fills the marginals of B resamples, block by block."""

    def __init__(self, classes: int, resamples: int) -> None:
        shape = (resamples, classes)
        self.marginals = Marginals(*(np.zeros(shape, np.int64) for _ in range(3)))

    def enter(self, part: slice, drawn: Counts, row: Indices, answer: Indices) -> None:
        """Count (B, K) draws of K cells, each true as `row` and answered as `answer`, (K,)."""
        right = answer == row
        classes = self.marginals.hits.shape[1]
        self.marginals.truth[part] = _gather(drawn, row, classes)
        self.marginals.predicted[part] = _gather(drawn, answer, classes)
        self.marginals.hits[part] = _gather(drawn[:, right], row[right], classes)


def _gather(drawn: Counts, place: Indices, classes: int) -> Counts:
    """Sum the columns of (B, K) that go to the same place, (B, C)."""
    order = np.argsort(place, kind="stable")
    out = np.zeros((len(drawn), classes), np.int64)
    if len(order):
        starts = np.flatnonzero(np.r_[True, np.diff(place[order]) > 0])
        out[:, place[order][starts]] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return out


def _multinomials(
    counts: NDArray[np.integer], resamples: int, seed: int
) -> Iterator[tuple[slice, Counts]]:
    """Blocks of draws of (B, K) counts, so that memory stays bounded."""
    rng = np.random.default_rng(seed)
    n = int(counts.sum())
    if not n:
        return
    step = max(1, _BLOCK_CELLS // max(1, len(counts)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        yield slice(start, start + size), rng.multinomial(n, counts / n, size=size)
