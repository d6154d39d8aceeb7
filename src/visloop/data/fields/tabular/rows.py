"""Rows of a table, each with the line that it stands in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from visloop.errors import NotFound, Refused

_DELIMITERS: Final = ",;\t"
_NAMES: Final = ("path", "file_name", "filename", "file", "image", "name", "stem", "digest")
MOST_BYTES: Final = 1 << 30


class TableNotRead(Refused):
    """The file is not a table of metadata."""

    code = "data.table_not_read"


class TableNotFound(NotFound):
    """There is no file of that name."""

    code = "data.table_not_found"


@dataclass(frozen=True)
class Row:
    """One row: its line (1 = the first), which sample it is about, values by header.

    Texts as written where the table has only texts; absent and empty values are left out.
    """

    line: int
    key: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows in order; `texts` when every value is a text (CSV)."""

    rows: list[Row]
    texts: bool


def read_table(file: Path, column: str | None = None) -> Table:
    """Read a `.csv` (or `.tsv`), `.json` or `.jsonl` file.

    Args:
        file: CSV with a header line, separated by comma, semicolon or tab; JSON as a list of
            objects, or as an object from key to object; JSON lines, an object a line.
        column: which column tells the sample; default: the first one called path, file_name,
            filename, file, image, name, stem or digest.

    Raises:
        TableNotFound: there is no such file.
        TableNotRead: it is none of these, or has no such column; says where.
    """
    try:
        raw = file.read_bytes()
    except OSError as problem:
        raise TableNotFound(f"{file}: {problem.strerror}", fix="give a CSV or JSON file") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise TableNotRead(
            f"{file}, line {line}: not UTF-8", fix="save it as UTF-8 and import it again"
        ) from None
    suffix = file.suffix.lower()
    if suffix in {".csv", ".tsv", ".txt"}:
        return Table(_csv(text, file, column), texts=True)
    if suffix in {".jsonl", ".ndjson"}:
        return Table([_row(*each, file, column) for each in _lines(text, file)], texts=False)
    if suffix == ".json":
        return Table(_json(text, file, column), texts=False)
    raise TableNotRead(
        f"{file}: not a kind of table", fix="give a file that ends in .csv, .json or .jsonl"
    )


def _csv(text: str, file: Path, column: str | None) -> list[Row]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    try:
        header = [each.strip() for each in next(reader, [])]
        at = header.index(_column(header, file, column))
        _unique(header, file)
        end = reader.line_num
        for cells in reader:
            line, end = end + 1, reader.line_num  # a row may go over several lines
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise TableNotRead(
                    f"{file}, line {line}: {len(cells)} cells, the header has {len(header)}",
                    fix='put cells that hold a separator into quotes: "a, b"',
                )
            values = {
                name: cell for i, (name, cell) in enumerate(zip(header, cells, strict=True))
                if i != at and cell.strip()
            }  # fmt: skip
            rows.append(Row(line, cells[at].strip(), values))
    except csv.Error as problem:
        raise TableNotRead(
            f"{file}, line {reader.line_num}: {problem}", fix="mend the quotes of that line"
        ) from None
    return rows


def _unique(header: list[str], file: Path) -> None:
    for name in header:
        if header.count(name) > 1 or not name:
            what = f"two columns are called {name!r}" if name else "a column has no name"
            raise TableNotRead(f"{file}, line 1: {what}", fix="name each column once")


def _column(names: list[str], file: Path, wanted: str | None) -> str:
    found = next((n for n in ([wanted] if wanted else _NAMES) if n in names), None)
    if found is None:
        told = f"no column {wanted!r}" if wanted else "no column tells which sample a row is about"
        raise TableNotRead(
            f"{file}, line 1: {told}; there are: {', '.join(names[:12]) or 'none'}",
            fix="say which: --column NAME   (and what it holds: --key path, name, stem or digest)",
        )
    return found


def _lines(text: str, file: Path) -> Iterator[tuple[int, Any]]:
    for line, each in enumerate(text.splitlines(), start=1):
        if each.strip():
            try:
                yield line, msgspec.json.decode(each)
            except msgspec.MsgspecError as problem:
                raise TableNotRead(
                    f"{file}, line {line}: {problem}", fix="write one JSON object a line"
                ) from None


def _json(text: str, file: Path, column: str | None) -> list[Row]:
    try:
        found: Any = msgspec.json.decode(text)
    except msgspec.MsgspecError as problem:
        raise TableNotRead(f"{file}: {problem}", fix="mend the JSON") from None
    if isinstance(found, dict) and all(isinstance(each, dict) for each in found.values()):
        return [
            Row(number, str(key), _present(values))
            for number, (key, values) in enumerate(found.items(), start=1)
        ]
    if not isinstance(found, list):
        raise TableNotRead(
            f"{file}: neither a list of objects nor an object of objects",
            fix='like [{"path": "a.jpg", "depth": 3}] or {"a.jpg": {"depth": 3}}',
        )
    return [_row(number, each, file, column) for number, each in enumerate(found, start=1)]


def _row(line: int, found: Any, file: Path, column: str | None) -> Row:
    if not isinstance(found, dict):
        raise TableNotRead(
            f"{file}, entry {line}: not an object", fix='like {"path": "a.jpg", "depth": 3}'
        )
    values: dict[str, Any] = {str(name): value for name, value in found.items()}
    key = values.pop(_column(list(values), file, column))
    return Row(line, str(key), _present(values))


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
