"""What the grammar makes of a question: immutable records, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from visloop.query.errors import Span

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "like", "exists"]


@dataclass(frozen=True)
class Name:
    """A dotted path: `exif.iso`; in backquotes it may hold anything."""

    text: str
    at: Span


@dataclass(frozen=True)
class Value:
    """A value as it was written, without its quotes; `number` is its figure, if it begins with one."""

    text: str
    at: Span
    quoted: bool = False
    number: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Compare:
    """`exif.iso > 800`, `split in (train, test)`, `path like "a/%"`, `licence exists`."""

    name: Name
    operator: Operator
    values: tuple[Value, ...]
    at: Span
    turned: bool = False
    """Written as `not in`, `not like`."""


@dataclass(frozen=True)
class Bare:
    """A name or a word that stands alone: `labelled`, `night`."""

    name: Name


@dataclass(frozen=True)
class Words:
    """A text that stands alone in quotes: a search for these words."""

    value: Value


@dataclass(frozen=True)
class Within:
    """`box(label = "cat" and width >= 50)`: on one object; with a number, on so many: `… >= 2`."""

    scope: Name
    where: Expression | None
    at: Span
    operator: Operator | None = None
    count: Value | None = None


@dataclass(frozen=True)
class Changed:
    """`changed since v3`."""

    since: Value
    at: Span


@dataclass(frozen=True)
class Alike:
    """`near "a red shirt"` or `similar "a.jpg"`: ranks what is found by how near it is."""

    to: Literal["near", "similar"]
    value: Value
    at: Span


@dataclass(frozen=True)
class Not:
    """The contrary."""

    part: Expression


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Either:
    """At least one part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Order:
    """`sort by FIELD`, with `desc` from the greatest."""

    name: Name
    descending: bool = False


@dataclass(frozen=True)
class Question:
    """A whole question; without `where` it means everything."""

    text: str
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None


Expression: TypeAlias = Compare | Bare | Words | Within | Changed | Alike | Not | All | Either
