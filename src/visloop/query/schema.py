"""What can be asked of a relation: its fields with their types, on one level or on two.

A relation has rows (samples, runs …); a row may have parts (a sample's objects). Whoever has rows
says so in a `Schema`; the language knows no field by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Type: TypeAlias = Literal["text", "integer", "number", "boolean", "time", "json"]


@dataclass(frozen=True)
class Field:
    """One field: the `key` of its column, what its values are, how a person writes them.

    `names` are those it answers to, the shortest first; the last one no other field has. `values`
    are all that it can have, if they are known; `synonyms` other words for them. `convert` turns a
    number of another unit into the field's (None: it cannot). `searched`: plain words look into it.
    """

    key: str
    names: tuple[str, ...]
    type: Type
    parts: bool = False
    unit: str = ""
    description: str = ""
    values: tuple[str, ...] | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict[str, str])
    units: tuple[str, ...] = ()
    convert: Callable[[float, str], float | None] | None = None
    searched: bool = False

    @property
    def name(self) -> str:
        """As it is written."""
        return self.names[0]


@dataclass(frozen=True)
class Level:
    """Rows, or their parts: what one is called, and the fields."""

    one: str
    many: str
    fields: tuple[Field, ...]

    def named(self, name: str) -> list[Field]:
        """The fields that answer to a name: none, one, or several."""
        return [each for each in self.fields if name in each.names]

    def names(self) -> Iterator[str]:
        """The short name of each field."""
        return (each.name for each in self.fields)


@dataclass(frozen=True)
class Schema:
    """A relation: its rows, their parts, and whether an answer lists the one or the other.

    `prefix` leads from a row to its parts (`annotations.label`). `scopes` are the words that bind
    conditions to one part (`box(…)`) → the values of the parts' field `kind` that they mean.
    `versioned`: there are versions, so that it can be asked what changed since one. `pictured`:
    rows are pictures, so that they can be ranked by what they show. `views`: names of saved
    questions → what they list, and their text. `picked` gives the ids of the rows that were picked
    by hand under a name (None: nothing was); rows that can be picked have a field `id`.
    """

    rows: Level
    parts: Level | None = None
    prefix: str = ""
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    of_parts: bool = False
    kind: str = ""
    versioned: bool = True
    pictured: bool = False
    views: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    picked: Callable[[str], tuple[str, ...] | None] = lambda _: None

    @property
    def listed(self) -> Level:
        """What an answer lists."""
        return self.parts if self.of_parts and self.parts else self.rows

    def everything(self) -> Iterator[str]:
        """Every name that may begin a condition."""
        yield from self.listed.names()
        if self.of_parts:
            yield from self.rows.names()
        elif self.parts:
            yield from (f"{self.prefix}.{name}" for name in self.parts.names())
