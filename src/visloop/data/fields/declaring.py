"""A data set's own fields: declared, declared anew, renamed, removed; its samples follow."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, get_args

from msgspec.structs import replace

from visloop.data import catalog
from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.checking import wrong
from visloop.data.fields.editing import Draft, Edited, edit
from visloop.data.fields.records import Field, FieldType, OwnFields
from visloop.data.fields.units import convert, plain
from visloop.data.fields.values import Unfit, fitting, parsed
from visloop.data.records import DataPorts, Sample
from visloop.data.tree.nodes import Tree
from visloop.data.working import decode
from visloop.errors import NotFound, Refused, UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import check_name

_TYPES: Final = get_args(FieldType)
_FORBIDDEN: Final = frozenset("=()[],;")
_LONGEST: Final = 200


class FieldNotFound(NotFound):
    """The data set has no field of its own by that name."""

    code = "data.field_not_found"


class FieldInUse(Refused):
    """Samples have values of the field."""

    code = "data.field_in_use"


def field_add(
    ports: DataPorts, scope: Scope, dataset: str, field: Field, *, dry_run: bool = False
) -> Edited:
    """Declare a field, or declare one anew: values that samples have must fit, and are converted.

    The data set is made when there is none. Staged, needs a commit.

    Raises:
        UsageError: it cannot be a field: its name, its type, its choices, a built-in field's name.
        WrongMetadata: a sample has a value that does not fit and cannot be converted.
    """
    field = _checked(field)
    if not dry_run:
        check_name(dataset, "data set name")
        with ports.ledger.write(scope) as write:
            catalog.ensure(write, dataset)

    def draw(tree: Tree, fields: OwnFields) -> Draft:
        was = fields.by_name().get(field.name)
        samples = (_refitted(each, was, field, dataset) for each in _with_key(tree, field.name))
        return Draft(samples if was and was != field else (), fields.with_field(field))

    return edit(ports, scope, dataset, draw, {"field": field.name}, dry_run=dry_run)


def field_rename(ports: DataPorts, scope: Scope, dataset: str, old: str, new: str) -> Edited:
    """Give a field of the data set another name, on every sample that has it.

    Raises:
        FieldNotFound: there is no such field.
        UsageError: the new name is taken, or cannot be one.
    """

    def draw(tree: Tree, fields: OwnFields) -> Draft:
        field = _checked(replace(_own(fields, old, dataset), name=new))
        if new in fields.by_name():
            raise UsageError(f"{dataset!r} has a field {new!r} already", fix="choose another name")
        samples = (_renamed(sample, old, new) for sample in _with_key(tree, old))
        return Draft(samples, fields.without(old).with_field(field))

    return edit(ports, scope, dataset, draw, {"field": old, "renamed": new})


def field_remove(ports: DataPorts, scope: Scope, dataset: str, name: str) -> Edited:
    """Take a field away that no sample has a value of; older versions keep it.

    Raises:
        FieldNotFound: there is no such field.
        FieldInUse: samples have values of it.
    """

    def draw(tree: Tree, fields: OwnFields) -> Draft:
        _own(fields, name, dataset)
        used = sum(1 for _ in _with_key(tree, name))
        if used:
            raise FieldInUse(
                f"{used} samples of {dataset!r} have a value of {name!r}",
                fix=f"take them off first: visloop meta set {dataset} --all --unset '{name}'",
            )
        return Draft((), fields.without(name))

    return edit(ports, scope, dataset, draw, {"field": name, "removed": True})


def _own(fields: OwnFields, name: str, dataset: str) -> Field:
    known = fields.by_name()
    if name not in known:
        what = (
            f"{name!r} is built in and stays as it is"
            if name in BUILT_IN
            else f"data set {dataset!r} has no field {name!r} of its own"
        )
        otherwise = f"see: visloop meta field list {dataset}"
        raise FieldNotFound(what, fix=did_you_mean(name, known, otherwise=otherwise))
    return known[name]


def _checked(field: Field) -> Field:
    name = field.name
    if name in BUILT_IN:
        raise UsageError(
            f"{name!r} is built in and stays as it is", fix="choose another name for your field"
        )
    if not name.strip() or name != name.strip() or len(name) > _LONGEST or not name.isprintable():
        raise UsageError(f"{name!r} cannot be the name of a field", fix="like: part.width_mm")
    if _FORBIDDEN & set(name):
        raise UsageError(
            f"{name!r} cannot be the name of a field: it has one of {' '.join(sorted(_FORBIDDEN))}",
            fix="like: part.width_mm",
        )
    if field.type not in _TYPES:
        raise UsageError(f"no type {field.type!r}", fix=f"one of: {', '.join(_TYPES)}")
    choices: Collection[Any] = field.choices
    if (field.type == "choice") != bool(choices) or len(set(choices)) != len(choices):
        raise UsageError(
            "a choice needs a list of different words, and only a choice has one",
            fix="--type choice --choices day,night",
        )
    if field.unit and field.type not in {"integer", "number"}:
        raise UsageError("only numbers have a unit", fix="--type number --unit mm")
    return replace(field, unit=plain(field.unit))


def _with_key(tree: Tree, key: str) -> Iterator[Sample]:
    """The samples that have a value under the key; others are not decoded."""
    mark = key.encode()
    for entry in tree.entries():
        if mark in entry.value and key in (sample := decode(entry)).metadata:
            yield sample


def _renamed(sample: Sample, old: str, new: str) -> Sample:
    metadata = {new if key == old else key: value for key, value in sample.metadata.items()}
    return replace(sample, metadata=metadata)


def _refitted(sample: Sample, was: Field | None, field: Field, dataset: str) -> Sample:
    value = sample.metadata[field.name]
    try:
        fit = _refit(value, was, field)
    except Unfit as problem:
        raise wrong(sample.path, field, value, str(problem), dataset) from None
    return replace(sample, metadata=sample.metadata | {field.name: fit})


def _refit(value: Any, was: Field | None, field: Field) -> Any:
    if field.type == "text" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str) and field.type not in {"text", "json"}:
        return parsed(field, value)
    if was is not None and was.unit and field.unit and isinstance(value, int | float):
        value = convert(value, was.unit, field.unit)
    return fitting(field, value)
