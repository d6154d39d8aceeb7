"""What may be put on a picture: shapes that lie in it and have an extent."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from visloop.errors import UsageError
from visloop.vision import Annotation, Box, Mask, OrientedBox, Points, Polygon, Track

if TYPE_CHECKING:
    from visloop import data

_SLACK_PX: Final = 1.0
_CORNERS: Final = 3  # of the simplest ring


class WrongShape(UsageError):
    """What was drawn is no shape inside the picture."""

    code = "label.wrong_shape"


def check_shape(new: Annotation, sample: data.Sample) -> None:
    """Refuse what cannot be put on this picture.

    Raises:
        UsageError: it has no id.
        WrongShape: coordinates are not finite, the shape is empty or lies outside of the picture.
    """
    if not new.id:
        raise UsageError("an object without an id is put", fix="give each new object an id")
    if isinstance(new, Mask):
        if new.size_hw != (sample.height, sample.width) or sum(new.counts) != (
            sample.height * sample.width
        ):
            raise _wrong(f"the mask is not of {sample.width} × {sample.height} pixels", sample)
        return
    points = _points(new)
    sizes = (*new.cxcywh, new.angle_deg) if isinstance(new, OrientedBox) else ()
    if not all(isfinite(value) for value in (*points, *sizes)):
        raise _wrong("a coordinate is not a number", sample)
    xs, ys = points[0::2], points[1::2]
    if _is_empty(new):
        raise _wrong("the shape has no area", sample)
    inside = (-_SLACK_PX <= x <= sample.width + _SLACK_PX for x in xs)
    if not (all(inside) and all(-_SLACK_PX <= y <= sample.height + _SLACK_PX for y in ys)):
        raise _wrong("the shape reaches beyond the picture", sample)


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
