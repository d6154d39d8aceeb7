"""The dictionary as people look at it: every class with its colour, its place and its objects."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from visloop.data import dictionary
from visloop.data.ontology import rules
from visloop.data.ontology.colours import color_of
from visloop.data.records import ClassDictionary, ClassEntry, DataPorts, Origin
from visloop.data.snapshot import Snapshot, open_ref
from visloop.data.tree.nodes import Tree
from visloop.events import Scope
from visloop.ids import Ref
from visloop.progress import Progress, Silent


class _Labelled(msgspec.Struct):
    """As much of an annotation as counting needs."""

    label: str = ""


class _Slim(msgspec.Struct):
    """As much of a sample as counting needs."""

    annotations: tuple[_Labelled, ...] = ()


_decoder = msgspec.msgpack.Decoder(_Slim)


@dataclass(frozen=True)
class ClassCounts:
    """Objects and pictures by the name of their class."""

    objects: Counter[str] = field(default_factory=Counter[str])
    samples: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True)
class ClassRow:
    """One class: `color` is always filled (`#rrggbb`), counts are None when nobody counted."""

    id: int
    name: str
    objects: int | None
    samples: int | None
    color: str
    parent: str | None
    aliases: tuple[str, ...]
    definition: str
    origins: tuple[Origin, ...] = ()


def counted(tree: Tree, progress: Progress | None = None, split: str | None = None) -> ClassCounts:
    """How many objects, and pictures with one, each class has."""
    found = ClassCounts()
    seen = (progress or Silent()).track(
        tree.entries(tag=split), doing="count", unit="picture", total=tree.count
    )
    for entry in seen:
        names = [each.label for each in _decoder.decode(entry.value).annotations]
        found.objects.update(names)
        found.samples.update(set(names))
    return found


def list_classes(ports: DataPorts, scope: Scope, ref: Ref, *, count: bool = True) -> list[ClassRow]:
    """The classes of a data set as it would be committed now, or of one of its versions, by id.

    Raises:
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
    """
    if ref.version is None and not count and ref.split is None:
        scope = scope if ref.project is None else scope_of(scope, ref.project)
        return _rows(dictionary.classes(ports, scope, ref.name), None)
    snapshot = open_ref(ports, ref if ref.version else at_work(ref), scope.project)
    found = counted(snapshot.tree, ports.progress, snapshot.split) if count else None
    return _rows(snapshot.classes, found)


def at_work(ref: Ref) -> Ref:
    """The same reference, to what is not committed yet."""
    return Ref(name=ref.name, version="work", split=ref.split, project=ref.project)


def scope_of(scope: Scope, project: str) -> Scope:
    """The same actor, in another project."""
    return Scope(project=project, actor=scope.actor)


def show_class(ports: DataPorts, scope: Scope, ref: Ref, name: str) -> ClassRow:
    """One class by its name or alias.

    Raises:
        DatasetNotFound, VersionNotFound, ClassNotFound: there is no such thing.
    """
    snapshot: Snapshot = open_ref(ports, ref if ref.version else at_work(ref), scope.project)
    entry = rules.find(snapshot.classes, name)
    return _row(entry, counted(snapshot.tree, ports.progress, snapshot.split))


def _rows(known: ClassDictionary, found: ClassCounts | None) -> list[ClassRow]:
    return [_row(each, found) for each in sorted(known.entries, key=lambda each: each.id)]


def _row(entry: ClassEntry, found: ClassCounts | None) -> ClassRow:
    return ClassRow(
        id=entry.id,
        name=entry.name,
        objects=None if found is None else found.objects[entry.name],
        samples=None if found is None else found.samples[entry.name],
        color=color_of(entry),
        parent=entry.parent,
        aliases=entry.aliases,
        definition=entry.definition,
        origins=entry.origins,
    )
