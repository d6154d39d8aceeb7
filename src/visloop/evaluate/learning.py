"""What more labels would bring: a learning curve through judged models, and how far it can be trusted.

The error of a model that learns from n pictures falls as a power of n (Cortes et al. 1993, Hestness
et al. 2017): log error is a line over log n, fitted by least squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtrit

SIZES: Final = 3
"""Different numbers of pictures that a curve needs at least."""
_LEAST: Final = 1e-9
_STEEPEST: Final = 50.0


@dataclass(frozen=True)
class Learnt:
    """A model that learnt from so many `pictures`, its `error` (> 0), and the error's standard error."""

    pictures: int
    error: float
    doubt: float


@dataclass(frozen=True)
class Improved:
    """The error by the curve after `more` pictures: `now`, `then`, and `gain` = now - then, at 95 %.

    `low` below 0 means that the curve does not say whether they would bring anything.
    """

    more: int
    now: float
    then: float
    low: float
    high: float
    slope: float

    @property
    def gain(self) -> float:
        """By how much the error would fall."""
        return self.now - self.then


def expect(models: Sequence[Learnt], more: int, worst: float = 1.0) -> Improved | None:
    """What `more` pictures like those before would bring; None under three sizes.

    At most a doubling is said anything about. The line's doubt is that of its residuals, and never
    less than the doubt of the errors themselves: three points may lie on a line by luck. The interval
    is that of its slope, by Student's t, from where the curve stands now.

    Args:
        models: judged on the same pictures, by the same recipe; at least two of different size.
        more: pictures beside those that the largest learnt from.
        worst: no error is larger: 1 of shares, infinite where there is no such bound.
    """
    sizes = np.array([each.pictures for each in models], np.float64)
    if len(set(sizes.tolist())) < SIZES or more < 1:
        return None
    errors = np.maximum([each.error for each in models], _LEAST)
    doubts = np.array([each.doubt for each in models], np.float64) / errors
    design = np.stack([np.ones(len(sizes)), np.log(sizes)], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    line = inverse @ design.T @ np.log(errors)
    free = len(sizes) - 2
    residuals = np.log(errors) - design @ line
    variance = max(float(residuals @ residuals) / free, float(np.mean(doubts**2)))
    most = float(sizes.max())
    more = min(more, int(most))
    grown = np.log((most + more) / most)
    now = min(worst, float(np.exp(line @ (1.0, np.log(most)))))
    half = float(stdtrit(free, 0.975)) * float(np.sqrt(inverse[1, 1] * variance))
    then, low, high = (
        min(worst, now * float(np.exp(min(s * grown, _STEEPEST))))
        for s in (line[1], line[1] + half, line[1] - half)
    )
    return Improved(more, now, then, now - low, now - high, float(line[1]))
