"""Tests that may be looked at after every request: e-processes, and intervals for a rate.

Every sign of harm is a sequence of yes and no whose chance of a yes is at most `null` when there is
no harm. The likelihood ratio of "the odds are θ times as large" against that, averaged over a few θ,
starts at 1 and is a supermartingale without harm, so it ever reaches 1/α with chance α at most,
however often anybody looks (Ville 1939; mixture tests: Robbins 1970; monitored experiments: Johari,
Koomen, Pekelis, Walsh 2022). Several such processes may be averaged: the mean is one again.

For failures and slow answers the yes is "it was the canary's", counted among failures only. We
tossed the coin that gave the request to the canary, so without harm its chance is the canary's share
whatever the traffic does: rates that drift and failures that come in bursts cannot deceive it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

RATIOS: Final = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""How many times as often the canary may fail, if it is worse: what the test keeps an eye on."""
START: Final = (0.0,) * len(RATIOS)
_LN_RATIOS: Final = np.log(RATIOS)
_BISECTIONS: Final = 50


def null_share(share: float, tolerated: float = 1.0) -> float:
    """The chance that a failure is the canary's, when it fails `tolerated` times as often.

    Args:
        share: of the traffic that the canary gets, in (0, 1).
        tolerated: ratio of failure rates that is no harm yet.
    """
    return share * tolerated / (1 - share + share * tolerated)


def learnt(logs: Floats, null: float, yes: Floats | int, no: Floats | int) -> Floats:
    """The log likelihood ratios after `yes` and `no` more, in whichever order they came.

    Args:
        logs: float64 (..., R) for `RATIOS`; all 0 at the start.
        null: the largest chance of a yes without harm, in (0, 1).
        yes: how many, (...).
        no: how many, (...).

    Returns:
        float64 (..., R).
    """
    all_of_them = np.asarray(yes)[..., None] + np.asarray(no)[..., None]
    ratios = np.asarray(RATIOS)
    return (
        logs + np.asarray(yes)[..., None] * _LN_RATIOS - all_of_them * np.log1p(null * (ratios - 1))
    )


def evidence(logs: Floats | Sequence[Sequence[float]]) -> Floats:
    """The e-value of harm: the mean over `RATIOS` (last axis) of the likelihood ratios; 1 at the start."""
    return np.exp(np.minimum(logs, 700.0)).mean(axis=-1)


def rate_bounds(yes: int, n: int, alpha: float) -> tuple[float, float]:
    """A confidence sequence for a rate: all its intervals together hold with chance 1 - alpha.

    The rates at which the mixture over a uniform prior is below 1/alpha (Robbins 1970; Howard, Ramdas,
    McAuliffe, Sekhon 2021, proposition 7).

    Args:
        yes: how many of n.
        n: how many in all.
        alpha: of the whole sequence.

    Returns:
        Lowest and highest rate.
    """
    if n == 0:
        return 0.0, 1.0
    mixed = math.lgamma(1 + yes) + math.lgamma(1 + n - yes) - math.lgamma(2 + n)
    least = mixed - math.log(1 / alpha)

    def outside(rate: float) -> bool:
        return yes * _ln(rate) + (n - yes) * _ln(1 - rate) < least

    return _edge(outside, yes / n, 0.0), _edge(outside, yes / n, 1.0)


def _ln(value: float) -> float:
    return math.log(value) if value > 0 else -1e300


def _edge(outside: object, inner: float, outer: float) -> float:
    if not callable(outside) or not outside(outer):
        return outer
    for _ in range(_BISECTIONS):
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if outside(middle) else (middle, outer)
    return outer
