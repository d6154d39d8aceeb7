"""How far two answers to the same picture agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
import numpy as np

from visloop import vision
from visloop.vision import Annotation, ClassLabel, Mask, NumberValue

LEAST: Final = {"class": 1.0, "number": 0.95, "objects": 0.8}
"""Two answers agree from here on: the same class; numbers within 5 %; F1 of the objects matched."""
_OVERLAP: Final = 0.5
A = TypeVar("A", ClassLabel, NumberValue)


class Agreement(msgspec.Struct, frozen=True):
    """`agreement` in [0, 1]; `score_difference` the copy's score less the client's answer's.

    Scores are of the best class, or the mean of the objects that both found.
    """

    agrees: bool
    agreement: float
    score_difference: float | None


def compare(ours: Sequence[Annotation], theirs: Sequence[Annotation]) -> Agreement:
    """Two answers to one picture: the one that the client got, and the copy's.

    Classes agree when they are the same, numbers by their ratio, boxes and masks by the F1 of those that
    have the same class and overlap by half (intersection over union).
    """
    mine, yours = _one(ours, ClassLabel), _one(theirs, ClassLabel)
    if mine or yours:
        same = bool(mine and yours and mine.label == yours.label)
        return Agreement(same, float(same), _difference([(mine, yours)]))
    number, other = _one(ours, NumberValue), _one(theirs, NumberValue)
    if number and other:
        high = max(abs(number.value), abs(other.value))
        close = 1.0 if high == 0 else max(0.0, 1 - abs(number.value - other.value) / high)
        return Agreement(close >= LEAST["number"], close, _difference([(number, other)]))
    pairs = _matched(ours, theirs)
    total = len(ours) + len(theirs)
    f1 = 2 * len(pairs) / total if total else 1.0
    return Agreement(f1 >= LEAST["objects"], f1, _difference(pairs))


def _one(said: Sequence[Annotation], kind: type[A]) -> A | None:
    """The surest of that kind."""
    found = [each for each in said if isinstance(each, kind)]
    return max(found, key=lambda each: each.score or 0.0, default=None)


def _difference(pairs: Sequence[tuple[Annotation | None, Annotation | None]]) -> float | None:
    both = [
        (their.score or 0.0) - (our.score or 0.0)
        for our, their in pairs
        if our is not None and their is not None
    ]
    return round(sum(both) / len(both), 6) if both else None


def _matched(
    ours: Sequence[Annotation], theirs: Sequence[Annotation]
) -> list[tuple[Annotation, Annotation]]:
    """Pairs of the same class that overlap, the surest of ours first; each object once."""
    left = list(theirs)
    pairs: list[tuple[Annotation, Annotation]] = []
    for our in sorted(ours, key=lambda each: -(each.score or 0.0)):
        alike = [(each, _overlap(our, each)) for each in left if _label(each) == _label(our)]
        best, overlap = max(alike, key=lambda pair: pair[1], default=(None, 0.0))
        if best is not None and overlap >= _OVERLAP:
            left.remove(best)
            pairs.append((our, best))
    return pairs


def _label(annotation: Annotation) -> str | None:
    return getattr(annotation, "label", None)


def _overlap(ours: Annotation, theirs: Annotation) -> float:
    """Intersection over union, of bitmaps where both are masks, else of the enclosing boxes."""
    if isinstance(ours, Mask) and isinstance(theirs, Mask):
        if ours.size_hw != theirs.size_hw:
            return 0.0
        a, b = (vision.bitmap_of(each.counts, each.size_hw) for each in (ours, theirs))
        union = int((a | b).sum())
        return int((a & b).sum()) / union if union else 1.0
    a_xyxy, b_xyxy = vision.geometry_xyxy(ours), vision.geometry_xyxy(theirs)
    if a_xyxy is None or b_xyxy is None:
        return 0.0
    boxes = [np.array([each], np.float32) for each in (a_xyxy, b_xyxy)]
    return float(vision.iou_matrix(boxes[0], boxes[1])[0, 0])
