"""Rows of `metadata.jsonl`, `metadata.csv` or `metadata.parquet`, as plain values."""

# ruff: noqa: PTH123

from __future__ import annotations

import csv
import importlib
import io
from typing import Any, Final

import msgspec

from visloop.data.formats.loose import mapping, unreadable_labels
from visloop.errors import MissingExtra

TITLE: Final = "Hugging Face metadata"
NAMES: Final = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
KEY: Final = "file_name"


def rows(file: str) -> list[tuple[int, dict[str, Any] | str]]:
    """The rows with their line numbers, from 1; text instead of a row says what is wrong with it.

    Raises:
        LabelsUnreadable: the file cannot be read, or names no column `file_name`.
        MissingExtra: it is Parquet, and pyarrow is not installed.
    """
    try:
        if file.endswith(".parquet"):
            return _parquet(file)
        with open(file, "rb") as opened:
            text = opened.read().removeprefix(b"\xef\xbb\xbf").decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable_labels(file, TITLE, problem) from problem
    return _csv(file, text) if file.endswith(".csv") else _lines(text)


def _lines(text: str) -> list[tuple[int, dict[str, Any] | str]]:
    found: list[tuple[int, dict[str, Any] | str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line.encode())
        except (msgspec.MsgspecError, RecursionError) as problem:
            found.append((number, f"it is not JSON: {problem}"))
            continue
        found.append((number, row if isinstance(row, dict) else "it is no object of JSON"))
    return found


def _csv(file: str, text: str) -> list[tuple[int, dict[str, Any] | str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if KEY not in (reader.fieldnames or ()):
            raise unreadable_labels(file, TITLE, f"it has no column {KEY!r}")
        found: list[tuple[int, dict[str, Any] | str]] = []
        for row in reader:
            whole = {k: _value(v) for k, v in row.items() if isinstance(k, str) and v is not None}
            found.append((reader.line_num, whole | {KEY: row.get(KEY) or ""}))
    except csv.Error as problem:
        raise unreadable_labels(file, TITLE, problem) from problem
    return found


def _value(text: str) -> Any:
    """Cells that are JSON, such as numbers and `objects`, as what they are."""
    if text[:1] not in "{[-0123456789":
        return text
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.MsgspecError, RecursionError):
        return text


def _parquet(file: str) -> list[tuple[int, dict[str, Any] | str]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as problem:
        raise MissingExtra(
            f"{file} is Parquet, which needs pyarrow",
            fix="pip install pyarrow, or write the metadata as metadata.jsonl",
        ) from problem
    try:
        table = parquet.read_table(file).to_pylist()
    except (OSError, ValueError) as problem:  # pyarrow's own errors are ValueErrors
        raise unreadable_labels(file, TITLE, problem) from problem
    return [(number, mapping(row)) for number, row in enumerate(table, start=1)]
