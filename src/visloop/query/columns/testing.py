"""One column compared with what is wanted: where it holds."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visloop.query.columns.values import Column, Mask, Numbers, Texts
from visloop.query.language.syntax import Operator

_COMPARE: Final[dict[str, Any]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_ORDERED: Final[dict[str, Callable[[str, str], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_INT64: Final = 2**63


def tested(column: Column, sign: Operator, wanted: tuple[Any, ...]) -> Mask:
    """(n): where the column has a value for which it holds."""
    if sign == "exists":
        return column.has
    if isinstance(column, Texts):
        return _texts(column, sign, wanted)
    if sign == "in":
        found = np.zeros(len(column.values), np.bool_)
        for each in wanted:
            found |= _number(column, "=", each)
    else:
        found = _number(column, sign, wanted[0])
    return found & column.has if column.may_lack else found


def _texts(column: Texts, sign: str, wanted: tuple[str, ...]) -> Mask:
    if sign == "like":
        pattern = re.compile(_regex(wanted[0]), re.DOTALL)
        return column.where(pattern.fullmatch)
    if sign in _ORDERED:  # by code points, as `sort by` puts texts in order
        holds = _ORDERED[sign]
        return column.where(lambda word: holds(word, wanted[0]))
    codes = [column.code_of[each] for each in wanted if each in column.code_of]
    if sign == "in" and len(codes) != 1:
        hits = np.zeros(len(column.words) + 1, np.bool_)  # the last one is for code -1: no text
        hits[codes] = True
        return hits[column.codes]
    if not codes:
        return column.has if sign == "!=" else np.zeros(len(column.codes), np.bool_)
    if sign in {"=", "in"}:
        return column.codes == codes[0]
    return (column.codes != codes[0]) & column.has


def _regex(pattern: str) -> str:
    r"""`%` stands for anything; `\%` for itself."""
    pieces = re.split(r"(\\%|%)", pattern)
    special = {"%": ".*", "\\%": "%"}
    return "".join(special.get(piece) or re.escape(piece) for piece in pieces)


def _number(column: Numbers, sign: str, wanted: Any) -> Mask:
    """Compared exactly: whole numbers with fractions, and moments with the spans that texts mean."""
    values = column.values
    if isinstance(wanted, tuple):
        return _within(values, sign, wanted[0], wanted[1])
    if values.dtype.kind == "i" and not isinstance(wanted, bool):
        if isinstance(wanted, float) and not wanted.is_integer():
            return _beside(values, sign, wanted)
        wanted = int(wanted)
        if not -_INT64 <= wanted < _INT64:
            holds = sign == "!=" or sign.startswith("<" if wanted > 0 else ">")
            return np.full(len(values), holds)
    return _COMPARE[sign](values, wanted)


def _beside(values: NDArray[Any], sign: str, wanted: float) -> Mask:
    """Whole numbers against one between two of them."""
    if sign in {"=", "!="}:
        return np.full(len(values), sign == "!=")
    if sign in {"<", "<="}:
        return _number(Numbers(values), "<=", math.floor(wanted))
    return _number(Numbers(values), ">=", math.ceil(wanted))


def _within(values: NDArray[Any], sign: str, start: int, end: int) -> Mask:
    """Moments against the span [start, end) that a text like `2024-05` means."""
    match sign:
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
