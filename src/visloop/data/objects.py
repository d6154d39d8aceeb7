"""Identity of objects: fresh ids, ids carried over a re-import, and what differs between two states.

An object keeps its id when its source states it again: by the id itself where the format holds
one, else exactly, else by class and overlap, else by overlap alone when it is nearly the same place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from msgspec.msgpack import Encoder
from msgspec.structs import replace

from visloop.data.comparing.records import ObjectChange, ValueChange
from visloop.ids import object_id, object_ids
from visloop.vision import (
    Annotation,
    Mask,
    OrientedBox,
    Points,
    geometry_xyxy,
)

SAME_CLASS_IOU = 0.5
OTHER_CLASS_IOU = 0.8

Annotations: TypeAlias = tuple[Annotation, ...]
Corners: TypeAlias = tuple[float, float, float, float]
_Pair: TypeAlias = tuple[bool, float, int, int]
_BESIDE_LABEL = ("ignore", "crowd", "author", "score", "review")
_OF_SOME = ("value", "track", "key_frame", "ends")
_beside_label = attrgetter(*_BESIDE_LABEL)
_encoder = Encoder(order="deterministic")
_COMMON = frozenset({"id", "label", "attributes", *_BESIDE_LABEL, *_OF_SOME})


def with_ids(sample: str, annotations: Annotations, used: Iterable[str] = ()) -> Annotations:
    """The annotations, those without an id of their own given a fresh one, the same on every try."""
    stated = {each.id for each in annotations if each.id}
    if len(stated) == len(annotations):
        return annotations
    taken = stated | set(used)
    seeds = [
        _encoder.encode(replace(each, id="") if each.id else each).hex() for each in annotations
    ]
    named: list[Annotation] = []
    for each, seed, first in zip(annotations, seeds, object_ids(sample, seeds), strict=True):
        if each.id in stated:
            stated.discard(each.id)  # a second one that claims the same id gets its own
            named.append(each)
            continue
        fresh, ordinal = first, 0
        while fresh in taken:
            fresh = object_id(sample, ordinal, seed)
            ordinal += 1
        taken.add(fresh)
        named.append(replace(each, id=fresh))
    return tuple(named)


def carry_ids(sample: str, old: Annotations, new: Annotations) -> Annotations:
    """What the source states now, with the ids that the same objects had before."""
    if not old or all(each.id for each in new):
        return with_ids(sample, new, (each.id for each in old))
    stated = {each.id for each in new}
    waiting = [each for each in old if each.id not in stated]
    carried = list(new)
    for before, at in _matches(waiting, carried):
        carried[at] = replace(carried[at], id=before.id)
    return with_ids(sample, tuple(carried), (each.id for each in old))


def _matches(
    old: Sequence[Annotation], new: Sequence[Annotation]
) -> Iterator[tuple[Annotation, int]]:
    """Pairs (old object, index in new) that are the same object; greedy, the surest first."""
    by_place: dict[tuple[Any, ...], list[int]] = {}
    for at, each in enumerate(new):
        if not each.id:
            by_place.setdefault(_place(each), []).append(at)
    unsure: list[Annotation] = []
    for before in old:
        exact = by_place.get(_place(before))
        if exact:
            yield before, exact.pop(0)
        else:
            unsure.append(before)
    left = sorted(at for spots in by_place.values() for at in spots)
    pairs = [
        pair
        for i, before in enumerate(unsure)
        for at in left
        if (pair := _pair(before, new[at], i, at)) is not None
    ]
    done_old: set[int] = set()
    done_new: set[int] = set()
    for _, _, i, at in sorted(pairs, key=lambda pair: (not pair[0], -pair[1], pair[2], pair[3])):
        if i not in done_old and at not in done_new:
            done_old.add(i)
            done_new.add(at)
            yield unsure[i], at


def _pair(before: Annotation, now: Annotation, i: int, at: int) -> _Pair | None:
    if type(before) is not type(now):
        return None
    same = before.label == now.label
    overlap = iou(before, now)
    wanted = SAME_CLASS_IOU if same else OTHER_CLASS_IOU
    return (same, overlap, i, at) if overlap >= wanted else None


def _place(annotation: Annotation) -> tuple[Any, ...]:
    return (type(annotation), annotation.label, *shape_of(annotation))


@cache
def _shape_fields(kind: type[Annotation]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name not in _COMMON)


def shape_of(annotation: Annotation) -> tuple[Any, ...]:
    """The fields that say where and what shape it is."""
    return tuple(getattr(annotation, name) for name in _shape_fields(type(annotation)))


def iou(a: Annotation, b: Annotation) -> float:
    """Overlap of the enclosing boxes in [0, 1]; 1 for two labels of the whole picture."""
    first, second = extent_xyxy(a), extent_xyxy(b)
    if first is None or second is None:
        return float(first is second)
    if first == second:
        return 1.0
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(first) + _area(second) - shared)


def _area(box: Corners) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def extent_xyxy(annotation: Annotation) -> Corners | None:
    """The enclosing box in pixels; None for what speaks of the whole picture."""
    match annotation:
        case OrientedBox():
            return _turned_xyxy(annotation)
        case Points():
            seen = [(x, y) for x, y, visible in annotation.points if visible]
            return _around(seen) if seen else None
        case Mask():
            return _mask_xyxy(annotation)
        case _:
            return geometry_xyxy(annotation)


def _around(points: Sequence[tuple[float, float]]) -> Corners:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _turned_xyxy(box: OrientedBox) -> Corners:
    cx, cy, width, height = box.cxcywh
    turn = math.radians(box.angle_deg)
    across = abs(width / 2 * math.cos(turn)) + abs(height / 2 * math.sin(turn))
    down = abs(width / 2 * math.sin(turn)) + abs(height / 2 * math.cos(turn))
    return cx - across, cy - down, cx + across, cy + down


def _mask_xyxy(mask: Mask) -> Corners | None:
    """From run lengths alone: column by column, zeros first."""
    height, at = mask.size_hw[0], 0
    corners: list[tuple[float, float]] = []
    for number, run in enumerate(mask.counts):
        if number % 2 and run:
            left, right = at // height, (at + run - 1) // height
            whole = right > left
            top = 0 if whole else at % height
            bottom = height if whole else (at + run - 1) % height + 1
            corners += [(left, top), (right + 1, bottom)]
        at += run
    return _around(corners) if corners else None


def object_changes(old: Annotations, new: Annotations) -> list[ObjectChange]:
    """What happened to each object between two states of a sample; one entry a kind of change."""
    if len(old) == len(new):  # mostly the same objects, in their order
        pairs = [(was, now) for was, now in zip(old, new, strict=True) if was != now]
        if all(was.id == now.id for was, now in pairs):
            return [change for was, now in pairs for change in _changes_of(was, now)]
    before = {each.id: each for each in old}
    after = {each.id for each in new}
    changes = [ObjectChange("removed", each.id, each.label) for each in old if each.id not in after]
    for now in new:
        was = before.get(now.id)
        if was is None:
            changes.append(ObjectChange("added", now.id, now.label))
        elif was != now:
            changes += _changes_of(was, now)
    return changes


def _changes_of(was: Annotation, now: Annotation) -> Iterator[ObjectChange]:
    if was.label != now.label:
        yield ObjectChange("relabelled", now.id, now.label, was_label=was.label)
    if type(was) is not type(now) or shape_of(was) != shape_of(now):
        yield ObjectChange("moved", now.id, now.label, iou=round(iou(was, now), 4))
    values = tuple(_value_changes(was, now))
    if values:
        yield ObjectChange("attributes", now.id, now.label, values=values)


def _value_changes(was: Annotation, now: Annotation) -> Iterator[ValueChange]:
    """What differs besides label and place; attributes by their names."""
    keys = was.attributes.keys() | now.attributes.keys()
    for key in sorted(keys) if keys else ():
        old, new = was.attributes.get(key), now.attributes.get(key)
        if (
            old != new
            or type(old) is not type(new)
            or (key in was.attributes) != (key in now.attributes)
        ):
            yield ValueChange(f"attributes.{key}", old, new)
    if _beside_label(was) == _beside_label(now) and _of_some(was) == _of_some(now):
        return
    for name in (*_BESIDE_LABEL, *_OF_SOME):
        old, new = getattr(was, name, None), getattr(now, name, None)
        if old != new:
            yield ValueChange(name, old, new)


def _of_some(annotation: Annotation) -> list[Any]:
    return [getattr(annotation, name, None) for name in _OF_SOME]
