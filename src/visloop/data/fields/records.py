"""What a metadata field is, and the fields that a data set declares for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from visloop.ids import FORMAT

FieldType: TypeAlias = Literal["text", "integer", "number", "boolean", "time", "choice", "json"]
TYPES: Final[Mapping[FieldType, str]] = {
    "text": "letters, as they are",
    "integer": "a whole number",
    "number": "a number that may have a fraction; never infinite or undefined",
    "boolean": "true or false",
    "time": "a moment as RFC 3339 writes it, its offset from UTC kept: 2024-05-01T12:00:00+02:00;"
    " without an offset where the source does not know it",
    "choice": "one word of a list",
    "json": "a list or a table of a foreign tool: kept as it is, not compared",
}
"""The types of values, each in words."""


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One metadata key: what its values are, their unit, what they mean.

    `choices` are the words of a `choice`, in order. `private` marks what may tell of a person or a
    place (a position, a serial number): what policies of privacy take off. `learnt` says that
    nobody declared the field: its type is that of the first values that were seen.
    """

    name: str
    type: FieldType = "text"
    unit: str = ""
    description: str = ""
    choices: tuple[str, ...] = ()
    private: bool = False
    learnt: bool = False


class OwnFields(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that a data set has besides the built-in ones, by name; versioned with the data."""

    entries: tuple[Field, ...] = ()
    format: int = FORMAT

    def by_name(self) -> dict[str, Field]:
        """Name → field."""
        return {each.name: each for each in self.entries}

    def with_field(self, field: Field) -> OwnFields:
        """The same with this field, in the place of one of its name."""
        known = self.by_name() | {field.name: field}
        return OwnFields(entries=tuple(known[name] for name in sorted(known)))

    def without(self, name: str) -> OwnFields:
        """The same without the field of that name."""
        return OwnFields(entries=tuple(each for each in self.entries if each.name != name))


NO_FIELDS: Final = OwnFields()
"""What a data set begins with."""
