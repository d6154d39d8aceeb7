"""The tests behind three of the four families: Kolmogorov-Smirnov by column, and χ² on classes.

Each takes a reference and a window and gives p-values that hold under "same distribution".
The fourth family, the embedding's mean, needs a null of its own: see `embedding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import special

    from visloop.observe.detectors.features import Floats, Ints
else:
    special = lazy_vendor("scipy.special")

_RARE: Final = 1.0
_GRAIN: Final = 0.01
"""Probabilities are compared in whole points: the answers of a model that is fitted again, or of the
folds that held a picture out, differ by less, and a test of their last digits would call that drift."""


def ks_columns(
    reference_sorted: Floats, window: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two-sample Kolmogorov-Smirnov, column by column.

    The supremum is attained at a window value or just left of one, so only those are looked at.

    Args:
        reference_sorted: float (M, K), each column ascending.
        window: float (N, K).

    Returns:
        distance float64 (K,) and p float64 (K,), not yet corrected for K.

    Source: Smirnov 1939; the p-value by Stephens 1970, within a few per cent of the exact one-sample
    law at the effective size for p ≥ 1e-4, and 4,000 times as fast.
    """
    rows, many = len(window), len(reference_sorted)
    ordered = np.sort(window, axis=0)
    distance = np.empty(window.shape[1])
    for column in range(window.shape[1]):
        values, against = ordered[:, column], reference_sorted[:, column]
        below = np.searchsorted(values, values, side="left") / rows
        upto = np.searchsorted(values, values, side="right") / rows
        gap_right = upto - np.searchsorted(against, values, side="right") / many
        gap_left = np.searchsorted(against, values, side="left") / many - below
        distance[column] = max(gap_right.max(), gap_left.max(), 0.0)
    effective = np.sqrt(rows * many / (rows + many))
    p = special.kolmogorov(distance * (effective + 0.12 + 0.11 / effective))
    return distance, np.clip(p, 1e-300, 1.0)


def in_points(probabilities: Floats) -> Floats:
    """Probabilities rounded to whole points, float (N, C)."""
    return np.round(probabilities / _GRAIN) * _GRAIN


def chi2_classes(reference: Ints, window: Ints, classes: int) -> tuple[float, NDArray[np.float64]]:
    """χ² on the 2 × C table of predicted classes.

    Classes of which the window expects less than one picture are counted together, since the
    χ² law does not hold for them one by one.

    Args:
        reference: int (M,), class indices below `classes`.
        window: int (N,).
        classes: C.

    Returns:
        p, and float64 (C,): how many standard deviations each class rose (+) or fell (-).

    Source: Pearson 1900; residuals adjusted as in Agresti 2007, 2.4.5.
    """
    table = np.stack([_count(reference, classes), _count(window, classes)])
    total, sizes = table.sum(), table.sum(axis=1)
    share = table.sum(axis=0) / total
    spread = np.sqrt(np.maximum(sizes[1] * share * (1 - share) * (1 - sizes[1] / total), 1e-12))
    rose = np.where(share > 0, (table[1] - sizes[1] * share) / spread, 0.0)
    rare = sizes[1] * share < _RARE
    pooled = np.concatenate([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)], axis=1)
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] <= 1:
        return 1.0, rose
    expected = np.outer(sizes, pooled.sum(axis=0)) / total
    chi2 = float(((pooled - expected) ** 2 / expected).sum())
    return float(special.chdtrc(pooled.shape[1] - 1, chi2)), rose


def _count(indices: Ints, classes: int) -> NDArray[np.float64]:
    return np.bincount(indices, minlength=classes).astype(np.float64)


def standardised_shift(reference: Floats, window: Floats) -> NDArray[np.float64]:
    """How far each column's mean moved, in standard deviations of the reference: float64 (K,)."""
    spread = np.maximum(reference.std(axis=0, dtype=np.float64), 1e-9)
    moved: NDArray[Any] = window.mean(axis=0, dtype=np.float64) - reference.mean(
        axis=0, dtype=np.float64
    )
    return moved / spread
