"""Labels meet the picture: turned upright where the label file was not, clipped, checked.

Source coordinates are taken as pixels of the upright (EXIF-applied) picture. If the label file
says the size that the picture has *before* turning, its coordinates are turned with it. Those
given as shares of the picture become pixels first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec.structs import replace

from visloop.data.formats import rle
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found, Probe, Settled
from visloop.data.ingest.shares import in_pixels
from visloop.data.ingest.wording import counted
from visloop.vision import Box, Mask, OrientedBox, Points, Polygon, Track, geometry_xyxy

if TYPE_CHECKING:
    from visloop.vision import Annotation

Corners: TypeAlias = tuple[float, float, float, float]
_Turn: TypeAlias = Callable[[float, float], tuple[float, float]]
_REDRAW: Final = "draw it again, or remove it from the label file; then add it again"
_SLACK_PX: Final = 0.01
"""Sticking out by less than this is rounding, and not worth a note."""


class _Unfit(Exception):
    """One object cannot be taken: its reason code and the reason."""


def settle(found: Found, probe: Probe) -> Settled:
    """Fit what the label file says to the picture as it is.

    Nothing is dropped silently: an object that cannot be taken is a Refusal of the codes
    zero_area_box, outside_image, not_finite, mask_size or bad_geometry, tied to the picture's
    path; the picture itself is kept.
    """
    if not found.annotations:
        return Settled(annotations=found.annotations, refusals=found.refusals, notes=found.notes)
    size = (probe.width, probe.height)
    drawn_on, notes = size, list(found.notes)
    stated = found.annotations
    if found.shares:
        stated, crooked = in_pixels(stated, size, corners=found.corners)
        if crooked:
            notes.append(f"{crooked} turned boxes had no right angles: the boxes around them count")
    elif found.declared not in {None, size, (0, 0)}:
        if found.declared == probe.stored_size:
            drawn_on = probe.stored_size
            notes.append("labels were drawn before EXIF turned the picture: turned with it")
        else:
            width, height = found.declared or (0, 0)
            notes.append(
                f"the label file says {width} × {height} px, the picture has {size[0]} × {size[1]}"
            )
    refusals = list(found.refusals)
    kept: list[Annotation] = []
    clipped = 0
    for ordinal, annotation in enumerate(stated, start=1):
        try:
            fitted = _fit(annotation, drawn_on)  # before it is turned: that trusts its geometry
        except _Unfit as problem:
            code, reason = problem.args
            told = f"object {ordinal} ({annotation.label}): {reason}"
            refusals.append(refuse(found.path, found.source, code, told, fix=_REDRAW))
            continue
        clipped += fitted is not annotation and _moved(annotation, fitted)
        turned = drawn_on != size
        kept.append(upright(fitted, probe.orientation, drawn_on) if turned else fitted)
    if clipped:
        notes.append(
            counted("{n} objects reached beyond the picture: clipped at its edge", clipped)
        )
    return Settled(annotations=tuple(kept), refusals=tuple(refusals), notes=tuple(notes))


def _moved(before: Annotation, after: Annotation) -> bool:
    was, now = geometry_xyxy(before), geometry_xyxy(after)
    pairs = zip(was or (), now or (), strict=True)
    return any(abs(a - b) > _SLACK_PX for a, b in pairs)


def upright(annotation: Annotation, orientation: int, stored: tuple[int, int]) -> Annotation:
    """The annotation in the upright picture, given in the pixels as stored (width, height)."""
    turn = turning(orientation, stored)
    match annotation:
        case Box() | Track():
            return replace(annotation, xyxy=_turn_box(annotation.xyxy, turn))
        case Polygon():
            rings = tuple(_turn_ring(ring, turn) for ring in annotation.rings)
            return replace(annotation, rings=rings)
        case Points():
            points = tuple((*turn(x, y), seen) for x, y, seen in annotation.points)
            return replace(annotation, points=points)
        case Mask():
            return _turn_mask(annotation, orientation)
        case OrientedBox():
            return _turn_oriented(annotation, turn)
        case _:
            return annotation


def turning(orientation: int, stored: tuple[int, int]) -> _Turn:
    """Stored pixel coordinates → upright ones, for EXIF orientations 1 … 8 (CIPA DC-008, 4.6.5)."""
    width, height = stored
    turns: dict[int, _Turn] = {
        2: lambda x, y: (width - x, y),
        3: lambda x, y: (width - x, height - y),
        4: lambda x, y: (x, height - y),
        5: lambda x, y: (y, x),
        6: lambda x, y: (height - y, x),
        7: lambda x, y: (height - y, width - x),
        8: lambda x, y: (y, width - x),
    }
    return turns.get(orientation, lambda x, y: (x, y))


def _turn_box(xyxy: Corners, turn: _Turn) -> Corners:
    (xa, ya), (xb, yb) = turn(*xyxy[:2]), turn(*xyxy[2:])
    return (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))


def _turn_ring(ring: Sequence[float], turn: _Turn) -> tuple[float, ...]:
    turned: list[float] = []
    for x, y in zip(ring[0::2], ring[1::2], strict=True):
        turned.extend(turn(x, y))
    return tuple(turned)


def _turn_mask(mask: Mask, orientation: int) -> Mask:
    bitmap = rle.turn(rle.to_bitmap(mask.counts, mask.size_hw), orientation)
    height, width = bitmap.shape
    return replace(mask, size_hw=(height, width), counts=rle.from_bitmap(bitmap))


def _turn_oriented(box: OrientedBox, turn: _Turn) -> OrientedBox:
    cx, cy, width, height = box.cxcywh
    angle = math.radians(box.angle_deg)
    x, y = turn(cx, cy)
    ax, ay = turn(cx + math.cos(angle), cy + math.sin(angle))
    turned = math.degrees(math.atan2(ay - y, ax - x))
    return replace(box, cxcywh=(x, y, width, height), angle_deg=turned)


def _fit(annotation: Annotation, size: tuple[int, int]) -> Annotation:
    match annotation:
        case Box() | Track():
            xyxy = _fit_box(annotation.xyxy, size)
            return annotation if xyxy is annotation.xyxy else replace(annotation, xyxy=xyxy)
        case Polygon():
            return _fit_polygon(annotation, size)
        case Mask():
            return _fit_mask(annotation, size)
        case OrientedBox():
            return _fit_oriented(annotation, size)
        case Points():
            if not all(math.isfinite(x) and math.isfinite(y) for x, y, _ in annotation.points):
                raise _Unfit("not_finite", "a point is not a number")
            return annotation
        case _:
            return annotation


def _fit_box(xyxy: Corners, size: tuple[int, int]) -> Corners:
    x1, y1, x2, y2 = xyxy
    width, height = size
    if 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height:
        return xyxy
    shown = ", ".join(f"{each:g}" for each in xyxy)
    if not all(map(math.isfinite, xyxy)):
        raise _Unfit("not_finite", f"a corner of its box is not a number: {shown}")
    if x1 >= x2 or y1 >= y2:
        raise _Unfit("zero_area_box", f"its box has no area: {shown}")
    cut = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    if cut[0] >= cut[2] or cut[1] >= cut[3]:
        raise _Unfit("outside_image", f"its box lies outside the picture: {shown}")
    return cut


def _fit_polygon(polygon: Polygon, size: tuple[int, int]) -> Polygon:
    for ring in polygon.rings:
        if len(ring) < 6 or len(ring) % 2:  # noqa: PLR2004 - three points
            raise _Unfit("bad_geometry", f"a ring has {len(ring)} numbers; three points are needed")
        if not all(map(math.isfinite, ring)):
            raise _Unfit("not_finite", "a point of its outline is not a number")
    around = geometry_xyxy(polygon)
    if around is None:
        raise _Unfit("bad_geometry", "it has no outline")
    if _fit_box(around, size) is around:
        return polygon
    width, height = size
    rings = tuple(
        tuple(
            min(max(value, 0.0), float(width if at % 2 == 0 else height))
            for at, value in enumerate(ring)
        )
        for ring in polygon.rings
    )
    return replace(polygon, rings=rings)


def _fit_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    height, width = mask.size_hw
    if (width, height) != size:
        raise _Unfit(
            "mask_size", f"its mask is {width} × {height} px, the picture {size[0]} × {size[1]}"
        )
    if any(run < 0 for run in mask.counts) or sum(mask.counts) != width * height:
        raise _Unfit("bad_geometry", "its mask's runs do not add up to the picture")
    if not any(mask.counts[1::2]):
        raise _Unfit("zero_area_box", "its mask is empty")
    return mask


def _fit_oriented(box: OrientedBox, size: tuple[int, int]) -> OrientedBox:
    cx, cy, width, height = box.cxcywh
    if not all(map(math.isfinite, (*box.cxcywh, box.angle_deg))):
        raise _Unfit("not_finite", "its turned box is not made of numbers")
    if width <= 0 or height <= 0:
        raise _Unfit("zero_area_box", f"its turned box has no area: {width:g} × {height:g}")
    if not (0 <= cx <= size[0] and 0 <= cy <= size[1]):
        raise _Unfit("outside_image", "its turned box has its centre outside the picture")
    return box
