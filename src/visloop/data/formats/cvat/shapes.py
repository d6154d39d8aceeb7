"""CVAT's elements to annotations: what a `<box>`, `<mask>` … says by itself.

Pixels of the upright picture (CVAT shows pictures as their EXIF says), origin at the top left corner
of the first pixel. A turned box is turned clockwise about its centre. A mask's runs go row by row,
zeros first, within its own `left top width height`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from visloop.data.formats import rle
from visloop.data.formats.beside import FIELD
from visloop.data.formats.loose import BadObject, number
from visloop.data.formats.shapes import ellipse_ring, tidy
from visloop.data.ingest.probe import MAX_PIXELS
from visloop.lazy import lazy_vendor
from visloop.vision import Annotation, Box, ClassLabel, Mask, OrientedBox, Points, Polygon

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    import numpy as np

    from visloop.data.formats.cvat.labels import Labels
else:
    np = lazy_vendor("numpy")

SHAPES: Final = frozenset(
    ("box", "polygon", "polyline", "points", "cuboid", "ellipse", "mask", "skeleton", "tag")
)
FLAG: Final = "occluded"
WHOLE: Final = ("z_order", "group_id")
SOURCE: Final = "source"
BY_HAND: Final = frozenset({"", "manual", "file"})
NO_SHAPES: Final = frozenset(("attribute", FIELD))
"""What may stand beside shapes."""
_REFUSED: Final = {"polyline": "a line that encloses nothing", "cuboid": "a cuboid"}
_HALF_TURN: Final = 180.0


def decode(  # noqa: PLR0911 - one a kind
    node: ET.Element, label: str, labels: Labels, size: tuple[int, int]
) -> Annotation:
    """One element as an annotation, without its side field.

    Args:
        node: the element.
        label: its class; a track's elements do not say it themselves.
        labels: kinds of attributes, skeletons.
        size: (width, height) of the picture in pixels; zeros where it is not known.

    Raises:
        BadObject: it is of a kind that we have not, or its numbers are wrong.
    """
    if node.tag not in SHAPES:
        raise BadObject("unsupported_shape", f"no shape is called {node.tag!r}")
    if node.tag in _REFUSED:
        reason = f"{node.tag} is {_REFUSED[node.tag]}, which is not read"
        raise BadObject("unsupported_shape", reason)
    if not label:
        raise BadObject("unknown_class", f"a {node.tag} has no label")
    common: dict[str, Any] = {"label": label, "attributes": _attributes(node, label, labels)}
    match node.tag:
        case "tag":
            return ClassLabel(**common)
        case "box":
            return _box(node, common)
        case "polygon":
            return Polygon(rings=(_pairs(node),), **common)
        case "ellipse":
            cx, cy, rx, ry = (_value(node, key) for key in ("cx", "cy", "rx", "ry"))
            ring = ellipse_ring(cx, cy, rx, ry, _value(node, "rotation", "0"))
            return Polygon(rings=(ring,), **common)
        case "mask":
            return _mask(node, size, common)
        case "points":
            flat = _pairs(node)
            seen = 1 if _is_set(node, FLAG) else 2
            points = tuple((x, y, seen) for x, y in zip(flat[0::2], flat[1::2], strict=True))
            return Points(points=points, **common)
        case _:
            return _posed(node, common, labels)


def _attributes(node: ET.Element, label: str, labels: Labels) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if _is_set(node, FLAG):
        found[FLAG] = True
    for key in WHOLE:
        text = node.get(key, "0").strip()
        if text not in {"", "0"}:
            value = number(text, key)
            found[key] = int(value) if value.is_integer() else value
    if node.get(SOURCE, "") not in BY_HAND:
        found[SOURCE] = node.get(SOURCE, "")
    for each in node.findall("attribute"):
        name = each.get("name", "")
        found[name] = labels.value(label, name, each.text or "")
    return found


def _is_set(node: ET.Element, key: str) -> bool:
    return node.get(key, "0").strip().lower() in {"1", "true"}


def _value(node: ET.Element, key: str, usual: str = "") -> float:
    return number(node.get(key, usual), key)


def _pairs(node: ET.Element) -> tuple[float, ...]:
    """`x,y;x,y` as x y x y."""
    found: list[float] = []
    for pair in node.get("points", "").split(";"):
        parts = pair.split(",")
        if len(parts) != 2:  # noqa: PLR2004
            raise BadObject("bad_geometry", f"its points hold {pair[:40]!r}, which is no x,y")
        found += [number(part, "one of its points") for part in parts]
    return tuple(found)


def _box(node: ET.Element, common: dict[str, Any]) -> Annotation:
    x1, y1, x2, y2 = (_value(node, key) for key in ("xtl", "ytl", "xbr", "ybr"))
    angle = _value(node, "rotation", "0")
    if not angle:
        return Box(xyxy=(x1, y1, x2, y2), **common)
    if angle > _HALF_TURN:
        angle -= 2 * _HALF_TURN
    centre = (tidy((x1 + x2) / 2), tidy((y1 + y2) / 2), tidy(x2 - x1), tidy(y2 - y1))
    return OrientedBox(cxcywh=centre, angle_deg=angle, **common)


def _mask(node: ET.Element, size: tuple[int, int], common: dict[str, Any]) -> Mask:
    places = [_value(node, key) for key in ("left", "top", "width", "height")]
    left, top, width, height = (int(each) for each in places)
    across, down = size
    if not across or not down or across * down > MAX_PIXELS:
        raise BadObject("mask_size", "its mask needs the size of the picture, which is not said")
    inside = left >= 0 and top >= 0 and left + width <= across and top + height <= down
    if not inside or width <= 0 or height <= 0:
        shown = f"{left} {top} {width} {height}"
        raise BadObject("mask_size", f"its mask does not lie in the picture: {shown}")
    runs = [number(each, "one of its runs") for each in node.get("rle", "").split(",")]
    if any(run < 0 or run % 1 for run in runs) or sum(runs) != width * height:
        raise BadObject("bad_geometry", f"its runs do not add up to {width} × {height}")
    values = np.arange(len(runs)) % 2 == 1
    bitmap = np.zeros((down, across), bool)
    crop = np.repeat(values, np.asarray(runs, np.int64)).reshape(height, width)
    bitmap[top : top + height, left : left + width] = crop
    return Mask(size_hw=(down, across), counts=rle.from_bitmap(bitmap), **common)


def _posed(node: ET.Element, common: dict[str, Any], labels: Labels) -> Points:
    """A skeleton: its points in the order of the label's drawing, else as they stand."""
    said: dict[str, tuple[float, float, int]] = {}
    for each in node.findall("points"):
        flat = _pairs(each)
        if len(flat) != 2:  # noqa: PLR2004
            raise BadObject("bad_geometry", "a point of its skeleton is not one point")
        seen = 0 if _is_set(each, "outside") else 1 if _is_set(each, FLAG) else 2
        said[each.get("label", "")] = (flat[0], flat[1], seen)
    names, edges = labels.skeletons.get(common["label"]) or (tuple(said), ())
    if said.keys() - set(names):
        names, edges = tuple(said), ()
    points = tuple(said.get(name, (0.0, 0.0, 0)) for name in names)
    return Points(points=points, names=names, edges=edges, **common)
