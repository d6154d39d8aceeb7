"""What is drawn over the two pictures of a changed sample: each object by what happened to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from visloop.data.comparing.records import ObjectChange, SampleChange, ValueChange
from visloop.data.formats import rle
from visloop.data.formats.outlines import rings_of
from visloop.data.records import Sample
from visloop.vision import Annotation, Box, Mask, OrientedBox, Points, Polygon, Track

Ring: TypeAlias = list[tuple[float, float]]

COLOURS: Final = {
    "added": "#22c55e",
    "removed": "#f43f5e",
    "relabelled": "#f59e0b",
    "moved": "#38bdf8",
    "attributes": "#e879f9",
    "": "#cbd5e1",
}
"""Kind of change → colour; bright enough on dark and light pictures. Empty: nothing happened to it."""
_DASHED: Final = frozenset({"removed"})
_LONG: Final = 60


@dataclass(frozen=True)
class Mark:
    """One object as it is drawn on one side; a ghost is where a moved one was."""

    annotation: Annotation
    kind: str
    ghost: bool = False

    @property
    def dashed(self) -> bool:
        """Drawn by a broken line: it is not there on the other side, or not any more."""
        return self.ghost or self.kind in _DASHED

    @property
    def words(self) -> str:
        """What stands beside it; of what did not change, and of ghosts, nothing."""
        return self.annotation.label if self.kind and not self.ghost else ""


def marks(change: SampleChange) -> tuple[list[Mark], list[Mark]]:
    """Before and after, what did not change first, so that changes lie on top."""
    kinds: dict[str, str] = {}
    for each in sorted(change.objects, key=_weight):
        kinds.setdefault(each.object, each.kind)
    old, new = _objects(change.was), _objects(change.now)
    before = [Mark(each, _shown(kinds, each)) for each in old]
    after = [Mark(each, _shown(kinds, each)) for each in new]
    moved = {each.object for each in change.objects if each.kind == "moved"}
    after += [Mark(each, _shown(kinds, each), ghost=True) for each in old if each.id in moved]
    return sorted(before, key=_on_top), sorted(after, key=_on_top)


def _objects(sample: Sample | None) -> Sequence[Annotation]:
    return sample.annotations if sample else ()


def _shown(kinds: dict[str, str], each: Annotation) -> str:
    kind = kinds.get(each.id, "")
    return kind if kind in COLOURS else ""


def _weight(change: ObjectChange) -> int:
    order = list(COLOURS)
    return order.index(change.kind) if change.kind in order else len(order)


def _on_top(mark: Mark) -> tuple[bool, bool]:
    return bool(mark.kind), not mark.ghost


def outlines(each: Annotation) -> list[Ring]:
    """The closed lines around an object, in pixels of the upright picture; of a label, none."""
    match each:
        case Box() | Track():
            x1, y1, x2, y2 = each.xyxy
            return [[(x1, y1), (x2, y1), (x2, y2), (x1, y2)]]
        case OrientedBox():
            return [_turned(each)]
        case Polygon():
            return [list(zip(ring[0::2], ring[1::2], strict=True)) for ring in each.rings]
        case Mask():
            rings = rings_of(rle.to_bitmap(each.counts, each.size_hw))
            return [list(zip(ring[0::2], ring[1::2], strict=True)) for ring in rings]
        case _:
            return []


def _turned(box: OrientedBox) -> Ring:
    cx, cy, width, height = box.cxcywh
    turn = math.radians(box.angle_deg)
    across = (math.cos(turn) * width / 2, math.sin(turn) * width / 2)
    down = (-math.sin(turn) * height / 2, math.cos(turn) * height / 2)
    return [
        (cx + a * across[0] + d * down[0], cy + a * across[1] + d * down[1])
        for a, d in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]


def dots(each: Annotation) -> Ring:
    """The seen and hidden points of a skeleton."""
    if not isinstance(each, Points):
        return []
    return [(x, y) for x, y, visible in each.points if visible]


def corner(each: Annotation) -> tuple[float, float] | None:
    """Where the words of an object begin; None for what lies nowhere."""
    points = [point for ring in outlines(each) for point in ring] or dots(each)
    return (min(x for x, _ in points), min(y for _, y in points)) if points else None


def is_area(each: Annotation) -> bool:
    """Whether its inside is tinted."""
    return isinstance(each, Mask | Polygon)


def told(change: SampleChange) -> Iterator[tuple[str, str]]:
    """(kind, words) of everything that happened to a sample, its objects first."""
    for each in change.objects:
        yield each.kind, _object_told(each)
    if "moved" in change.kinds:
        yield "path", f"{change.was_path} → {change.path}"
    for each in change.metadata:
        yield "metadata", value_told(each)
    for name in change.fields:
        if name not in ("annotations", "metadata"):
            yield name, "another picture" if name == "image" else "changed"


def _object_told(change: ObjectChange) -> str:
    match change.kind:
        case "relabelled" | "renamed_by_class":
            return f"{change.was_label or 'no label'} → {change.label or 'no label'}"
        case "moved":
            return f"{change.label}, IoU {change.iou:.2f}"
        case "attributes":
            return f"{change.label}, {', '.join(map(value_told, change.values))}"
        case _:
            return change.label


def value_told(each: ValueChange) -> str:
    """`night: no → yes`."""
    return f"{each.field.removeprefix('attributes.')}: {_plain(each.was)} → {_plain(each.now)}"


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
