"""The table of kinds. To add one: a module in `own` with a `KIND`, and a line here."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from visloop.errors import UsageError, did_you_mean
from visloop.evaluate.assess.own import (
    adversarial,
    calibration,
    corruption,
    inversion,
    labels,
    leakage,
    load,
    membership,
    parity,
    scan,
    size,
)
from visloop.evaluate.assess.records import Kind
from visloop.evaluate.policy import Assessed

_ALL: Final = (
    size.KIND,
    scan.KIND,
    parity.KIND,
    calibration.KIND,
    load.KIND,
    corruption.KIND,
    adversarial.KIND,
    membership.KIND,
    inversion.KIND,
    leakage.KIND,
    labels.KIND,
)
KINDS: Final[Mapping[str, Kind]] = {each.name: each for each in _ALL}
"""Name → kind, in the order in which people read them."""


def find_kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in KINDS:
        raise UsageError(
            f"there is no kind of assessment {name!r}",
            fix=did_you_mean(name, KINDS, otherwise=f"kinds: {', '.join(KINDS)}"),
        )
    return KINDS[name]


def read_settings(kind: Kind, given: Mapping[str, Any]) -> msgspec.Struct:
    """The kind's settings from what the user gave; text is read as the field's type: `1,3,5` as three.

    Raises:
        UsageError: an unknown setting, or a value that does not fit.
    """
    known = kind.settings.__struct_fields__
    for key in given:
        if key not in known:
            listed = f"it has: {', '.join(known)}" if known else "it has none: leave it out"
            raise UsageError(
                f"the assessment {kind.name!r} has no setting {key!r}",
                fix=did_you_mean(key, known, otherwise=listed),
            )
    hints = get_type_hints(kind.settings)
    told = {key: _parted(value, hints[key]) for key, value in given.items()}
    try:
        return msgspec.convert(told, kind.settings, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"the assessment {kind.name!r}: {error}", fix=f"for example --set {known[0]}=…"
        ) from error


def asked_of(
    name: str,
    *,
    figure: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    shown: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> Assessed:
    """A policy's check on a kind of assessment; what is not said is the kind's own bound.

    Raises:
        UsageError: no such kind or setting; or another figure than the kind's own, without a bound.
    """
    kind = find_kind(name)
    given = settings or {}
    told = msgspec.to_builtins(read_settings(kind, given))
    bound = kind.headline
    if at_least is None and at_most is None and figure in {"", bound.figure}:
        at_least, at_most = bound.at_least, bound.at_most
    return Assessed(
        kind=name,
        figure=figure or bound.figure,
        at_least=at_least,
        at_most=at_most,
        shown=shown,
        settings={key: told[key] for key in sorted(given)},
    )


def _parted(value: Any, hint: Any) -> Any:
    """`1,3,5` where a tuple or list is wanted."""
    options = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    many = any((get_origin(each) or each) in (tuple, list) for each in options)
    if many and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
