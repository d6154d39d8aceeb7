"""A question that was understood: every name is a field, every value has its type, every level is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from visloop.query.language.syntax import Operator
from visloop.query.schema import Field


@dataclass(frozen=True)
class Test:
    """A field's value compared; holds where there is a value. For times `wanted` are spans."""

    field: Field
    operator: Operator
    wanted: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Find:
    """A word anywhere in the searched texts of a row, or of a part."""

    word: str
    parts: bool


@dataclass(frozen=True)
class Some:
    """A row has parts on which something holds; with `operator` and `count`, so many."""

    part: Plan
    operator: Operator = ">="
    count: int = 1


@dataclass(frozen=True)
class Of:
    """Something holds on the row that a part belongs to."""

    part: Plan


@dataclass(frozen=True)
class Since:
    """The row, or the part, is new or another one than in that version."""

    version: str
    parts: bool = False


@dataclass(frozen=True)
class Everything:
    """Holds always."""

    parts: bool


@dataclass(frozen=True)
class Negation:
    """The contrary."""

    part: Plan


@dataclass(frozen=True)
class Joined:
    """All of them, or at least one."""

    how: Literal["and", "or"]
    parts: tuple[Plan, ...]


Plan: TypeAlias = Test | Find | Some | Of | Since | Everything | Negation | Joined


@dataclass(frozen=True)
class Nearness:
    """What the rows found are ranked by: words that they show, or one like which they look."""

    to: Literal["near", "similar"]
    text: str


@dataclass(frozen=True)
class Checked:
    """A whole question, understood."""

    where: Plan
    order: tuple[tuple[Field, bool], ...] = ()
    limit: int | None = None
    nearness: Nearness | None = None
