"""What may be put on a picture: whole shapes that lie in it and have an extent, and can be stored."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import msgspec

from visloop.errors import UsageError
from visloop.vision import (
    Annotation,
    Box,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visloop import data

_SLACK_PX: Final = 1.0
_CORNERS: Final = 3  # of the simplest ring
_VISIBILITIES: Final = (0, 1, 2)
_DEEPEST: Final = 8


class WrongShape(UsageError):
    """What was drawn is no shape inside the picture."""

    code = "label.wrong_shape"


def check_shape(new: Annotation, sample: data.Sample) -> None:
    """Refuse what cannot be put on this picture.

    Raises:
        UsageError: it has no id, or its attributes cannot be stored.
        WrongShape: coordinates are not finite, the shape is broken or empty, or lies outside of the
            picture.
    """
    if not new.id:
        raise UsageError("an object without an id is put", fix="give each new object an id")
    _check_attributes(new)
    if broken := _broken(new, sample):
        raise _wrong(broken, sample)
    points = _points(new)
    if not all(isfinite(value) for value in (*points, *_sizes(new))):
        raise _wrong("a coordinate is not a number", sample)
    xs, ys = points[0::2], points[1::2]
    if _is_empty(new):
        raise _wrong("the shape has no area", sample)
    inside = (-_SLACK_PX <= x <= sample.width + _SLACK_PX for x in xs)
    if not (all(inside) and all(-_SLACK_PX <= y <= sample.height + _SLACK_PX for y in ys)):
        raise _wrong("the shape reaches beyond the picture", sample)


def _check_attributes(new: Annotation) -> None:
    try:
        msgspec.msgpack.encode(new)
        stored = not _deeper(new.attributes, _DEEPEST)
    except (OverflowError, TypeError, UnicodeEncodeError, RecursionError):
        stored = False
    if not stored:
        raise UsageError(
            f"object {new.id!r} cannot be stored",
            fix="attributes are texts, numbers of 64 bits, truth values, and lists of these",
        )


def _deeper(value: object, levels: int) -> bool:
    """Whether lists and objects lie in one another more than so many times."""
    if not isinstance(value, dict | list | tuple):
        return False
    inner: Iterable[object] = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return levels == 0 or any(_deeper(each, levels - 1) for each in inner)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _broken(new: Annotation, sample: data.Sample) -> str:
    """What of a shape does not fit together, in words."""
    match new:
        case Mask():
            size = (sample.height, sample.width)
            whole = sum(new.counts) == size[0] * size[1] and min(new.counts) >= 0
            if new.size_hw != size or not whole:
                return f"the mask is not of {sample.width} × {sample.height} pixels"
        case Polygon() if any(len(ring) % 2 for ring in new.rings):
            return "a ring has half a corner"
        case Points():
            n = len(new.points)
            if not n or any(seen not in _VISIBILITIES for _, _, seen in new.points):
                return "there is no point, or a visibility is not 0, 1 or 2"
            if len(new.names) not in {0, n} or any(not 0 <= k < n for e in new.edges for k in e):
                return "names or edges are not those of the points"
        case Track() if not new.track:
            return "a track has no name"
        case _:
            pass
    return ""


def _sizes(new: Annotation) -> tuple[float, ...]:
    """Numbers that are no place."""
    match new:
        case OrientedBox():
            return (*new.cxcywh, new.angle_deg)
        case NumberValue():
            return (new.value,)
        case _:
            return ()


def _is_empty(new: Annotation) -> bool:
    """Whether it is a shape without area."""
    match new:
        case Box() | Track():
            x1, y1, x2, y2 = new.xyxy
            return x1 >= x2 or y1 >= y2
        case OrientedBox():
            return min(new.cxcywh[2:]) <= 0
        case Polygon():
            return not new.rings or any(
                len(ring) < 2 * _CORNERS
                or min(ring[0::2]) >= max(ring[0::2])
                or min(ring[1::2]) >= max(ring[1::2])
                for ring in new.rings
            )
        case _:
            return False


def _points(new: Annotation) -> list[float]:
    """Where it lies, as x, y, x, y …; of an oriented box its centre, of a class nothing."""
    match new:
        case Box() | Track():
            return list(new.xyxy)
        case OrientedBox():
            return list(new.cxcywh[:2])
        case Polygon():
            return [value for ring in new.rings for value in ring]
        case Points():
            return [value for x, y, seen in new.points if seen for value in (x, y)]
        case _:
            return []


def _wrong(what: str, sample: data.Sample) -> WrongShape:
    return WrongShape(
        f"{what}: {sample.path!r}",
        fix=f"coordinates are pixels of the upright picture, {sample.width} × {sample.height}",
    )
