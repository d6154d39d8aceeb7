"""Every write of metadata passes here: known fields are enforced, unknown ones are learnt."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.records import Field, FieldType, OwnFields
from visloop.data.fields.values import Unfit, fitting, type_of, wanted
from visloop.data.records import Sample
from visloop.errors import Refused

_PLAIN: Final[Mapping[FieldType, frozenset[type]]] = {
    "text": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "json": frozenset({str, int, float, bool, list, tuple, dict}),
}
"""Types of values that need no second look; times and choices always get one."""
_NONE: Final[frozenset[type]] = frozenset()
_KNOWN: Final = {each.name: _PLAIN.get(each.type, _NONE) for each in BUILT_IN.values()}
_WIDER: Final = {("integer", "number"), ("time", "text")}
_NUMBERS: Final = frozenset({int, float})
_LARGEST: Final = 2.0**63
_SHOWN: Final = 60
_LONGEST_NAME: Final = 200


class WrongMetadata(Refused):
    """A value is not of its field's type, or not in its unit."""

    code = "data.wrong_metadata"


@dataclass(frozen=True)
class Checked:
    """Samples whose metadata fit; the fields, grown where some were learnt, and what was learnt.

    `left_out` are values that did not fit: the sample's place in the list, and the error.
    """

    samples: list[Sample]
    fields: OwnFields
    notes: tuple[str, ...] = ()
    left_out: tuple[tuple[int, WrongMetadata], ...] = ()


def checked(
    samples: Iterable[Sample], own: OwnFields, dataset: str, *, leave_out: bool = False
) -> Checked:
    """Hold every value against its field.

    A key that no field has becomes a field of the type of these values; one that was learnt so may
    widen, from whole numbers to any and from moments to text. With `leave_out` a value that does
    not fit is taken off its sample and told, and is no error.

    Raises:
        WrongMetadata: a value does not fit; names sample, field, value, and what mends it.
    """
    kept = list(samples)
    plain = _KNOWN
    if own.entries:
        plain = _KNOWN | {each.name: _PLAIN.get(each.type, _NONE) for each in own.entries}
    odd: dict[str, list[int]] = {}
    for at, sample in enumerate(kept):
        for key, value in sample.metadata.items():  # a tight loop: once for every value there is
            kind = type(value)
            if kind not in plain.get(key, _NONE) or (
                kind in _NUMBERS and not -_LARGEST <= value < _LARGEST
            ):
                odd.setdefault(key, []).append(at)
    if not odd:
        return Checked(kept, own)
    return _Second(kept, own, dataset, leave_out=leave_out).look(odd)


class _Second:
    """The second look at what was not plainly right."""

    def __init__(
        self, samples: list[Sample], own: OwnFields, dataset: str, *, leave_out: bool
    ) -> None:
        self._samples, self._own, self._dataset = samples, own, dataset
        self._leave_out = leave_out
        self._left_out: list[tuple[int, WrongMetadata]] = []
        self._notes: list[str] = []

    def look(self, odd: Mapping[str, Sequence[int]]) -> Checked:
        """Settle each key with all of its values that stood out."""
        known = self._own.by_name()
        for key, places in odd.items():
            values = [self._samples[at].metadata[key] for at in places]
            present = [value for value in values if value is not None]
            field = BUILT_IN.get(key) or known.get(key)
            if field is None:
                if not present:
                    field = Field(name=key)
                else:
                    field = self._learnt(key, self._samples[places[0]], present)
            elif field.learnt and field.name not in BUILT_IN:
                field = self._widened(field, present)
            for at, value in zip(places, values, strict=True):
                self._settle(at, field, value)
        return Checked(self._samples, self._own, tuple(self._notes), tuple(self._left_out))

    def _learnt(self, key: str, sample: Sample, values: Collection[Any]) -> Field:
        if not key.strip() or len(key) > _LONGEST_NAME or not key.isprintable():
            raise WrongMetadata(
                f"{sample.path}: {key[:_SHOWN]!r} cannot be the name of a metadata field",
                fix=f"give it a name of 1 to {_LONGEST_NAME} letters, without line breaks",
            )
        field = Field(name=key, type=type_of(values), learnt=True)
        self._own = self._own.with_field(field)
        self._notes.append(f"new field {key!r}: {field.type}, learnt from its first value")
        return field

    def _widened(self, field: Field, values: Collection[Any]) -> Field:
        kinds = type_of([*values, *_sample_of(field.type)])
        if (field.type, kinds) in _WIDER:
            field = replace(field, type=kinds)
            self._own = self._own.with_field(field)
            self._notes.append(f"field {field.name!r} is {wanted(field)} from now on")
        return field

    def _settle(self, at: int, field: Field, value: Any) -> None:
        sample = self._samples[at]
        if value is None:  # a foreign tool's word for "not known"
            self._take_off(at, field.name)
            return
        try:
            fit = fitting(field, value)
        except Unfit as problem:
            error = wrong(sample.path, field, value, str(problem), self._dataset)
            if not self._leave_out:
                raise error from None
            self._left_out.append((at, error))
            self._take_off(at, field.name)
            return
        if fit != value:
            self._samples[at] = replace(sample, metadata=sample.metadata | {field.name: fit})

    def _take_off(self, at: int, key: str) -> None:
        sample = self._samples[at]
        rest = {name: each for name, each in sample.metadata.items() if name != key}
        self._samples[at] = replace(sample, metadata=rest)


def _sample_of(kind: FieldType) -> tuple[Any, ...]:
    """A value of a type that may widen."""
    return {"integer": (0,), "time": ("2000-01-01T00:00:00Z",)}.get(kind, ())


def wrong(place: str, field: Field, value: Any, reason: str, dataset: str) -> WrongMetadata:
    """The error that names where, which field, which value, and every way to go on."""
    shown = str(value) if isinstance(value, float) and not math.isfinite(value) else repr(value)
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    fix = f"write {wanted(field)}"
    if field.name not in BUILT_IN:
        how = "learnt" if field.learnt else "declared"
        fix += (
            f"   (the field was {how} as {field.type}; to change that: "
            f"visloop meta field add {dataset} {field.name} --type …)"
        )
    return WrongMetadata(f"{place}: {field.name} must be {reason}, not {shown}", fix=fix)
