"""One YOLO label file: a class id and shares of the picture on each line.

    0 .5 .5 .2 .1                 a box: centre, width, height
    0 .5 .5 .2 .1 .97             … and how sure a model was (a track's number may follow)
    0 .1 .1 .9 .1 .5 .9 …         an outline, three points or more; with one number more, a score
    0 .1 .1 .9 .1 .9 .9 .1 .9     four corners: a turned box where the set is one of those (obb)
    0 .5 .5 .2 .1 .4 .4 2 …       a box and its key points (pose), with or without visibility

Sources: docs.ultralytics.com/datasets (detect, segment, obb, pose); Ultralytics' `save_txt`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from visloop.data.formats.coco.objects import PAIR
from visloop.vision import Box, Points, Polygon, Track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.vision import Annotation

Task: TypeAlias = Literal["", "detect", "segment", "obb", "pose", "classify"]
SLACK: Final = 0.01
"""Shares may lie outside of 0 … 1 by this much: rounding, or a hand that slipped; it is clipped."""

_LINE_ENDS: Final = re.compile(r"\r\n?|\n")
_BOX, _CORNERS, _FEWEST = 4, 8, 6
_MOST_BAD: Final = 100
_SURE: Final = 0.5


class Schema(NamedTuple):
    """What the numbers mean: names of classes by id, the task, key points (how many, how wide)."""

    names: Mapping[int, str]
    task: Task = ""
    points: int = 0
    values: int = 3
    point_names: tuple[str, ...] = ()


class Pose(NamedTuple):
    """How many key points each object of a pose set has, and what they are called."""

    points: int = 0
    names: tuple[str, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()

    def flipped(self) -> list[int] | None:
        """Which point each becomes in a mirrored picture, where the names say left and right."""
        other = {"left": "right", "right": "left"}
        turned = [
            next((n.replace(a, b) for a, b in other.items() if a in n), n) for n in self.names
        ]
        places = {name: at for at, name in enumerate(self.names)}
        if turned == list(self.names) or not all(name in places for name in turned):
            return None
        return [places[name] for name in turned]


class Bad(NamedTuple):
    """A line that cannot be taken; `line` counts from 1. `number`: of the class that has no name."""

    line: int
    code: str
    reason: str
    number: int | None = None


class Told(NamedTuple):
    """What a file says, in shares; `doubles` are lines said before, `corners` lines of four points."""

    annotations: list[Annotation]
    bad: list[Bad]
    doubles: list[int]
    corners: int


class _BadLine(Exception):
    """Its reason code, the reason, and the number of the class where that is it."""


def parse(text: str, schema: Schema) -> Told:
    """Every line of a label file; never raises."""
    told = Told([], [], [], 0)
    corners, seen = 0, set[tuple[float, ...]]()
    lines = _LINE_ENDS.split(text)
    for number, line in enumerate(lines, start=1):
        tokens = line.split()
        if not tokens:
            continue
        try:
            values = _numbers(tokens)
            made = _annotations(values, schema, number)
        except _BadLine as problem:
            told.bad.append(Bad(number, *problem.args))
            if len(told.bad) == _MOST_BAD:
                further = sum(1 for rest in lines[number:] if rest.strip())
                reason = f"{further} lines after {_MOST_BAD} bad ones were not read"
                told.bad.append(Bad(number + 1, "labels_unreadable", reason))
                break
            continue
        if values in seen:
            told.doubles.append(number)
            continue
        seen.add(values)
        corners += len(values) == _CORNERS + 1
        told.annotations.extend(made)
    return told._replace(corners=corners)


def plausible(text: str) -> bool:
    """Whether the first line that is not empty could be YOLO's."""
    for line in _LINE_ENDS.split(text):
        tokens = line.split()
        if tokens:
            try:
                values = _numbers(tokens)
            except _BadLine:
                return False
            return len(values) > _BOX and values[0] % 1 == 0 and values[0] >= 0
    return False


def _numbers(tokens: Sequence[str]) -> tuple[float, ...]:
    values: list[float] = []
    for token in tokens:
        try:
            values.append(float(token))
        except ValueError:
            raise _BadLine("bad_geometry", f"{token[:40]!r} is not a number") from None
    for token, value in zip(tokens, values, strict=True):
        if not math.isfinite(value):
            raise _BadLine("not_finite", f"{token[:40]!r} is no place in a picture")
    return tuple(values)


def _annotations(values: Sequence[float], schema: Schema, line: int) -> list[Annotation]:
    common: dict[str, Any] = {"label": _label(values[0], schema)}
    rest = values[1:]
    if len(rest) < _BOX:
        raise _BadLine("bad_geometry", f"it has {len(rest)} numbers after the class, not 4 or more")
    if schema.points:
        return _posed(rest, schema, common, line)
    if len(rest) in {_BOX, _BOX + 1} or (len(rest) == _BOX + 2 and _is_track(rest, schema)):
        return [_box(rest, common)]
    if len(rest) < _FEWEST:
        raise _BadLine("bad_geometry", f"{len(rest)} numbers are neither a box nor an outline")
    if len(rest) % 2:
        common["score"] = _score(rest[-1])
        rest = rest[:-1]
    turned = schema.task == "obb" and len(rest) == _CORNERS
    _within(rest, -1.0, 2.0) if turned else _within(rest)
    xs, ys = rest[0::2], rest[1::2]
    if min(xs) == max(xs) or min(ys) == max(ys):
        raise _BadLine("zero_area_box", "its outline has no area")
    return [Polygon(rings=(tuple(rest),), **common)]


def _label(value: float, schema: Schema) -> str:
    if value % 1 or value < 0:
        raise _BadLine("unknown_class", f"{value:g} is not the number of a class")
    number = int(value)
    if not schema.names:
        return str(number)
    if number not in schema.names:
        known = f"{min(schema.names)} … {max(schema.names)}"
        reason = f"no class has the number {number} (known: {known})"
        raise _BadLine("unknown_class", reason, number)
    return schema.names[number]


def _is_track(rest: Sequence[float], schema: Schema) -> bool:
    """Box, score, number of a track: six values that are no triangle."""
    return schema.task == "detect" or (rest[-1] > 1 + SLACK and rest[-1] % 1 == 0)


def _box(rest: Sequence[float], common: dict[str, Any]) -> Annotation:
    x, y, width, height = rest[:_BOX]
    _within((x, y))
    if width <= 0 or height <= 0:
        raise _BadLine("zero_area_box", f"its box has no area: {width:g} × {height:g}")
    _within((width, height))
    xyxy = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if len(rest) > _BOX:
        common["score"] = _score(rest[_BOX])
    if len(rest) > _BOX + 1:
        return Track(track=f"{rest[_BOX + 1]:g}", xyxy=xyxy, **common)
    return Box(xyxy=xyxy, **common)


def _posed(
    rest: Sequence[float], schema: Schema, common: dict[str, Any], line: int
) -> list[Annotation]:
    """A box with its key points: two annotations that share the number of their line."""
    flat = rest[_BOX : _BOX + schema.points * schema.values]
    more = len(rest) - _BOX - schema.points * schema.values
    if len(rest) == _BOX:
        return [_box(rest, common)]
    if more not in {0, 1}:
        wanted = f"{_BOX} + {schema.points} × {schema.values}"
        raise _BadLine("bad_geometry", f"it has {len(rest)} numbers after the class, not {wanted}")
    points = tuple(
        _point(flat[at : at + schema.values]) for at in range(0, len(flat), schema.values)
    )
    _within([value for x, y, seen in points if seen for value in (x, y)])
    box = _box((*rest[:_BOX], *rest[len(rest) - more :]), common)
    if not any(seen for _, _, seen in points):
        return [box]
    attributes = {PAIR: line}
    paired = {name: value for name, value in common.items() if name != "attributes"}
    shape = Points(points=points, names=schema.point_names, attributes=attributes, **paired)
    assert isinstance(box, Box)
    return [Box(xyxy=box.xyxy, attributes=attributes, **paired), shape]


def _point(values: Sequence[float]) -> tuple[float, float, int]:
    """x, y, visibility; a point that no model was sure of, or at the corner, is absent."""
    x, y = values[:2]
    if len(values) == 2:  # noqa: PLR2004 - no visibility stated: 0 0 stands for absent
        return (x, y, 2 if x or y else 0)
    seen = values[2]
    if seen % 1:
        return (x, y, 2 if seen > _SURE else 1)
    return (x, y, int(min(max(seen, 0), 2)))


def _score(value: float) -> float:
    if not 0 <= value <= 1:
        raise _BadLine("bad_geometry", f"its score {value:g} is not in 0 … 1")
    return value


def _within(values: Sequence[float], low: float = -SLACK, high: float = 1 + SLACK) -> None:
    for value in values:
        if not low <= value <= high:
            raise _BadLine(
                "bad_geometry", f"{value:g} is not a share of the picture (0 … 1); pixels?"
            )
