"""Annotations to Datumaro's, each read back at once: what differs travels beside it and is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.formats import rle
from visloop.data.formats.beside import FIELD, lost, one_of, side_of
from visloop.data.formats.coco.encoding import box_of_corners, corners
from visloop.data.formats.datumaro.objects import (
    GROUP,
    LAYER,
    MEANT,
    Skeletons,
    decode,
)
from visloop.data.formats.loose import BadObject, whole_numbers
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
    from visloop.data.formats.losses import Losses
    from visloop.data.records import ClassDictionary, Sample

_LATER_GROUPS: Final = 1_000_000
"""Groups that we make ourselves start here."""


class Encoder:
    """Writes annotations with label numbers by the order of the class dictionary."""

    def __init__(self, classes: ClassDictionary, losses: Losses) -> None:
        self._losses = losses
        self.labels = [entry.name for entry in classes.entries]
        self._numbers = {name: at for at, name in enumerate(self.labels)}
        self.skeletons = Skeletons()
        self._group = _LATER_GROUPS

    def objects(
        self, sample: Sample, *, first: int
    ) -> tuple[list[dict[str, Any]], list[Annotation]]:
        """Datumaro's annotations, ids from `first` on; and those that it has no shape for."""
        made: list[dict[str, Any]] = []
        homeless: list[Annotation] = []
        for each in sample.annotations:
            parts = [] if isinstance(each, NumberValue) else self._parts(each)
            if not parts or (isinstance(each, ClassLabel) and not each.label):
                lost(each, None, self._losses, sample.path)
                homeless.append(each)
                continue
            for part in parts:
                part["id"] = first + len(made)
                made.append(part)
            self._beside(each, parts, sample.path)
        return made, homeless

    def categories(self) -> dict[str, Any]:
        """Of labels and key points."""
        return {"points": self.skeletons.category(self._numbers)}

    def _beside(self, each: Annotation, parts: list[dict[str, Any]], path: str) -> None:
        native = decode(parts[0], self.labels, self.skeletons)
        if isinstance(each, Polygon) and len(parts) > 1:
            self._losses.add("rings", path)
            native = one_of([decode(part, self.labels, self.skeletons) for part in parts])
        part = f"p{parts[0]['id']}" if len(parts) > 1 else ""
        if side := side_of(each, native, part):
            parts[0][FIELD] = side
        for other in parts[1:]:
            other[FIELD] = {"part": part}
        if len(parts) > 1:  # their group is ours, and says nothing of the object
            native = msgspec.structs.replace(native, attributes=each.attributes)
        lost(each, native, self._losses, path)

    def _parts(self, each: Annotation) -> list[dict[str, Any]]:
        attributes = {k: v for k, v in each.attributes.items() if k not in MEANT}
        base: dict[str, Any] = {"id": 0, "type": "", "attributes": attributes, "group": 0}
        for name in (GROUP, LAYER):
            if value := whole_numbers(attributes.get(name)):
                base[name] = value
                del attributes[name]
        attributes |= _meant(each)
        base["label_id"] = self._number(each.label)
        try:
            shapes = self._shapes(each)
        except BadObject:
            return []
        if len(shapes) > 1 and not base["group"]:
            self._group += 1
        shared = {"group": self._group} if len(shapes) > 1 and not base["group"] else {}
        return [
            ({LAYER: 0} if shape["type"] != "label" else {}) | base | shared | shape
            for shape in shapes
        ]

    def _number(self, label: str) -> int | None:
        if not label:
            return None
        if label not in self._numbers:
            self._numbers[label] = len(self.labels)
            self.labels.append(label)
        return self._numbers[label]

    def _shapes(self, each: Annotation) -> list[dict[str, Any]]:  # noqa: PLR0911 - one a kind
        match each:
            case ClassLabel():
                return [{"type": "label"}]
            case Box() | Track():
                return [{"type": "bbox", "bbox": list(box_of_corners(each.xyxy))}]
            case OrientedBox():
                return [{"type": "polygon", "points": list(corners(each))}]
            case Polygon():
                return [{"type": "polygon", "points": list(ring)} for ring in each.rings]
            case Mask():
                drawn = {"counts": rle.to_string(each.counts), "size": list(each.size_hw)}
                return [{"type": "mask", "rle": drawn}]
            case Points():
                self.skeletons.take(each.label, each.names, each.edges)
                flat = [value for x, y, _ in each.points for value in (x, y)]
                seen = [visible for _, _, visible in each.points]
                return [{"type": "points", "points": flat, "visibility": seen}]
            case _:
                return []


def _meant(each: Annotation) -> dict[str, Any]:
    """Our fields as the attributes that Datumaro's plug-ins write for them."""
    meant: dict[str, Any] = {}
    if each.crowd:
        meant["is_crowd"] = True
    if each.ignore:
        meant["ignore"] = True
    if each.score is not None:
        meant["score"] = each.score
    if is_followed(each):
        number = int(each.track) if each.track.isascii() and each.track.isdigit() else None
        meant["track_id"] = number if str(number) == each.track else each.track
        meant["keyframe"] = each.key_frame
    return meant
