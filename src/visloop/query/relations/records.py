"""A relation as a room hands it over: what its rows have, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from visloop.query.schema import Field, Level, Schema, Type

_KINDS: Final[Mapping[type, Type]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    datetime: "time",
}


@dataclass(frozen=True)
class Relation:
    """Rows of one kind, in the order in which they are listed.

    `values` gives one value a row for the key of a field (None: it has none); times are aware
    `datetime`s. `row` is what an answer shows of the row at a place, as plain values.
    """

    schema: Schema
    size: int
    values: Callable[[str], Sequence[Any]]
    row: Callable[[int], dict[str, Any]]


def named(name: str, type_: Type, description: str, **more: Any) -> Field:
    """A field of a relation that is written as its column is called."""
    return Field(name, (name,), type_, description=description, **more)


def recorded(
    one: str,
    many: str,
    fields: Iterable[Field],
    records: Sequence[Mapping[str, Any]],
    families: Mapping[str, str] | None = None,
) -> Relation:
    """A relation of records that are at hand.

    Args:
        one: what a row is called.
        many: what several are called.
        fields: what each may have.
        records: the rows.
        families: a key whose values are tables → what one entry is: `params` makes `params.lr`.
            An entry's type is that of its values; texts that are all figures are numbers.
    """
    tables = {family: [record.get(family) or {} for record in records] for family in families or {}}
    spread = [
        _entry(family, key, [table.get(key) for table in rows], what)
        for (family, what), rows in zip((families or {}).items(), tables.values(), strict=True)
        for key in sorted({key for table in rows for key in table})
    ]
    figures = {each.key for each in spread if each.type in {"number", "integer"}}

    def values(key: str) -> Sequence[Any]:
        family, dot, entry = key.partition(".")
        if not dot or family not in tables:
            return [record.get(key) for record in records]
        found = [table.get(entry) for table in tables[family]]
        return [_figure(each) for each in found] if key in figures else found

    schema = Schema(Level(one, many, (*fields, *spread)), versioned=False)
    return Relation(schema, len(records), values, lambda at: dict(records[at]))


def _entry(family: str, key: str, values: Sequence[Any], what: str) -> Field:
    name = f"{family}.{key}"
    return Field(name, (name,), _type(values), description=what, searched=_type(values) == "text")


def _type(values: Sequence[Any]) -> Type:
    """The type that all values have; of figures written as texts that of the figures."""
    kinds: set[Type] = {_KINDS.get(type(each), "json") for each in values if each is not None}
    if kinds <= {"integer", "number", "text"} and all(
        _figure(each) is not None for each in values if each is not None
    ):
        whole = all(isinstance(_figure(each), int) for each in values if each is not None)
        return "integer" if whole else "number"
    if len(kinds) == 1:
        return kinds.pop()
    return "json" if "json" in kinds else "text"


def _figure(value: Any) -> float | None:
    """A number, also where it was written as a text."""
    if isinstance(value, (int, float)):
        return value
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return int(value) if value.strip().lstrip("+-").isdigit() else found
