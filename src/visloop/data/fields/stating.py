"""What a person says about samples: `width (cm)=3` becomes a value of the field `width`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.checking import wrong
from visloop.data.fields.licences import nearest_licence
from visloop.data.fields.records import Field, OwnFields
from visloop.data.fields.units import plain
from visloop.data.fields.values import (
    Unfit,
    converted,
    fitting,
    parsed,
    type_of,
    type_of_texts,
)

_HEADER: Final = re.compile(r"\s*(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]\s*")
_MEASURED: Final = frozenset({"integer", "number"})


@dataclass(frozen=True)
class Stated:
    """Values by field; the fields, grown by those that nobody had declared; what was unusual."""

    values: dict[str, Any]
    fields: OwnFields
    notes: tuple[str, ...] = ()


def split_unit(header: str) -> tuple[str, str]:
    """`width (cm)` or `width [cm]` → the field and the unit; no unit: an empty one."""
    found = _HEADER.fullmatch(header)
    return (
        (found["name"], plain(found["unit"])) if found and found["name"] else (header.strip(), "")
    )


def stated(said: Mapping[str, Any], own: OwnFields, dataset: str, place: str) -> Stated:
    """Texts (or values, from Python) as values of their fields; a new key becomes a field.

    Raises:
        WrongMetadata: a value does not fit its field; `place` says where it was written.
    """
    values: dict[str, Any] = {}
    notes: list[str] = []
    for header, value in said.items():
        name, unit = split_unit(header)
        field = field_for(name, unit, [value], own)
        if name not in BUILT_IN and name not in own.by_name():
            own = own.with_field(field)
            notes.append(learnt_note(field, own))
        values[name] = value_of(field, value, unit, dataset, place)
    if (meant := nearest_licence(str(values.get("licence", "")))) is not None:
        notes.append(f"licence {values['licence']!r}: the SPDX id is {meant!r}")
    return Stated(values, own, tuple(notes))


def field_for(name: str, unit: str, values: Iterable[Any], own: OwnFields) -> Field:
    """The field of that name, or what would be learnt from these values."""
    known = BUILT_IN.get(name) or own.by_name().get(name)
    if known is not None:
        return known
    seen = list(values)
    texts = all(isinstance(each, str) for each in seen)
    kind = type_of_texts(seen) if texts else type_of(seen)
    return Field(name=name, type=kind, unit=unit if kind in _MEASURED else "", learnt=True)


def learnt_note(field: Field, own: OwnFields) -> str:
    """What is told of a field that came into being; with the known name that was perhaps meant."""
    others = [*BUILT_IN, *(name for name in own.by_name() if name != field.name)]
    near = get_close_matches(field.name, others, n=1, cutoff=0.8)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    unit = f" in {field.unit}" if field.unit else ""
    return f"new field {field.name!r}: {field.type}{unit}, learnt from its first value{meant}"


def value_of(field: Field, value: Any, unit: str, dataset: str, place: str) -> Any:
    """One value of a field, as a person or a file says it.

    Raises:
        WrongMetadata: it is none.
    """
    try:
        if isinstance(value, str) and field.type != "json":
            return parsed(field, value, unit)
        if (
            unit
            and unit != plain(field.unit)
            and isinstance(value, int | float)
            and not isinstance(value, bool)
        ):
            value = converted(field, value, unit)
        return fitting(field, value)
    except Unfit as problem:
        raise wrong(place, field, value, str(problem), dataset) from None
