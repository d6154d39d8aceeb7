"""What a picture says about its objects: what counts, what is blank, and what nobody knows.

An object counts when a person accepted it. Regions to ignore, crowds, and objects that are drafts or
proposals are blank: a recipe neither learns that something is there nor that nothing is. Rejected
objects are not there. A picture that was looked at and holds no object is a negative; one that nobody
looked at, or that only has labels of another kind, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from visloop.data import Sample
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Polygon,
    Track,
    bitmap_of,
    geometry_xyxy,
    iou_matrix,
)

NO_LABEL: Final = "no label"
NOT_REVIEWED: Final = "label not accepted yet"
IGNORED: Final = "marked ignore"
OTHER_KIND: Final = "labels of another kind only"
NO_NUMBER: Final = "no number"
SEVERAL_NUMBERS: Final = "several numbers"

_SAME_IOU: Final = 0.7
_Xyxy = tuple[float, float, float, float]


@dataclass(frozen=True)
class Labelled:
    """A picture and what is true of it: of its fields those that belong to the task.

    `label` its class; `objects` boxes (detect) or outlines (segment), their labels the classes'
    present names; `blank` regions of which nobody knows; `value` its number, in `unit`.
    """

    sample: Sample
    label: str = ""
    objects: tuple[Annotation, ...] = ()
    blank: tuple[_Xyxy, ...] = ()
    value: float = 0.0
    unit: str = ""

    @property
    def said(self) -> tuple[object, ...]:
        """What two copies of a picture must agree on."""
        drawn = sorted((each.label, repr(_shape(each))) for each in self.objects)
        return self.label, tuple(drawn), self.value, self.unit


def boxes_of(sample: Sample, names: Mapping[str, str]) -> Labelled | str:
    """The picture's boxes, or why it cannot be learnt from.

    Tracks are boxes; turned boxes, polygons and masks count by the box around them, unless the same
    object has a box already.

    Args:
        sample: the picture.
        names: every name and alias → class name.
    """
    drawn, outlined = _parted(sample, (Box, Track, OrientedBox), (Mask, Polygon))
    return _labelled(sample, [*drawn, *_others(outlined, drawn, names)], names, as_boxes=True)


def outlines_of(sample: Sample, names: Mapping[str, str]) -> Labelled | str:
    """The picture's masks and polygons, or why it cannot be learnt from.

    A box without an outline of its class says that something is there, and not where: it is blank.

    Args:
        sample: the picture.
        names: every name and alias → class name.
    """
    outlined, drawn = _parted(sample, (Mask, Polygon), (Box, Track, OrientedBox))
    if drawn and not outlined:
        return OTHER_KIND
    found = _labelled(sample, outlined, names, as_boxes=False)
    if isinstance(found, str):
        return found
    unsure = [each for each in _others(drawn, outlined, names) if each.review != "rejected"]
    return replace(found, blank=(*found.blank, *_around(unsure)))


def number_of(sample: Sample) -> Labelled | str:
    """The one number of the picture, or why there is none."""
    numbers = [a for a in sample.annotations if isinstance(a, NumberValue)]
    if any(a.ignore for a in numbers):
        return IGNORED
    accepted = {(a.label, a.value, a.unit): a for a in numbers if a.review == "accepted"}
    if len(accepted) > 1:
        return SEVERAL_NUMBERS
    if not accepted:
        waiting = any(a.review != "rejected" for a in numbers)
        return NOT_REVIEWED if waiting else NO_NUMBER
    ((_, value, unit),) = accepted
    return Labelled(sample, value=float(value), unit=unit)


def box_around(annotation: Annotation) -> _Xyxy | None:
    """The upright box around what is drawn; None for what lies nowhere, or is empty."""
    match annotation:
        case OrientedBox():
            x, y, w, h = annotation.cxcywh
            turn = np.deg2rad(annotation.angle_deg)
            across = (abs(w * np.cos(turn)) + abs(h * np.sin(turn))) / 2
            down = (abs(w * np.sin(turn)) + abs(h * np.cos(turn))) / 2
            return float(x - across), float(y - down), float(x + across), float(y + down)
        case Mask():
            rows, columns = np.nonzero(bitmap_of(annotation.counts, annotation.size_hw))
            if not len(rows):
                return None
            low = float(columns.min()), float(rows.min())
            return *low, float(columns.max()) + 1, float(rows.max()) + 1
        case _:
            return geometry_xyxy(annotation)


def _labelled(
    sample: Sample, drawn: list[Annotation], names: Mapping[str, str], *, as_boxes: bool
) -> Labelled | str:
    if any(isinstance(a, ClassLabel) and a.ignore for a in sample.annotations):
        return IGNORED
    known = [each for each in drawn if each.review != "rejected"]
    if not sample.labelled:
        return NO_LABEL if not known else NOT_REVIEWED
    if not drawn and sample.annotations:
        return OTHER_KIND
    sure = [a for a in known if a.review == "accepted" and not (a.ignore or a.crowd) and a.label]
    if known and not sure and all(a.review != "accepted" for a in known):
        return NOT_REVIEWED
    objects = [_named(each, names, as_boxes=as_boxes) for each in sure]
    unsure = [each for each in known if not any(each is other for other in sure)]
    found = tuple(each for each in objects if each is not None)
    return Labelled(sample, objects=found, blank=tuple(_around(unsure)))


def _named(each: Annotation, names: Mapping[str, str], *, as_boxes: bool) -> Annotation | None:
    """With its class's present name, as a box where boxes are wanted."""
    label = names.get(each.label, each.label)
    if not as_boxes:
        return msgspec.structs.replace(each, label=label)
    around = box_around(each)
    if around is None or around[2] <= around[0] or around[3] <= around[1]:
        return None
    return Box(id=each.id, label=label, attributes=each.attributes, author=each.author, xyxy=around)


def _parted(
    sample: Sample, wanted: tuple[type, ...], other: tuple[type, ...]
) -> tuple[list[Annotation], list[Annotation]]:
    mine = [a for a in sample.annotations if isinstance(a, wanted)]
    return mine, [a for a in sample.annotations if isinstance(a, other)]


def _others(
    these: list[Annotation], those: list[Annotation], names: Mapping[str, str]
) -> list[Annotation]:
    """Of these, the objects that are not drawn among those too."""
    if not these or not those:
        return these
    boxes = [(names.get(each.label, each.label), box_around(each)) for each in those]

    def drawn_twice(each: Annotation) -> bool:
        around = box_around(each)
        mine = names.get(each.label, each.label)
        same = [box for label, box in boxes if box is not None and label == mine]
        if around is None or not same:
            return False
        overlap = iou_matrix(np.array([around], np.float32), np.array(same, np.float32))
        return bool(overlap.max() >= _SAME_IOU)

    return [each for each in these if not drawn_twice(each)]


def _around(annotations: Iterable[Annotation]) -> list[_Xyxy]:
    return [box for each in annotations if (box := box_around(each)) is not None]


def _shape(annotation: Annotation) -> object:
    match annotation:
        case Mask():
            return annotation.counts
        case Polygon():
            return annotation.rings
        case _:
            return box_around(annotation)
