"""A question about a relation answered: how many, a page of rows, facets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visloop.query.checking import check
from visloop.query.columns.values import Column, Mask, Numbers, Texts
from visloop.query.counting import Facet, counted_by, facet
from visloop.query.executing import run
from visloop.query.relations.records import Relation
from visloop.query.schema import Field, Schema
from visloop.query.spreading import Histogram, spread

MOST_ROWS: Final = 1000
"""Rows of one page at most."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Answer:
    """How many fit, a page of them, and what the rows are (`runs`)."""

    of: str
    count: int
    rows: tuple[dict[str, Any], ...]
    facets: tuple[Facet, ...] = ()
    histograms: tuple[Histogram, ...] = ()


def ask(
    relation: Relation,
    text: str,
    *,
    offset: int = 0,
    limit: int = 50,
    facets: Sequence[str] = (),
    histograms: Sequence[str] = (),
) -> Answer:
    """The rows of a relation on which a question holds.

    Args:
        relation: what is asked.
        text: the question; empty: everything.
        offset: skip so many rows.
        limit: rows of this page, 1000 at most.
        facets: fields whose values are counted over everything that was found.
        histograms: fields of numbers and times whose spread is told; `*`: of those that differ.

    Raises:
        QueryWrong: the question cannot be understood; it says where.
        UsageError: a facet names no field, a histogram none of numbers or times.
    """
    source = Listed(relation)
    found = run(check(text, relation.schema), source)
    page = found.at[max(offset, 0) :][: max(0, min(limit, MOST_ROWS))]
    counted = tuple(facet(found, source, counted_by(source.schema, name)) for name in facets)
    rows = tuple(relation.row(int(at)) for at in page)
    schema = source.schema
    told = spread(found, source, histograms, schema.rows.fields)
    return Answer(schema.listed.many, len(found.at), rows, counted, told)


class Listed:
    """The columns of a relation, each made when a question needs it."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation
        self._columns: dict[str, Column] = {}

    @property
    def schema(self) -> Schema:
        """What can be asked."""
        return self._relation.schema

    def size(self, *, parts: bool) -> int:
        """How many rows; there are no parts."""
        return 0 if parts else self._relation.size

    def column(self, field: Field) -> Column:
        """One field of all rows."""
        if field.key not in self._columns:
            self._columns[field.key] = column_of(field, self._relation.values(field.key))
        return self._columns[field.key]

    def places(self, field: Field, text: str) -> None:
        """Never known: a relation is short, and asked once."""
        del field, text

    def owners(self) -> NDArray[np.int64]:
        """(0): there are no parts."""
        return np.zeros(0, np.int64)

    def since(self, version: str, *, parts: bool) -> Mask:
        """(rows): all of them, as there are no versions; a schema that says so is never asked."""
        del version, parts
        return np.ones(self._relation.size, np.bool_)


def column_of(field: Field, values: Sequence[Any]) -> Column:
    """Values, one a row, as the column that a field of that type has."""
    match field.type:
        case "text":
            words: dict[str, int] = {}
            take = words.setdefault
            codes = [-1 if each is None else take(str(each), len(words)) for each in values]
            return Texts(np.array(codes, np.int32), tuple(words))
        case "time":
            marks = [0 if each is None else (each - _EPOCH) // _MICRO for each in values]
            return Numbers(np.array(marks, np.int64), _present(values))
        case "number":
            found = [np.nan if each is None else float(each) for each in values]
            return Numbers(np.array(found, np.float64))
        case "integer":
            return Numbers(np.array([each or 0 for each in values], np.int64), _present(values))
        case "boolean":
            return Numbers(np.array([bool(each) for each in values], np.int8), _present(values))
        case "json":
            return Numbers(np.zeros(len(values), np.int8), _present(values))


def _present(values: Sequence[Any]) -> Mask:
    return np.array([each is not None for each in values], np.bool_)
