"""What goes wrong with boxes: six kinds of error and what each costs, and which class is taken for which.

Source: Bolya et al. 2020 (TIDE). A false detection is, in this order: in the wrong place (its class,
overlap .1 to .5), of the wrong class (overlap .5 with an object of another), both, a second one on an
object that is found already, or on the background; a missed object is one that no detection in the
wrong place or of the wrong class would be. Each gain is that of map50 with this kind alone mended.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.averages import Ranked, Wanted, curve
from visloop.evaluate.kinds.box_table import HALF, Judged, Table
from visloop.evaluate.kinds.matching import Boxes, Pairs, match, overlapping

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEAR: Final = 0.1
NOTHING: Final = "nothing"
MEANINGS: Final = {
    "class": "right place, wrong class",
    "location": "right class, wrong place",
    "both": "wrong class and place",
    "duplicate": "found already",
    "background": "nothing is there",
    "missed": "not found at all",
}


class Wrong(NamedTuple):
    """K detections and G objects (`missed`) by kind of error, and the gain of mending each kind."""

    of: dict[str, Bools]
    gain: dict[str, float]


class Confusion(NamedTuple):
    """Truth in rows and answers in columns of int (C + 1, C + 1), over `labels`.

    `row` of each of K detections, -1 where it does not count; `column` of each of G objects, or -1.
    """

    labels: tuple[str, ...]
    counts: Ints
    row: Ints
    column: Ints


class _Beside(NamedTuple):
    """Places of detections and of objects; as boxes, and as pairs of places among these."""

    found: Ints
    true: Ints
    boxes: Boxes
    pairs: Pairs


class _Best(NamedTuple):
    """The true box that each of K detections overlaps most, and by how much."""

    true: Ints
    overlap: Floats


def wrong(table: Table) -> Wrong:
    """Every error of every detection, whatever its score."""
    sought = table.sought()
    judged = table.judged(HALF, sought)
    taken = _taken(table, judged)
    left = judged.live & ~judged.right
    beside = _beside(table, left, ~sought.ignored, NEAR)
    pairs = beside.pairs._replace(
        found=beside.found[beside.pairs.found], true=beside.true[beside.pairs.true]
    )
    same = table.answers.true_class[pairs.true] == table.kind[pairs.found]
    place, other = (_best(pairs, which, len(left)) for which in (same, ~same))
    kinds: dict[str, Bools] = {}
    for name, fits in (
        ("location", (place.overlap >= NEAR) & (place.overlap < HALF)),
        ("class", other.overlap >= HALF),
        ("duplicate", place.overlap >= HALF),
        ("background", np.maximum(place.overlap, other.overlap) < NEAR),
        ("both", np.ones(len(left), np.bool_)),
    ):
        kinds[name] = left & fits
        left = left & ~fits
    mended = np.where(kinds["location"], place.true, np.where(kinds["class"], other.true, -1))
    reachable = np.zeros(len(taken), np.bool_)
    reachable[mended[mended >= 0]] = True
    kinds["missed"] = ~taken & ~reachable & ~sought.ignored
    gains = _gains(table, judged, kinds, _surest(mended, taken, table.score))
    return Wrong({name: kinds[name] for name in MEANINGS}, gains)


def confusion(table: Table) -> Confusion:
    """Truth in rows, what is shown at the threshold in columns, the last of both is nothing.

    An object is first given to a detection of its class, as precision and recall have it; what is left
    on both sides is matched whatever its class.
    """
    answers, sought = table.answers, table.sought()
    judged = table.judged(HALF, sought)
    nothing = len(answers.classes)
    shown = judged.live & (table.score >= answers.threshold)
    row = np.where(shown, nothing, -1)
    row[shown & judged.right] = table.kind[shown & judged.right]
    column = np.where(sought.ignored, -1, nothing)
    right = judged.true[shown & judged.right]
    column[right] = answers.true_class[right]
    beside = _beside(table, shown & ~judged.right, column == nothing, HALF)
    met = match(beside.pairs, beside.boxes, HALF, beside.boxes.crowd)
    found, true = beside.found[met >= 0], beside.true[met[met >= 0]]
    row[found] = answers.true_class[true]
    column[true] = table.kind[found]
    counts = np.zeros((nothing + 1, nothing + 1), np.int64)
    np.add.at(counts, (row[shown], table.kind[shown]), 1)
    missed = column == nothing
    np.add.at(counts[:, nothing], answers.true_class[missed], 1)
    return Confusion((*answers.classes, NOTHING), counts, row, column)


def _taken(table: Table, judged: Judged) -> Bools:
    taken = np.zeros(len(table.true_area), np.bool_)
    taken[judged.true[judged.right]] = True
    return taken


def _beside(table: Table, found: Bools, true: Bools, least: float) -> _Beside:
    """Some detections, the surest first, beside some objects of their pictures, whatever the class."""
    places, objects = np.flatnonzero(found), np.flatnonzero(true)
    places = places[np.argsort(-table.score[places], kind="stable")]
    answers = table.answers
    boxes = Boxes(
        answers.true_picture[objects],
        answers.true_xyxy[objects],
        np.zeros(len(objects), np.bool_),
        table.picture[places],
        table.boxes.found_xyxy[places],
    )
    return _Beside(places, objects, boxes, overlapping(boxes, least))


def _best(pairs: Pairs, which: Bools, count: int) -> _Best:
    found, true, overlap = pairs.found[which], pairs.true[which], pairs.overlap[which]
    best = _Best(np.full(count, -1, np.int64), np.zeros(count))
    backwards = np.argsort(overlap, kind="stable")  # the greatest is written last
    best.true[found[backwards]] = true[backwards]
    best.overlap[found[backwards]] = overlap[backwards]
    return best


def _surest(mended: Ints, taken: Bools, score: Floats) -> Ints:
    """Where a detection would go if mended, -1 where its object is taken, or a surer one would go."""
    going = np.flatnonzero((mended >= 0) & ~taken[mended])
    going = going[np.argsort(score[going], kind="stable")]
    holder = np.full(len(taken), -1, np.int64)
    holder[mended[going]] = going
    goes = np.full(len(mended), -1, np.int64)
    held = holder[holder >= 0]
    goes[held] = mended[held]
    return goes


def _gains(table: Table, judged: Judged, kinds: dict[str, Bools], goes: Ints) -> dict[str, float]:
    classes = table.answers.true_class
    whole = table.sought().wanted.total
    before = _average(table.kind, judged.right, judged.live, table.score, whole)
    gains: dict[str, float] = {}
    for name, which in kinds.items():
        kind, right, live, wanted = table.kind, judged.right, judged.live, whole
        if name == "missed":
            wanted = whole - np.bincount(classes[which], minlength=len(whole))
        elif name in {"class", "location"}:
            mended = which & (goes >= 0)
            kind = np.where(mended, classes[goes], kind)
            right, live = right | mended, live & (~which | mended)
        else:
            live = live & ~which
        gains[name] = _average(kind, right, live, table.score, wanted) - before
    return gains


def _average(kind: Ints, right: Bools, live: Bools, score: Floats, wanted: Floats) -> float:
    """Average precision at half overlap, the mean over classes with objects."""
    if not wanted.any():
        return 0.0
    order = np.lexsort((-score, kind))
    ranked = Ranked(
        kind[order],
        np.zeros(len(order), np.int64),
        right[order],
        live[order],
        Wanted.of(wanted[:, None]),
    )
    return float(curve(ranked).precision[wanted > 0].mean())
