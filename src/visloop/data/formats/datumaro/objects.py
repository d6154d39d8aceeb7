"""Datumaro's annotations to ours and back.

Source: Datumaro 1.x, `plugins/data_formats/datumaro/{base,exporter}.py`. Boxes are x y w h, outlines
one ring each, masks compressed run lengths; `joints` of key points count from 1, as COCO's do.
"""

from __future__ import annotations

from typing import Any, Final

from visloop.data.formats import rle
from visloop.data.formats.loose import (
    BadObject,
    listing,
    mapping,
    number,
    numbers,
    score,
    storable,
    text,
    whole_numbers,
)
from visloop.data.formats.shapes import ellipse_ring
from visloop.vision import Annotation, Box, ClassLabel, Mask, Points, Polygon, Track

GROUP: Final = "group"
LAYER: Final = "z_order"
MEANT: Final = frozenset({"track_id", "keyframe", "is_crowd", "ignore", "score"})
"""Attributes to which Datumaro's plug-ins give a meaning that our records have fields for."""
_REFUSED: Final = {
    "polyline": "a line that encloses nothing",
    "cuboid_2d": "a cuboid",
    "cuboid_3d": "a cuboid in space",
    "hash_key": "a hash, no label",
    "feature_vector": "a feature vector, no label",
    "tabular": "a row of a table",
}


class Skeletons:
    """Names and edges of key points by class, as the categories say them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, ...], tuple[tuple[int, int], ...]]] = {}

    def take(self, label: str, names: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> None:
        """Remember a class's first skeleton, also that it has none."""
        self._known.setdefault(label, (names, edges))

    def of(self, label: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
        """The names and the edges (from 0) of a class; empty where it has none."""
        return self._known.get(label, ((), ()))

    def category(self, numbers_of: dict[str, int]) -> dict[str, Any]:
        """The `points` category."""
        items = [
            {
                "label_id": numbers_of[label],
                "labels": list(names),
                "joints": [[a + 1, b + 1] for a, b in edges],
                "positions": [],
            }
            for label, (names, edges) in self._known.items()
            if label in numbers_of and (names or edges)
        ]
        return {"items": items}


def skeletons_of(categories: dict[str, Any], names: list[str]) -> Skeletons:
    """The skeletons that a file's categories declare."""
    found = Skeletons()
    for each in listing(mapping(categories.get("points")).get("items")):
        item = mapping(each)
        at = whole_numbers(item.get("label_id"))
        if at is None or not 0 <= at < len(names):
            continue
        joints = [j for j in listing(item.get("joints")) if len(listing(j)) == 2]  # noqa: PLR2004
        edges = [(whole_numbers(a), whole_numbers(b)) for a, b in joints]
        found.take(
            names[at],
            tuple(str(name) for name in listing(item.get("labels"))),
            tuple((a - 1, b - 1) for a, b in edges if a is not None and b is not None),
        )
    return found


def decode(raw: dict[str, Any], labels: list[str], skeletons: Skeletons) -> Annotation:
    """One annotation, as the file itself says it (without its side field).

    Raises:
        BadObject: it is of a kind that we have not, or its numbers are wrong.
    """
    kind = text(raw.get("type"))
    if kind in _REFUSED:
        raise BadObject("unsupported_shape", f"{kind} is {_REFUSED[kind]}, which is not read")
    common = _common(raw, labels)
    match kind:
        case "label":
            if not common["label"]:
                raise BadObject("unknown_class", "it has no class")
            return ClassLabel(**common)
        case "bbox":
            return _box(raw, common)
        case "polygon":
            return Polygon(rings=(numbers(raw.get("points"), "its points"),), **_tracked(common))
        case "mask":
            return _mask(mapping(raw.get("rle")), _tracked(common))
        case "points":
            return _points(raw, _tracked(common), skeletons)
        case "ellipse":
            points = numbers(raw.get("points"), "its points")
            if len(points) != 4:  # noqa: PLR2004
                raise BadObject("bad_geometry", "an ellipse has four numbers")
            x1, y1, x2, y2 = points
            ring = ellipse_ring((x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / 2, (y2 - y1) / 2)
            return Polygon(rings=(ring,), **_tracked(common))
        case _:
            raise BadObject("unsupported_shape", f"no annotation is of the type {kind!r}")


def _common(raw: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    label_id = raw.get("label_id")
    at = whole_numbers(label_id)
    if label_id is not None and (at is None or not 0 <= at < len(labels)):
        raise BadObject("unknown_class", f"no class has the number {label_id}")
    attributes: dict[str, Any] = storable(mapping(raw.get("attributes")))
    common: dict[str, Any] = {"label": "" if at is None else labels[at]}
    for name, field in (("is_crowd", "crowd"), ("ignore", "ignore")):
        if isinstance(attributes.get(name), bool):
            common[field] = attributes.pop(name)
    if (found := score(attributes.get("score"))) is not None:
        common["score"] = found
        del attributes["score"]
    for name in (GROUP, LAYER):
        if value := whole_numbers(raw.get(name)):
            attributes.setdefault(name, value)
    return common | {"attributes": attributes}


def _box(raw: dict[str, Any], common: dict[str, Any]) -> Annotation:
    box = numbers(raw.get("bbox"), "its box")
    if len(box) != 4:  # noqa: PLR2004
        raise BadObject("bad_geometry", f"its box has {len(box)} numbers, not four")
    x, y, width, height = box
    xyxy = (x, y, x + width, y + height)
    told = _tracked(common)
    return Track(xyxy=xyxy, **told) if "track" in told else Box(xyxy=xyxy, **common)


def _tracked(common: dict[str, Any]) -> dict[str, Any]:
    """The fields of a track in place of the attributes that say it, where they do."""
    attributes = dict(common["attributes"])
    track = attributes.pop("track_id", None)
    if isinstance(track, bool) or not isinstance(track, int | str) or track == "":
        return common
    key = bool(attributes.pop("keyframe", True))
    return common | {"attributes": attributes, "track": str(track), "key_frame": key}


def _mask(drawn: dict[str, Any], common: dict[str, Any]) -> Mask:
    size = [whole_numbers(each) for each in listing(drawn.get("size"))]
    if len(size) != 2 or not all(size):  # noqa: PLR2004
        raise BadObject("bad_geometry", "its mask says no size")
    counts = drawn.get("counts")
    try:
        runs = rle.from_string(counts) if isinstance(counts, str) else _runs(counts)
    except ValueError as problem:
        raise BadObject("bad_geometry", str(problem)) from problem
    return Mask(size_hw=(size[0] or 0, size[1] or 0), counts=runs, **common)


def _runs(counts: object) -> tuple[int, ...]:
    runs = [whole_numbers(each) for each in listing(counts)]
    if not runs or None in runs:
        raise BadObject("bad_geometry", "its mask has no run lengths")
    return tuple(run or 0 for run in runs)


def _points(raw: dict[str, Any], common: dict[str, Any], skeletons: Skeletons) -> Points:
    flat = numbers(raw.get("points"), "its points")
    seen = listing(raw.get("visibility")) or [2] * (len(flat) // 2)
    if len(flat) % 2 or len(seen) != len(flat) // 2:
        raise BadObject("bad_geometry", f"{len(flat)} numbers and {len(seen)} visibilities")
    visible = [int(number(each, "its visibility")) for each in seen]
    if not set(visible) <= {0, 1, 2}:
        raise BadObject("bad_geometry", "a visibility is not 0, 1 or 2")
    names, edges = skeletons.of(common["label"])
    points = tuple(zip(flat[0::2], flat[1::2], visible, strict=True))
    return Points(points=points, names=names, edges=edges, **common)
