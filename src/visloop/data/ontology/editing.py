"""Edits of the dictionary that touch no label: staged, made to last by the next commit."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from visloop.data import catalog, dictionary
from visloop.data.ontology import rules
from visloop.data.ontology.files import read_classes, taken_in
from visloop.data.ontology.listing import counted
from visloop.data.records import ClassDictionary, ClassEntry, DataPorts
from visloop.data.tree.nodes import Nodes, Scratch
from visloop.data.working import Working
from visloop.errors import Refused, UsageError
from visloop.events import Scope
from visloop.store import Write

_Edit = Callable[[ClassDictionary], ClassDictionary]


class ClassInUse(Refused):
    """Objects carry the class that should go."""

    code = "data.class_in_use"


def add_classes(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    names: Iterable[str],
    *,
    parent: str = "",
    aliases: Sequence[str] = (),
    color: str = "",
    definition: str = "",
    dry_run: bool = False,
) -> ClassDictionary:
    """Put classes into the dictionary, making the data set if need be; staged, needs a commit.

    Those it has already are left alone. A dictionary that a person began is enforced from then on.

    Raises:
        UsageError: a name cannot be one, or aliases are given for several classes at once.
        NameTaken: a name or alias belongs to another class.
        ClassNotFound: there is no such parent.
    """
    wanted = list(names)
    if not wanted:
        raise UsageError("a class needs a name", fix=f"visloop classes add {dataset} NAME…")
    if aliases and len(wanted) > 1:
        raise UsageError("aliases belong to one class", fix="add the classes one by one")

    def edit(known: ClassDictionary) -> ClassDictionary:
        fresh = [name for name in wanted if known.resolve(name) is None]
        grown = rules.with_new(known, wanted)
        for name in fresh:
            details = {"parent": parent or None, "color": color, "definition": definition}
            grown = rules.with_aliases(rules.with_details(grown, name, **details), name, aliases)
        return grown

    return _edited(ports, scope, dataset, edit, "data.classes_added", dry_run=dry_run, make=True)


def set_class(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    name: str,
    *,
    parent: str | None = None,
    color: str | None = None,
    definition: str | None = None,
    dry_run: bool = False,
) -> ClassDictionary:
    """Change a class's details; None leaves one, an empty text takes it away. Staged.

    Raises:
        DatasetNotFound, ClassNotFound: there is no such data set, class or parent.
        Circular: the parent stands below the class.
        UsageError: the colour is none.
    """

    def edit(known: ClassDictionary) -> ClassDictionary:
        return rules.with_details(known, name, parent=parent, color=color, definition=definition)

    return _edited(ports, scope, dataset, edit, "data.class_set", dry_run=dry_run)


def alias_class(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    name: str,
    aliases: Sequence[str],
    *,
    remove: bool = False,
    dry_run: bool = False,
) -> ClassDictionary:
    """Let a class answer to other names, or no longer. Staged.

    Raises:
        DatasetNotFound, ClassNotFound: there is no such data set, class or alias.
        NameTaken: another class has the name.
    """
    if not aliases:
        raise UsageError("no alias is given", fix=f"visloop classes alias {dataset} {name} ALIAS…")
    way = rules.without_aliases if remove else rules.with_aliases

    def edit(known: ClassDictionary) -> ClassDictionary:
        return way(known, name, aliases)

    return _edited(ports, scope, dataset, edit, "data.class_aliased", dry_run=dry_run)


def remove_class(
    ports: DataPorts, scope: Scope, dataset: str, name: str, *, dry_run: bool = False
) -> ClassDictionary:
    """Take a class out that no object carries; its children go to where it stood. Staged.

    Older versions keep it, and its id is never given to another class.

    Raises:
        DatasetNotFound, ClassNotFound: there is no such data set or class.
        ClassInUse: objects carry it, committed or staged.
    """
    if dry_run:
        with ports.ledger.read() as connection:
            return _without(ports, connection, scope, dataset, name)[1]
    with ports.ledger.write(scope) as write:
        entry, known = _without(ports, write.connection, scope, dataset, name)
        _keep(write, dataset, known, "data.class_removed", ids=[entry.id])
    return known


def _without(
    ports: DataPorts, connection: Connection, scope: Scope, dataset: str, name: str
) -> tuple[ClassEntry, ClassDictionary]:
    """The class, and the dictionary without it, when nothing carries it."""
    state = catalog.state(connection, scope.project, dataset)
    over = Working.load(connection, Nodes(Scratch(ports.blobs)), state)
    entry = rules.find(over.classes, name)
    used = counted(over.merged(), ports.progress).objects[entry.name]
    if used:
        raise ClassInUse(
            f"{used:,} objects of {dataset!r} are {entry.name!r}",
            fix="make them something else: visloop classes merge"
            f" {dataset} {shlex.quote(entry.name)} --into OTHER",
        )
    return entry, rules.without(over.classes, entry.name)


def import_classes(
    ports: DataPorts, scope: Scope, dataset: str, file: Path, *, dry_run: bool = False
) -> tuple[ClassDictionary, tuple[str, ...]]:
    """Take in classes from a file: its new ones, and details that known ones lack. Staged.

    Returns:
        The dictionary, and notes on what the file says otherwise than the dictionary.

    Raises:
        ClassesUnreadable: the file holds no classes.
        NameTaken: an alias belongs to another class.
    """
    found = read_classes(file)
    notes: list[str] = []

    def edit(known: ClassDictionary) -> ClassDictionary:
        notes.clear()
        return taken_in(known, found, notes)

    how = "data.classes_imported"
    return _edited(ports, scope, dataset, edit, how, dry_run=dry_run, make=True), tuple(notes)


def _edited(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    edit: _Edit,
    kind: str,
    *,
    dry_run: bool,
    make: bool = False,
) -> ClassDictionary:
    """The dictionary after an edit, staged unless it is a rehearsal."""
    if dry_run:
        with ports.ledger.read() as connection:
            state = catalog.state_or_none(connection, scope.project, dataset)
            if state is None and not make:
                catalog.state(connection, scope.project, dataset)  # raises
            known = ClassDictionary()
            if state is not None:
                known = dictionary.current_in(connection, ports.blobs, state)
        return edit(known)
    with ports.ledger.write(scope) as write:
        find = catalog.ensure if make else _existing
        state = find(write, dataset)
        known = dictionary.current(write, ports.blobs, state)
        grown = edit(known)
        if grown != known:
            _keep(write, dataset, grown, kind, ids=_touched(known, grown))
        if make:
            dictionary.set_learning(write, dataset, learning=False)
    return grown


def _existing(write: Write, dataset: str) -> catalog.DatasetState:
    return catalog.state(write.connection, write.scope.project, dataset)


def _keep(write: Write, dataset: str, known: ClassDictionary, kind: str, *, ids: list[int]) -> None:
    dictionary.put(write, dataset, known, catalog.next_sequence(write, dataset))
    names = [each.name for each in known.entries if each.id in ids]
    write.fact(kind, dataset, ids=ids, names=names)


def _touched(before: ClassDictionary, after: ClassDictionary) -> list[int]:
    old: dict[int, ClassEntry] = {each.id: each for each in before.entries}
    return [each.id for each in after.entries if old.get(each.id) != each]
