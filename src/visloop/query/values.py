"""What a person wrote as a value, as a value of the field that it is compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from visloop.errors import did_you_mean
from visloop.query.errors import QueryWrong
from visloop.query.language.syntax import Operator, Value
from visloop.query.moments import span
from visloop.query.schema import Field

_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}
_ORDERED: Final = frozenset({"integer", "number", "time"})
_LISTED: Final = 12


def operators(field: Field, against: Sequence[Value] = ()) -> tuple[Operator, ...]:
    """The operators that a field of that type takes; a text is before or after texts, not numbers."""
    if field.type == "json":
        return ("exists",)
    if field.type in _ORDERED:
        return ("=", "!=", "<", "<=", ">", ">=", "in", "exists")
    if field.type == "boolean":
        return ("=", "!=", "exists")
    if field.values is not None or any(each.number and not each.quoted for each in against):
        return ("=", "!=", "in", "like", "exists")
    return ("=", "!=", "<", "<=", ">", ">=", "in", "like", "exists")


def read(field: Field, value: Value, text: str) -> Any:
    """The value, of the field's type; of a time the span that it means.

    Raises:
        QueryWrong: it is none of the field.
    """
    match field.type:
        case "integer" | "number":
            return _number(field, value, text)
        case "boolean":
            return _truth(field, value, text)
        case "time":
            found = span(value.text)
            if found is None:
                raise _wrong(
                    field, value, text, "a moment", "write: 2024-05-01 or 2024-05-01T12:30Z"
                )
            return found
        case _:
            return _word(field, value, text)


def _wrong(field: Field, value: Value, text: str, wanted: str, fix: str) -> QueryWrong:
    return QueryWrong(f"{field.name} is {wanted}, not {value.text!r}", text, value.at, fix=fix)


def _truth(field: Field, value: Value, text: str) -> bool:
    found = _TRUTH.get(value.text.lower())
    if found is None:
        raise _wrong(field, value, text, "true or false", f"write: {field.name} = true")
    return found


def _number(field: Field, value: Value, text: str) -> float:
    if not value.number or value.quoted:
        raise _wrong(field, value, text, "a number", f"write: {field.name} > 100")
    number = float(value.number)
    if not math.isfinite(number):
        raise _wrong(field, value, text, "a finite number", "write a smaller one")
    if value.unit and value.unit != field.unit:
        return _converted(field, value, text, number)
    return int(value.number) if value.number.lstrip("+-").isdigit() else number


def _converted(field: Field, value: Value, text: str, number: float) -> float:
    found = field.convert(number, value.unit) if field.convert else None
    if found is not None:
        return found
    if not field.unit:
        raise QueryWrong(
            f"{field.name} has no unit; {value.unit!r} stands after the number",
            text,
            value.at,
            fix=did_you_mean(value.unit, ("and", "or"), otherwise="write the number alone"),
        )
    raise QueryWrong(
        f"{field.name} is in {field.unit}; {value.unit!r} cannot be turned into it",
        text,
        value.at,
        fix=did_you_mean(
            value.unit,
            [*field.units, "and", "or"],
            otherwise=f"units that can: {', '.join(field.units)}",
        ),
    )


def _word(field: Field, value: Value, text: str) -> str:
    if field.values is None or value.text in field.values:
        return value.text
    if value.text in field.synonyms:
        return field.synonyms[value.text]
    listed = ", ".join(field.values[:_LISTED])
    more = "" if len(field.values) <= _LISTED else ", …"
    otherwise = f"there are: {listed}{more}" if field.values else "there are none yet"
    raise QueryWrong(
        f"{field.name} is never {value.text!r}",
        text,
        value.at,
        fix=did_you_mean(value.text, [*field.values, *field.synonyms], otherwise=otherwise),
    )
