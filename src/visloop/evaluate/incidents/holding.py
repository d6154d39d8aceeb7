"""A model's answer held against what is expected. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import train, vision
from visloop.evaluate.incidents.records import (
    Absent,
    Expected,
    Holds,
    NothingElse,
    Reads,
    Shows,
)
from visloop.evaluate.kinds.answering import corners
from visloop.vision import Annotation, Box, ClassLabel, Mask, NumberValue, Polygon

_IOU: Final = 0.5
_MOST: Final = 8
"""Objects that a line of words names."""


def missed(
    expected: Expected, said: Sequence[Annotation], size_hw: tuple[int, int]
) -> tuple[str, ...]:
    """What is expected and not so, in words; empty when the model answers rightly.

    Args:
        expected: what must be so, by the present names of its classes.
        said: the answer, in pixels of the upright picture, by the same names.
        size_hw: of the upright picture.
    """
    labels = {each.label for each in said if not isinstance(each, NumberValue)}
    number = next((each.value for each in said if isinstance(each, NumberValue)), None)
    absent, beyond = _placed([e for e in expected if isinstance(e, Holds)], said, size_hw)
    found: list[str] = []
    for each in expected:
        match each:
            case Shows():
                wrong = each.label not in labels
            case Absent():
                wrong = each.label in labels
            case Holds():
                wrong = each in absent
            case NothingElse():
                wrong = bool(beyond)
            case Reads():
                wrong = number is None or abs(number - each.value) > each.tolerance
        if wrong:
            found.append(
                f"{each} (there is {told(beyond)})" if each == NothingElse() else str(each)
            )
    return tuple(found)


def told(said: Sequence[Annotation]) -> str:
    """An answer in one line: `bag 0.91`, `2 × hat, 1 × dog`, `3.2 mm`, `nothing`."""
    whole = [each for each in said if isinstance(each, ClassLabel)]
    if whole:
        return ", ".join(f"{e.label} {e.score:.2f}" if e.score else e.label for e in whole)
    numbers = [each for each in said if isinstance(each, NumberValue)]
    if numbers:
        return ", ".join(f"{e.value:.4g} {e.unit}".strip() for e in numbers)
    counted = Counter(each.label for each in said).most_common(_MOST)
    return ", ".join(f"{n} × {label}" for label, n in counted) or "nothing"


def present(expected: Expected, names: Mapping[str, str]) -> Expected:
    """The same by the names that its classes have now.

    Args:
        expected: by the names of then.
        names: every name and alias → class name.
    """
    return tuple(_present(each, names) for each in expected)


def _present(
    each: object, names: Mapping[str, str]
) -> Shows | Absent | Holds | NothingElse | Reads:
    match each:
        case Shows():
            return Shows(label=names.get(each.label, each.label))
        case Absent():
            return Absent(label=names.get(each.label, each.label))
        case Holds():
            label = names.get(each.shape.label, each.shape.label)
            return Holds(shape=msgspec.structs.replace(each.shape, label=label))
        case NothingElse() | Reads():
            return each
        case _:
            raise TypeError(f"{each!r} is no expectation")


def _placed(
    wanted: Sequence[Holds], said: Sequence[Annotation], size_hw: tuple[int, int]
) -> tuple[list[Holds], list[Annotation]]:
    """Which objects are not answered, and which answered ones are none of them."""
    masks = [each for each in said if isinstance(each, Mask)]
    if masks:
        return _by_pixels(wanted, masks, size_hw)
    return _by_boxes(wanted, [each for each in said if isinstance(each, Box)])


def _by_boxes(
    wanted: Sequence[Holds], boxes: Sequence[Box]
) -> tuple[list[Holds], list[Annotation]]:
    """One answered box for each object, the greatest overlap first."""
    around = [train.box_around(each.shape) or (0.0, 0.0, 0.0, 0.0) for each in wanted]
    overlap = vision.iou_matrix(corners(around), corners([each.xyxy for each in boxes]))
    for row, each in enumerate(wanted):
        overlap[row, [box.label != each.shape.label for box in boxes]] = 0
    absent, left = set(range(len(wanted))), set(range(len(boxes)))
    while overlap.size and overlap.max() >= _IOU:
        row, column = np.unravel_index(int(overlap.argmax()), overlap.shape)
        absent.discard(int(row))
        left.discard(int(column))
        overlap[row, :] = overlap[:, column] = 0
    return [wanted[i] for i in sorted(absent)], [boxes[i] for i in sorted(left)]


def _by_pixels(
    wanted: Sequence[Holds], masks: Sequence[Mask], size_hw: tuple[int, int]
) -> tuple[list[Holds], list[Annotation]]:
    """All pixels of a class against all that are expected of it; a box fills its rectangle."""
    absent: list[Holds] = []
    for label in dict.fromkeys(each.shape.label for each in wanted):
        mine = [each for each in wanted if each.shape.label == label]
        true = _union([each.shape for each in mine], size_hw)
        found = _union([each for each in masks if each.label == label], size_hw)
        either = int((true | found).sum())
        if not either or int((true & found).sum()) < _IOU * either:
            absent += mine
    known = {each.shape.label for each in wanted}
    return absent, [each for each in masks if each.label not in known and any(each.counts[1:])]


def _union(shapes: Sequence[Box | Polygon | Mask], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    whole = np.zeros(size_hw, np.bool_)
    for shape in shapes:
        if isinstance(shape, Box):
            x1, y1, x2, y2 = (max(0, round(value)) for value in shape.xyxy)
            whole[y1:y2, x1:x2] = True
        else:
            whole |= vision.outline_bitmap(shape, size_hw)
    return whole
