"""A plan run over columns: masks of rows and of parts, order, and which parts made a row fit."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visloop.query.columns.values import Column, Mask, Numbers, Texts
from visloop.query.language.syntax import Operator
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

_COMPARE: Final[dict[str, Any]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_INT64: Final = 2**63
_NOTHING: Final[Mask] = np.zeros(0, np.bool_)
_NOWHERE: Final = np.zeros(0, np.int64)
_FEW: Final = 8
"""When at most one place in so many is left, picking them out costs less than testing all."""


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

    def owners(self) -> NDArray[np.int64]:
        """(parts): the row that each part belongs to, ascending."""
        ...

    def since(self, version: str, *, parts: bool) -> Mask:
        """(rows) or (parts): whether it is new, or another one, than in that version."""
        ...


@dataclass(frozen=True)
class Found:
    """`at`: places of the rows (or parts) that fit, in the order asked for; `parts`: why rows fit."""

    at: NDArray[np.int64]
    parts: Mask | None = None


def run(plan: Checked, source: Source) -> Found:
    """The rows, or parts, on which the plan holds."""
    running = _Run(source)
    mask = running.mask(plan.where, reason=True)
    at = np.flatnonzero(mask)
    if plan.order:
        at = at[_sorted(plan, source, at)]
    if plan.limit is not None:
        at = at[: plan.limit]
    return Found(at, running.reasons)


class _Run:
    """One evaluation; `reasons` gathers the parts that conditions (not contraries) held on."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.reasons: Mask | None = None
        self._last: tuple[Mask, NDArray[np.int64]] = (_NOTHING, _NOWHERE)

    def mask(self, plan: Plan, *, reason: bool) -> Mask:  # noqa: PLR0911 - one a kind
        """(rows) or (parts): where it holds."""
        match plan:
            case Test():
                return tested(self._source.column(plan.field), plan.operator, plan.wanted)
            case Joined(how="and"):
                return self._all(plan.parts, reason=reason)
            case Joined():
                masks = [self.mask(each, reason=reason) for each in plan.parts]
                return np.logical_or.reduce(masks)
            case Negation():
                return ~self.mask(plan.part, reason=False)
            case Some():
                return self._some(plan, reason=reason)
            case Of():
                return self.mask(plan.part, reason=False)[self._source.owners()]
            case Since():
                return self._source.since(plan.version, parts=plan.parts)
            case Everything():
                return np.ones(self._source.size(parts=plan.parts), np.bool_)
            case Find():
                return self._find(plan, reason=reason)

    def _all(self, parts: Sequence[Plan], *, reason: bool) -> Mask:
        """Where all of them hold; once few places are left, plain tests look at those alone."""
        found = self.mask(parts[0], reason=reason)
        for each in parts[1:]:
            if isinstance(each, Test) and np.count_nonzero(found) * _FEW <= len(found):
                at = self._places(found)
                column = self._source.column(each.field).at(at)
                at = at[tested(column, each.operator, each.wanted)]
                found = np.zeros(len(found), np.bool_)
                found[at] = True
                self._last = found, at
            else:
                found = found & self.mask(each, reason=reason)
        return found

    def _places(self, mask: Mask) -> NDArray[np.int64]:
        """Where it is true; of the last one that was made from places they are known."""
        return self._last[1] if mask is self._last[0] else np.flatnonzero(mask)

    def _some(self, plan: Some, *, reason: bool) -> Mask:
        inner = self.mask(plan.part, reason=False)
        rows = self._source.size(parts=False)
        owners = self._source.owners()[self._places(inner)]
        if plan.operator == ">=" and plan.count == 1:
            found = np.zeros(rows, np.bool_)
            found[owners] = True
        else:
            counts = np.bincount(owners, minlength=rows)
            found = tested(Numbers(counts, np.ones(rows, np.bool_)), plan.operator, (plan.count,))
        if reason:
            self.reasons = inner if self.reasons is None else self.reasons | inner
        return found

    def _find(self, plan: Find, *, reason: bool) -> Mask:
        schema = self._source.schema
        if plan.parts:
            assert schema.parts is not None
            return self._anywhere(schema.parts.fields, plan.word, parts=True)
        found = self._anywhere(schema.rows.fields, plan.word, parts=False)
        if schema.parts:
            inner = self._anywhere(schema.parts.fields, plan.word, parts=True)
            found[self._source.owners()[inner]] = True
            if reason and inner.any():
                self.reasons = inner if self.reasons is None else self.reasons | inner
        return found

    def _anywhere(self, fields: tuple[Field, ...], word: str, *, parts: bool) -> Mask:
        wanted = word.casefold()
        found = np.zeros(self._source.size(parts=parts), np.bool_)
        for field in fields:
            if field.searched:
                column = self._source.column(field)
                if isinstance(column, Texts) and column.words:
                    found |= column.where(lambda text: wanted in text.casefold())
        return found


def tested(column: Column, operator: Operator, wanted: tuple[Any, ...]) -> Mask:
    """(n): where the column has a value for which it holds."""
    if operator == "exists":
        return column.has
    if isinstance(column, Texts):
        return _texts(column, operator, wanted)
    if operator == "in":
        found = np.zeros(len(column.values), np.bool_)
        for each in wanted:
            found |= _number(column, "=", each)
        return found & column.has
    return _number(column, operator, wanted[0]) & column.has


def _texts(column: Texts, operator: str, wanted: tuple[str, ...]) -> Mask:
    if operator == "like":
        pattern = re.compile(_regex(wanted[0]), re.DOTALL)
        return column.where(pattern.fullmatch)
    codes = [column.code_of[each] for each in wanted if each in column.code_of]
    if operator == "in" and len(codes) != 1:
        hits = np.zeros(len(column.words) + 1, np.bool_)  # the last one is for code -1: no text
        hits[codes] = True
        return hits[column.codes]
    if not codes:
        return column.has if operator == "!=" else np.zeros(len(column.codes), np.bool_)
    if operator in {"=", "in"}:
        return column.codes == codes[0]
    return (column.codes != codes[0]) & column.has


def _regex(pattern: str) -> str:
    r"""`%` stands for anything; `\%` for itself."""
    pieces = re.split(r"(\\%|%)", pattern)
    special = {"%": ".*", "\\%": "%"}
    return "".join(special.get(piece) or re.escape(piece) for piece in pieces)


def _number(column: Numbers, operator: str, wanted: Any) -> Mask:
    """Compared exactly: whole numbers with fractions, and moments with the spans that texts mean."""
    values = column.values
    if isinstance(wanted, tuple):
        return _within(values, operator, wanted[0], wanted[1])
    if values.dtype.kind == "i" and not isinstance(wanted, bool):
        if isinstance(wanted, float) and not wanted.is_integer():
            return _beside(values, operator, wanted)
        wanted = int(wanted)
        if not -_INT64 <= wanted < _INT64:
            holds = operator == "!=" or operator.startswith("<" if wanted > 0 else ">")
            return np.full(len(values), holds)
    return _COMPARE[operator](values, wanted)


def _beside(values: NDArray[Any], operator: str, wanted: float) -> Mask:
    """Whole numbers against one between two of them."""
    if operator in {"=", "!="}:
        return np.full(len(values), operator == "!=")
    if operator in {"<", "<="}:
        return _number(Numbers(values), "<=", math.floor(wanted))
    return _number(Numbers(values), ">=", math.ceil(wanted))


def _within(values: NDArray[Any], operator: str, start: int, end: int) -> Mask:
    """Moments against the span [start, end) that a text like `2024-05` means."""
    match operator:
        case "<":
            return values < start
        case "<=":
            return values < end
        case ">":
            return values >= end
        case ">=":
            return values >= start
        case "=":
            return (values >= start) & (values < end)
        case _:
            return (values < start) | (values >= end)


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
