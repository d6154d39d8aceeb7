"""Tracks: one object followed through the frames of a film, placed in key frames, interpolated between.

What a track is follows from its key frames and its stops alone. Between two key frames the shape
moves in a straight line in time; a stop after a key frame (`ends`) holds the shape until there, and
nothing is shown from there to the next key frame, nor after the last one. The page draws by the same
rule: `faces/ui/views/editor/film/course.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from msgspec.structs import replace

from visloop.vision.records import (
    Annotation,
    Box,
    ClassLabel,
    Followed,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
)

_TURN_DEG: Final = 360.0
_UNTRACKED: Final = (Box, ClassLabel, NumberValue)


@dataclass(frozen=True)
class Course:
    """What a person said of a track: its shape in each key frame, and where it is last in sight.

    Frames are counted from 0 in the film's order.
    """

    keys: Mapping[int, Followed]
    stops: frozenset[int] = frozenset()


def is_followed(annotation: Annotation) -> TypeGuard[Followed]:
    """Whether it is a part of a track."""
    return not isinstance(annotation, _UNTRACKED) and bool(annotation.track)


def course_of(present: Mapping[int, Followed]) -> Course:
    """What a track's annotations say, by the frames that hold one.

    Files of other tools may end a track without a word, in a frame that is no key frame: it stops
    there. Where none is a key frame, the first one is.
    """
    if not present:
        return Course({})
    first, last = min(present), max(present)
    keys = {at: each for at, each in sorted(present.items()) if each.key_frame or at == first}
    stops = {at for at, each in present.items() if each.ends}
    return Course(keys, frozenset(stops if last in keys else stops | {last}))


def filled(course: Course, places: Sequence[float]) -> dict[int, Followed]:
    """The track's annotation in each frame that shows it.

    Args:
        course: its key frames and stops.
        places: when each frame of the film is shown, in any unit, ascending.

    Returns:
        By frame; between key frames those of the key frame before, moved, and without an id.
    """
    found: dict[int, Followed] = {}
    keys = sorted(course.keys)
    for k, a in enumerate(keys):
        key, b = course.keys[a], keys[k + 1] if k + 1 < len(keys) else None
        found[a] = replace(key, key_frame=True, ends=a in course.stops)
        stop = min((s for s in course.stops if s >= a and (b is None or s < b)), default=None)
        held = replace(key, id="", key_frame=False, ends=False)
        if stop is not None:
            found |= {at: replace(held, ends=at == stop) for at in range(a + 1, stop + 1)}
        elif b is not None:
            for at in range(a + 1, b):
                share = _share(places[a], places[at], places[b])
                found[at] = between(held, course.keys[b], share)
    return found


def _share(start: float, at: float, end: float) -> float:
    return (at - start) / (end - start) if end > start else 0.0


def between(a: Followed, b: Followed, share: float) -> Followed:
    """The shape `a`, moved towards `b` by a share in [0, 1).

    Corners and points move in straight lines, each to its own; a turned box turns by the smaller
    angle. What cannot move into the other (masks, other kinds, other numbers of corners or points)
    stays as it is.
    """
    match a, b:
        case Track(), Track():
            return replace(a, xyxy=_moved(a.xyxy, b.xyxy, share))
        case OrientedBox(), OrientedBox():
            turn = (b.angle_deg - a.angle_deg + _TURN_DEG / 2) % _TURN_DEG - _TURN_DEG / 2
            angle = (a.angle_deg + turn * share + _TURN_DEG / 2) % _TURN_DEG - _TURN_DEG / 2
            return replace(a, cxcywh=_moved(a.cxcywh, b.cxcywh, share), angle_deg=angle)
        case Polygon(), Polygon() if list(map(len, a.rings)) == list(map(len, b.rings)):
            rings = zip(a.rings, b.rings, strict=True)
            return replace(a, rings=tuple(_moved(p, q, share) for p, q in rings))
        case Points(), Points() if len(a.points) == len(b.points):
            pairs = zip(a.points, b.points, strict=True)
            return replace(a, points=tuple(_point(p, q, share) for p, q in pairs))
        case _:
            return a


def _moved(a: Sequence[float], b: Sequence[float], share: float) -> tuple[float, ...]:
    return tuple(p + (q - p) * share for p, q in zip(a, b, strict=True))


def _point(
    a: tuple[float, float, int], b: tuple[float, float, int], share: float
) -> tuple[float, float, int]:
    """A point that is absent in one of the two does not move."""
    if not (a[2] and b[2]):
        return a
    x, y = _moved(a[:2], b[:2], share)
    return (x, y, a[2])
