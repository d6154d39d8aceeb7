"""One row of a table: the picture that it is about, and what it says of it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from visloop.data.formats import beside
from visloop.data.formats.loose import BadObject, storable
from visloop.vision import Box, ClassLabel, NumberValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from visloop.vision import Annotation

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_NUMBERS = (*_CORNERS, "x", "y", "w", "h", "cx", "cy")


class Row(NamedTuple):
    """Cells by meaning, without surrounding blanks and without empty ones; `line` from 1."""

    line: int
    cells: Mapping[str, str]
    labels: tuple[str, ...] = ()


def row_of(line: int, cells: Sequence[str], keys: Sequence[str]) -> Row:
    """A row by what its columns mean; AutoML repeats the column of labels."""
    pairs = [(key, cell.strip()) for key, cell in zip(keys, cells, strict=False) if key]
    labels = tuple(cell for key, cell in pairs if key == "label" and cell)
    said: dict[str, str] = {}
    for key, cell in pairs:
        if cell:
            said.setdefault(key, cell)
    return Row(line, said, labels)


def annotations_of(row: Row, *, decimal_comma: bool) -> list[Annotation]:
    """What the row says; nothing where it only names a picture.

    Raises:
        BadObject: numbers that are none, a box without all its sides, a box without a class.
    """
    cells = row.cells
    corners = _corners(cells, decimal_comma=decimal_comma)
    common: dict[str, Any] = {"attributes": _attributes(cells)}
    if "score" in cells:
        common["score"] = _number(cells["score"], "score", decimal_comma=decimal_comma)
        if not 0 <= common["score"] <= 1:
            raise BadObject("bad_geometry", f"its score {common['score']:g} is not in 0 … 1")
    native: list[Annotation]
    if corners is not None:
        if not row.labels:
            raise BadObject("unknown_class", "a box without a class")
        native = [Box(label=row.labels[0], xyxy=corners, **common)]
    elif "value" in cells:
        number = _number(cells["value"], "value", decimal_comma=decimal_comma)
        label, unit = (row.labels or ("",))[0], cells.get("unit", "")
        native = [NumberValue(label=label, value=number, unit=unit, **common)]
    else:
        native = [ClassLabel(label=label, **common) for label in row.labels]
    return [beside.restored(each, _json(cells.get("visloop"))) for each in native]


def largest(row: Row) -> tuple[float, bool]:
    """The largest coordinate of a row, and whether one of them is a fraction."""
    values: list[float] = []
    for key in (*_NUMBERS, "bbox"):
        for part in row.cells.get(key, "").strip("[]() ").split(","):
            try:
                values.append(float(part))
            except ValueError:
                continue
    return max(values, default=0.0), any(value % 1 for value in values)


def whole_of(row: Row) -> beside.Whole | None:
    """What we kept of the picture."""
    return beside.typed(_json(row.cells.get("visloop_picture")), beside.Whole)


def size_of(row: Row) -> tuple[int, int]:
    """The picture's (width, height) as stated, zeros where it is not."""
    width, height = row.cells.get("width", "0"), row.cells.get("height", "0")
    try:
        return int(float(width)), int(float(height))
    except (ValueError, OverflowError):
        return 0, 0


def _corners(
    cells: Mapping[str, str], *, decimal_comma: bool
) -> tuple[float, float, float, float] | None:
    if "bbox" in cells:
        parts = cells["bbox"].strip("[]() ").replace(",", " ").split()
        if len(parts) != 4:  # noqa: PLR2004
            raise BadObject("bad_geometry", f"its box {cells['bbox'][:40]!r} is not four numbers")
        x, y, width, height = (_number(part, "bbox") for part in parts)
        return (x, y, x + width, y + height)
    for names in (_CORNERS, ("x", "y", "w", "h"), ("cx", "cy", "w", "h")):
        there = [name for name in names if name in cells]
        if not there or not {names[0], names[1]} & set(there):
            continue
        if len(there) < len(names):
            lacking = ", ".join(name for name in names if name not in cells)
            raise BadObject("bad_geometry", f"its box has no {lacking}")
        a, b, c, d = (_number(cells[name], name, decimal_comma=decimal_comma) for name in names)
        if names[0] == "x":
            return (a, b, a + c, b + d)
        if names[0] == "cx":
            return (a - c / 2, b - d / 2, a + c / 2, b + d / 2)
        return (a, b, c, d)
    return None


def _number(text: str, what: str, *, decimal_comma: bool = False) -> float:
    try:
        value = float(text.replace(",", ".") if decimal_comma else text)
    except ValueError:
        raise BadObject("bad_geometry", f"{what} is not a number: {text[:40]!r}") from None
    if not math.isfinite(value):
        raise BadObject("not_finite", f"{what} is not finite: {text[:40]!r}")
    return value


def _attributes(cells: Mapping[str, str]) -> dict[str, Any]:
    """Columns that mean nothing else, and ours, which holds JSON."""
    found: dict[str, Any] = {
        key[1:]: _value(cell) for key, cell in cells.items() if key.startswith("*") and key[1:]
    }
    stated = _json(cells.get("attributes"))
    if isinstance(stated, dict):
        return found | storable(stated)
    return found | ({"attributes": cells["attributes"]} if "attributes" in cells else {})


def _json(cell: str | None) -> Any:
    if not cell:
        return None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None


def _value(text: str) -> str | int | float | bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if math.isfinite(value) and abs(value) < 2**53 else text
    return text
