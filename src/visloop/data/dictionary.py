"""The class dictionary at work: listed, extended, and enforced on every label that is written."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

import msgspec
from sqlalchemy import Connection, update

from visloop.data import catalog
from visloop.data.records import ClassDictionary, ClassEntry, DataPorts, Sample
from visloop.data.tables import datasets
from visloop.data.tree.nodes import Bytes
from visloop.errors import Refused
from visloop.events import Scope
from visloop.store import Write
from visloop.vision import Annotation, ClassLabel

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
        return current_in(connection, ports.blobs, state)


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
        free = entry.id not in used and entry.id >= known.next_id
        number = entry.id if free else next_id
        fresh.append(msgspec.structs.replace(entry, id=number, name=name))
        names.add(name)
        used.add(number)
        next_id = max(next_id, number + 1)
    if not fresh:
        return known
    return ClassDictionary(entries=(*known.entries, *fresh), next_id=next_id)


def current(write: Write, blobs: Bytes, state: catalog.DatasetState) -> ClassDictionary:
    """The working dictionary inside a transaction: the staged one, else the head's."""
    return current_in(write.connection, blobs, state)


def current_in(
    connection: Connection, blobs: Bytes, state: catalog.DatasetState
) -> ClassDictionary:
    """As `current`, of any connection."""
    if state.classes is not None:
        return state.classes
    head = catalog.head(connection, state.project, state.name)
    return catalog.load_root(blobs, head.root).classes if head else ClassDictionary()


def class_names(connection: Connection, blobs: Bytes, project: str, dataset: str) -> dict[str, str]:
    """Every name and alias of the working dictionary → the class's name; empty without a data set."""
    state = catalog.state_or_none(connection, project, dataset)
    return {} if state is None else current_in(connection, blobs, state).lookup()


def put(write: Write, dataset: str, dictionary: ClassDictionary, sequence: int) -> None:
    """Make it the working dictionary."""
    where = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    raw = msgspec.msgpack.encode(dictionary)
    write.execute(update(datasets).where(where).values(classes=raw, classes_seq=sequence))


def set_learning(write: Write, dataset: str, *, learning: bool) -> None:
    """Whether the first import is still going on, so that its classes are learnt."""
    where = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    write.execute(update(datasets).where(where).values(learning=learning))


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
    """The annotations with their classes renamed; names that are not in the table stay.

    Classes of the whole picture that become one are said once.
    """
    for each in annotations:
        if names.get(each.label, each.label) != each.label:
            break
    else:
        return annotations
    now = tuple(
        each
        if (name := names.get(each.label, each.label)) == each.label
        else msgspec.structs.replace(each, label=name)
        for each in annotations
    )
    return said_once(annotations, now)


def said_once(was: tuple[Annotation, ...], now: tuple[Annotation, ...]) -> tuple[Annotation, ...]:
    """`now`, which renames classes of `was`: labels of the whole picture that became one said once.

    What a person accepted stays before what a model proposed, then the one that was called so
    before, then the surer one, then the first.
    """
    said: dict[str, list[int]] = {}
    for at, each in enumerate(now):
        if isinstance(each, ClassLabel):
            said.setdefault(each.label, []).append(at)
    double = [held for held in said.values() if len({was[at].label for at in held}) > 1]
    if not double:
        return now
    gone: set[int] = set()
    for held in double:
        gone |= set(held) - {max(held, key=lambda at: _weight(was[at], now[at]))}
    return tuple(each for at, each in enumerate(now) if at not in gone)


def _weight(was: Annotation, now: Annotation) -> tuple[bool, bool, float]:
    return now.review == "accepted", was.label == now.label, now.score or 0.0


def unknown_class(unknown: list[str], dictionary: ClassDictionary, dataset: str) -> UnknownClass:
    """The error that names the unknown classes and every way to go on."""
    shown = ", ".join(repr(name) for name in unknown[:_NAMED_IN_ERROR])
    more = f" and {len(unknown) - _NAMED_IN_ERROR} more" if len(unknown) > _NAMED_IN_ERROR else ""
    is_are = "is not a class" if len(unknown) == 1 else "are not classes"
    first = unknown[0]
    near = nearest(first, dictionary)
    if near:
        meant = f"did you mean {near!r}?  "
    elif parts := [each.name for each in dictionary.entries if _came_from(each, first)]:
        meant, near = f"{first!r} became: {', '.join(parts)}.  ", parts[0]
    else:
        meant, near = "", next(iter(dictionary.names), "CLASS")
    return UnknownClass(
        f"{shown}{more} {is_are} of data set {dataset!r}, which has: {_listed(dictionary)}",
        fix=(
            f"{meant}rename it on the way in: --map {shlex.quote(f'{first}={near}')}   or let it in: "
            f"--add-class {shlex.quote(first)} (all of them: --add-classes)   or first: "
            f"visloop classes add {dataset} {shlex.quote(first)}"
        ),
    )


def nearest(name: str, dictionary: ClassDictionary) -> str:
    """The class or alias that `name` was probably meant to be, else nothing."""
    return nearest_of(name, dictionary.lookup())


def nearest_of(name: str, names: Iterable[str]) -> str:
    """The one of `names` that `name` was probably meant to be, else nothing; case first, then letters."""
    known = list(names)
    plain = {_plain(each): each for each in reversed(known)}
    if found := plain.get(_plain(name)):
        return found
    return next(iter(get_close_matches(name, known, n=1)), "")


def _plain(name: str) -> str:
    """Without what people write one way or another: case, spaces, dashes, Unicode's two forms."""
    composed = unicodedata.normalize("NFKC", name).casefold()
    return "".join(each for each in composed if each not in " \t\u00a0_-")


def _came_from(entry: ClassEntry, name: str) -> bool:
    return any(origin.name == name for origin in entry.origins)


def _listed(dictionary: ClassDictionary) -> str:
    names = dictionary.names
    more = f" … ({len(names)} in all)" if len(names) > 2 * _NAMED_IN_ERROR else ""
    return (", ".join(names[: 2 * _NAMED_IN_ERROR]) or "none") + more
