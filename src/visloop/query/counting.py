"""How the values of a field are spread over what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visloop.query.columns.values import Numbers, Texts
from visloop.query.executing import Found, Source
from visloop.query.schema import Field

_BINS: Final = 10
_FEW: Final = 20
_TOP: Final = 100


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


def facet(found: Found, source: Source, field: Field, *, tree: bool = False) -> Facet:
    """The values of one field over what was found.

    Args:
        found: what a plan found.
        source: where.
        field: which field, of rows or of parts.
        tree: whether texts are paths of folders, each counted with those above it.
    """
    places, rows = _places(found, source, field)
    column = source.column(field)
    has = column.has[places]
    without = len(found.at) - len(np.unique(rows[has]))
    if isinstance(column, Texts):
        return _texts(field, column, places[has], rows[has], without, tree=tree)
    return _numbers(field, column, places[has], rows[has], without)


def _places(
    found: Found, source: Source, field: Field
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the field's values are, and what that was found each belongs to."""
    if field.parts == source.schema.of_parts:
        return found.at, found.at
    owners = source.owners()
    if source.schema.of_parts:
        return owners[found.at], found.at
    chosen = np.zeros(source.size(parts=False), np.bool_)
    chosen[found.at] = True
    parts = np.flatnonzero(chosen[owners])
    return parts, owners[parts]


def _texts(
    field: Field,
    column: Texts,
    places: NDArray[np.int64],
    rows: NDArray[np.int64],
    without: int,
    *,
    tree: bool,
) -> Facet:
    codes = column.codes[places].astype(np.int64)
    once = np.unique(rows * (len(column.words) + 1) + codes) % (len(column.words) + 1)
    each, times = np.unique(once, return_counts=True)
    counted = {column.words[int(code)]: int(n) for code, n in zip(each, times, strict=True)}
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


def _numbers(
    field: Field,
    column: Numbers,
    places: NDArray[np.int64],
    rows: NDArray[np.int64],
    without: int,
) -> Facet:
    values = column.values[places]
    if field.type == "json" or not len(values):
        return Facet(field.name, (), without)
    pairs = np.unique(np.stack([rows, _ranked(values)]), axis=1)
    each, first = np.unique(values), np.unique(values, return_index=True)[0]
    times = np.bincount(pairs[1], minlength=len(first))
    if len(each) <= _FEW:
        told = [
            {"value": _plain(field, v), "count": int(n)} for v, n in zip(each, times, strict=True)
        ]
        return Facet(field.name, tuple(told), without)
    counts, edges = np.histogram(values, bins=_BINS)
    steps = [
        {"value": _plain(field, low), "to": _plain(field, high), "count": int(n)}
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return Facet(field.name, tuple(steps), without)


def _ranked(values: NDArray[Any]) -> NDArray[np.int64]:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _plain(field: Field, value: Any) -> Any:
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
