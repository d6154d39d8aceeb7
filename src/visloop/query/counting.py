"""How the values of a field are spread over what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visloop.errors import UsageError, did_you_mean
from visloop.query.columns.values import Column, Numbers, Texts
from visloop.query.executing import Found, Source
from visloop.query.schema import Field, Schema

_BINS: Final = 10
_FEW: Final = 20
_TOP: Final = 100
_NEAR: Final = 16
_NARROW: Final = 1 << 16


@dataclass(frozen=True)
class Facet:
    """One field over what was found: each value and how many have it, the commonest first.

    A row whose parts have several values counts once for each. Numbers and times that have many
    values are told in ten equal steps, `to` being their upper ends. `folder` counts every folder
    with all that lies below it, in the order of paths. `without` have no value.
    """

    field: str
    values: tuple[dict[str, Any], ...]
    without: int
    more: int = 0


def counted_by(schema: Schema, name: str) -> Field:
    """The field of a facet: of what is listed, else of the other level; parts need no prefix.

    Raises:
        UsageError: there is none.
    """
    levels = [each for each in (schema.rows, schema.parts) if each is not None]
    if schema.of_parts:
        levels.reverse()
    for level in levels:
        found = level.named(name)
        if level is schema.parts and not found:
            found = level.named(name.removeprefix(f"{schema.prefix}."))
        if found:
            return found[0]
    known = [each for level in levels for each in level.names()]
    raise UsageError(
        f"no field {name!r} to count by",
        fix=did_you_mean(name, known, otherwise=f"there are: {', '.join(known[:20])}"),
    )


def facet(found: Found, source: Source, field: Field, *, tree: bool = False) -> Facet:
    """The values of one field over what was found.

    Args:
        found: what a plan found.
        source: where.
        field: which field, of rows or of parts.
        tree: whether texts are paths of folders, each counted with those above it.
    """
    had = had_by(found, source, field)
    if isinstance(had.column, Texts):
        counts = tallied(had.rows, had.values, len(had.column.words))
        return _texts(field, had.column, counts, had.without, tree=tree)
    return _numbers(field, had.rows, had.values, had.without)


@dataclass(frozen=True)
class Had:
    """The values of a field that what was found has: `values` (v), and whose each is, `rows` (v).

    Equal rows lie together. `without` have no value.
    """

    column: Column
    rows: NDArray[Any]
    values: NDArray[Any]
    without: int


def had_by(found: Found, source: Source, field: Field) -> Had:
    """The values that what was found has: numbers, or codes of texts."""
    places, rows = _places(found, source, field)
    column = source.column(field)
    if places is not None:
        column = column.at(places)
    values = column.values if isinstance(column, Numbers) else column.codes
    if column.may_lack:
        rows, values = rows.compress(column.has), values.compress(column.has)
    return Had(column, rows, values, len(found.at) - _distinct(rows))


def _places(found: Found, source: Source, field: Field) -> tuple[NDArray[Any] | None, NDArray[Any]]:
    """Where the field's values are, and what that was found each belongs to, equal ones together.

    None: everywhere, in their order.
    """
    of_parts = source.schema.of_parts
    everything = len(found.at) == source.size(parts=of_parts)
    if field.parts == of_parts:
        return (None, np.arange(len(found.at))) if everything else (found.at, found.at)
    owners = source.owners()
    if of_parts:
        return owners[found.at], found.at
    if everything:
        return None, owners
    chosen = np.zeros(source.size(parts=False), np.bool_)
    chosen[found.at] = True
    parts = np.flatnonzero(chosen[owners])
    return parts, owners[parts]


def _distinct(rows: NDArray[Any]) -> int:
    """How many different ones, equal ones lying together."""
    return int(np.count_nonzero(rows[1:] != rows[:-1])) + (len(rows) > 0)


def tallied(rows: NDArray[Any], codes: NDArray[Any], size: int) -> NDArray[np.int64]:
    """(size): how many different rows have each code; equal rows lie together."""
    again = rows[1:] == rows[:-1]
    if not again.any():  # one value a row
        return np.bincount(codes, minlength=size)
    first = np.ones(len(rows), np.bool_)
    for back in range(1, _NEAR):  # most rows have few: look for the same code a few places before
        first[back:] &= ~(again & (codes[back:] == codes[:-back]))
        again = rows[back + 1 :] == rows[: -back - 1]
        if not again.any():
            return np.bincount(codes[first], minlength=size)
    order = np.argsort(codes, kind="stable")  # leaves equal rows together
    rows, codes = rows[order], codes[order]
    first = np.ones(len(rows), np.bool_)
    first[1:] = (rows[1:] != rows[:-1]) | (codes[1:] != codes[:-1])
    return np.bincount(codes[first], minlength=size)


def _texts(
    field: Field, column: Texts, counts: NDArray[np.int64], without: int, *, tree: bool
) -> Facet:
    counted = {column.words[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()}
    if tree:
        counted = _above(counted)
        ordered = sorted(counted.items())
        return Facet(field.name, tuple({"value": v, "count": n} for v, n in ordered), without)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    values = tuple({"value": value, "count": n} for value, n in ordered[:_TOP])
    return Facet(field.name, values, without, max(0, len(ordered) - _TOP))


def _above(counted: dict[str, int]) -> dict[str, int]:
    """Every folder with what lies in it and below it."""
    whole: Counter[str] = Counter()
    for folder, n in counted.items():
        parts = folder.split("/") if folder else []
        for depth in range(len(parts) + 1):
            whole["/".join(parts[:depth])] += n
    return dict(whole)


def _numbers(field: Field, rows: NDArray[np.int64], values: NDArray[Any], without: int) -> Facet:
    if field.type == "json" or not len(values):
        return Facet(field.name, (), without)
    each, ranks = _ranked(values)
    if len(each) <= _FEW:
        times = tallied(rows, ranks, len(each))
        told = [
            {"value": plain(field, v), "count": int(n)} for v, n in zip(each, times, strict=True)
        ]
        return Facet(field.name, tuple(told), without)
    counts, edges = np.histogram(values, bins=_BINS)
    steps = [
        {"value": plain(field, low), "to": plain(field, high), "count": int(n)}
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return Facet(field.name, tuple(steps), without)


def _ranked(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The different values in order, and where among them each stands (if they are few)."""
    if values.dtype.kind == "i" and int(values.max()) - int(values.min()) < _NARROW:
        least = int(values.min())
        from_least = values.astype(np.int64) - least
        is_there = np.bincount(from_least) > 0
        return np.flatnonzero(is_there) + least, (np.cumsum(is_there) - 1)[from_least]
    each, ranks = np.unique(values, return_inverse=True)
    return each, ranks


def plain(field: Field, value: Any) -> Any:
    """A value of a column as it is told."""
    match field.type:
        case "boolean":
            return bool(value)
        case "time":
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value))
            return moment.isoformat().replace("+00:00", "Z")
        case "integer" if float(value).is_integer():
            return int(value)
        case _:
            return float(f"{value:.6g}")
