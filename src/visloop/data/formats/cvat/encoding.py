"""Annotations to CVAT's elements, each read back at once: what differs travels beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import msgspec

from visloop.data.formats import rle
from visloop.data.formats.beside import FIELD, lost, one_of, side_of
from visloop.data.formats.cvat.labels import Labels, safe, side_text
from visloop.data.formats.cvat.shapes import BY_HAND, FLAG, SOURCE, WHOLE, decode
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
    from visloop.data.records import Sample

_LATER_GROUPS: Final = 1_000_000
_NATIVE: Final = (FLAG, *WHOLE, SOURCE)


class Encoder:
    """Makes elements; remembers labels, kinds of attributes, skeletons and losses."""

    def __init__(self, losses: Losses) -> None:
        self.labels = Labels()
        self._losses = losses
        self._parts = 0

    def elements(
        self, sample: Sample, *, video: bool = False
    ) -> tuple[list[tuple[Annotation, list[ET.Element]]], list[Annotation]]:
        """Each annotation with its elements; and those that CVAT has no shape for."""
        made: list[tuple[Annotation, list[ET.Element]]] = []
        homeless: list[Annotation] = []
        for each in sample.annotations:
            nodes = self._nodes(each, sample)
            if not nodes or (video and isinstance(each, ClassLabel)):
                lost(each, None, self._losses, sample.path)
                homeless.append(each)
            else:
                self._beside(each, nodes, sample, tracked=video and has_course(each, nodes))
                made.append((each, nodes))
        return made, homeless

    def _beside(
        self, each: Annotation, nodes: list[ET.Element], sample: Sample, *, tracked: bool
    ) -> None:
        size = (sample.width, sample.height)
        said = [decode(node, safe(each.label).strip(), self.labels, size) for node in nodes]
        native = one_of(said)
        if tracked and is_followed(each):
            native = track_of(native, each.track, key_frame=each.key_frame, ends=each.ends)
        part = ""
        if len(nodes) > 1:
            self._losses.add("rings", sample.path)
            part = f"p{self._parts}"
            self._parts += 1
        if side := side_of(each, native, part):
            nodes[0].set(FIELD, side_text(side))
        for other in nodes[1:]:
            other.set(FIELD, side_text({"part": part}))
        if len(nodes) > 1:  # their group is ours, and says nothing of the object
            native = msgspec.structs.replace(native, attributes=each.attributes)
        lost(each, native, self._losses, sample.path)

    def _nodes(self, each: Annotation, sample: Sample) -> list[ET.Element]:
        label = safe(each.label).strip()
        if not label or isinstance(each, NumberValue):
            return []
        self.labels.know(each.label)
        if isinstance(each, Points) and _can_pose(each):
            self.labels.skeletons.setdefault(label, (each.names, each.edges))
        drawn = _drawn(each, (sample.width, sample.height), self.labels)
        group = {"group_id": str(_LATER_GROUPS + self._parts)} if len(drawn) > 1 else {}
        for node in drawn:
            node.set("label", safe(each.label))
            self._tell(node, each, label, group)
        try:
            for node in drawn:
                decode(node, label, self.labels, (sample.width, sample.height))
        except BadObject:
            return []
        return drawn

    def _tell(self, node: ET.Element, each: Annotation, label: str, group: dict[str, str]) -> None:
        """Flags and attributes, those that CVAT has a place for in it."""
        told: dict[str, Any] = dict(each.attributes)
        node.set(SOURCE, "manual")
        if isinstance(told.get(SOURCE), str) and safe(told[SOURCE]) not in BY_HAND:
            node.set(SOURCE, safe(told.pop(SOURCE)))
        if node.tag != "tag":
            hidden = told.get(FLAG) is True
            hidden = hidden or (
                isinstance(each, Points) and all(seen == 1 for *_, seen in each.points)
            )
            node.set(FLAG, str(int(hidden)))
            node.set("z_order", "0")
            if told.get(FLAG) is True:
                del told[FLAG]
        for key in WHOLE:
            value = whole_numbers(told.get(key))
            if value and abs(value) < 2**53:
                node.set(key, str(value))
                del told[key]
        for key, value in group.items():
            node.attrib.setdefault(key, value)
        for name, value in told.items():
            written = ET.SubElement(node, "attribute", name=safe(name))
            self.labels.kind(label, safe(name), value)
            written.text = _text(value)


def has_course(each: Annotation, nodes: list[ET.Element]) -> bool:
    """Whether CVAT's tracks can hold it: one shape a frame, and no mask."""
    return is_followed(each) and len(nodes) == 1 and not isinstance(each, Mask)


def track_of(
    native: Annotation, track: str, *, key_frame: bool = True, ends: bool = False
) -> Annotation:
    """What a track says in one frame."""
    said: dict[str, Any] = {"track": track, "key_frame": key_frame, "ends": ends}
    if isinstance(native, Box):
        common = {"label": native.label, "attributes": native.attributes}
        return Track(xyxy=native.xyxy, **common, **said)
    if isinstance(native, ClassLabel | NumberValue):
        return native
    return msgspec.structs.replace(native, **said)


def _can_pose(points: Points) -> bool:
    """Whether CVAT's skeletons can say it: named points, each name once."""
    names = set(points.names)
    fine = len(names) == len(points.names) == len(points.points) and all(names)
    return fine and all(safe(name) == name for name in names)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return safe(text).replace("\r", " ")


def _pairs(flat: tuple[float, ...]) -> str:
    return ";".join(f"{x!r},{y!r}" for x, y in zip(flat[0::2], flat[1::2], strict=True))


def _drawn(  # noqa: PLR0911 - one a kind
    each: Annotation, size: tuple[int, int], labels: Labels
) -> list[ET.Element]:
    match each:
        case ClassLabel():
            return [ET.Element("tag")]
        case Box() | Track():
            keys = ("xtl", "ytl", "xbr", "ybr")
            corners = zip(keys, each.xyxy, strict=True)
            return [ET.Element("box", {key: repr(float(value)) for key, value in corners})]
        case OrientedBox():
            cx, cy, width, height = each.cxcywh
            place = {
                "xtl": cx - width / 2,
                "ytl": cy - height / 2,
                "xbr": cx + width / 2,
                "ybr": cy + height / 2,
                "rotation": each.angle_deg % 360,
            }
            return [ET.Element("box", {key: repr(float(value)) for key, value in place.items()})]
        case Polygon():
            return [ET.Element("polygon", points=_pairs(ring)) for ring in each.rings]
        case Mask():
            return _mask(each, size)
        case Points():
            return [_points(each, labels)]
        case _:
            return []


def _points(each: Points, labels: Labels) -> ET.Element:
    skeleton = labels.skeletons.get(safe(each.label).strip())
    if not _can_pose(each) or skeleton != (each.names, each.edges):
        flat = tuple(value for x, y, _ in each.points for value in (x, y))
        return ET.Element("points", points=_pairs(flat))
    node = ET.Element("skeleton")
    for name, (x, y, seen) in zip(each.names, each.points, strict=True):
        flags = {"outside": str(int(seen == 0)), FLAG: str(int(seen == 1)), SOURCE: "manual"}
        ET.SubElement(node, "points", {"label": name} | flags | {"points": _pairs((x, y))})
    return node


def _mask(each: Mask, size: tuple[int, int]) -> list[ET.Element]:
    if each.size_hw != (size[1], size[0]) or not any(each.counts[1::2]):
        return []
    bitmap = rle.to_bitmap(each.counts, each.size_hw)
    left, top, right, bottom = (int(edge) for edge in rle.box_of(each.counts, each.size_hw))
    runs = rle.from_bitmap(bitmap[top:bottom, left:right].T)  # column by column of its transpose
    place = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    said = {key: str(value) for key, value in place.items()}
    return [ET.Element("mask", {"rle": ", ".join(map(str, runs))} | said)]
