"""What metadata a version has: a line for each field, over all of its samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.records import Field
from visloop.data.fields.values import as_moment
from visloop.data.records import DataPorts, Sample
from visloop.data.snapshot import open_ref
from visloop.data.working import SampleNotFound
from visloop.events import Scope
from visloop.ids import Ref

_TOP: Final = 5
_DISTINCT: Final = 10_000
"""Different values that are counted; of a field with more, the commonest are not told."""


@dataclass(frozen=True)
class FieldSummary:
    """One field of a version: how many samples have it, from where to where, or the commonest values.

    `least` and `most` are of numbers and moments, `top` (value → samples) of everything else.
    """

    field: str
    type: str
    unit: str
    samples: int
    least: Any = None
    most: Any = None
    top: Mapping[str, int] | None = None
    example: Any = None
    built_in: bool = True
    learnt: bool = False
    private: bool = False
    description: str = ""


@dataclass(frozen=True)
class Value:
    """One value of one sample, with its field."""

    field: str
    value: Any
    unit: str
    type: str
    description: str = ""


class _Column:
    """The values of one field, as they pass."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.count = 0
        self.example: Any = None
        self.least: Any = None
        self.most: Any = None
        self.values: Counter[str] = Counter()
        self._ordered = field.type in {"integer", "number", "time"}

    def take(self, value: Any) -> None:
        self.count += 1
        if self.count == 1:
            self.example = self.least = self.most = value
        elif self._ordered:
            key = self._key(value)
            if key < self._key(self.least):
                self.least = value
            if key > self._key(self.most):
                self.most = value
        if not self._ordered and self.field.type != "json" and len(self.values) < _DISTINCT:
            self.values[_shown(value)] += 1

    def _key(self, value: Any) -> Any:
        if self.field.type != "time":
            return value
        moment = as_moment(value)
        return moment.replace(tzinfo=None) - (moment.utcoffset() or moment - moment)

    def summary(self) -> FieldSummary:
        known = self.field
        told = self._ordered and self.count
        listed = 0 < len(self.values) < _DISTINCT
        return FieldSummary(
            field=known.name,
            type=known.type,
            unit=known.unit,
            samples=self.count,
            least=self.least if told else None,
            most=self.most if told else None,
            top=dict(self.values.most_common(_TOP)) if listed else None,
            example=self.example,
            built_in=known.name in BUILT_IN,
            learnt=known.learnt,
            private=known.private,
            description=known.description,
        )


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def field_list(ports: DataPorts, scope: Scope, ref: Ref) -> list[Field]:
    """Every field that samples of a version may have, built in or its own: names, types, units.

    Raises:
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
    """
    return list(open_ref(ports, ref, scope.project).fields.values())


def meta_fields(ports: DataPorts, scope: Scope, ref: Ref) -> list[FieldSummary]:
    """The fields that samples of a version have values of, and its own that none has; by name.

    Raises:
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
    """
    snapshot = open_ref(ports, ref, scope.project)
    samples = ports.progress.track(
        snapshot.samples(), doing="read", unit="sample", total=snapshot.count
    )
    own = snapshot.own_fields.by_name()
    columns = _columns(samples, snapshot.fields)
    columns |= {name: _Column(field) for name, field in own.items() if name not in columns}
    return [columns[name].summary() for name in sorted(columns)]


def _columns(samples: Iterable[Sample], fields: Mapping[str, Field]) -> dict[str, _Column]:
    columns: dict[str, _Column] = {}
    for sample in samples:
        for key, value in sample.metadata.items():
            if key not in columns:
                # a version from before there were fields has keys that nobody declared
                columns[key] = _Column(fields.get(key) or Field(name=key, type="json"))
            columns[key].take(value)
    return columns


def meta_show(ports: DataPorts, scope: Scope, ref: Ref, path: str) -> list[Value]:
    """The metadata of one sample, each value with its type and unit.

    Raises:
        DatasetNotFound, VersionNotFound: the reference names nothing.
        SampleNotFound: it has no sample at that path.
    """
    snapshot = open_ref(ports, ref, scope.project)
    sample = snapshot.get(path)
    if sample is None:
        raise SampleNotFound(
            f"{snapshot.version.ref} has no sample {path!r}",
            fix=f"list them: visloop samples {snapshot.version.ref}",
        )
    known = snapshot.fields
    found = [
        Value("source", sample.source, "", "text", "where the file came from"),
        Value("added", sample.added, "", "time", "when it was added"),
    ]
    for key in sorted(sample.metadata):
        field = known.get(key) or Field(name=key, type="json")
        value = sample.metadata[key]
        found.append(Value(key, value, field.unit, field.type, field.description))
    return found
