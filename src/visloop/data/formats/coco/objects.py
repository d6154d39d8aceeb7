"""COCO objects to annotations: one picture's entries of `annotations`, with what cannot be taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from visloop.data.formats import rle
from visloop.data.formats.coco.model import Category, Document, Image, Kept, Object, Rle
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.wording import counted
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    OrientedBox,
    Points,
    Polygon,
    Track,
    geometry_xyxy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.data.records import Refusal

_LEAST_RING: Final = 6  # three points
PAIR: Final = "coco.object"
"""The attribute that an object's outline and its key points share."""

_NOTHING: Final = Kept()
_BOX_APART_PX: Final = 2.0
_REDRAW: Final = "mend or remove the object in the label file, then add it again"


class Told(NamedTuple):
    """One picture's labels, the objects that could not be taken, remarks."""

    annotations: list[Annotation]
    refusals: list[Refusal]
    notes: list[str]


class _BadObject(Exception):
    """Its reason code and the reason."""


class Translator:
    """One document's objects, found by picture."""

    def __init__(self, document: Document) -> None:
        self._categories: dict[int, Category] = {}
        for category in document.categories:
            self._categories.setdefault(category.id, category)
        self._labels = {number: class_name(each) for number, each in self._categories.items()}
        self._by_image: dict[int | str, list[Object]] = {}
        for each in document.annotations:
            self._by_image.setdefault(each.image_id, []).append(each)
        self._images = {image.id for image in document.images}

    def objects(self, image: Image, path: str, source: str) -> Told:
        """Everything that the document says of one picture."""
        told = Told(_whole(image), [], [])
        apart = short = 0
        for each in self._by_image.get(image.id, ()):
            if (box := self._plain_box(each)) is not None:
                told.annotations.append(box)
                continue
            try:
                made = self._annotations(each)
            except _BadObject as problem:
                code, reason = problem.args
                reason = f"object {each.id}: {reason}"
                told.refusals.append(refuse(path, source, code, reason, fix=_REDRAW))
                continue
            apart += _box_apart(each, made[0])
            short += _short_rings(each)
            told.annotations.extend(made)
        if apart:
            told.notes.append(
                f"{apart} boxes differ from their outline by over 2 px: outlines count"
            )
        if short:
            told.notes.append(f"{short} outlines of fewer than three points: left out")
        return told

    def orphans(self, source: str) -> Iterator[Refusal]:
        """Objects of pictures that the document does not name."""
        for image, objects in self._by_image.items():
            if image not in self._images:
                sentence = f"{{n}} objects are of picture {image}, which is not in the file"
                reason = counted(sentence, len(objects))
                yield refuse(f"image {image}", source, "missing_image", reason, fix=_REDRAW)

    def _plain_box(self, each: Object) -> Box | None:
        """The short way for nearly all objects: four numbers and a class, nothing else."""
        beside = each.segmentation or each.keypoints or each.attributes or each.visloop
        if beside or each.iscrowd > 0 or each.ignore or len(each.bbox) != 4:  # noqa: PLR2004
            return None
        label = self._labels.get(each.category_id)
        if label is None or each.score is not None or each.track_id is not None:
            return None
        x, y, width, height = each.bbox
        return Box(label=label, xyxy=(x, y, x + width, y + height))

    def _annotations(self, each: Object) -> list[Annotation]:
        category = self._categories.get(each.category_id)
        if category is None:
            raise _BadObject("unknown_class", f"no category has the id {each.category_id}")
        kept = each.visloop or _NOTHING
        attributes = each.attributes or {}
        common: dict[str, Any] = {
            "id": kept.id,
            "label": self._labels[each.category_id],
            "attributes": attributes,
            "ignore": bool(each.ignore),
            "crowd": each.iscrowd > 0,
            "author": kept.author,
            "score": each.score,
            "review": kept.review,
        }
        if not each.keypoints:
            return [_shape(each, kept, common)]
        points = _points(each, category, kept, common)
        if kept.kind == "points" or not (each.bbox or each.segmentation):
            return [msgspec.structs.replace(points, **_track(each, kept))]
        attributes = attributes | {PAIR: each.id}
        beside = msgspec.structs.replace(points, id="", attributes=attributes)
        return [_shape(each, kept, common | {"attributes": attributes}), beside]


def _short_rings(each: Object) -> int:
    drawn = each.segmentation
    return 0 if isinstance(drawn, Rle) else sum(len(ring) < _LEAST_RING for ring in drawn or ())


def class_name(category: Category) -> str:
    """The class's name without surrounding blanks, or its number where it has none."""
    return category.name.strip() or str(category.id)


def _whole(image: Image) -> list[Annotation]:
    """Labels of the picture as a whole: ours in full, else the plain list of class names."""
    if image.visloop and image.visloop.annotations:
        return list(image.visloop.annotations)
    labels = image.labels if isinstance(image.labels, list) else []
    return [ClassLabel(label=label) for label in labels if isinstance(label, str) and label]


def _shape(each: Object, kept: Kept, common: dict[str, Any]) -> Annotation:
    track = _track(each, kept)
    if kept.kind == "obb" and kept.cxcywh is not None:
        return OrientedBox(cxcywh=kept.cxcywh, angle_deg=kept.angle_deg, **common, **track)
    drawn = each.segmentation
    if isinstance(drawn, Rle):
        return Mask(size_hw=drawn.size, counts=_runs(drawn), **common, **track)
    rings = tuple(ring for ring in drawn or () if len(ring) >= _LEAST_RING)
    if rings:
        return Polygon(rings=rings, **common, **track)
    if len(each.bbox) != 4:  # noqa: PLR2004
        raise _BadObject("bad_geometry", "it has neither a box of four numbers nor an outline")
    x, y, width, height = each.bbox
    xyxy = (x, y, x + width, y + height)
    return Track(xyxy=xyxy, **common, **track) if track else Box(xyxy=xyxy, **common)


def _track(each: Object, kept: Kept) -> dict[str, Any]:
    """What it says of the track that it is a part of; nothing where it is of none."""
    if each.track_id is None:
        return {}
    return {"track": str(each.track_id), "key_frame": kept.key_frame, "ends": kept.ends}


def _runs(drawn: Rle) -> tuple[int, ...]:
    if not isinstance(drawn.counts, str):
        return tuple(drawn.counts)
    try:
        return rle.from_string(drawn.counts)
    except ValueError as problem:
        raise _BadObject("bad_geometry", str(problem)) from problem


def _points(each: Object, category: Category, kept: Kept, common: dict[str, Any]) -> Points:
    flat = each.keypoints or []
    if len(flat) % 3:
        raise _BadObject("bad_geometry", f"{len(flat)} numbers are not triples of x, y, visibility")
    names = kept.names if kept.names is not None else category.keypoints or ()
    edges = kept.edges
    if edges is None:
        edges = [(a - 1, b - 1) for a, b in category.skeleton or ()]
    points = zip(flat[0::3], flat[1::3], (int(seen) for seen in flat[2::3]), strict=True)
    return Points(points=tuple(points), names=tuple(names), edges=tuple(edges), **common)


def _box_apart(each: Object, made: Annotation) -> bool:
    """Whether COCO's box says something else than the outline that is kept."""
    if not isinstance(made, Polygon) or len(each.bbox) != 4:  # noqa: PLR2004
        return False
    around = geometry_xyxy(made)
    x, y, width, height = each.bbox
    stated = (x, y, x + width, y + height)
    if around is None or not all(map(math.isfinite, stated)):
        return False
    return any(abs(a - b) > _BOX_APART_PX for a, b in zip(around, stated, strict=True))
