"""Annotations to COCO objects, and classes to categories."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from visloop.data.formats import rle
from visloop.data.formats.coco.model import Category, Kept, Object, Rle
from visloop.data.formats.coco.objects import PAIR
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
    geometry_xyxy,
    is_followed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.data.formats.losses import Losses
    from visloop.data.records import ClassDictionary, Sample

    Corners = tuple[float, float, float, float]


class Encoder:
    """Writes objects with category ids from the class dictionary; remembers skeletons and losses."""

    def __init__(self, classes: ClassDictionary, losses: Losses) -> None:
        self._classes, self._losses = classes, losses
        # readers take the category 0 for "no category": then all ids are one higher
        self._shift = int(any(entry.id == 0 for entry in classes.entries))
        self._ids = {entry.name: entry.id + self._shift for entry in classes.entries}
        self._next = max((classes.next_id, *(entry.id + 1 for entry in classes.entries)))
        self._next += self._shift
        self._skeletons: dict[str, Points] = {}

    def objects(
        self, sample: Sample, *, image: int, first: int
    ) -> tuple[list[Object], list[Annotation]]:
        """COCO objects, ids from `first` on; and what belongs to the picture as a whole."""
        made: list[Object] = []
        whole: list[Annotation] = []
        paired: dict[Any, Object] = {}
        for each in sample.annotations:
            kind = _kept_whole(each)
            if kind:
                self._losses.add(kind, sample.path)
                whole.append(each)
                continue
            partner = paired.get(each.attributes.get(PAIR)) if isinstance(each, Points) else None
            if isinstance(each, Points) and partner is not None:
                self._add_points(partner, each)
                continue
            item = self._object(each, sample.path)
            item.id, item.image_id = first + len(made), image
            made.append(item)
            if PAIR in each.attributes and not isinstance(each, Points):
                paired[each.attributes[PAIR]] = item
        return made, whole

    def categories(self) -> list[Category]:
        """Every class, used or not; labels outside of the dictionary come last."""
        known = {entry.name: entry for entry in self._classes.entries}
        if self._shift:
            self._losses.add("class_ids", self._classes.entries[0].name, len(known))
        made: list[Category] = []
        for name, number in sorted(self._ids.items(), key=lambda item: item[1]):
            entry = known.get(name)
            category = Category(id=number, name=name, supercategory=(entry and entry.parent) or "")
            if entry:
                category.class_id = entry.id if self._shift else None
                category.aliases = list(entry.aliases) or None
                category.color, category.definition = entry.color or None, entry.definition
            if skeleton := self._skeletons.get(name):
                category.keypoints = list(skeleton.names)
                category.skeleton = [(a + 1, b + 1) for a, b in skeleton.edges]
            made.append(category)
        return made

    def _object(self, each: Annotation, path: str) -> Object:
        kept = Kept(id=each.id, author=each.author, review=each.review)
        if each.author or each.review != "accepted":
            self._losses.add("provenance", path)
        attributes = {key: value for key, value in each.attributes.items() if key != PAIR}
        if attributes:
            self._losses.add("attributes", path)
        item = Object(
            category_id=self._category(each.label),
            iscrowd=int(each.crowd),
            ignore=int(each.ignore),
            score=each.score,
            attributes=attributes or None,
        )
        if is_followed(each):
            self._losses.add("track", path)
            item.track_id, kept.key_frame, kept.ends = each.track, each.key_frame, each.ends
        match each:
            case Box() | Track():
                _give_box(item, each.xyxy)
            case Polygon():
                _give_box(item, geometry_xyxy(each) or (0, 0, 0, 0))
                item.segmentation = list(each.rings)
                item.area = sum(_ring_area(ring) for ring in each.rings)
            case Mask():
                _give_mask(item, each)
            case OrientedBox():
                self._losses.add("oriented_box", path)
                _give_oriented(item, each)
                kept.kind, kept.cxcywh, kept.angle_deg = "obb", each.cxcywh, each.angle_deg
            case Points():
                self._losses.add("points", path)
                kept.kind = "points"
                _give_box(item, around(seen_points(each)))
                self._add_points(item, each, kept)
            case _:
                pass
        item.visloop = kept if kept != Kept() else None
        return item

    def _category(self, label: str) -> int:
        if label not in self._ids:
            self._ids[label] = self._next
            self._next += 1
        return self._ids[label]

    def _add_points(self, item: Object, points: Points, kept: Kept | None = None) -> None:
        item.keypoints = [value for point in points.points for value in point]
        item.num_keypoints = sum(seen > 0 for _, _, seen in points.points)
        skeleton = self._skeletons.setdefault(points.label, points)
        if (skeleton.names, skeleton.edges) != (points.names, points.edges):
            kept = kept or item.visloop or Kept()
            kept.names, kept.edges = list(points.names), list(points.edges)
            item.visloop = kept


def _kept_whole(each: Annotation) -> str:
    """The kind of loss, for what COCO has no object for; else nothing."""
    if isinstance(each, ClassLabel):
        return "class_label"
    if isinstance(each, NumberValue):
        return "number"
    return "" if each.label else "unlabelled"


def _give_box(item: Object, xyxy: Corners) -> None:
    item.bbox = box_of_corners(xyxy)
    item.area = item.bbox[2] * item.bbox[3]
    item.segmentation = []


def box_of_corners(xyxy: Corners) -> Corners:
    """COCO's x y w h of x1 y1 x2 y2, such that x + w and y + h give x2 and y2 again."""
    x1, y1, x2, y2 = xyxy
    return (x1, y1, _extent(x1, x2), _extent(y1, y2))


def _extent(low: float, high: float) -> float:
    """The width that, added to `low` again, gives exactly `high` wherever a float can do that."""
    extent = high - low
    if low + extent != high:
        near = (math.nextafter(extent, 0.0), math.nextafter(extent, math.inf))
        return next((each for each in near if low + each == high), extent)
    return extent


def _give_mask(item: Object, mask: Mask) -> None:
    _give_box(item, rle.box_of(mask.counts, mask.size_hw))
    item.segmentation = Rle(size=mask.size_hw, counts=list(mask.counts))
    item.area = sum(mask.counts[1::2])


def _give_oriented(item: Object, box: OrientedBox) -> None:
    ring = corners(box)
    _give_box(item, around(ring))
    item.segmentation = [ring]
    item.area = box.cxcywh[2] * box.cxcywh[3]


def corners(box: OrientedBox) -> tuple[float, ...]:
    """The four corners of a turned box as a ring, x1 y1 … in pixels."""
    cx, cy, width, height = box.cxcywh
    cos, sin = math.cos(math.radians(box.angle_deg)), math.sin(math.radians(box.angle_deg))
    ring: list[float] = []
    for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = dx * width / 2, dy * height / 2
        ring += [cx + x * cos - y * sin, cy + x * sin + y * cos]
    return tuple(ring)


def around(ring: Sequence[float]) -> Corners:
    """The box around x1 y1 x2 y2 …; zeros for nothing."""
    xs, ys = ring[0::2] or (0.0,), ring[1::2] or (0.0,)
    return (min(xs), min(ys), max(xs), max(ys))


def seen_points(points: Points) -> list[float]:
    """x1 y1 x2 y2 … of the points that are there, hidden ones too."""
    return [value for x, y, visible in points.points if visible for value in (x, y)]


def _ring_area(ring: tuple[float, ...]) -> float:
    xs, ys = ring[0::2], ring[1::2]
    turned = zip(xs, ys, (*xs[1:], xs[0]), (*ys[1:], ys[0]), strict=True)
    return abs(sum(x * v - u * y for x, y, u, v in turned)) / 2
