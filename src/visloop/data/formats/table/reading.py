"""CSV in: pictures named in a table, with classes, boxes, numbers, splits, attributes.

A row with a box is an object, a row with a class alone labels the whole picture, a row with neither
says that the picture holds nothing. Coordinates that never pass 1 and are fractions are shares of
the picture. Text is UTF-8 (with or without its mark), UTF-16 with its mark, else Windows-1252.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH119, PTH120, PTH123, PTH208

from __future__ import annotations

import codecs
import csv
import io
import os
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from visloop.data.formats.classes import Details, entries_of
from visloop.data.formats.loose import BadObject, unreadable_labels
from visloop.data.formats.records import Item, Reading
from visloop.data.formats.stated import Objection, Stated, offer
from visloop.data.formats.table.columns import Columns, columns_of, delimiter_of, split_of
from visloop.data.formats.table.rows import (
    Row,
    annotations_of,
    largest,
    row_of,
    size_of,
    whole_of,
)
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import Leftovers, clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from visloop.data.records import AddOptions, ClassEntry, Refusal
    from visloop.vision import Annotation

CLASSES_FILE: Final = "classes.csv"
_SUFFIXES: Final = (".csv", ".tsv")
_NOT_LABELS: Final = frozenset({CLASSES_FILE, "metadata.csv", "truth.csv"})
"""`truth.csv` is what the virtual line knows of its pictures, for whoever wants to check a model."""
_MOST_BYTES: Final = 2 << 30
_UNCLOSED: Final = "unexpected end of data"
"""What the csv module says where the text ends inside quotes."""
_MEND: Final = "mend or remove the line, then add it again"
_ENDINGS: Final = (".jpg", ".png", ".jpeg", ".JPG", ".tif", ".bmp", ".webp")


class _Table(NamedTuple):
    """One file, taken apart."""

    file: str
    columns: Columns
    decimal_comma: bool
    rows: list[Row]


def recognises_table(path: str) -> bool:
    """Whether `path` is a table that names pictures and says something of them, or holds one."""
    return bool(_files(path))


def read_table(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every picture that the tables name, in the order of logical paths.

    Raises:
        LabelsUnreadable: a table cannot be read, or its quotes never end.
    """
    del options
    tables = [_load(file, left) for path in paths for file in _files(path)]
    entries: dict[str, ClassEntry] = {}
    for folder in dict.fromkeys(os.path.dirname(each.file) for each in tables):
        for entry in _classes(os.path.join(folder, CLASSES_FILE)):
            entries.setdefault(entry.name, entry)
    return Reading(_items(tables, left), tuple(entries.values()))


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path] if path.lower().endswith(_SUFFIXES) and _head(path).useful else []
    try:
        names = sorted(os.listdir(path))
    except OSError:
        return []
    found = [
        os.path.join(path, name)
        for name in names
        if name.lower().endswith(_SUFFIXES) and name.lower() not in _NOT_LABELS
    ]
    return [file for file in found if not name_hidden(file) and _head(file).useful]


def name_hidden(file: str) -> bool:
    """Files that operating systems leave lying about."""
    return os.path.basename(file).startswith(".")


def _head(file: str) -> Columns:
    try:
        with open(file, "rb") as opened:
            raw = opened.read(65_536)
    except OSError:
        return Columns(())
    line = next((each for each in _decoded(raw)[0].splitlines() if each.strip()), "")
    return columns_of(line, delimiter_of(line))


def _decoded(raw: bytes) -> tuple[str, str]:
    """The text, and a remark where its encoding was guessed."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace"), ""
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "is not UTF-8: read as Windows-1252"


def _load(file: str, left: Leftovers) -> _Table:
    try:
        with open(file, "rb") as opened:
            text, remark = _decoded(opened.read(_MOST_BYTES))
    except OSError as problem:
        raise unreadable_labels(file, "CSV", problem) from problem
    if remark:
        left.say(f"{clean(file)} {remark}")
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = delimiter_of(first)
    columns = columns_of(first, delimiter)
    try:
        rows = _rows(text, delimiter, columns)
    except csv.Error as problem:
        raise unreadable_labels(file, "CSV", problem) from problem
    if not columns.shares:
        tops = [largest(row) for row in rows]
        fractions = any(fraction for _, fraction in tops)
        if fractions and max(top for top, _ in tops) <= 1:
            left.say(f"{clean(file)}: no coordinate is above 1, so they are taken as shares")
            columns = columns._replace(shares=True)
    return _Table(file, columns, delimiter != ",", rows)


def _rows(text: str, delimiter: str, columns: Columns) -> list[Row]:
    """Every row; quotes in the middle of a cell are letters, but one that opens a cell must close.

    Raises:
        csv.Error: a quote never ends, or a cell is absurdly long.
    """
    told = text.replace("\0", "\ufffd")
    try:
        return _parsed(told, delimiter, columns, strict=True)
    except csv.Error as problem:
        if _UNCLOSED in str(problem):
            raise csv.Error(f"{problem}: a quote never ends") from problem
        return _parsed(told, delimiter, columns, strict=False)


def _parsed(text: str, delimiter: str, columns: Columns, *, strict: bool) -> list[Row]:
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    header = columns.header
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header:
                header = False
                continue
            rows.append(row_of(reader.line_num, cells, columns.keys))
    except csv.Error as problem:
        raise csv.Error(f"line {reader.line_num}: {problem}") from problem
    return rows


def _classes(file: str) -> tuple[ClassEntry, ...]:
    """Our own table of classes: id, name, parent, aliases (JSON), color, definition."""
    try:
        with open(file, encoding="utf-8-sig", errors="replace", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, csv.Error):
        return ()
    named: list[tuple[str, Details | None]] = []
    for row in rows:
        said: dict[str, Any] = {key: value for key, value in row.items() if key and value}
        try:
            number = int(said.get("id", ""))
            aliases = msgspec.json.decode(said.get("aliases", "[]"), type=list[str])
        except (ValueError, msgspec.MsgspecError):
            number, aliases = len(named), []
        details = Details(
            id=number,
            parent=said.get("parent"),
            aliases=aliases,
            color=said.get("color", ""),
            definition=said.get("definition", ""),
        )
        named.append((said.get("name", ""), details))
    return entries_of(named)


def _items(tables: Sequence[_Table], left: Leftovers) -> Iterator[Item]:
    refusals: list[Refusal] = []
    stated = [list(_stated(table, refusals)) for table in tables]
    yield from refusals
    yield from offer(chain.from_iterable(stated), left)


def _stated(table: _Table, refusals: list[Refusal]) -> Iterator[Stated]:
    """Each picture of a table once, with all its rows."""
    by_image: dict[str, list[Row]] = {}
    for row in table.rows:
        name = row.cells.get("image", "")
        if name:
            by_image.setdefault(name, []).append(row)
        else:
            reason = f"line {row.line}: it names no picture"
            source = clean(table.file)
            refusals.append(refuse(source, source, "missing_image", reason, fix=_MEND))
    for name, rows in by_image.items():
        yield _picture(table, name, rows)


def _picture(table: _Table, name: str, rows: Sequence[Row]) -> Stated:
    made: list[Annotation] = []
    objections: list[Objection] = []
    for row in rows:
        try:
            made += annotations_of(row, decimal_comma=table.decimal_comma)
        except BadObject as problem:
            objections.append(Objection(problem.code, f"line {row.line}: {problem.reason}", _MEND))
    kept = next((each for each in map(whole_of, rows) if each is not None), None)
    splits = [split_of(row.cells["split"]) for row in rows if "split" in row.cells]
    folder = os.path.dirname(table.file)
    size = size_of(rows[0])
    common: dict[str, Any] = {
        "names": _names(name),
        "roots": (os.path.join(folder, "images"), folder),
        "tree": folder,
        "source": clean(table.file),
        "split": splits[0] if splits else None,
        "declared": size if all(size) and not table.columns.shares else None,
        "objections": tuple(objections),
        "shares": table.columns.shares,
    }
    if kept is not None and kept.split is not None:
        common["split"] = kept.split
    elif len(set(splits)) > 1:
        common["notes"] = (f"its lines name several splits: {splits[0]!r} counts",)
    if kept is None:
        return Stated(annotations=tuple(made), **common)
    if kept.unlabelled and not made:
        return Stated(path=kept.path, metadata=kept.metadata, annotations=None, **common)
    annotations = (*made, *kept.annotations)
    return Stated(path=kept.path, metadata=kept.metadata, annotations=annotations, **common)


def _names(name: str) -> tuple[str, ...]:
    """What the file may be called: as it stands, below a bucket, without an ending."""
    names = [name]
    if "://" in name:
        names = [urlsplit(name).path.lstrip("/")]
    if "\\" in name:
        names.append(name.replace("\\", "/"))
    if "." not in os.path.basename(name):
        names += [name + ending for ending in _ENDINGS]
    return tuple(names)
