"""`meta import`: what a table says of samples, staged whole or not at all, no row dropped silently."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from msgspec.structs import replace

from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.checking import WrongMetadata
from visloop.data.fields.editing import Draft, edit
from visloop.data.fields.records import Field, OwnFields
from visloop.data.fields.stating import field_for, learnt_note, split_unit, value_of
from visloop.data.fields.tabular.rows import Row, Table, TableNotRead, read_table
from visloop.data.records import DataPorts, Sample
from visloop.data.tree.nodes import Tree
from visloop.data.working import decode, image_of
from visloop.errors import UsageError
from visloop.events import Scope

Key = Literal["path", "name", "stem", "digest"]
_KEYS: Final[Mapping[Key, Callable[[str], str]]] = {
    "path": lambda path: path,
    "name": lambda path: PurePosixPath(path).name,
    "stem": lambda path: PurePosixPath(path).stem,
}
_ERRORS: Final = 5


@dataclass(frozen=True)
class Unplaced:
    """A row that was not taken: its line, what it says of which sample it is about, and why."""

    line: int
    key: str
    why: str


@dataclass(frozen=True)
class Imported:
    """What an import did; `unplaced` are the rows that match no sample, or several."""

    rows: int
    matched: int
    changed: int
    unplaced: tuple[Unplaced, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Report:
    matched: int = 0
    unplaced: list[Unplaced] = field(default_factory=list[Unplaced])


def meta_import(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    file: Path,
    *,
    key: Key = "path",
    column: str | None = None,
    dry_run: bool = False,
) -> Imported:
    """Take metadata from a table; staged, needs a commit.

    A header may say the unit of its column, `width (cm)`: values are turned into the field's. Empty
    cells leave what is there. A column that no field has becomes one, of the type of all its values.

    Args:
        ports: where state and bytes live.
        scope: the project.
        dataset: whose samples.
        file: `.csv`, `.json` or `.jsonl`.
        key: what the table knows samples by: `path` in the data set, file `name`, its `stem`
            without the suffix, or the `digest` of the bytes.
        column: the column that holds it, where it is not called so.
        dry_run: change nothing.

    Raises:
        TableNotFound, TableNotRead: the file is not there, or is no table.
        WrongMetadata: values do not fit their fields; names the lines, and nothing is changed.
    """
    if key != "digest" and key not in _KEYS:
        raise UsageError(f"no key {key!r}", fix="--key path, name, stem or digest")
    table = read_table(file, column)
    report = _Report()

    def draw(tree: Tree, fields: OwnFields) -> Draft:
        report.matched, report.unplaced = 0, []
        grown, columns, notes = _columns(table, fields)
        rows = dict(_placed(tree, table.rows, key, report))
        if not rows:
            return Draft((), fields)
        values = _values(rows, columns, file, dataset)
        return Draft(_samples(tree, values), grown, notes)

    done = edit(ports, scope, dataset, draw, {"file": file.name}, dry_run=dry_run)
    return Imported(
        rows=len(table.rows),
        matched=report.matched,
        changed=done.changed,
        unplaced=tuple(report.unplaced),
        notes=done.notes,
    )


def _columns(
    table: Table, own: OwnFields
) -> tuple[OwnFields, dict[str, tuple[Field, str]], tuple[str, ...]]:
    """Header → its field and the unit of its values; fields that are new, with notes."""
    values: dict[str, list[Any]] = {}
    for row in table.rows:
        for header, value in row.values.items():
            values.setdefault(header, []).append(value)
    columns: dict[str, tuple[Field, str]] = {}
    notes: list[str] = []
    for header, listed in values.items():
        name, unit = split_unit(header)
        found = field_for(name, unit, listed, own)
        if name in {known.name for known, _ in columns.values()}:
            raise TableNotRead(f"two columns say {name!r}", fix="keep the one that is meant")
        if name not in BUILT_IN and name not in own.by_name():
            own = own.with_field(found)
            notes.append(learnt_note(found, own))
        columns[header] = (found, unit)
    return own, columns, tuple(notes)


def _placed(tree: Tree, rows: list[Row], key: Key, report: _Report) -> Iterator[tuple[str, Row]]:
    """Path of the sample → the row about it; the others are reported."""
    by_key: dict[str, list[str]] = {row.key: [] for row in rows}
    if key == "path":
        for path in by_key:
            by_key[path] = [path] if tree.get(path) is not None else []
    else:
        for entry in tree.entries():
            found = image_of(entry.value) if key == "digest" else _KEYS[key](entry.key)
            if found in by_key:
                by_key[found].append(entry.key)
    taken: dict[str, int] = {}
    for row in rows:
        paths = by_key[row.key]
        why = ""
        if not paths:
            why = f"no sample has this {key}"
        elif len(paths) > 1:
            why = f"{len(paths)} samples have this {key}: {', '.join(paths[:3])}"
        elif paths[0] in taken:
            why = f"line {taken[paths[0]]} is about the same sample"
        if why:
            report.unplaced.append(Unplaced(row.line, row.key, why))
            continue
        taken[paths[0]] = row.line
        report.matched += 1
        yield paths[0], row


def _values(
    rows: Mapping[str, Row], columns: Mapping[str, tuple[Field, str]], file: Path, dataset: str
) -> dict[str, dict[str, Any]]:
    """Path → values of fields; every wrong value is found before anything is told."""
    wrong: list[WrongMetadata] = []
    values: dict[str, dict[str, Any]] = {}
    for path, row in rows.items():
        place = f"{file.name}, line {row.line} ({path})"
        here = values[path] = {}
        for header, value in row.values.items():
            known, unit = columns[header]
            try:
                here[known.name] = value_of(known, value, unit, dataset, place)
            except WrongMetadata as error:
                wrong.append(error)
    if wrong:
        more = f"\n… and {len(wrong) - _ERRORS} more" if len(wrong) > _ERRORS else ""
        told = "\n".join(each.what for each in wrong[:_ERRORS])
        raise WrongMetadata(told + more, fix=wrong[0].fix)
    return values


def _samples(tree: Tree, values: Mapping[str, Mapping[str, Any]]) -> Iterator[Sample]:
    for path in sorted(values):
        if (entry := tree.get(path)) is not None:
            sample = decode(entry)
            yield replace(sample, metadata={**sample.metadata, **values[path]})
