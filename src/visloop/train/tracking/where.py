"""Conditions on runs: `metrics.accuracy >= 0.9 and params.c = 1 and status = done`.

    condition (and condition)*      condition: NAME (= | != | < | <= | > | >= | like | ilike) VALUE
                                               NAME [not] in (VALUE, …)     NAME is [not] null
    NAME: metrics.KEY, params.KEY, tags.KEY, or a field of the run (status, recipe, data, model, …);
    odd keys in backticks or double quotes. VALUE: a number, 'text', "text", or a bare word.

A number is compared as a number where the other side reads as one, else both as text. A run that
lacks the key fulfils nothing but `is null`. MLflow's search filters read the same.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from visloop.errors import UsageError, did_you_mean

Kind = Literal["metrics", "params", "tags", "run"]

RUN_FIELDS: Final = (
    "id",
    "name",
    "status",
    "source",
    "recipe",
    "data",
    "model",
    "model_name",
    "experiment",
    "parent",
    "seed",
    "attempt",
    "created",
    "started",
    "ended",
    "actor",
    "commit",
    "cpu_s",
)
_KINDS: Final[Mapping[str, Kind]] = {
    "metrics": "metrics",
    "metric": "metrics",
    "params": "params",
    "param": "params",
    "parameters": "params",
    "tags": "tags",
    "tag": "tags",
}
_RUN: Final = frozenset({"run", "runs", "attributes", "attribute", "attr"})
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>-?\d+\.?\d*(?:[eE][+-]?\d+)?(?![\w.:-]))|(?P<quoted>'[^']*'|"[^"]*"|`[^`]*`)"""
    r"""|(?P<word>[\w][\w./:@+-]*)|(?P<mark>!=|<=|>=|<|>|==|=|\(|\)|,|\.))"""
)
_MARKS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LONGEST: Final = 8_000


class BadFilter(UsageError):
    """A condition on runs that cannot be read."""

    code = "train.bad_filter"


@dataclass(frozen=True)
class Name:
    """What is compared or sorted by: a metric, a parameter, a tag, or a field of the run."""

    kind: Kind
    key: str

    def of(self, row: Mapping[str, Any]) -> Any:
        """Its value in a row; None where it has none."""
        return row[self.key] if self.kind == "run" else row[self.kind].get(self.key)


@dataclass(frozen=True)
class Condition:
    """`name op value`; `value` is a number, text, or several of them."""

    name: Name
    op: str
    value: Any = None

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether it holds in a row (`metrics`, `params`, `tags` and the run's fields by name)."""
        found = self.name.of(row)
        if self.op in ("null", "not null"):
            return (found is None) == (self.op == "null")
        if found is None:
            return False
        if self.op in ("in", "not in"):
            among = any(_compared(found, each, operator.eq) for each in self.value)
            return among == (self.op == "in")
        if self.op in ("like", "ilike"):
            return _like(str(found), str(self.value), ignore_case=self.op == "ilike")
        return _compared(found, self.value, _MARKS[self.op])


def _compared(found: Any, value: Any, test: Callable[[Any, Any], bool]) -> bool:
    if isinstance(value, datetime) and isinstance(found, datetime):
        return test(found, value)
    if isinstance(value, int | float):
        try:
            return test(float(found), value)
        except (TypeError, ValueError):
            return test(str(found), f"{value:g}")
    return test(text_of(found), str(value))


def text_of(value: Any) -> str:
    """A value as conditions compare it as text: times in ISO 8601."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _like(text: str, pattern: str, *, ignore_case: bool) -> bool:
    parts = [".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern]
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch("".join(parts), text, flags) is not None


def parse_where(text: str) -> tuple[Condition, ...]:
    """Read conditions; nothing means none.

    Raises:
        BadFilter: the text is none, or names a field that runs do not have.
    """
    reader = _Reader(text)
    found: list[Condition] = []
    while reader.more():
        if found:
            reader.expect_and()
        found.append(reader.condition())
    return tuple(found)


def parse_name(text: str) -> Name:
    """Read one name, as `--sort` takes it.

    Raises:
        BadFilter: it is none.
    """
    reader = _Reader(text)
    name = reader.name()
    if reader.more():
        raise BadFilter(f"{text!r} is no name", fix="for example: metrics.accuracy")
    return name


class _Reader:
    """Words of a text, one after the other."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise BadFilter(f"a filter of {len(text)} characters", fix=f"at most {_LONGEST}")
        self._text = text
        self._words: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._wrong(text[at:].strip()[:20])
            self._words.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._words)

    def expect_and(self) -> None:
        _, word = self._next()
        if word.lower() != "and":
            raise self._wrong(word)

    def condition(self) -> Condition:
        name = self.name()
        kind, word = self._next()
        op = word.lower()
        if kind == "mark" and op in _MARKS:
            return Condition(name, op, self._value())
        if op in ("like", "ilike"):
            return Condition(name, op, self._value())
        negated = self._taken("not") if op == "is" else False
        if op == "is" and self._taken("null"):
            return Condition(name, "not null" if negated else "null")
        if op == "not" and self._taken("in"):
            return Condition(name, "not in", self._values())
        if op == "in":
            return Condition(name, "in", self._values())
        raise self._wrong(word)

    def name(self) -> Name:
        kind, word = self._next()
        head, dot, key = word.partition(".") if kind == "word" else (word.strip("`\"'"), "", "")
        if not key and (dot or head.lower() in {*_KINDS, *_RUN}):
            if not dot and self._next()[1] != ".":
                raise self._wrong(word)
            key = self._next()[1].strip("`\"'")
        elif not key:
            head, key = "run", head
        if head.lower() in _KINDS:
            return Name(_KINDS[head.lower()], key)
        if head.lower() in _RUN and key in RUN_FIELDS:
            return Name("run", key)
        wrong = key if head.lower() in _RUN else word
        known = ", ".join(RUN_FIELDS)
        raise BadFilter(
            f"runs have no field {wrong!r}",
            fix=did_you_mean(
                wrong, RUN_FIELDS, otherwise=f"metrics.NAME, params.NAME, tags.NAME, or: {known}"
            ),
        )

    def _value(self) -> Any:
        kind, word = self._next()
        if kind == "number":
            return float(word)
        if kind == "quoted":
            return word[1:-1]
        if kind == "word":
            return word
        raise self._wrong(word)

    def _values(self) -> tuple[Any, ...]:
        if self._next()[1] != "(":
            raise self._wrong("in")
        found = [self._value()]
        while (word := self._next()[1]) == ",":
            found.append(self._value())
        if word != ")":
            raise self._wrong(word)
        return tuple(found)

    def _taken(self, word: str) -> bool:
        if self.more() and self._words[self._at][1].lower() == word:
            self._at += 1
            return True
        return False

    def _next(self) -> tuple[str, str]:
        if not self.more():
            raise self._wrong("the end")
        self._at += 1
        return self._words[self._at - 1]

    def _wrong(self, word: str) -> BadFilter:
        return BadFilter(
            f"{self._text[:80]!r} cannot be read at {word!r}",
            fix="write: metrics.accuracy >= 0.9 and params.c = 1 and status = done",
        )
