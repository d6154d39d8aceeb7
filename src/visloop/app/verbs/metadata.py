"""Verbs over metadata: values of samples, and the fields that they are values of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from visloop import data
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class MetaSet:
    """Set metadata of samples, or take some off; staged, a commit makes it last.

    Which samples: paths, patterns like 'cam1/*', --all, or --where; with --where only those of them
    where it holds (split, class, media, mode, source, or any metadata field).
    """

    dataset: str = arg("the data set")
    paths: tuple[str, ...] = arg("logical paths or patterns", default=())
    set: dict[str, str] = opt("a value, its unit where it has one: --set 'depth=3 mm'", default={})
    unset: tuple[str, ...] = opt("take this key off", default=())
    all: bool = opt("every sample", default=False)
    where: dict[str, str] = opt("only where it holds: --where split=train", default={})
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@dataclass(frozen=True)
class MetaChanged:
    """Samples that were meant, those that changed, and what was unusual."""

    matched: int
    changed: int
    notes: tuple[str, ...]


def _changed(done: data.Edited) -> MetaChanged:
    return MetaChanged(done.matched, done.changed, done.notes)


@operation("meta.set", permission="data.write")
def meta_set(ports: Ports, scope: Scope, ask: MetaSet) -> MetaChanged:
    """All of it or nothing."""
    by = data.Chosen(ask.paths, all=ask.all, where=ask.where)
    return _changed(
        data.meta_set(ports.data, scope, ask.dataset, by, ask.set, ask.unset, dry_run=ask.dry_run)
    )


@dataclass(frozen=True)
class MetaImport:
    """Take metadata from a table: a row a sample, a column a field (.csv, .json, .jsonl).

    A header may name its column's unit, `width (cm)`: values are turned into the field's unit.
    Empty cells leave what is there. Rows that match no sample, or several, are listed.
    """

    dataset: str = arg("the data set")
    file: str = arg("the table", path=True)
    key: Literal["path", "name", "stem", "digest"] = opt(
        "what the table knows samples by", default="path"
    )
    column: str | None = opt("the column that holds it", default=None)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@dataclass(frozen=True)
class MetaImported:
    """Rows, samples found and changed, and the rows that were not taken, each with its line."""

    rows: int
    matched: int
    changed: int
    unplaced: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


@operation("meta.import", permission="data.write")
def meta_import(ports: Ports, scope: Scope, ask: MetaImport) -> MetaImported:
    """All of it or nothing."""
    done = data.meta_import(
        ports.data,
        scope,
        ask.dataset,
        Path(ask.file),
        key=ask.key,
        column=ask.column,
        dry_run=ask.dry_run,
    )
    return MetaImported(
        rows=done.rows,
        matched=done.matched,
        changed=done.changed,
        unplaced=tuple(plain(each) for each in done.unplaced),
        notes=done.notes,
    )


@dataclass(frozen=True)
class MetaFields:
    """Which metadata a version has: fields, types, units, how many samples, from where to where."""

    ref: str = arg("for example photos (everything, committed or not) or photos@v1:test")


@operation("meta.fields", permission="data.read")
def meta_fields(ports: Ports, scope: Scope, ask: MetaFields) -> Rows:
    """One row a field."""
    return rows_of(data.meta_fields(ports.data, scope, _working(ask.ref)))


def _working(text: str) -> Ref:
    """The reference; without a version the working state, not the newest version."""
    ref = Ref.parse(text)
    return ref if ref.version else Ref(ref.name, "work", ref.split, ref.project)


@dataclass(frozen=True)
class MetaShow:
    """The metadata of one sample, each value with its unit."""

    ref: str = arg("for example photos or photos@v1")
    path: str = arg("the logical path")


@operation("meta.show", permission="data.read")
def meta_show(ports: Ports, scope: Scope, ask: MetaShow) -> Rows:
    """One row a value."""
    return rows_of(data.meta_show(ports.data, scope, _working(ask.ref), ask.path))


@dataclass(frozen=True)
class MetaFieldAdd:
    """Declare a metadata field, or declare it anew: values that are there must fit, or be converted.

    Values of the field are held to it from then on, wherever they come from.
    """

    dataset: str = arg("the data set; made when it does not exist")
    name: str = arg("its name, like part.width_mm")
    type: Literal["text", "integer", "number", "boolean", "time", "choice"] = opt(
        "what its values are", default="text"
    )
    unit: str = opt("of a number: mm, s, degC, kg, px, …", default="")
    choices: str = opt("the words of a choice: day,night", default="")
    description: str = opt("what it means", default="")
    private: bool = opt("it may tell of a person or a place", default=False)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@operation("meta.field.add", permission="data.write")
def meta_field_add(ports: Ports, scope: Scope, ask: MetaFieldAdd) -> MetaChanged:
    """Staged; commit makes it last."""
    field = data.Field(
        name=ask.name,
        type=ask.type,
        unit=ask.unit,
        choices=tuple(each.strip() for each in ask.choices.split(",") if each.strip()),
        description=ask.description,
        private=ask.private,
    )
    name = handlers.free_for_data(ports, scope, ask.dataset)
    return _changed(data.field_add(ports.data, scope, name, field, dry_run=ask.dry_run))


@dataclass(frozen=True)
class MetaFieldList:
    """List the fields that samples may have: the data set's own, and with --all the built-in ones."""

    ref: str = arg("for example photos or photos@v1")
    all: bool = opt("the built-in ones too", default=False)


@operation("meta.field.list", permission="data.read")
def meta_field_list(ports: Ports, scope: Scope, ask: MetaFieldList) -> Rows:
    """One row a field."""
    found = data.field_list(ports.data, scope, _working(ask.ref))
    return rows_of(
        {
            "field": each.name,
            "type": each.type,
            "unit": each.unit,
            "choices": list(each.choices),
            "built_in": each.name in data.BUILT_IN,
            "learnt": each.learnt,
            "private": each.private,
            "description": each.description,
        }
        for each in found
        if ask.all or each.name not in data.BUILT_IN
    )


@dataclass(frozen=True)
class MetaFieldRename:
    """Give a field another name, on every sample that has it."""

    dataset: str = arg("the data set")
    name: str = arg("its name now")
    to: str = arg("its new name")


@operation("meta.field.rename", permission="data.write")
def meta_field_rename(ports: Ports, scope: Scope, ask: MetaFieldRename) -> MetaChanged:
    """Staged; commit makes it last."""
    return _changed(data.field_rename(ports.data, scope, ask.dataset, ask.name, ask.to))


@dataclass(frozen=True)
class MetaFieldRemove:
    """Take a field away that no sample has a value of; older versions keep it."""

    dataset: str = arg("the data set")
    name: str = arg("its name")


@operation("meta.field.remove", permission="data.write")
def meta_field_remove(ports: Ports, scope: Scope, ask: MetaFieldRemove) -> MetaChanged:
    """Staged; commit makes it last."""
    return _changed(data.field_remove(ports.data, scope, ask.dataset, ask.name))
