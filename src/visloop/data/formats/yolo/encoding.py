"""Annotations to lines of YOLO's label files, and what such a line cannot hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from visloop.data.formats import rle
from visloop.data.formats.coco.encoding import around, corners, seen_points
from visloop.data.formats.coco.objects import PAIR
from visloop.data.formats.outlines import joined, rings_of
from visloop.data.formats.pictures import KEPT_TURNED
from visloop.data.formats.yolo.lines import Pose
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
    is_followed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from visloop.data.formats.losses import Losses
    from visloop.data.formats.yolo.lines import Task
    from visloop.data.records import ClassDictionary, ClassEntry, Sample

    Corners = tuple[float, float, float, float]

_KEPT: Final = "kept in visloop.jsonl, which other readers ignore"
LOSSES: Final = {
    "class_label": f"a set of objects has no classes of whole pictures: {_KEPT}",
    "classes": f"a picture lies in the folder of one class only: its others are {_KEPT}",
    "number": f"YOLO has no numbers: {_KEPT}",
    "unlabelled": f"YOLO objects need a class: {_KEPT}",
    "unlabelled_pictures": "pictures nobody labelled have no label file, which other readers take as "
    f"background; that nobody did is {_KEPT}",
    "as_outline": f"a set of outlines has no boxes: written as their corners; the boxes are {_KEPT}",
    "as_corners": f"a set of turned boxes has no others: their corners are written; the shape is {_KEPT}",
    "as_box": f"a set of boxes has no other shapes: the box around is written; the shape is {_KEPT}",
    "mask": f"YOLO has no bitmaps: the outline of the pixels is written; the bitmap is {_KEPT}",
    "rings": f"YOLO's outlines have one ring: parts and holes are joined to it; the rings are {_KEPT}",
    "points": f"YOLO's key points need their box and the same number everywhere: the rest is {_KEPT}",
    "skeleton": f"YOLO knows one list of names of key points and no edges: the rest is {_KEPT}",
    "track": f"YOLO's labels have no tracks: the track is {_KEPT}",
    "crowd": f"YOLO has no crowds: an object like others; that it is one is {_KEPT}",
    "ignore": f"YOLO has no objects to ignore: an object like others; that it is one is {_KEPT}",
    "attributes": f"YOLO has no attributes: {_KEPT}",
    "provenance": f"YOLO's labels have no author, score or review state: {_KEPT}",
    "object_ids": f"YOLO's objects have no identity: {_KEPT}",
    "metadata": f"YOLO has no metadata of pictures: {_KEPT} (EXIF stays in the files)",
    "splits": f"other readers know train, val and test only: the split is {_KEPT}",
    "class_dictionary": f"YOLO's classes have a number and a name: the rest is {_KEPT}",
    "class_name": f"this name of a class cannot be written here, so another is; it is {_KEPT}",
    "paths": f"pictures whose file has another name: the logical path is {_KEPT}",
    "orientation": KEPT_TURNED,
}


def task_for(samples: Iterable[Sample]) -> Task:
    """The richest shape decides: outlines, then turned boxes, then key points, then boxes."""
    kinds = {type(each) for sample in samples for each in sample.annotations if each.label}
    if kinds & {Polygon, Mask}:
        return "segment"
    if OrientedBox in kinds:
        return "obb"
    if Points in kinds:
        return "pose"
    return "detect" if kinds & {Box, Track} or ClassLabel not in kinds else "classify"


def pose_of(samples: Iterable[Sample]) -> Pose:
    """The skeleton that most objects have."""
    shapes = Counter(
        (len(each.points), each.names, each.edges)
        for sample in samples
        for each in sample.annotations
        if isinstance(each, Points)
    )
    return Pose(*shapes.most_common(1)[0][0]) if shapes else Pose()


class Encoder:
    """Writes lines for one task with class ids from the dictionary; remembers losses."""

    def __init__(self, task: Task, pose: Pose, known: Sequence[ClassEntry], losses: Losses) -> None:
        self._task, self._pose, self._losses = task, pose, losses
        self._ids = {entry.name: entry.id for entry in known}

    def text(self, sample: Sample) -> tuple[str, int]:
        """The label file of one picture, and how many objects it holds."""
        lines: list[str] = []
        paired = {
            each.attributes[PAIR]: each
            for each in sample.annotations
            if isinstance(each, Points) and PAIR in each.attributes and self._fits(each)
        }
        for each in sample.annotations:
            self._beside(each, sample.path)
            if self._task == "pose" and isinstance(each, Points) and self._boxed(each, sample):
                continue
            if kind := _no_object(each):
                self._losses.add(kind, sample.path)
                continue
            points = each if isinstance(each, Points) else None
            if isinstance(each, Box | Track) and PAIR in each.attributes:
                points = paired.get(each.attributes[PAIR])
            numbers = self._numbers(each, points, sample)
            size = (sample.width, sample.height)
            shares = " ".join(
                _share(value, size[at % 2]) if seen is None else str(seen)
                for at, value, seen in numbers
            )
            lines.append(f"{self._ids[each.label]} {shares}\n")
        return "".join(lines), len(lines)

    def _boxed(self, points: Points, sample: Sample) -> bool:
        """Whether its box is an object of its own, whose line has the points too."""
        pair = points.attributes.get(PAIR)
        return pair is not None and any(
            isinstance(each, Box | Track) and each.attributes.get(PAIR) == pair
            for each in sample.annotations
        )

    def _fits(self, points: Points) -> bool:
        return self._task == "pose" and len(points.points) == self._pose.points

    def _beside(self, each: Annotation, path: str) -> None:
        """Everything that is not where and what."""
        add = self._losses.add
        attributes = each.attributes.keys() - ({PAIR} if self._task == "pose" else set())
        told = {
            "attributes": bool(attributes),
            "provenance": bool(each.author or each.score is not None or each.review != "accepted"),
            "object_ids": bool(each.id),
            "crowd": each.crowd,
            "ignore": each.ignore,
            "track": is_followed(each),
        }
        for kind, lost in told.items():
            if lost:
                add(kind, path)

    def _numbers(
        self, each: Annotation, points: Points | None, sample: Sample
    ) -> list[tuple[int, float, int | None]]:
        """(0 for x and 1 for y, pixels, None), or a visibility."""
        shape = self._shape(each, sample.path)
        if self._task in {"detect", "pose"}:
            flat = [((shape[0] + shape[2]) / 2), ((shape[1] + shape[3]) / 2)]
            flat += [shape[2] - shape[0], shape[3] - shape[1]]
        else:
            flat = list(shape)
        numbers: list[tuple[int, float, int | None]] = [
            (at % 2, value, None) for at, value in enumerate(flat)
        ]
        if self._task == "pose":
            numbers += self._points(points, sample)
        elif points is not None:
            self._losses.add("points", sample.path)
        return numbers

    def _points(self, points: Points | None, sample: Sample) -> list[tuple[int, float, int | None]]:
        if points is None or not self._fits(points):
            if points is not None:
                self._losses.add("points", sample.path)
            return [(0, 0.0, None), (1, 0.0, None), (0, 0.0, 0)] * self._pose.points
        if points.edges or points.names != self._pose.names:
            self._losses.add("skeleton", sample.path)
        made: list[tuple[int, float, int | None]] = []
        for x, y, seen in points.points:
            inside = (min(max(x, 0), sample.width), min(max(y, 0), sample.height))
            made += [(0, inside[0], None), (1, inside[1], None), (0, 0.0, seen)]
        return made

    def _shape(self, each: Annotation, path: str) -> tuple[float, ...]:
        """The outline (segment), four corners (obb) or box (others) of an object, in pixels."""
        ring = self._ring(each, path)
        plain = isinstance(each, Box | Track)
        if self._task == "segment":
            if not isinstance(each, Polygon | Mask):
                self._losses.add("points" if isinstance(each, Points) else "as_outline", path)
            return ring
        if self._task == "obb":
            if isinstance(each, OrientedBox):
                return ring
            self._losses.add("as_corners", path)
            return _four(around(ring))
        if not plain and not (self._task == "pose" and isinstance(each, Points)):
            self._losses.add("as_box", path)
        return around(ring)

    def _ring(self, each: Annotation, path: str) -> tuple[float, ...]:  # noqa: PLR0911 - one a kind
        match each:
            case Polygon():
                if len(each.rings) > 1:
                    self._losses.add("rings", path)
                return joined(each.rings) if self._task == "segment" else sum(each.rings, ())
            case Mask():
                self._losses.add("mask", path)
                if self._task != "segment":
                    return _four(rle.box_of(each.counts, each.size_hw))
                return joined(rings_of(rle.to_bitmap(each.counts, each.size_hw)))
            case OrientedBox():
                return corners(each)
            case Points():
                x1, y1, x2, y2 = around(seen_points(each))
                return _four((x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)))
            case Box() | Track():
                return _four(each.xyxy)
            case _:
                return ()


def _no_object(each: Annotation) -> str:
    """The kind of loss, for what no line can say; else nothing."""
    if isinstance(each, ClassLabel):
        return "class_label"
    if isinstance(each, NumberValue):
        return "number"
    return "" if each.label else "unlabelled"


def _four(box: Corners) -> tuple[float, ...]:
    x1, y1, x2, y2 = box
    return (x1, y1, x2, y1, x2, y2, x1, y2)


def _share(value: float, size: int) -> str:
    """Nine decimals: a hundred-thousandth of a pixel at 10,000 px."""
    return f"{value / size:.9f}".rstrip("0").rstrip(".") or "0"


def all_classes(classes: ClassDictionary, samples: Iterable[Sample]) -> tuple[ClassEntry, ...]:
    """The dictionary's entries, and labels outside of it after them."""
    used = (each.label for sample in samples for each in sample.annotations if each.label)
    return tuple(sorted(classes.with_added(used).entries, key=lambda entry: entry.id))
