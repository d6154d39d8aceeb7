"""Verbs over the class dictionary of a data set: look at it, edit it, take it in and out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class ClassesList:
    """List the classes of a data set, or of one of its versions, with how many objects each has."""

    dataset: str = arg("the data set, or a version: photos@v1; default: as not committed yet")
    no_counts: bool = opt("do not count objects", default=False)


@operation("classes.list", permission="data.read")
def classes_list(ports: Ports, scope: Scope, ask: ClassesList) -> Rows:
    """Every class with its colour, place, aliases and counts."""
    found = data.list_classes(ports.data, scope, Ref.parse(ask.dataset), count=not ask.no_counts)
    return rows_of(found)


@dataclass(frozen=True)
class ClassesShow:
    """Show one class: what it means, what it came from, how many objects it has."""

    dataset: str = arg("the data set, or a version: photos@v1")
    name: str = arg("the class, or an alias of it")


@dataclass(frozen=True)
class OneClass:
    """A class; `origins` are classes that it took over."""

    id: int
    name: str
    objects: int
    samples: int
    color: str
    parent: str | None
    aliases: tuple[str, ...]
    definition: str
    origins: tuple[dict[str, Any], ...]


@operation("classes.show", permission="data.read")
def classes_show(ports: Ports, scope: Scope, ask: ClassesShow) -> OneClass:
    """Counted as it is not committed yet, or in the version."""
    found = data.show_class(ports.data, scope, Ref.parse(ask.dataset), ask.name)
    return OneClass(
        id=found.id,
        name=found.name,
        objects=found.objects or 0,
        samples=found.samples or 0,
        color=found.color,
        parent=found.parent,
        aliases=found.aliases,
        definition=found.definition,
        origins=tuple(plain(each) for each in found.origins),
    )


@dataclass(frozen=True)
class ClassesAdd:
    """Add classes to a data set's dictionary."""

    dataset: str = arg("the data set")
    names: tuple[str, ...] = arg("their names")
    parent: str = opt("the class that they stand below", default="")
    alias: tuple[str, ...] = opt("another name for it; may be repeated", default=())
    color: str = opt("#rrggbb; default: a colour of its own", default="")
    definition: str = opt("what belongs to it, in words", default="")
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@operation("classes.add", permission="data.write")
def classes_add(ports: Ports, scope: Scope, ask: ClassesAdd) -> Rows:
    """Staged; commit makes it last."""
    known = data.add_classes(
        ports.data,
        scope,
        ask.dataset,
        ask.names,
        parent=ask.parent,
        aliases=ask.alias,
        color=ask.color,
        definition=ask.definition,
        dry_run=ask.dry_run,
    )
    return _rows(known)


@dataclass(frozen=True)
class ClassesSet:
    """Change a class's parent, colour or definition; an empty text takes it away."""

    dataset: str = arg("the data set")
    name: str = arg("the class")
    parent: str | None = opt("the class that it stands below", default=None)
    color: str | None = opt("#rrggbb", default=None)
    definition: str | None = opt("what belongs to it, in words", default=None)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@operation("classes.set", permission="data.write")
def classes_set(ports: Ports, scope: Scope, ask: ClassesSet) -> Rows:
    """Staged; commit makes it last."""
    if ask.parent is ask.color is ask.definition is None:
        raise UsageError("nothing to set", fix="--parent CLASS, --color #rrggbb, --definition TEXT")
    known = data.set_class(
        ports.data,
        scope,
        ask.dataset,
        ask.name,
        parent=ask.parent,
        color=ask.color,
        definition=ask.definition,
        dry_run=ask.dry_run,
    )
    return _rows(known)


@dataclass(frozen=True)
class ClassesAlias:
    """Let a class answer to other names: labels that come in under them get the class's name."""

    dataset: str = arg("the data set")
    name: str = arg("the class")
    aliases: tuple[str, ...] = arg("other names for it")
    remove: bool = opt("it no longer answers to them", default=False)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@operation("classes.alias", permission="data.write")
def classes_alias(ports: Ports, scope: Scope, ask: ClassesAlias) -> Rows:
    """Staged; commit makes it last."""
    known = data.alias_class(
        ports.data,
        scope,
        ask.dataset,
        ask.name,
        ask.aliases,
        remove=ask.remove,
        dry_run=ask.dry_run,
    )
    return _rows(known)


@dataclass(frozen=True)
class ClassesRemove:
    """Take a class out that no object has; older versions keep it."""

    dataset: str = arg("the data set")
    name: str = arg("the class")
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@operation("classes.remove", permission="data.write")
def classes_remove(ports: Ports, scope: Scope, ask: ClassesRemove) -> Rows:
    """Staged; commit makes it last."""
    return _rows(data.remove_class(ports.data, scope, ask.dataset, ask.name, dry_run=ask.dry_run))


@dataclass(frozen=True)
class ClassesImport:
    """Take in classes from a file: JSON of `classes export`, COCO's categories, a list of names."""

    dataset: str = arg("the data set; made when it does not exist")
    file: str = arg("the file", path=True)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@dataclass(frozen=True)
class ImportedClasses:
    """The dictionary now, and where the file says otherwise than the dictionary."""

    count: int
    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


@operation("classes.import", permission="data.write")
def classes_import(ports: Ports, scope: Scope, ask: ClassesImport) -> ImportedClasses:
    """Staged; commit makes it last."""
    known, notes = data.import_classes(
        ports.data, scope, ask.dataset, Path(ask.file), dry_run=ask.dry_run
    )
    rows = _rows(known)
    return ImportedClasses(count=rows.count, rows=rows.rows, notes=notes)


@dataclass(frozen=True)
class ClassesExport:
    """Write the classes of a data set into a file: JSON with every detail, or names alone."""

    ref: str = arg("the data set, or a version: photos@v1")
    file: str = arg("where to: NAME.json, or NAME.txt for one name a line", path=True)
    force: bool = opt("write over a file that is there", default=False)


@dataclass(frozen=True)
class ExportedClasses:
    """How many classes were written, and where to."""

    count: int
    file: str


@operation("classes.export", permission="data.export")
def classes_export(ports: Ports, scope: Scope, ask: ClassesExport) -> ExportedClasses:
    """In the order of their ids."""
    file, ref = Path(ask.file), Ref.parse(ask.ref)
    if file.exists() and not ask.force:
        raise UsageError(f"{file} is there already", fix="another name, or --force")
    known = (
        data.open(ports.data, ref, scope.project).classes
        if ref.version
        else data.classes(ports.data, scope, ref.name)
    )
    text = data.written(known, names_only=file.suffix.lower() == ".txt")
    file.write_text(text, "utf-8")
    return ExportedClasses(count=len(known.entries), file=str(file))


def _rows(known: data.ClassDictionary) -> Rows:
    """Without counts: these verbs are quick."""
    return rows_of({**plain(each), "color": data.color_of(each)} for each in known.entries)
