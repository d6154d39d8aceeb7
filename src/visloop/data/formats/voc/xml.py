"""One Pascal VOC annotation file, read with care: small, without a DOCTYPE, all of it or an error.

Pixels in VOC are counted from 1 and corners are inclusive, so `xmin ymin xmax ymax` becomes
(xmin - 1, ymin - 1, xmax, ymax). A box whose corners are equal in one direction would be one pixel
thin by that rule; in practice it is a slip of the mouse, and is reported as having no area.
Source: PASCAL VOC development kit, 2012, section 3.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

from visloop.vision import Box, ClassLabel, OrientedBox

if TYPE_CHECKING:
    from visloop.vision import Annotation

_MOST_BYTES: Final = 16 * 2**20
_DECLARATIONS: Final = re.compile(rb"<!\s*(doctype|entity)", re.IGNORECASE)
_CORNERS: Final = ("xmin", "ymin", "xmax", "ymax")
_FLAGS: Final = ("difficult", "truncated", "occluded")
_TRUE: Final = frozenset({"1", "true", "yes"})
_POSE_UNKNOWN: Final = frozenset({"", "Unspecified"})


class BadXml(Exception):
    """The file is not a VOC annotation; the message says why."""


class VocObject(NamedTuple):
    """One object, or why it cannot be taken (reason code, reason)."""

    annotation: Annotation | None
    reason_code: str = ""
    reason: str = ""


class VocFile(NamedTuple):
    """What one file says; `declared` is (width, height), zeros where it does not say."""

    filename: str
    path: str
    declared: tuple[int, int]
    objects: list[VocObject]
    labels: list[Annotation]
    parts: int


def parse_voc(raw: bytes) -> VocFile:
    """Read one annotation file.

    Raises:
        BadXml: too large, not XML, with a DOCTYPE or entities, or not rooted in `annotation`.
    """
    if len(raw) > _MOST_BYTES:
        raise BadXml(f"it is larger than {_MOST_BYTES // 2**20} MB")
    if _DECLARATIONS.search(raw.replace(b"\0", b"")):
        raise BadXml("it declares a DOCTYPE or entities, which is not allowed")
    try:
        root = ET.fromstring(raw)  # noqa: S314 - declarations, the danger, were refused above
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise BadXml(f"it is not XML: {problem}") from problem
    if root.tag != "annotation":
        raise BadXml(f"its root is <{root.tag}>, not <annotation>")
    found = root.findall("object")
    return VocFile(
        filename=_text(root, "filename"),
        path=_text(root, "visloop/path"),
        declared=(_whole(root, "size/width"), _whole(root, "size/height")),
        objects=[_object(each) for each in found],
        labels=[ClassLabel(label=_inner(each)) for each in root.findall("visloop/label")],
        parts=sum(len(each.findall("part")) for each in found),
    )


def _inner(node: ET.Element) -> str:
    return (node.text or "").strip()


def _text(node: ET.Element, path: str) -> str:
    found = node.find(path)
    return "" if found is None else _inner(found)


def _whole(node: ET.Element, path: str) -> int:
    try:
        return int(float(_text(node, path) or 0))
    except (ValueError, OverflowError):
        return 0


def _numbers(node: ET.Element, names: tuple[str, ...]) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(_text(node, name)) for name in names)
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _object(node: ET.Element) -> VocObject:
    label = _text(node, "name")
    if not label:
        return VocObject(None, "unknown_class", "it has no name")
    attributes = _attributes(node)
    common: dict[str, Any] = {
        "label": label,
        "attributes": attributes,
        "ignore": bool(attributes.get("difficult")),
    }
    turned = node.find("robndbox")
    if turned is not None:
        return _turned(turned, common)
    if (exact := _exact(_text(node, "visloop/xyxy"))) is not None:
        return VocObject(Box(xyxy=exact, **common))
    box = node.find("bndbox")
    corners = _numbers(box, _CORNERS) if box is not None else None
    if corners is None:
        return VocObject(None, "bad_geometry", f"{label}: it has no box of four numbers")
    xmin, ymin, xmax, ymax = corners
    if xmin >= xmax or ymin >= ymax:
        shown = " ".join(f"{each:g}" for each in corners)
        return VocObject(None, "zero_area_box", f"{label}: its box has no area: {shown}")
    return VocObject(Box(xyxy=(xmin - 1, ymin - 1, xmax, ymax), **common))


def _exact(text: str) -> tuple[float, float, float, float] | None:
    """Corners in pixels from our own writer, where whole inclusive pixels cannot say them."""
    try:
        x1, y1, x2, y2 = map(float, text.split())
    except ValueError:
        return None
    return (x1, y1, x2, y2)


def _turned(node: ET.Element, common: dict[str, Any]) -> VocObject:
    """The turned boxes of roLabelImg: centre, size, angle in radians."""
    numbers = _numbers(node, ("cx", "cy", "w", "h", "angle"))
    if numbers is None:
        return VocObject(None, "bad_geometry", f"{common['label']}: its turned box is incomplete")
    cx, cy, width, height, angle = numbers
    degrees = math.degrees(angle)
    return VocObject(OrientedBox(cxcywh=(cx, cy, width, height), angle_deg=degrees, **common))


def _attributes(node: ET.Element) -> dict[str, Any]:
    """Only what says something: flags that are set, a pose that is known, named attributes."""
    found: dict[str, Any] = {flag: True for flag in _FLAGS if _text(node, flag).lower() in _TRUE}
    pose = _text(node, "pose")
    if pose not in _POSE_UNKNOWN:
        found["pose"] = pose
    for each in node.findall("attributes/attribute"):
        found[_text(each, "name")] = _value(_text(each, "value"))
    for each in node.findall("actions/*"):
        if _inner(each) in _TRUE:
            found[f"action.{each.tag}"] = True
    return found


def _value(text: str) -> str | int | float | bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
