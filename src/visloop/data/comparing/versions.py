"""What lies between two versions: samples, objects down to one box, classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Final

from visloop.data.comparing.choosing import Page
from visloop.data.comparing.records import (
    Diff,
    DiffChoice,
    FieldChange,
    ObjectCounts,
    SampleChange,
    SampleCounts,
    ValueChange,
)
from visloop.data.fields.records import OwnFields
from visloop.data.fields.values import wanted
from visloop.data.objects import object_changes
from visloop.data.ontology.lineage import BY_CLASS, ByClass, class_changes
from visloop.data.records import DataPorts, Sample
from visloop.data.snapshot import Snapshot, open_ref
from visloop.data.tree.codec import Entry
from visloop.data.tree.edit import differences
from visloop.data.working import decode
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import Ref

_OBJECTS_IN_DETAIL: Final = 50
_FIELDS: Final = (
    "image",
    "annotations",
    "labelled",
    "split",
    "metadata",
    "width",
    "height",
)
_fields_of = attrgetter(*_FIELDS)


def diff(
    ports: DataPorts, scope: Scope, a: Ref, b: Ref, *, choice: DiffChoice | None = None
) -> Diff:
    """Compare two versions of data sets; the cost grows with what differs between them.

    Objects of a sample that is on one side only count as added or removed with it. Counts are of
    everything, details of the samples asked for (default: the first hundred by path). Objects whose
    class was renamed, merged or split between the two are counted by themselves and not listed.

    Raises:
        DatasetNotFound, VersionNotFound, SplitNotFound: one of the references names nothing.
        UsageError: a split is compared with something that is not of the same split.
    """
    if a.split != b.split:
        raise UsageError(
            f"{a} and {b} are not of the same split",
            fix="give both a split, or neither: visloop diff cards@v1:test cards@v2:test",
        )
    before, after = open_ref(ports, a, scope.project), open_ref(ports, b, scope.project)
    by_class = ByClass.between(before.classes, after.classes)
    samples: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    page = Page(choice or DiffChoice())
    for was, now in _pairs(before, after):
        change = _sample_change(was, now, by_class)
        for kind in change.kinds:
            samples[kind] += 1
        for each in change.objects:
            objects[each.kind] += 1
        if change.kinds == (BY_CLASS,):
            continue
        for _, label in _named(change):
            labels[label] += 1
        page.offer(change, was, now)
    details = tuple(map(_shortened, page.details()))
    return Diff(
        a=before.version.ref,
        b=after.version.ref,
        samples=SampleCounts(**samples),
        objects=ObjectCounts(**objects),
        classes=tuple(class_changes(before.classes, after.classes)),
        details=details,
        truncated=page.total > len(details),
        fields=tuple(field_changes(before.own_fields, after.own_fields)),
        total=page.total,
        by_class=dict(sorted(labels.items())),
    )


def _named(change: SampleChange) -> set[tuple[str, str]]:
    """(object, class that it is or was of) of each changed object."""
    return {
        (each.object, label)
        for each in change.objects
        for label in (each.label, each.was_label)
        if label and each.kind != BY_CLASS
    }


def _pairs(a: Snapshot, b: Snapshot) -> Iterator[tuple[Sample | None, Sample | None]]:
    """The same sample before and after, wherever it differs: first by path, then by id (moves)."""
    gone: dict[str, Entry] = {}
    come: list[Entry] = []
    for left, right in differences(a.tree, b.tree, named=a.split is not None):
        old, new = _of_split(left, a.split), _of_split(right, b.split)
        was = decode(old) if old else None
        now = decode(new) if new else None
        if was is not None and now is not None and was.id == now.id:
            if was != now:  # else only how it was written differs
                yield was, now
            continue
        if old is not None and was is not None:
            gone[was.id] = old
        if new is not None:
            come.append(new)  # encoded: decoded samples would fill the memory
    for entry in come:
        now = decode(entry)
        before = gone.pop(now.id, None)
        yield decode(before) if before else None, now
    for entry in gone.values():
        yield decode(entry), None


def _of_split(entry: Entry | None, split: str | None) -> Entry | None:
    return None if entry is None or (split is not None and entry.tag != split) else entry


def _sample_change(was: Sample | None, now: Sample | None, by_class: ByClass) -> SampleChange:
    old, new = was.annotations if was else (), now.annotations if now else ()
    objects = tuple(map(by_class.told, object_changes(old, new)))
    if was is None or now is None:
        only = now or was
        assert only is not None
        kind = "added" if was is None else "removed"
        return SampleChange(only.id, only.path, (kind,), objects=objects)
    both = zip(_FIELDS, _fields_of(was), _fields_of(now), strict=True)
    fields = tuple(name for name, before, after in both if before != after)
    moved = was.path != now.path
    only_class = fields == ("annotations",) and all(each.kind == BY_CLASS for each in objects)
    how = BY_CLASS if only_class and objects else "changed"
    kinds = (("moved",) if moved else ()) + ((how,) if fields or not moved else ())
    old_path = was.path if moved else None
    metadata = tuple(_metadata_changes(was, now)) if "metadata" in fields else ()
    return SampleChange(
        now.id,
        now.path,
        kinds,
        was_path=old_path,
        fields=fields,
        objects=objects,
        metadata=metadata,
    )


def _metadata_changes(was: Sample, now: Sample) -> Iterator[ValueChange]:
    for key in sorted(was.metadata.keys() | now.metadata.keys()):
        old, new = was.metadata.get(key), now.metadata.get(key)
        if old != new or type(old) is not type(new):
            yield ValueChange(key, old, new)


def _shortened(change: SampleChange) -> SampleChange:
    if len(change.objects) <= _OBJECTS_IN_DETAIL or change.was or change.now:
        return change
    return replace(change, objects=change.objects[:_OBJECTS_IN_DETAIL])


def field_changes(before: OwnFields, after: OwnFields) -> Iterator[FieldChange]:
    """Metadata fields added, removed or redefined, by name."""
    old, new = before.by_name(), after.by_name()
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        kind = "added" if was is None else "removed" if now is None else "redefined"
        yield FieldChange(kind, name, wanted(was) if was else "", wanted(now) if now else "")
