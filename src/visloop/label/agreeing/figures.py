"""Agreement beyond chance: kappa and alpha with intervals. Pure functions over counts.

Intervals are percentile bootstraps over pictures (Efron 1979): 2,000 draws of as many pictures as
there are, all answers of a picture together, seeded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

Counts = NDArray[np.float64]

_DRAWS: Final = 2000
_AT_ONCE: Final = 250
_SEED: Final = 20_260_101
_TINY: Final = 1e-12
_FEW: Final = 2


@dataclass(frozen=True)
class Figure:
    """A figure, and where it lies with 95 % confidence; None: it is not defined."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def cohen(cells: Counts) -> Figure:
    """Cohen's kappa of two people (Cohen 1960), as scikit-learn's `cohen_kappa_score` has it.

    Args:
        cells: (pictures, K, K) how often one said the row and the other the column.
    """

    def kappa(table: Counts) -> Counts:
        n = table.sum((-2, -1))
        seen = np.trace(table, axis1=-2, axis2=-1) / np.maximum(n, _TINY)
        chance = (table.sum(-1) * table.sum(-2)).sum(-1) / np.maximum(n * n, _TINY)
        return _beyond(seen, chance)

    return _bootstrapped(cells, kappa)


def fleiss(table: Counts) -> Figure:
    """Fleiss' kappa of pictures that as many people labelled (Fleiss 1971).

    Args:
        table: (pictures, K) how many said each class; the same sum in each row.
    """
    raters = table.sum(1)
    pairs = np.maximum(raters * (raters - 1), _TINY)
    seen = ((table * table).sum(1) - raters) / pairs
    whole = np.concatenate([seen[:, None], np.ones((len(table), 1)), table], axis=1)

    def kappa(sums: Counts) -> Counts:
        shares = sums[..., 2:] / np.maximum(sums[..., 2:].sum(-1, keepdims=True), _TINY)
        agreed = sums[..., 0] / np.maximum(sums[..., 1], _TINY)
        return _beyond(agreed, (shares * shares).sum(-1))

    return _bootstrapped(whole, kappa)


def krippendorff(table: Counts) -> Figure:
    """Krippendorff's alpha for names (Krippendorff 2011): as many answers a picture as there are.

    Args:
        table: (pictures, K) how many said each class; rows of fewer than two answers say nothing.
    """
    table = table[table.sum(1) >= _FEW]
    given = table.sum(1)
    differ = (given * given - (table * table).sum(1)) / np.maximum(given - 1, 1)
    whole = np.concatenate([differ[:, None], table], axis=1)

    def alpha(sums: Counts) -> Counts:
        each = sums[..., 1:]
        n = each.sum(-1)
        observed = sums[..., 0] / np.maximum(n, _TINY)
        expected = (n * n - (each * each).sum(-1)) / np.maximum(n * (n - 1), _TINY)
        return _beyond(1 - observed, 1 - expected)

    return _bootstrapped(whole, alpha)


def mean(sums: Counts) -> Figure:
    """A ratio of sums over pictures, such as a mean IoU or an F1.

    Args:
        sums: (pictures, 2) numerator and denominator of each.
    """

    def ratio(both: Counts) -> Counts:
        with np.errstate(divide="ignore", invalid="ignore"):
            return both[..., 0] / both[..., 1]

    return _bootstrapped(sums, ratio)


def _beyond(seen: Counts, chance: Counts) -> Counts:
    """Agreement beyond chance as a share of what is possible; NaN where chance alone is certain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance > 1 - _TINY, np.nan, (seen - chance) / (1 - chance))


def _bootstrapped(rows: Counts, figure: Callable[[Counts], Counts]) -> Figure:
    """The figure of the rows' sum, and of draws of the rows."""
    n = len(rows)
    value = float(figure(rows.sum(0))) if n else float("nan")
    if np.isnan(value):
        return Figure()
    if n < _FEW:
        return Figure(value)
    generator = np.random.default_rng(_SEED)
    flat = rows.reshape(n, -1)
    drawn: list[Counts] = []
    for _ in range(0, _DRAWS, _AT_ONCE):
        weights = generator.multinomial(n, np.full(n, 1 / n), size=_AT_ONCE).astype(np.float64)
        drawn.append(figure((weights @ flat).reshape(_AT_ONCE, *rows.shape[1:])))
    known = np.concatenate(drawn)
    low, high = np.nanquantile(known, (0.025, 0.975))
    return Figure(value, float(low), float(high))


def exact(right: int, n: int, confidence: float = 0.95) -> Figure:
    """A share of `n` with the exact interval of a binomial share (Clopper and Pearson 1934).

    Never too narrow, also of one or two: nobody is judged by them.
    """
    if not n:
        return Figure()
    tail = (1 - confidence) / 2
    low = float(betaincinv(right, n - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, n - right, 1 - tail)) if right < n else 1.0
    return Figure(right / n, low, high)
