"""How numbers and times are spread over what was found, held against everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visloop.errors import UsageError
from visloop.query.counting import Had, counted_by, had_by, plain, tallied
from visloop.query.edges import GREATEST, edges_of
from visloop.query.executing import Found, Source
from visloop.query.schema import Field

MOST: Final = 12
"""Histograms of one answer at most."""
_EVERY: Final = "*"
_LOOKED: Final = 60
_FIRST_MOMENT: Final = -62_135_596_800_000_000
_LAST_MOMENT: Final = 253_402_300_799_000_000
"""Of calendars, in microseconds: an edge may lie beyond."""
_SPREAD: Final = frozenset({"integer", "number", "time"})


@dataclass(frozen=True)
class Histogram:
    """Numbers or times of a field: how many rows have one between each edge and the next.

    `edges` are one more than `counts`, which are of what was found, and `everything`, which are of
    all rows; a value on an edge is counted above it. They are the same whatever was found. Where the
    outer hundredths of all values would take more than half of the room, the edges leave them out:
    `below` and `above` are how many of what was found lie there. `least` and `most` are of all rows,
    `without` of what was found have no value. `whole`: all values are whole numbers.
    """

    field: str
    type: str
    unit: str
    whole: bool
    least: Any
    most: Any
    edges: tuple[Any, ...]
    counts: tuple[int, ...]
    everything: tuple[int, ...]
    below: int
    above: int
    without: int


def spread(
    found: Found, source: Source, names: Sequence[str], foremost: Iterable[Field]
) -> tuple[Histogram, ...]:
    """Histograms of the fields named; of `*` of those that tell something, `foremost` ones first.

    Raises:
        UsageError: a name is of no field, or of none of numbers or times; there are too many.
    """
    if _EVERY in names:
        return _telling(found, source, foremost)
    return _histograms(found, source, [counted_by(source.schema, name) for name in names])


def _is_spread(field: Field) -> bool:
    """Whether it has histograms."""
    return field.type in _SPREAD


def _histograms(found: Found, source: Source, fields: Sequence[Field]) -> tuple[Histogram, ...]:
    """One of each field that has a value."""
    for field in fields:
        if not _is_spread(field):
            raise UsageError(
                f"{field.name!r} is neither a number nor a time",
                fix=f"count its values: --facets {field.name}",
            )
    if len(fields) > MOST:
        raise UsageError(f"histograms of {len(fields)} fields", fix=f"{MOST} at once, at most")
    return tuple(each for field in fields if (each := _histogram(found, source, field)))


def _telling(found: Found, source: Source, candidates: Iterable[Field]) -> tuple[Histogram, ...]:
    """Those of the first fields in which rows differ."""
    looked = islice(filter(_is_spread, candidates), _LOOKED)
    all_ = (_histogram(found, source, field) for field in looked)
    return tuple(islice((each for each in all_ if each and each.least != each.most), MOST))


def _histogram(found: Found, source: Source, field: Field) -> Histogram | None:
    size = source.size(parts=source.schema.of_parts)
    every = had_by(Found(np.arange(size)), source, field)
    values = _pictured(every.values)
    if not len(values):
        return None
    times = field.type == "time"
    whole = not times and bool((np.rint(values) == values).all())
    edges = edges_of(values, whole=whole, times=times)
    of_all = _bars(every, edges)
    had = every if len(found.at) == size else had_by(found, source, field)
    of_found = of_all if had is every else _bars(had, edges)
    return Histogram(
        field=field.name,
        type=field.type,
        unit=field.unit,
        whole=whole,
        least=_told(field, float(values.min()), whole=whole),
        most=_told(field, float(values.max()), whole=whole),
        edges=tuple(_told(field, each, whole=whole) for each in edges),
        counts=tuple(of_found[1:-1]),
        everything=tuple(of_all[1:-1]),
        below=of_found[0],
        above=of_found[-1],
        without=had.without,
    )


def _pictured(values: NDArray[Any]) -> NDArray[np.float64]:
    """Those that a picture has room for."""
    numbers = values.astype(np.float64)
    return numbers[np.abs(numbers) <= GREATEST]


def _bars(had: Had, edges: Sequence[float]) -> list[int]:
    """Rows below the first edge, between each edge and the next, above the last."""
    bars = np.searchsorted(np.array(edges), had.values.astype(np.float64), side="right")
    return tallied(had.rows, bars, len(edges) + 1).tolist()


def _told(field: Field, value: float, *, whole: bool) -> Any:
    if field.type == "time":
        return plain(field, min(max(value, _FIRST_MOMENT), _LAST_MOMENT))
    return int(value) if whole else value
