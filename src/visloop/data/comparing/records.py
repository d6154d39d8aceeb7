"""What a comparison of two versions answers: counts of everything, details of the samples asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from visloop.data.records import Sample

DiffKind: TypeAlias = Literal[
    "samples.added",
    "samples.removed",
    "samples.moved",
    "samples.changed",
    "objects.added",
    "objects.removed",
    "objects.moved",
    "objects.relabelled",
    "objects.attributes",
    "metadata",
]
DETAILS: Final = 100


@dataclass(frozen=True)
class SampleCounts:
    """How many samples differ, and how; a sample both moved and changed counts in both.

    `renamed_by_class` are samples in which nothing but the names of classes differs.
    """

    added: int = 0
    removed: int = 0
    moved: int = 0
    changed: int = 0
    renamed_by_class: int = 0


@dataclass(frozen=True)
class ObjectCounts:
    """How many objects differ, and how, in the samples that both sides hold or only one.

    `renamed_by_class` have another class name only because their class was renamed, merged or split.
    """

    added: int = 0
    removed: int = 0
    moved: int = 0
    relabelled: int = 0
    attributes: int = 0
    renamed_by_class: int = 0


@dataclass(frozen=True)
class ValueChange:
    """One value's change, of metadata or of an attribute; None where there was, or is, no value."""

    field: str
    was: Any
    now: Any


@dataclass(frozen=True)
class ObjectChange:
    """One object's change: `kind` is a field of ObjectCounts.

    `iou` is the overlap of a moved one with its old place, in [0, 1]; `values` say what differs where
    attributes do: `attributes.occluded`, `review`, `score`, `author`, `ignore`, `crowd`, `value`.
    """

    kind: str
    object: str
    label: str
    was_label: str | None = None
    iou: float | None = None
    values: tuple[ValueChange, ...] = ()


@dataclass(frozen=True)
class SampleChange:
    """One sample's change: `kinds` are fields of SampleCounts.

    `metadata` says which values changed, where both sides hold the sample. `was` and `now` are the
    whole sample before and after, where they were asked for.
    """

    id: str
    path: str
    kinds: tuple[str, ...]
    was_path: str | None = None
    fields: tuple[str, ...] = ()
    objects: tuple[ObjectChange, ...] = ()
    metadata: tuple[ValueChange, ...] = ()
    was: Sample | None = None
    now: Sample | None = None


@dataclass(frozen=True)
class FieldChange:
    """One metadata field's change: added, removed or redefined; `was` and `now` in words."""

    kind: str
    name: str
    was: str = ""
    now: str = ""


@dataclass(frozen=True)
class ClassChange:
    """One class's change between two dictionaries.

    `kind` is added, removed, renamed, redefined, merged (`was_name` went into `name`) or split
    (`name` was split from `was_name`).
    """

    kind: str
    id: int
    name: str
    was_name: str | None = None


@dataclass(frozen=True)
class DiffChoice:
    """Which changed samples are told in detail, and how.

    `kind` and `label` leave out samples without such a change (of an object that is, or was, of
    that class); `most` puts the most changed first instead of the order of paths; `sides` hands over
    the whole sample before and after.
    """

    kind: DiffKind | None = None
    label: str | None = None
    most: bool = False
    offset: int = 0
    limit: int = DETAILS
    sides: bool = False


@dataclass(frozen=True)
class Diff:
    """What lies between two versions: counts of everything, details of the samples asked for.

    `total` counts the samples that were asked for (`renamed_by_class` ones are never), `by_class`
    changed objects that are, or were, of each class. `truncated`: there are more than `details` has.
    """

    a: str
    b: str
    samples: SampleCounts
    objects: ObjectCounts
    classes: tuple[ClassChange, ...] = ()
    details: tuple[SampleChange, ...] = ()
    truncated: bool = False
    fields: tuple[FieldChange, ...] = ()
    total: int = 0
    by_class: dict[str, int] = field(default_factory=dict[str, int])
