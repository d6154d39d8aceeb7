"""Boxes that cannot be right: drawn twice, of two classes at one place, of a size like no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import vision
from visloop.evaluate.findings.records import Fault, Finder, Found, Looking, Row, worst_first

if TYPE_CHECKING:
    from visloop.data import Sample
    from visloop.vision import Annotation

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]

_OVERLAP: Final = 0.5
_FEWEST: Final = 30
_ROBUST: Final = 1.4826  # median deviation → standard deviation of a normal
_LEAST_SPREAD: Final = 0.1

DOUBLED: Final = Fault(
    name="doubled",
    title="Objects drawn twice",
    why="two of one class at one place: one of them is too many; listed is the later one",
    measure="overlap (IoU) of the boxes around two objects of one class",
    bound=0.85,
    mend="erase",
)
CLASHING: Final = Fault(
    name="clashing",
    title="Two classes at one place",
    why="one object labelled as two things: one of them is wrong",
    measure="overlap (IoU) of the boxes around two objects of different classes",
    bound=0.85,
)
ODD_SIZE: Final = Fault(
    name="odd-size",
    title="Objects of an odd size",
    why="far larger or smaller than others of the class: often a slip of the hand",
    measure="robust standard deviations of the log area from the class's median",
    bound=5.0,
)
ODD_SHAPE: Final = Fault(
    name="odd-shape",
    title="Objects of an odd shape",
    why="far longer or flatter than others of the class",
    measure="robust standard deviations of the log aspect ratio from the class's median",
    bound=5.0,
)
TINY: Final = Fault(
    name="tiny",
    title="Objects of a few pixels",
    why="no network sees them, and few people: often a click that was not meant",
    measure="shorter side in pixels",
    bound=3.0,
    least=False,
    mend="erase",
)


class _Objects(NamedTuple):
    """M objects that lie somewhere: places of their samples (M,) ascending, boxes (M, 4) in pixels, codes
    of class and of the way they are drawn (M,).
    """

    samples: tuple[Sample, ...]
    each: list[Annotation]
    owners: Places
    boxes: Floats
    labels: Places
    ways: Places

    def row(self, at: int, value: float, said: str) -> Row:
        sample, one = self.samples[int(self.owners[at])], self.each[at]
        return Row(
            path=sample.path,
            sample=sample.id,
            object=one.id,
            label=one.label or "",
            value=round(value, 3),
            said=f"{one.label or 'object'}: {said}",
        )


def _find(looking: Looking) -> Mapping[str, Found]:
    objects = _objects(looking)
    wide, high = (objects.boxes[:, 2:] - objects.boxes[:, :2]).T
    area, aspect = np.log(np.maximum(wide * high, 1)), np.log(wide / np.maximum(high, 1e-6) + 1e-6)
    found: dict[str, list[Row]] = {DOUBLED.name: [], CLASHING.name: []}
    for first, second, overlap in _pairs(objects):
        kind = DOUBLED if objects.labels[first] == objects.labels[second] else CLASHING
        if overlap >= looking.bounds[kind.name]:
            other = objects.each[first].label or "object"
            said = f"overlaps {'another' if kind is DOUBLED else 'a'} {other} by {overlap:.2f}"
            found[kind.name].append(objects.row(second, overlap, said))
    for kind, values in ((ODD_SIZE, area), (ODD_SHAPE, aspect)):
        odd = _odd(values, objects.labels)
        found[kind.name] = [
            objects.row(at, float(odd[at]), f"{wide[at]:.0f} × {high[at]:.0f} px")
            for at in np.flatnonzero(odd >= looking.bounds[kind.name]).tolist()
        ]
    side = np.minimum(wide, high)
    found[TINY.name] = [
        objects.row(at, float(side[at]), f"{wide[at]:.1f} × {high[at]:.1f} px")
        for at in np.flatnonzero(side <= looking.bounds[TINY.name]).tolist()
    ]
    return {
        kind.name: Found(rows=worst_first(kind, found[kind.name]), looked=len(objects.each))
        for kind in BOXES.kinds
    }


def _objects(looking: Looking) -> _Objects:
    """Everything that has a box around it, but no crowds and nothing to be ignored."""
    samples = tuple(looking.samples)
    each: list[Annotation] = []
    owners: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    for place, sample in enumerate(samples):
        for one in sample.annotations:
            box = vision.geometry_xyxy(one)
            if box is not None and not one.crowd and not one.ignore and one.review != "rejected":
                each.append(one)
                owners.append(place)
                boxes.append(box)
    return _Objects(
        samples=samples,
        each=each,
        owners=np.array(owners, np.int64),
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        labels=_coded([one.label or "" for one in each]),
        ways=_coded([str(one.__struct_config__.tag) for one in each]),
    )


def _coded(words: list[str]) -> Places:
    known: dict[str, int] = {}
    return np.array([known.setdefault(word, len(known)) for word in words], np.int64)


def _pairs(objects: _Objects) -> Iterator[tuple[int, int, float]]:
    """Objects of one picture, drawn in the same way, that overlap: (earlier, later, IoU)."""
    count, boxes = len(objects.each), objects.boxes
    first = np.arange(count)
    for step in range(1, count):
        first = first[first + step < count]
        first = first[objects.owners[first] == objects.owners[first + step]]
        if not len(first):
            return
        second = first + step
        sides = np.minimum(boxes[first, 2:], boxes[second, 2:]) - np.maximum(
            boxes[first, :2], boxes[second, :2]
        )
        common = np.maximum(sides, 0).prod(axis=1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        overlap = common / np.maximum(areas[first] + areas[second] - common, 1e-9)
        hit = (overlap >= _OVERLAP) & (objects.ways[first] == objects.ways[second])
        for at in np.flatnonzero(hit).tolist():
            yield int(first[at]), int(second[at]), float(overlap[at])


def _odd(values: Floats, labels: Places) -> NDArray[Any]:
    """How far each value lies from its class's median, in robust deviations; 0 in small classes, (M,)."""
    odd = np.zeros(len(values))
    for label in np.unique(labels).tolist():
        own = np.flatnonzero(labels == label)
        if len(own) < _FEWEST:
            continue
        apart = np.abs(values[own] - np.median(values[own]))
        odd[own] = apart / max(_ROBUST * float(np.median(apart)), _LEAST_SPREAD)
    return odd


BOXES: Final = Finder(kinds=(DOUBLED, CLASHING, ODD_SIZE, ODD_SHAPE, TINY), find=_find)
