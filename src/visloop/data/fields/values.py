"""One value and its field: does it fit, what does a text mean, what type do some values have."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from visloop.data.fields.records import Field, FieldType
from visloop.data.fields.units import alike, convert, plain

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?"
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\D.*?)?\s*")
_INTEGER: Final = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL: Final = re.compile(r"-?(0|[1-9]\d*)\.\d+([eE][+-]?\d+)?|-?[1-9](\.\d+)?[eE][+-]?\d+")
_WORDS: Final = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}
_LEAST, _MOST = -(2**63), 2**63
_AS_WORDS: Final[dict[FieldType, str]] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "time": "a moment like 2024-05-01T12:00:00+02:00",
    "choice": "one of the list",
    "json": "JSON",
}


class Unfit(Exception):
    """A value is not one of its field: what was wanted, in words."""


def wanted(field: Field) -> str:
    """What a field takes, in words: `a number in mm`, `one of day, night`."""
    if field.type == "choice":
        return f"one of {', '.join(field.choices)}"
    return _AS_WORDS[field.type] + (f" in {field.unit}" if field.unit else "")


def fitting(field: Field, value: Any) -> Any:
    """The value as it is stored.

    Raises:
        Unfit: it is not one of the field.
    """
    found = _fit(field, value)
    if found is None:
        raise Unfit(wanted(field))
    return found


def _fit(field: Field, value: Any) -> Any | None:
    """The value as it is stored; None where it does not fit."""
    kind = field.type
    if kind == "json":
        return value
    if isinstance(value, str):
        if kind == "time":
            return _moment(value)
        return value if kind == "text" or (kind == "choice" and value in field.choices) else None
    if isinstance(value, bool):
        return value if kind == "boolean" else None
    if kind == "number" and isinstance(value, float):
        return value if math.isfinite(value) else None
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = kind in {"integer", "number"} and isinstance(value, int)
    return value if whole and _LEAST <= value < _MOST else None


def parsed(field: Field, text: str, unit: str = "") -> Any:
    """The value that a person wrote: `1.5`, `3 cm` into a field in mm, `yes`, a moment.

    Args:
        field: what it is a value of.
        text: as written.
        unit: that of the column it stands in, where the column says one.

    Raises:
        Unfit: it does not mean a value of the field.
    """
    match field.type:
        case "integer" | "number":
            return fitting(field, _measured(field, text, unit))
        case "boolean":
            if (word := _WORDS.get(text.strip().lower())) is None:
                raise Unfit(wanted(field))
            return word
        case "time" | "choice":
            return fitting(field, text.strip())
        case _:
            return text


def converted(field: Field, number: float, unit: str) -> float:
    """A number of another unit in the field's.

    Raises:
        Unfit: the one is no measure of the other.
    """
    found = convert(number, unit, field.unit)
    if found is None:
        units = ", ".join(alike(field.unit)) if field.unit else "none"
        raise Unfit(f"{wanted(field)}; {unit!r} cannot be turned into it (units that can: {units})")
    return found


def _measured(field: Field, text: str, unit: str) -> float:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Unfit(wanted(field))
    number = float(found[1])
    own = plain(found[2] or unit)
    if own and own != plain(field.unit):
        number = converted(field, number, own)
    return int(found[1]) if _INTEGER.fullmatch(found[1]) and not own else _whole(number, field)


def _whole(number: float, field: Field) -> float:
    return int(number) if field.type == "integer" and number.is_integer() else number


@lru_cache(maxsize=8192)
def _moment(text: str) -> str | None:
    """RFC 3339 with its offset, `T` and `Z` in capitals; None for what is no moment."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    text = text[:10] + "T" + text[11:].upper()
    try:
        datetime.fromisoformat(_short(text))
    except ValueError:
        return None
    return text


def _short(text: str) -> str:
    """Python reads six digits of a fraction at most."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text) if "." in text else text


def as_moment(text: str) -> datetime:
    """A stored moment; without an offset where its source did not know one."""
    return datetime.fromisoformat(_short(text))


def type_of(values: Iterable[Any]) -> FieldType:
    """The type that all of these stored values have."""
    found: set[FieldType] = {_one_type(value) for value in values}
    if found == {"integer", "number"}:
        return "number"
    if found == {"text", "time"}:
        return "text"
    return found.pop() if len(found) == 1 else "json"


def _one_type(value: Any) -> FieldType:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            found = _TIME.fullmatch(value)
            return "time" if found and found["offset"] and _moment(value) else "text"
        case _:
            return "json"


def type_of_texts(texts: Iterable[str]) -> FieldType:
    """The narrowest type that all of these texts can be read as; `007` stays a text."""
    kinds: set[FieldType] = {_text_type(text) for text in texts}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "text"


def _text_type(text: str) -> FieldType:
    if _INTEGER.fullmatch(text):
        return "integer"
    if _DECIMAL.fullmatch(text):
        return "number"
    if text.lower() in {"true", "false"}:
        return "boolean"
    return "time" if _one_type(text) == "time" else "text"
