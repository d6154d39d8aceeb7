"""A chunk of samples as columns: what the chunk's digest stands for, so it is made once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from visloop.data.formats import rle
from visloop.data.querying.schema import COUNTS, KINDS
from visloop.data.records import Sample
from visloop.query import Block, Builder
from visloop.vision import (
    Annotation,
    Box,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
    is_followed,
)

_NOWHERE: Final = (None, None, None, None)


def build(samples: Sequence[Sample]) -> Block:
    """The columns of some samples and of all of their annotations."""
    builder = Builder([len(each.annotations) for each in samples])
    objects = list(chain.from_iterable(each.annotations for each in samples))
    kinds = [_kind(each) for each in objects]
    _samples(builder, samples)
    _counts(builder, [len(each.annotations) for each in samples], kinds)
    _objects(builder, objects, kinds)
    at: dict[str, tuple[list[int], list[Any]]] = {}
    _spread(at, "metadata", (each.metadata for each in samples))
    for key, (places, values) in at.items():
        builder.any(key, places, values, parts=False)
    at = {}
    _spread(at, "attribute", (each.attributes for each in objects))
    for key, (places, values) in at.items():
        builder.any(key, places, values, parts=True)
    return builder.block()


def _spread(
    at: dict[str, tuple[list[int], list[Any]]], family: str, tables: Iterable[dict[str, Any]]
) -> None:
    for place, table in enumerate(tables):
        for key, value in table.items():
            places, values = at.setdefault(f"{family}.{key}", ([], []))
            places.append(place)
            values.append(value)


def _samples(builder: Builder, samples: Sequence[Sample]) -> None:
    paths = [each.path for each in samples]
    builder.texts("path", paths)
    builder.texts("name", [path.rpartition("/")[2] for path in paths])
    builder.texts("folder", [path.rpartition("/")[0] for path in paths])
    builder.texts("id", [each.id for each in samples])
    builder.texts("image", [each.image for each in samples])
    builder.texts("media", [each.media for each in samples])
    builder.texts("mode", [each.mode for each in samples])
    builder.texts("split", [each.split for each in samples])
    builder.texts("source", [each.source or None for each in samples])
    builder.texts("added", [each.added or None for each in samples])
    builder.whole("bytes", [each.bytes for each in samples])
    builder.whole("width", [each.width for each in samples])
    builder.whole("height", [each.height for each in samples])
    builder.whole("orientation", [each.orientation for each in samples])
    builder.numbers(
        "aspect", [each.width / each.height if each.height else None for each in samples]
    )
    builder.truths("labelled", [each.labelled for each in samples])
    builder.truths("negative", [each.labelled and not each.annotations for each in samples])


def _counts(builder: Builder, owned: Sequence[int], kinds: Sequence[str]) -> None:
    """How many annotations of each kind, and of several kinds together, a sample has."""
    number = {kind: place for place, kind in enumerate(KINDS)}
    rows = np.repeat(np.arange(len(owned)), owned)
    codes = np.array([number[each] for each in kinds], np.int64)
    of_each = np.bincount(rows * len(KINDS) + codes, minlength=len(owned) * len(KINDS))
    table = of_each.reshape(len(owned), len(KINDS))
    for name, counted in COUNTS.items():
        builder.counted(f"count.{name}", table[:, [number[each] for each in counted]].sum(1))


def _objects(builder: Builder, objects: Sequence[Annotation], kinds: Sequence[str]) -> None:
    boxes = [box_around(each) or _NOWHERE for each in objects]
    builder.texts("object.id", [each.id for each in objects])
    builder.texts("object.kind", kinds)
    builder.texts("object.label", [each.label or None for each in objects])
    builder.texts("object.author", [each.author or None for each in objects])
    builder.texts("object.review", [each.review for each in objects])
    builder.truths("object.ignore", [each.ignore for each in objects])
    builder.truths("object.crowd", [each.crowd for each in objects])
    builder.numbers("object.score", [each.score for each in objects])
    for at, name in enumerate(("x1", "y1", "x2", "y2")):
        builder.numbers(f"object.{name}", [box[at] for box in boxes])
    builder.numbers("object.width", [_side(x1, x2) for x1, _, x2, _ in boxes])
    builder.numbers("object.height", [_side(y1, y2) for _, y1, _, y2 in boxes])
    builder.numbers("object.area", [area(each) for each in objects])
    tracks = [each.track if is_followed(each) else None for each in objects]
    builder.texts("object.track", tracks)
    values = [each.value if isinstance(each, NumberValue) else None for each in objects]
    builder.numbers("object.value", values)


def _side(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def _kind(annotation: Annotation) -> str:
    return str(annotation.__struct_config__.tag)


def box_around(annotation: Annotation) -> tuple[float, float, float, float] | None:
    """The enclosing box, x1 y1 x2 y2 in pixels; None for what lies nowhere."""
    match annotation:
        case Box() | Track():
            return annotation.xyxy
        case Polygon():
            return _around(
                [ring[0::2] for ring in annotation.rings], [r[1::2] for r in annotation.rings]
            )
        case OrientedBox():
            cx, cy, width, height = annotation.cxcywh
            turn = math.radians(annotation.angle_deg)
            cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
            dx, dy = (width * cos + height * sin) / 2, (width * sin + height * cos) / 2
            return cx - dx, cy - dy, cx + dx, cy + dy
        case Points():
            seen = [(x, y) for x, y, visibility in annotation.points if visibility]
            return _around([[x for x, _ in seen]], [[y for _, y in seen]])
        case Mask() if any(annotation.counts[1::2]):
            return rle.box_of(annotation.counts, annotation.size_hw)
        case _:
            return None


def _around(
    xs: Sequence[Sequence[float]], ys: Sequence[Sequence[float]]
) -> tuple[float, float, float, float] | None:
    across, down = list(chain.from_iterable(xs)), list(chain.from_iterable(ys))
    return (min(across), min(down), max(across), max(down)) if across else None


def area(annotation: Annotation) -> float | None:
    """Pixels² of the shape itself; a polygon's rings are taken as separate pieces."""
    match annotation:
        case Box() | Track():
            x1, y1, x2, y2 = annotation.xyxy
            return (x2 - x1) * (y2 - y1)
        case OrientedBox():
            return annotation.cxcywh[2] * annotation.cxcywh[3]
        case Mask():
            return float(sum(annotation.counts[1::2]))
        case Polygon():
            return sum(_ring_area(ring) for ring in annotation.rings)
        case _:
            return None


def _ring_area(ring: Sequence[float]) -> float:
    """Shoelace formula."""
    xs, ys = ring[0::2], ring[1::2]
    turned = zip(xs, ys, (*xs[1:], *xs[:1]), (*ys[1:], *ys[:1]), strict=True)
    return abs(sum(x * y2 - x2 * y for x, y, x2, y2 in turned)) / 2
