"""Round edges between the bars of a histogram, where outliers do not squash it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

BARS: Final = 30
"""Bars that a histogram has about; two more at most, where round edges lie beside the ends."""
GREATEST: Final = 1e300
"""Numbers beyond it are of no picture."""
_TAIL: Final = 0.01
_SQUASHED: Final = 0.5
_ROUND: Final = (1, 2, 3, 4, 5, 6, 8, 10)
_FEW: Final = 1000
_SECOND: Final = 1_000_000
_DAY: Final = 86_400
_CLOCK: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAYS: Final = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 365, 730, 1825, 3650)


def edges_of(values: NDArray[np.float64], *, whole: bool, times: bool) -> list[float]:
    """Edges (bars + 1) that the values, or all but their tails, lie between; the last one is above.

    Args:
        values: (v) at least one, none beyond `GREATEST`; of times microseconds.
        whole: whether edges are whole numbers.
        times: whether steps are those of clocks and calendars.
    """
    low, high = _shown(values)
    width = max((high - low) / BARS, 4 * float(np.spacing(max(abs(low), abs(high)))))
    if times:
        step = _time_step(width)
    else:
        apart = _apart(values) if whole else 1
        step = _step(width / apart, whole=whole) * apart
    start = _DAY * _SECOND if times and step > _DAY * _SECOND else step
    digits = max(0, 2 - math.floor(math.log10(step)))
    first = round(math.floor(low / start + 1e-9) * start, digits)
    if first > low:
        first -= start
    edges = [first]
    while edges[-1] <= high:
        edges.append(round(first + len(edges) * step, digits))
    return edges


def _shown(values: NDArray[np.float64]) -> tuple[float, float]:
    """From least to most; without the outer hundredths, where those would take most of the room."""
    least, most = float(values.min()), float(values.max())
    low = float(np.quantile(values, _TAIL, method="lower"))
    high = float(np.quantile(values, 1 - _TAIL, method="higher"))
    squashed = low < high and high - low < _SQUASHED * (most - least)
    return (low, high) if squashed else (least, most)


def _apart(values: NDArray[np.float64]) -> int:
    """What all of them are multiples of: a bar that holds two such numbers beside one that holds one
    would tell of a difference that is none.
    """
    if float(np.abs(values).max()) >= 2.0**63:
        return 1
    first = int(np.gcd.reduce(values[:_FEW].astype(np.int64)))
    return max(1, first if first <= 1 else int(np.gcd.reduce(values.astype(np.int64))))


def _step(width: float, *, whole: bool) -> float:
    """The next round number that is at least as much."""
    if whole and width <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(width))
    steps = (each * power for each in _ROUND)
    return next((s for s in steps if s >= width), 10 * power)


def _time_step(width: float) -> float:
    """The same in steps of a clock, then of days; a year is 365 of them."""
    seconds = (*_CLOCK, *(days * _DAY for days in _DAYS))
    found = next((each for each in seconds if each * _SECOND >= width), None)
    if found is None:
        return _step(width / (_DAY * _SECOND), whole=True) * _DAY * _SECOND
    return float(found * _SECOND)
