"""The class dictionary at work: listed, extended, and enforced on every label that is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

import msgspec
from sqlalchemy import update

from visloop.data import catalog
from visloop.data.records import ClassDictionary, ClassEntry, DataPorts, Sample
from visloop.data.tables import datasets
from visloop.data.tree.nodes import Bytes
from visloop.errors import Refused, UsageError
from visloop.events import Scope
from visloop.store import Write
from visloop.vision import Annotation

_NAMED_IN_ERROR = 5


class UnknownClass(Refused):
    """A label names a class that the data set's dictionary does not have."""

    code = "data.unknown_class"


def classes(ports: DataPorts, scope: Scope, dataset: str) -> ClassDictionary:
    """The dictionary as it would be committed now.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.read() as connection:
        state = catalog.state(connection, scope.project, dataset)
        head = catalog.head(connection, scope.project, dataset)
    if state.classes is not None:
        return state.classes
    return catalog.load_root(ports.blobs, head.root).classes if head else ClassDictionary()


def add_classes(
    ports: DataPorts, scope: Scope, dataset: str, names: Iterable[str]
) -> ClassDictionary:
    """Put classes into the dictionary, making the data set if need be; staged, needs a commit.

    Those it has already are left alone. A dictionary that a person began is enforced from then on.

    Raises:
        UsageError: an empty name.
    """
    wanted = list(names)
    if not wanted or any(not name.strip() for name in wanted):
        raise UsageError("a class needs a name", fix=f"visloop classes add {dataset} NAME…")
    with ports.ledger.write(scope) as write:
        state = catalog.ensure(write, dataset)
        known = current(write, ports.blobs, state)
        grown = known.with_added(wanted)
        if grown is not known:
            put(write, dataset, grown, catalog.next_sequence(write, dataset))
            write.fact("data.classes_added", dataset, ids=_fresh_ids(known, grown))
        set_learning(write, dataset, learning=False)
    return grown


def with_entries(
    known: ClassDictionary, entries: Iterable[ClassEntry], renames: Mapping[str, str]
) -> ClassDictionary:
    """A dictionary that also holds the classes a source declares, under their new names.

    They keep the source's ids where those are free, so that an export gives the same ids back.
    """
    names, used = set(known.lookup()), {entry.id for entry in known.entries}
    next_id, fresh = known.next_id, list[ClassEntry]()
    for entry in entries:
        name = renames.get(entry.name, entry.name)
        if name in names:
            continue
        free = entry.id not in used and (entry.id >= known.next_id or not known.entries)
        number = entry.id if free and entry.id >= 0 else next_id
        fresh.append(msgspec.structs.replace(entry, id=number, name=name))
        names.add(name)
        used.add(number)
        next_id = max(next_id, number + 1)
    if not fresh:
        return known
    return ClassDictionary(entries=(*known.entries, *fresh), next_id=next_id)


def current(write: Write, blobs: Bytes, state: catalog.DatasetState) -> ClassDictionary:
    """The working dictionary inside a transaction: the staged one, else the head's."""
    if state.classes is not None:
        return state.classes
    head = catalog.head(write.connection, state.project, state.name)
    return catalog.load_root(blobs, head.root).classes if head else ClassDictionary()


def put(write: Write, dataset: str, dictionary: ClassDictionary, sequence: int) -> None:
    """Make it the working dictionary."""
    where = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    raw = msgspec.msgpack.encode(dictionary)
    write.execute(update(datasets).where(where).values(classes=raw, classes_seq=sequence))


def set_learning(write: Write, dataset: str, *, learning: bool) -> None:
    """Whether the first import is still going on, so that its classes are learnt."""
    where = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    write.execute(update(datasets).where(where).values(learning=learning))


def _fresh_ids(before: ClassDictionary, after: ClassDictionary) -> list[int]:
    return [entry.id for entry in after.entries if entry.id >= before.next_id]


def labels_of(annotation_sets: Iterable[Collection[Annotation]]) -> dict[str, None]:
    """The class names that occur, each once, in the order of their first use."""
    return {each.label: None for held in annotation_sets for each in held if each.label}


def checked(samples: Iterable[Sample], dictionary: ClassDictionary, dataset: str) -> list[Sample]:
    """The samples with aliases replaced by class names.

    Raises:
        UnknownClass: a label is neither a class nor an alias; all such labels are named.
    """
    samples = list(samples)
    lookup = dictionary.lookup()
    used = labels_of(sample.annotations for sample in samples)
    unknown = [name for name in used if name not in lookup]
    if unknown:
        raise unknown_class(unknown, dictionary, dataset)
    if all(lookup[name] == name for name in used):
        return samples
    return [
        msgspec.structs.replace(sample, annotations=renamed(sample.annotations, lookup))
        for sample in samples
    ]


def renamed(
    annotations: tuple[Annotation, ...], names: Mapping[str, str]
) -> tuple[Annotation, ...]:
    """The annotations with their classes renamed; names that are not in the table stay."""
    for each in annotations:
        if names.get(each.label, each.label) != each.label:
            break
    else:
        return annotations
    return tuple(
        each
        if (name := names.get(each.label, each.label)) == each.label
        else msgspec.structs.replace(each, label=name)
        for each in annotations
    )


def unknown_class(unknown: list[str], dictionary: ClassDictionary, dataset: str) -> UnknownClass:
    """The error that names the unknown classes and every way to go on."""
    known = list(dictionary.lookup())
    shown = ", ".join(repr(name) for name in unknown[:_NAMED_IN_ERROR])
    more = f" and {len(unknown) - _NAMED_IN_ERROR} more" if len(unknown) > _NAMED_IN_ERROR else ""
    is_are = "is not a class" if len(unknown) == 1 else "are not classes"
    near = get_close_matches(unknown[0], known, n=1)
    meant = f"did you mean {near[0]!r}?  " if near else ""
    target = near[0] if near else (known[0] if known else "CLASS")
    return UnknownClass(
        f"{shown}{more} {is_are} of data set {dataset!r}, which has: {_listed(dictionary)}",
        fix=(
            f"{meant}rename it on the way in: --map {unknown[0]}={target}   or let it in: "
            f"--add-classes   or: visloop classes add {dataset} {unknown[0]!r}"
        ),
    )


def _listed(dictionary: ClassDictionary) -> str:
    names = dictionary.names
    more = f" … ({len(names)} in all)" if len(names) > 2 * _NAMED_IN_ERROR else ""
    return (", ".join(names[: 2 * _NAMED_IN_ERROR]) or "none") + more
