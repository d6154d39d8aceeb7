"""Average precision, and how it would move had some pictures been drawn more often.

A redrawn set is the old one with other weights on its pictures; to first order a figure moves by its
derivative with respect to them. One pass gives the derivative, and with it any number of redraws:
no curve is made anew, so the cost does not grow with their number, and a rough redrawn curve does not
raise its own envelope. Source: Efron 1982 (infinitesimal jackknife); Davison & Hinkley 1997, 2.7.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_T = TypeVar("_T", bound=NDArray[Any])

RECALLS: Final = np.linspace(0, 1, 101)


class Wanted(NamedTuple):
    """True ones of each class in each picture, (C, N), and in all, (C,).

    `hits` int (C, 101): as many right ones reach each recall, in floating point as COCO divides.
    """

    objects: Floats
    total: Floats
    hits: Ints

    @classmethod
    def of(cls, objects: Floats) -> Wanted:
        """From (C, N)."""
        total = objects.sum(axis=1)
        reached = (np.arange(each + 1) / max(each, 1.0) for each in total)
        hits = [np.searchsorted(each, RECALLS, side="left") for each in reached]
        return cls(objects, total, np.array(hits, np.int64).reshape(len(total), len(RECALLS)))


class Ranked(NamedTuple):
    """K detections by class, the surest first; C classes, N pictures.

    `kind`, `picture` int (K,); `right`, `live` bool (K,): right, and counting at all; `wanted`: what
    is to be found.
    """

    kind: Ints
    picture: Ints
    right: Bools
    live: Bools
    wanted: Wanted


class Curve(NamedTuple):
    """Precision at 101 recalls, (C, 101), and what the derivative is made of.

    `moved` (K,): what one more of each detection would add to the area under its class's curve,
    times the number of its objects; `area` (C,).
    """

    precision: Floats
    moved: Floats
    area: Floats


def curve(ranked: Ranked) -> Curve:
    """COCO's curve of precision over recall: at each recall the best precision from there on.

    Precision is greatest where something right was found, so only these places are looked at.
    """
    wanted = ranked.wanted.total
    starts = np.searchsorted(ranked.kind, np.arange(len(wanted)))
    at = np.flatnonzero(ranked.right)
    kind = ranked.kind[at]
    firsts = np.searchsorted(kind, np.arange(len(wanted) + 1))  # the first right one of each class
    before = np.r_[0, np.cumsum(ranked.live)]  # how many count before each
    given = before[at + 1] - before[starts[kind]]
    precision = (np.arange(len(at)) - firsts[kind] + 1.0) / given
    # classes later in the list are lifted less, so what runs from behind begins anew at each
    lifted = precision + 2.0 * (len(wanted) - kind)
    highest = lifted >= _from_behind(np.maximum, lifted)
    peak = _from_behind(np.minimum, np.where(highest, np.arange(len(at)), len(at)))
    envelope = precision[peak]
    area = np.bincount(kind, weights=envelope, minlength=len(wanted)) / np.maximum(wanted, 1)
    moved = _moved(ranked, (at, kind, firsts), (peak, precision, given))
    return Curve(_sampled(envelope, firsts, ranked.wanted.hits), moved, area)


def _sampled(envelope: Floats, firsts: Ints, hits: Ints) -> Floats:
    """The envelope where each of the 101 recalls is reached first: (C, 101)."""
    behind = firsts[:-1, None] + np.maximum(hits, 1)
    return np.where(
        behind <= firsts[1:, None], np.r_[envelope, 0.0][behind.clip(max=len(envelope)) - 1], 0
    )


def _moved(
    ranked: Ranked, right: tuple[Ints, Ints, Ints], curve: tuple[Ints, Floats, Ints]
) -> Floats:
    (at, kind, firsts), (peak, precision, given) = right, curve
    # how many right ones take their precision from each peak
    leaning = np.bincount(peak, minlength=len(at)) / given
    up, down = (np.r_[_from_behind(np.add, each), 0.0] for each in (leaning, leaning * precision))
    later = np.cumsum(ranked.right) - ranked.right  # the next right one, or itself
    moved = down[firsts[1:]][ranked.kind] - down[later]
    moved[at] += precision[peak] + up[:-1] - up[firsts[kind + 1]]
    moved[~ranked.live] = 0
    return moved


def slopes(ranked: Ranked, moved: Floats, area: Floats) -> Floats:
    """D AP / d weight of each picture, (C, N); of a class it sums to nothing."""
    objects = ranked.wanted.objects
    count, pictures = objects.shape
    cells = ranked.kind * pictures + ranked.picture
    each = np.bincount(cells, weights=moved, minlength=count * pictures).reshape(count, pictures)
    return (each - area[:, None] * objects) / np.maximum(ranked.wanted.total, 1)[:, None]


def _from_behind(function: np.ufunc, values: _T) -> _T:
    behind: Any = function.accumulate(values[::-1])[::-1]
    return behind


def ranked_precision(scores: Floats, right: Bools) -> tuple[float, Floats]:
    """Average precision of one class over N pictures, without envelope; and its derivative, (N,).

    Σ (Rₙ - Rₙ₋₁) Pₙ over distinct scores, as scikit-learn has it: equal scores are one step. NaN
    where nothing is true.
    """
    wanted = int(right.sum())
    if not wanted:
        return float("nan"), np.zeros(len(scores))
    order = np.argsort(-scores, kind="stable")
    hit = right[order].astype(np.float64)
    last = np.r_[np.flatnonzero(np.diff(scores[order])), len(order) - 1]
    step = np.searchsorted(last, np.arange(len(order)))  # rows of one score share a step
    given = last + 1.0
    precision = np.cumsum(hit)[last] / given
    gained = np.bincount(step, weights=hit, minlength=len(last))
    value = float(gained @ precision) / wanted
    leaning = gained / given
    up, down = (_from_behind(np.add, each) for each in (leaning, leaning * precision))
    slope = np.empty(len(order))
    slope[order] = (hit * (precision[step] + up[step] - value) - down[step]) / wanted
    return value, slope
