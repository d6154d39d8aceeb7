"""Annotations and predictions: one tagged union, one record, for every room and every face.

Coordinates are absolute pixels in the upright (EXIF-applied) image: x to the right, y down,
the origin is the top left corner of the top left pixel; boxes are x1 y1 x2 y2 with x1 < x2, y1 < y2.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

ReviewState = Literal["draft", "proposed", "accepted", "rejected"]


class _Common(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every annotation carries, whatever its shape.

    `author` is an actor (`user:owner`) or a model (`model:dock@v3`); `score` is in [0, 1] and
    absent for labels given by people; `ignore` leaves the object out of metrics, `crowd` marks a
    region of many objects (COCO's `iscrowd`).
    """

    id: str = ""
    label: str = ""
    attributes: dict[str, Any] = {}
    ignore: bool = False
    crowd: bool = False
    author: str = ""
    score: float | None = None
    review: ReviewState = "accepted"


class _Followed(_Common, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A shape that may be this frame's part of a track: one object, followed through a video.

    `track` names the object, the same in all frames of the film; "": it is of none. A person has
    placed it in a `key_frame`; between two of them it is interpolated, and is an annotation of its
    frame as any other. `ends`: from the next frame on it is out of sight.
    """

    track: str = ""
    key_frame: bool = True
    ends: bool = False


class ClassLabel(_Common, frozen=True, kw_only=True, omit_defaults=True, tag="class"):
    """The whole picture is of class `label`; several are allowed."""


class NumberValue(_Common, frozen=True, kw_only=True, omit_defaults=True, tag="number"):
    """A number read off the picture (a count, a gauge), in `unit`."""

    value: float
    unit: str = ""


class Box(_Common, frozen=True, kw_only=True, omit_defaults=True, tag="box"):
    """An axis-aligned box, (x1, y1, x2, y2) in pixels."""

    xyxy: tuple[float, float, float, float]


class OrientedBox(_Followed, frozen=True, kw_only=True, omit_defaults=True, tag="obb"):
    """A turned box: centre and size in pixels, angle in degrees clockwise."""

    cxcywh: tuple[float, float, float, float]
    angle_deg: float


class Polygon(_Followed, frozen=True, kw_only=True, omit_defaults=True, tag="polygon"):
    """One object of one or more rings, each x1 y1 x2 y2 … in pixels."""

    rings: tuple[tuple[float, ...], ...]


class Mask(_Followed, frozen=True, kw_only=True, omit_defaults=True, tag="mask"):
    """A bitmap of (height, width) as COCO's uncompressed run lengths, column by column, zeros first."""

    size_hw: tuple[int, int]
    counts: tuple[int, ...]


class Points(_Followed, frozen=True, kw_only=True, omit_defaults=True, tag="points"):
    """Named points of a skeleton: (x, y, visibility) each, visibility 0 absent, 1 hidden, 2 seen."""

    points: tuple[tuple[float, float, int], ...]
    names: tuple[str, ...] = ()
    edges: tuple[tuple[int, int], ...] = ()


class Track(_Common, frozen=True, kw_only=True, omit_defaults=True, tag="track"):
    """This frame's box of an object that is followed through a video; see `_Followed`."""

    track: str
    xyxy: tuple[float, float, float, float]
    key_frame: bool = True
    ends: bool = False


Annotation: TypeAlias = (
    ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track
)

Followed: TypeAlias = Track | OrientedBox | Polygon | Mask | Points


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of one model to one picture: batch, evaluation, serving, pre-labels and edge alike.

    `image` is the digest of the encoded bytes, `model` a reference with a version (`dock@v3`),
    `package` and `contract` digests; `probabilities` runs over the contract's classes where the
    model gives them; `time` is RFC 3339 in UTC.
    """

    id: str
    image: str
    model: str
    package: str
    contract: str
    annotations: tuple[Annotation, ...]
    probabilities: tuple[float, ...] | None = None
    time: str = ""
    source: str = ""
    format: int = 1

    @property
    def top(self) -> tuple[str, float] | None:
        """The best class and its score, where the picture as a whole has one."""
        labels = [a for a in self.annotations if isinstance(a, ClassLabel)]
        best = max(labels, key=lambda a: a.score or 0.0, default=None)
        return (best.label, best.score or 0.0) if best else None


def geometry_xyxy(annotation: Annotation) -> tuple[float, float, float, float] | None:
    """The enclosing box in pixels, for those annotations that lie somewhere."""
    match annotation:
        case Box() | Track():
            return annotation.xyxy
        case Polygon():
            xs = [x for ring in annotation.rings for x in ring[0::2]]
            ys = [y for ring in annotation.rings for y in ring[1::2]]
            return (min(xs), min(ys), max(xs), max(ys)) if xs else None
        case _:
            return None
