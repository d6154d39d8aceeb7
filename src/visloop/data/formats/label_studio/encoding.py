"""Annotations to Label Studio's results, each read back at once: what differs travels beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.formats import rle
from visloop.data.formats.beside import FIELD, lost, one_of, side_of
from visloop.data.formats.label_studio.brush import encode_brush
from visloop.data.formats.label_studio.config import CHOICES, CONTROLS, NUMBER
from visloop.data.formats.label_studio.objects import decode, labels_in, whole_picture
from visloop.data.formats.label_studio.tasks import ATTRIBUTES, EACH
from visloop.data.formats.loose import BadObject
from visloop.data.formats.shapes import corner_of
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
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.data.formats.losses import Losses
    from visloop.data.records import Sample

_POINT_WIDTH: Final = 0.5
_SEEN: Final = 2
_PLAIN_ID: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)

Result = dict[str, Any]


class Encoder:
    """Makes results; remembers which controls they need, labels and losses."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._made = 0
        self.used: set[str] = set()
        self.labels: list[str] = []

    def results(
        self, sample: Sample, held: Sequence[Annotation], author: str = ""
    ) -> tuple[list[Result], list[Annotation]]:
        """The results of one annotation, or of the prediction of `author`; and what has no place."""
        made: list[Result] = []
        homeless: list[Annotation] = []
        classes = [each for each in held if isinstance(each, ClassLabel) and each.label]
        if classes:
            made.append(self._choices(sample, classes, author))
        numbered = False
        for each in held:
            if isinstance(each, ClassLabel) and each.label:
                continue
            results = (
                [] if numbered and isinstance(each, NumberValue) else self._parts(each, sample)
            )
            if not results:
                lost(each, None, self._losses, sample.path)
                homeless.append(each)
                continue
            numbered = numbered or isinstance(each, NumberValue)
            self._beside(each, results, sample, author)
            made += results
        return made, homeless

    def _know(self, label: str) -> None:
        if label not in self.labels:
            self.labels.append(label)

    def _identity(self, each: Annotation) -> str:
        self._made += 1
        return each.id if _PLAIN_ID.fullmatch(each.id) else f"r{self._made}"

    def _choices(self, sample: Sample, classes: Sequence[ClassLabel], author: str) -> Result:
        """One result for all classes of the picture, as the control gives it."""
        self.used.add("choices")
        for each in classes:
            self._know(each.label)
        result: Result = {
            "id": self._identity(classes[0]),
            "type": "choices",
            "from_name": CHOICES,
            "to_name": "image",
            "value": {"choices": [each.label for each in classes]},
        }
        natives = [signed(native, author) for native in whole_picture(result)]
        sides = [side_of(a, b) for a, b in zip(classes, natives, strict=True)]
        for each, native in zip(classes, natives, strict=True):
            lost(each, native, self._losses, sample.path)
        if any(sides):
            result["meta"] = {FIELD: sides[0] if len(sides) == 1 else {EACH: sides}}
        return result

    def _beside(self, each: Annotation, results: list[Result], sample: Sample, author: str) -> None:
        size = (sample.width, sample.height)
        native = one_of([signed(read_back(result, size), author) for result in results])
        part = ""
        if len(results) > 1:
            self._losses.add("points" if isinstance(each, Points) else "rings", sample.path)
            part = results[0]["id"]
        if side := side_of(each, native, part):
            results[0].setdefault("meta", {})[FIELD] = side
        for other in results[1:]:
            other["meta"] = {FIELD: {"part": part}}
        if isinstance(each, Points) and isinstance(native, Points):  # named above
            native = msgspec.structs.replace(
                native, points=each.points, names=each.names, edges=each.edges
            )
        lost(each, native, self._losses, sample.path)
        if each.attributes:
            self._losses.add("meta", sample.path)

    def _parts(self, each: Annotation, sample: Sample) -> list[Result]:
        if not each.label and not isinstance(each, NumberValue):
            return []
        kind, values = _values(each, (sample.width, sample.height))
        identity = self._identity(each)
        made: list[Result] = []
        for at, value in enumerate(values):
            result: Result = {
                "id": f"{identity}-{at}" if at else identity,
                "type": kind,
                "from_name": CONTROLS[kind][1] if kind in CONTROLS else NUMBER,
                "to_name": "image",
                "original_width": sample.width,
                "original_height": sample.height,
                "image_rotation": 0,
                "value": value | ({kind: [each.label]} if kind in CONTROLS else {}),
            }
            if each.score is not None:
                result["score"] = each.score
            if each.attributes and not at:
                result["meta"] = {ATTRIBUTES: each.attributes}
            made.append(result)
        try:
            for result in made:
                read_back(result, (sample.width, sample.height))
        except BadObject:
            return []
        if made:
            self.used.add(kind)
        if made and each.label:
            self._know(each.label)
        return made


def signed(native: Annotation, author: str) -> Annotation:
    """What a prediction says of who drew it."""
    if not author:
        return native
    return msgspec.structs.replace(native, author=author, review="proposed")


def read_back(result: Result, size: tuple[int, int]) -> Annotation:
    """A result as the reader takes it, without its side field."""
    if result["type"] == "number":
        return whole_picture(result)[0]
    meta = result.get("meta", {})
    labels = labels_in(result["value"], result["type"])
    return decode(result, size, labels, meta.get(ATTRIBUTES, {}))


def _values(  # noqa: PLR0911 - one a kind
    each: Annotation, size: tuple[int, int]
) -> tuple[str, list[dict[str, Any]]]:
    """The kind of region, and the value of each region that the object needs."""
    match each:
        case Box() | Track():
            return "rectanglelabels", [_rectangle(each.xyxy, size)]
        case OrientedBox():
            angle = each.angle_deg % 360
            _, _, width, height = each.cxcywh
            x, y = corner_of(*each.cxcywh, angle)
            return "rectanglelabels", [_rectangle((x, y, x + width, y + height), size, angle)]
        case Polygon():
            rings = [{"points": _percents(ring, size), "closed": True} for ring in each.rings]
            return "polygonlabels", rings
        case Mask():
            if each.size_hw != (size[1], size[0]) or sum(each.counts) != size[0] * size[1]:
                return "brushlabels", []
            packed = encode_brush(rle.to_bitmap(each.counts, each.size_hw))
            return "brushlabels", [{"format": "rle", "rle": packed}]
        case Points():
            return "keypointlabels", [_spot(place, size) for place in each.points]
        case NumberValue():
            return "number", [{"number": each.value}]
        case _:
            return "", []


def _spot(place: tuple[float, float, int], size: tuple[int, int]) -> dict[str, Any]:
    ((x, y),) = _percents(place[:2], size)
    said: dict[str, Any] = {"x": x, "y": y, "width": _POINT_WIDTH}
    return said | ({} if place[2] == _SEEN else {"hidden": True})


def _rectangle(
    xyxy: tuple[float, float, float, float], size: tuple[int, int], angle: float = 0
) -> dict[str, Any]:
    x1, y1, x2, y2 = xyxy
    (x, y), (width, height) = _percents((x1, y1, x2 - x1, y2 - y1), size)
    return {"x": x, "y": y, "width": width, "height": height, "rotation": angle}


def _percents(flat: Sequence[float], size: tuple[int, int]) -> list[list[float]]:
    pairs = zip(flat[0::2], flat[1::2], strict=True)
    return [[x * 100 / size[0], y * 100 / size[1]] for x, y in pairs]
