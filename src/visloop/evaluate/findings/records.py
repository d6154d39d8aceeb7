"""The one shape of whatever is found wrong with a data set, and what a finder is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from visloop.ids import FORMAT

if TYPE_CHECKING:
    from visloop.data import Sample, Snapshot
    from visloop.evaluate.ports import EvaluatePorts
    from visloop.events import Scope

Mend: TypeAlias = Literal["", "set", "erase", "drop"]
"""What mends it: the class that fits, the object taken away, the picture taken out; "": a person looks."""


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was found.

    `path` and `sample` (its id) are the picture, `value` is what was measured, `said` why in words.
    `object` is the annotation's id, `other` the path of the picture that this one is like, `label` the
    class as it is and `suggested` the one that fits.
    """

    path: str
    value: float
    said: str
    sample: str = ""
    object: str = ""
    other: str = ""
    label: str = ""
    suggested: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault: what is measured, and from which bound on it is one.

    `least`: the measure has to reach the bound; else it has to be at most that. A kind without a
    measure has no bound.
    """

    name: str
    title: str
    why: str
    measure: str = ""
    bound: float = 0.0
    least: bool = True
    mend: Mend = ""
    format: int = FORMAT


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a finder found of one kind: the worst first; `looked` is at how many pictures or objects."""

    rows: tuple[Row, ...]
    looked: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looking:
    """What a finder is given; `bounds` says of each of its kinds from where on it is a fault."""

    ports: EvaluatePorts
    scope: Scope
    snapshot: Snapshot
    bounds: Mapping[str, float]

    @cached_property
    def samples(self) -> Sequence[Sample]:
        """All samples, in the order of their paths."""
        return tuple(self.snapshot.samples())

    @property
    def threads(self) -> int:
        """How many may be used."""
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Finder:
    """Looks for some kinds of faults at once, and answers what it found of each by the kind's name.

    `live`: it costs nothing, and what it finds is not of the samples; so it is asked every time.
    """

    kinds: tuple[Fault, ...]
    find: Callable[[Looking], Mapping[str, Found]]
    live: bool = False


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a kind, when, in which state of the data, by which bound."""

    kind: str
    state: str
    bound: float
    found: Found
    pick: str
    pictures: int
    made: str
    seconds: float
    format: int = FORMAT


def worst_first(kind: Fault, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows by what was measured."""
    sign = -1 if kind.least else 1
    return tuple(sorted(rows, key=lambda row: (sign * row.value, row.path, row.object)))
