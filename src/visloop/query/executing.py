"""A plan run over columns: masks of rows and of parts, order, and which parts made a row fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from visloop.query.columns.testing import tested
from visloop.query.columns.values import Column, Mask, Numbers, Texts
from visloop.query.hits import Hits
from visloop.query.plan import (
    Checked,
    Everything,
    Find,
    Joined,
    Negation,
    Of,
    Plan,
    Since,
    Some,
    Test,
)
from visloop.query.schema import Field, Schema


class Source(Protocol):
    """Rows (and their parts) of one relation, as columns."""

    @property
    def schema(self) -> Schema:
        """What can be asked."""
        ...

    def size(self, *, parts: bool) -> int:
        """How many rows, or parts."""
        ...

    def column(self, field: Field) -> Column:
        """One field of all rows, or of all parts."""
        ...

    def places(self, field: Field, text: str) -> NDArray[Any] | None:
        """Where a field of texts is `text`, ascending; None: that is not known without looking."""
        ...

    def owners(self) -> NDArray[Any]:
        """(parts): the row that each part belongs to, ascending."""
        ...

    def since(self, version: str, *, parts: bool) -> Mask:
        """(rows) or (parts): whether it is new, or another one, than in that version."""
        ...


@dataclass(frozen=True)
class Found:
    """`at`: places of the rows (or parts) that fit, in the order asked for; `parts`: why rows fit."""

    at: NDArray[Any]
    parts: Hits | None = None


def run(plan: Checked, source: Source) -> Found:
    """The rows, or parts, on which the plan holds."""
    running = _Run(source)
    at = running.hits(plan.where, reason=True).places
    if plan.order:
        at = at[_sorted(plan, source, at)]
    if plan.limit is not None:
        at = at[: plan.limit]
    return Found(at, running.reasons)


class _Run:
    """One evaluation; `reasons` gathers the parts that conditions (not contraries) held on."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.reasons: Hits | None = None

    def hits(self, plan: Plan, *, reason: bool) -> Hits:  # noqa: PLR0911 - one a kind
        """The rows or parts on which it holds."""
        match plan:
            case Test():
                column = self._source.column(plan.field)
                return Hits.of(tested(column, plan.operator, plan.wanted))
            case Joined(how="and"):
                return self._all(list(_flat(plan.parts)), reason=reason)
            case Joined():
                return reduce(or_, [self.hits(each, reason=reason) for each in plan.parts])
            case Negation():
                return ~self.hits(plan.part, reason=False)
            case Some():
                return self._some(plan, reason=reason)
            case Of():
                return Hits.of(self.hits(plan.part, reason=False).mask[self._source.owners()])
            case Since():
                return Hits.of(self._source.since(plan.version, parts=plan.parts))
            case Everything():
                return Hits.of(np.ones(self._source.size(parts=plan.parts), np.bool_))
            case Find():
                return self._find(plan, reason=reason)

    def _all(self, parts: list[Plan], *, reason: bool) -> Hits:
        """Where all of them hold; once few places are left, plain tests look at those alone."""
        found = self._known(parts) or self.hits(parts.pop(0), reason=reason)
        for each in parts:
            if isinstance(each, Test) and found.few:
                column = self._source.column(each.field).at(found.places)
                fits = tested(column, each.operator, each.wanted)
                found = Hits(found.size, places=found.places.compress(fits))
            else:
                found &= self.hits(each, reason=reason)
        return found

    def _known(self, parts: list[Plan]) -> Hits | None:
        """Where one of the tests holds, if that is known and few; it is taken out of the list."""
        for at, each in enumerate(parts):
            if isinstance(each, Test) and each.operator == "=" and each.field.type == "text":
                places = self._source.places(each.field, each.wanted[0])
                if places is not None:
                    found = Hits(self._source.size(parts=each.field.parts), places=places)
                    if found.few:
                        del parts[at]
                        return found
        return None

    def _some(self, plan: Some, *, reason: bool) -> Hits:
        inner = self.hits(plan.part, reason=False)
        rows = self._source.size(parts=False)
        owners = self._source.owners().take(inner.places)
        if plan.operator == ">=" and plan.count == 1:
            found = np.zeros(rows, np.bool_)
            found[owners] = True
        else:
            counts = np.bincount(owners, minlength=rows)
            found = tested(Numbers(counts), plan.operator, (plan.count,))
        if reason:
            self._because(inner)
        return Hits.of(found)

    def _because(self, inner: Hits) -> None:
        self.reasons = inner if self.reasons is None else self.reasons | inner

    def _find(self, plan: Find, *, reason: bool) -> Hits:
        schema = self._source.schema
        if plan.parts:
            assert schema.parts is not None
            return Hits.of(self._anywhere(schema.parts.fields, plan.word, parts=True))
        found = self._anywhere(schema.rows.fields, plan.word, parts=False)
        if schema.parts:
            inner = self._anywhere(schema.parts.fields, plan.word, parts=True)
            found[self._source.owners()[inner]] = True
            if reason and inner.any():
                self._because(Hits.of(inner))
        return Hits.of(found)

    def _anywhere(self, fields: tuple[Field, ...], word: str, *, parts: bool) -> Mask:
        wanted = word.casefold()
        found = np.zeros(self._source.size(parts=parts), np.bool_)
        for field in fields:
            if field.searched:
                column = self._source.column(field)
                if isinstance(column, Texts) and column.words:
                    found |= column.where(lambda text: wanted in text.casefold())
        return found


def _flat(parts: Sequence[Plan]) -> Iterator[Plan]:
    """What must hold, without what is only joined by `and` once more."""
    for each in parts:
        if isinstance(each, Joined) and each.how == "and":
            yield from _flat(each.parts)
        else:
            yield each


# --- order ---------------------------------------------------------------------------------------


def _sorted(plan: Checked, source: Source, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """How to put the places in order; without a value last, equal ones by their place."""
    keys: list[NDArray[Any]] = [at]
    for field, descending in reversed(plan.order):
        column = source.column(field)
        here = at
        if field.parts != source.schema.of_parts:
            here = source.owners()[at]
        keys += _keys(column, here, descending=descending)
    return np.lexsort(keys)


def _keys(column: Column, at: NDArray[np.int64], *, descending: bool) -> list[NDArray[Any]]:
    """Least important first: the value, then whether there is none."""
    if isinstance(column, Texts):
        ranks = np.zeros(len(column.words) + 1, np.int64)
        ranks[np.argsort(np.array(column.words, object), kind="stable")] = np.arange(
            len(column.words)
        )
        values: NDArray[Any] = ranks[column.codes[at]]
    else:
        values = column.values[at]
    has = column.has[at]
    values = np.where(has, values, 0)
    if descending:
        values = -values if values.dtype.kind == "f" else ~values
    return [values, ~has]
