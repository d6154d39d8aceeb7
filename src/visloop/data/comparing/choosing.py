"""Which changed samples are told in detail: by kind of change, by class, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from visloop.data.comparing.records import DiffChoice, ObjectChange, SampleChange
from visloop.data.records import Sample

_WHOLE: Final = 2.0  # a sample that came, went or has other bytes
_BESIDE: Final = 0.1  # a value beside the objects
_ATTRIBUTES: Final = 0.25
_Held: TypeAlias = tuple[float, int, SampleChange]


class Page:
    """Takes changes as they are met and keeps those of one page; memory is that of the page."""

    def __init__(self, choice: DiffChoice) -> None:
        self._choice = choice
        self._end = max(choice.offset, 0) + max(choice.limit, 0)
        self._held: list[_Held] = []
        self.total = 0

    def offer(self, change: SampleChange, was: Sample | None, now: Sample | None) -> None:
        """Count the change if it is asked for, and keep it if it belongs on the page."""
        if not matches(change, self._choice):
            return
        number, self.total = self.total, self.total + 1
        size = extent(change) if self._choice.most else 0.0
        here = number < self._end
        if not here and not (self._end and size > self._held[0][0]):
            return
        if self._choice.sides:
            change = replace(change, was=was, now=now)
        held = (size, -number, change)
        if here:
            heapq.heappush(self._held, held)
        else:
            heapq.heapreplace(self._held, held)

    def details(self) -> list[SampleChange]:
        """The page, in its order."""
        found = sorted(self._held, key=lambda held: (-held[0], -held[1]))
        return [change for _, _, change in found[max(self._choice.offset, 0) :]]


def matches(change: SampleChange, choice: DiffChoice) -> bool:
    """Whether the sample has a change of the kind, on an object of the class, that is asked for."""
    side, _, kind = (choice.kind or "").partition(".")
    if side == "samples" and kind not in change.kinds:
        return False
    if side == "metadata" and not change.metadata:
        return False
    of_object = side == "objects"
    if not of_object and choice.label is None:
        return True
    return any(
        (not of_object or each.kind == kind)
        and (choice.label is None or choice.label in (each.label, each.was_label))
        for each in change.objects
    )


def extent(change: SampleChange) -> float:
    """How much of a sample changed: about one for each object that is another one now."""
    whole = len({"added", "removed"} & set(change.kinds)) + ("image" in change.fields)
    beside = len(change.metadata) + len(change.fields) + ("moved" in change.kinds)
    return _WHOLE * whole + _BESIDE * beside + sum(_sizes(change.objects))


def _sizes(objects: tuple[ObjectChange, ...]) -> Iterator[float]:
    for each in objects:
        match each.kind:
            case "moved":
                yield 1 - (each.iou or 0.0)
            case "attributes":
                yield _ATTRIBUTES
            case _:
                yield 1.0
