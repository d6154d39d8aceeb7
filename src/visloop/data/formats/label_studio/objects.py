"""Label Studio's regions to annotations: per cent of the picture to pixels, brushes to bitmaps.

Source: labelstud.io/guide/export and /guide/predictions. A rectangle turns clockwise about its own
top left corner. Coordinates come back to a millionth of a pixel.
"""

from __future__ import annotations

from typing import Any, Final

from visloop.data.formats import rle
from visloop.data.formats.label_studio.brush import decode_brush
from visloop.data.formats.loose import (
    BadObject,
    listing,
    mapping,
    number,
    score,
    size,
    storable,
)
from visloop.data.formats.shapes import about_corner, ellipse_ring, tidy
from visloop.data.ingest.probe import MAX_PIXELS
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
)

KINDS: Final = {
    "rectanglelabels": "rectangle",
    "polygonlabels": "polygon",
    "brushlabels": "brush",
    "keypointlabels": "keypoint",
    "ellipselabels": "ellipse",
}
"""Kinds of regions that say their class themselves; the bare ones have it in a result beside."""
BARE: Final = frozenset(KINDS.values())
WHOLE: Final = frozenset({"choices", "number", "rating"})
TEXTS: Final = frozenset({"textarea", "taxonomy", "pairwise", "datetime", "ranker"})


def decode(
    region: dict[str, Any], declared: tuple[int, int], labels: list[str], attributes: dict[str, Any]
) -> Annotation:
    """One region, without its side field.

    Args:
        region: an entry of `result`.
        declared: (width, height) in pixels, for regions that do not say it.
        labels: its classes, the first of which counts.
        attributes: what is said of this region elsewhere.

    Raises:
        BadObject: it is of a kind that we have not, or its numbers are wrong.
    """
    kind = str(region.get("type"))
    value = mapping(region.get("value"))
    if number(region.get("image_rotation") or 0, "image_rotation"):
        raise BadObject("turned_picture", "it was drawn on a picture turned in the editor")
    if not labels:
        raise BadObject("unknown_class", "it has no label")
    if len(labels) > 1:
        attributes = attributes | {"more_labels": labels[1:]}
    identity = region.get("id")
    common: dict[str, Any] = {
        "id": identity if isinstance(identity, str) else "",
        "label": labels[0],
        "attributes": storable(attributes),
        "score": score(region.get("score")),
    }
    scale = _scale(region, declared)
    match KINDS.get(kind, kind):
        case "rectangle":
            return _rectangle(value, scale, common)
        case "polygon":
            ring = [
                tidy(number(each, "one of its points") * scale[at] / 100)
                for pair in listing(value.get("points"))
                for at, each in enumerate(_pair(pair))
            ]
            return Polygon(rings=(tuple(ring),), **common)
        case "brush":
            return _brush(value, scale, common)
        case "keypoint":
            x, y = _places(value, scale, "x", "y")
            return Points(points=((x, y, 1 if value.get("hidden") is True else 2),), **common)
        case "ellipse":
            cx, cy, rx, ry = _places(value, scale, "x", "y", "radiusX", "radiusY")
            ring = ellipse_ring(cx, cy, rx, ry, number(value.get("rotation") or 0, "rotation"))
            return Polygon(rings=(ring,), **common)
        case _:
            raise BadObject("unsupported_shape", f"no region is of the kind {kind[:40]!r}")


def whole_picture(result: dict[str, Any]) -> list[Annotation]:
    """Choices and numbers that speak of the whole picture.

    Raises:
        BadObject: a number is none.
    """
    value = mapping(result.get("value"))
    identity = result.get("id")
    common: dict[str, Any] = {
        "id": identity if isinstance(identity, str) else "",
        "score": score(result.get("score")),
    }
    if result.get("type") == "choices":
        names = [each for each in listing(value.get("choices")) if isinstance(each, str) and each]
        later: dict[str, Any] = common | {"id": ""}
        return [
            ClassLabel(label=name, **(later if at else common)) for at, name in enumerate(names)
        ]
    said = value.get("number", value.get("rating"))
    return [NumberValue(value=number(said, "its number"), **common)]


def labels_in(value: dict[str, Any], kind: str) -> list[str]:
    """The classes that a value holds, under the name of its kind, or `labels`."""
    named = [each for key in (kind, "labels") for each in listing(value.get(key))]
    found = [each.strip() for each in named if isinstance(each, str) and each.strip()]
    return list(dict.fromkeys(found))


def _scale(region: dict[str, Any], declared: tuple[int, int]) -> tuple[int, int]:
    width = size(region.get("original_width")) or declared[0]
    height = size(region.get("original_height")) or declared[1]
    if not width or not height:
        raise BadObject("bad_geometry", "its original_width and original_height are missing")
    return width, height


def _pair(pair: object) -> list[Any]:
    found = listing(pair)
    if len(found) != 2:  # noqa: PLR2004
        raise BadObject("bad_geometry", "one of its points is not a pair of numbers")
    return found


def _places(value: dict[str, Any], scale: tuple[int, int], *keys: str) -> tuple[float, ...]:
    """Per cent, across and down in turn, as pixels."""
    return tuple(
        tidy(number(value.get(key), key) * scale[at % 2] / 100) for at, key in enumerate(keys)
    )


def _rectangle(value: dict[str, Any], scale: tuple[int, int], common: dict[str, Any]) -> Annotation:
    x, y, width, height = (number(value.get(key), key) for key in ("x", "y", "width", "height"))
    angle = number(value.get("rotation") or 0, "rotation")
    across, down = scale
    if not angle:
        x2, y2 = (x + width) * across / 100, (y + height) * down / 100
        corners = (x * across / 100, y * down / 100, x2, y2)
        x1, y1, x2, y2 = map(tidy, corners)
        return Box(xyxy=(x1, y1, x2, y2), **common)
    sides = (tidy(width * across / 100), tidy(height * down / 100))
    if angle > 180:  # noqa: PLR2004
        angle -= 360
    box = about_corner(x * across / 100, y * down / 100, *sides, angle)
    return OrientedBox(cxcywh=box, angle_deg=angle, **common)


def _brush(value: dict[str, Any], scale: tuple[int, int], common: dict[str, Any]) -> Mask:
    width, height = scale
    if value.get("format") != "rle":
        raise BadObject("unsupported_shape", f"a brush in the format {value.get('format')!r}")
    if width * height > MAX_PIXELS:
        raise BadObject("mask_size", f"its mask is {width} × {height} px")
    try:
        bitmap = decode_brush(listing(value.get("rle")), (height, width))
    except ValueError as problem:
        raise BadObject("bad_geometry", str(problem)) from problem
    return Mask(size_hw=(height, width), counts=rle.from_bitmap(bitmap), **common)
