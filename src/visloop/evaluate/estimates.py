"""Figures with their derivatives by picture, and the intervals that follow from those.

The bootstrap redraws pictures with replacement: it changes their weights. To first order a figure
moves by derivative times change, and the variance of all redraws is the sum of the squared
derivatives. That needs no redraws, and so no seed. Source: Efron 1982, infinitesimal jackknife.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_vendor("scipy.special")

Floats = NDArray[np.float64]
Numbers = NDArray[np.floating] | NDArray[np.integer]

_TOO_WIDE: Final = 3.0  # half an interval of log odds
_NOTHING: Final = 1e-9  # slopes that differ by rounding alone


class Estimate(NamedTuple):
    """A figure, and how it would move with the weight of each of N pictures: (N,), summing to 0."""

    value: float
    slope: Floats

    def interval(self, confidence: float) -> tuple[float, float]:
        """Where a share lies, in [0, 1], by Student's t of N - 1: symmetric in its log odds.

        Plainly symmetric where its odds are so unsure that they would span nearly everything; that
        of a share of N pictures where none of them differs from the others.
        """
        value, pictures = float(self.value), len(self.slope)
        if pictures <= 1:
            return value, value
        half = sqrt(float(self.slope @ self.slope))
        half *= float(special.stdtrit(pictures - 1, (1 + confidence) / 2))
        steep = value * (1 - value)
        if half < _NOTHING:
            return wilson(value, pictures, confidence)
        if half > _TOO_WIDE * steep:
            return max(0.0, value - half), min(1.0, value + half)
        odds, spread = special.logit(value), half / steep
        return float(special.expit(odds - spread)), float(special.expit(odds + spread))

    def around(self, confidence: float) -> tuple[float, float]:
        """Where a figure that is no share lies: value ± Student's t of N - 1.

        Where no picture makes a difference, as far as a share of N pictures that is 0 may reach.
        """
        value, pictures = float(self.value), len(self.slope)
        half = sqrt(float(self.slope @ self.slope))
        if pictures > 1:
            half *= float(special.stdtrit(pictures - 1, (1 + confidence) / 2))
        half = half if half >= _NOTHING else wilson(0.0, pictures, confidence)[1]
        return value - half, value + half


def mean(values: Floats) -> Estimate:
    """The mean of (N,) values."""
    if not len(values):
        return Estimate(0.0, values)
    middle = float(values.mean())
    return Estimate(middle, (values - middle) / len(values))


def share(part: Numbers, whole: Numbers) -> Estimate:
    """The sum of one (N,) over the sum of another, 0 where there is nothing."""
    total = float(whole.sum())
    value = float(part.sum()) / total if total else 0.0
    return Estimate(value, (part - value * whole) / (total or 1.0))


def wilson(right: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share of n, which holds near 0 and 1, too. Source: Wilson 1927."""
    if not n:
        return 0.0, 1.0
    z = float(special.ndtri((1 + confidence) / 2))
    middle = (right + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(right * (1 - right) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
