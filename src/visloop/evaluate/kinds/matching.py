"""Which found box is which true one: COCO's greedy matching, for all pictures and classes at once.

COCO lets the surest detection choose first: of the true boxes that are still free it takes the one
that it overlaps most. Asked of all detections together, each proposes to its favourite and a true
box keeps the surest that asked; who lost asks its next favourite. A few rounds end where choosing one
after the other ends, since all true boxes prefer alike (Gale & Shapley 1962).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MOST: Final = 100
"""Detections of a class that count in one picture."""
_ALMOST_ONE: Final = 1 - 1e-10


class Boxes(NamedTuple):
    """G true and D found boxes, those of a group the surest first; only one group's are compared."""

    true_group: Ints
    true_xyxy: NDArray[np.float32]
    crowd: Bools
    found_group: Ints
    found_xyxy: NDArray[np.float32]


class Pairs(NamedTuple):
    """Found beside true boxes that overlap: (P,) each; of one detection the greatest overlap first."""

    found: Ints
    true: Ints
    overlap: Floats


def surest(groups: Ints, most: int = MOST) -> Bools:
    """Which of detections, the surest first, are among the `most` first of their group: (D,)."""
    if len(groups) == 0 or np.bincount(groups).max() <= most:
        return np.ones(len(groups), np.bool_)
    order = np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], groups[order], side="left")
    among = np.empty(len(groups), np.bool_)
    among[order] = np.arange(len(groups)) - first < most
    return among


def overlapping(boxes: Boxes, least: float) -> Pairs:
    """The pairs of one group whose intersection over union is at least `least`.

    Over a crowd the union is the found box alone, as COCO has it.
    """
    by_group = np.argsort(boxes.true_group, kind="stable")
    sizes = np.bincount(boxes.true_group, minlength=boxes.found_group.max(initial=0) + 1)
    first = (np.cumsum(sizes) - sizes)[boxes.found_group]
    many = sizes[boxes.found_group]
    found = np.repeat(np.arange(len(many)), many)
    within = np.arange(len(found)) - np.repeat(np.cumsum(many) - many, many)
    true = by_group[first[found] + within]
    overlap = _overlaps(boxes, found, true)
    near = overlap >= min(least, _ALMOST_ONE)
    found, true, overlap = found[near], true[near], overlap[near]
    best = np.lexsort((-true, -overlap, found))  # of equal overlaps COCO takes the later box
    return Pairs(found[best], true[best], overlap[best])


def match(pairs: Pairs, boxes: Boxes, least: float, ignored: Bools) -> Ints:
    """The true box of each found one at an overlap, or -1: int (D,).

    True boxes that are `ignored`, bool (G,), are taken by what finds no other; crowds by many.
    """
    taken = np.full(len(boxes.found_group), -1, np.int64)
    near = np.flatnonzero(pairs.overlap >= min(least, _ALMOST_ONE))
    of = pairs.true[near]
    wanted = ~ignored[of]
    _choose(pairs, near[wanted], taken, len(ignored))
    rest = near[~wanted]
    rest = rest[taken[pairs.found[rest]] < 0]
    crowd = boxes.crowd[pairs.true[rest]]
    _choose(pairs, rest[~crowd], taken, len(ignored))
    crowds = rest[crowd]
    crowds = crowds[taken[pairs.found[crowds]] < 0]
    taken[pairs.found[crowds]] = pairs.true[crowds]
    return taken


def _choose(pairs: Pairs, allowed: Ints, taken: Ints, count: int) -> None:
    """Enter into `taken` who gets which of `count` true boxes."""
    found, true = pairs.found[allowed], pairs.true[allowed]
    holder = np.full(count, len(taken), np.int64)
    while len(found):
        favourite = np.flatnonzero(np.r_[True, found[1:] != found[:-1]])
        backwards = favourite[::-1]
        holder[true[backwards]] = found[backwards]  # the surest is written last
        held = holder[true] >= found
        if held[favourite].all():
            taken[found[favourite]] = true[favourite]
            return
        found, true = found[held], true[held]


def _overlaps(boxes: Boxes, found: Ints, true: Ints) -> Floats:
    a, b = boxes.found_xyxy[found].astype(np.float64), boxes.true_xyxy[true].astype(np.float64)
    sides = np.maximum(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0)
    both = sides[:, 0] * sides[:, 1]
    area_a, area_b = ((c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b))
    whole = np.where(boxes.crowd[true], area_a, area_a + area_b - both)
    return np.divide(both, whole, out=np.zeros_like(both), where=whole > 0)
