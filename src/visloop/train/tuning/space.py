"""What is searched: ranges and choices, written `1e-4..1e-2:log` and `2,4,8`, checked by the recipe.

A recipe's own parameters say what may be: both ends of a range and every choice are read as the
parameter would be, so that a search cannot ask for what training would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from visloop.errors import UsageError, did_you_mean
from visloop.train.recipe import Recipe, read_parameters

LOG: Final = "log"
_BETWEEN: Final = ".."
_AS_WRITTEN: Final = "for example --space rate=1e-4..1e-2:log, --space depth=2,4,8"
Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Between:
    """Every number from `low` to `high`; on a logarithmic scale, or whole numbers only."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.low:g}{_BETWEEN}{self.high:g}" + (f":{LOG}" if self.log else "")


@dataclass(frozen=True)
class OneOf:
    """One of some values."""

    values: tuple[Value, ...]

    def __str__(self) -> str:
        return ",".join(
            "true" if v is True else "false" if v is False else str(v) for v in self.values
        )


Domain: TypeAlias = Between | OneOf
Space: TypeAlias = Mapping[str, Domain]


def read_space(
    recipe: Recipe, name: str, given: Mapping[str, str], fixed: Mapping[str, Any]
) -> dict[str, Domain]:
    """The space of one recipe.

    Args:
        recipe: whose parameters they are.
        name: what it is called.
        given: parameter → range or choices, as written.
        fixed: parameters that are the same in every trial.

    Raises:
        UsageError: an unknown parameter, a range or choice that cannot be, or one that is fixed too.
    """
    space: dict[str, Domain] = {}
    for key, text in given.items():
        if key in fixed:
            raise UsageError(
                f"{key!r} is both fixed and searched", fix=f"leave out --set {key} or --space {key}"
            )
        space[key] = _domain(recipe, name, key, text.strip())
    read_parameters(recipe, name, fixed)
    return space


def _domain(recipe: Recipe, name: str, key: str, text: str) -> Domain:
    low, between, rest = text.partition(_BETWEEN)
    if not between:
        return OneOf(_choices(recipe, name, key, text))
    high, _, scale = rest.partition(":")
    if scale not in ("", LOG):
        raise UsageError(
            f"{key}={text}: a range has no {scale!r}",
            fix=did_you_mean(scale, [LOG], otherwise=f"{key}={low}..{high}:{LOG}, or without"),
        )
    ends = [_read(recipe, name, key, each.strip()) for each in (low, high)]
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in ends):
        raise UsageError(f"{key}={text}: {key!r} is no number", fix=f"list its values: {key}=A,B")
    if ends[0] >= ends[1]:
        raise UsageError(
            f"{key}={text}: {low} is not below {high}", fix=f"{key}={high.strip()}..{low.strip()}"
        )
    if scale and ends[0] <= 0:
        raise UsageError(
            f"{key}={text}: a logarithmic scale begins above 0", fix=f"{key}=1e-5..{high}:{LOG}"
        )
    whole = all(isinstance(each, int) for each in ends)
    return Between(float(ends[0]), float(ends[1]), log=bool(scale), whole=whole)


def _choices(recipe: Recipe, name: str, key: str, text: str) -> tuple[Value, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not text or (len(parts) > 1 and not all(parts)):
        raise UsageError(f"{key}={text}: nothing to choose from", fix=_AS_WRITTEN)
    values = tuple(dict.fromkeys(_read(recipe, name, key, part) for part in parts))
    if len(values) < 2:  # noqa: PLR2004 - a choice
        raise UsageError(
            f"{key}={text} leaves nothing to search", fix=f"--set {key}={text}, or more values"
        )
    return values


def _read(recipe: Recipe, name: str, key: str, text: str) -> Any:
    """One value as the recipe reads it."""
    try:
        read = read_parameters(recipe, name, {key: text})
    except UsageError as error:
        if key not in recipe.parameters.__struct_fields__:
            raise
        wrong = error.what.removeprefix(f"recipe {name!r}: ").partition(" - at ")[0]
        raise UsageError(
            f"{key}={text} is nothing that {name!r} takes: {wrong}",
            fix=f"narrow it: --space {key}=…, or fix it: --set {key}=…",
        ) from error
    return msgspec.to_builtins(getattr(read, key))


def size(space: Space) -> int | None:
    """How many different trials there are; None where a range has no end of them."""
    found = 1
    for each in space.values():
        if isinstance(each, OneOf):
            found *= len(each.values)
        elif each.whole:
            found *= round(each.high - each.low) + 1
        else:
            return None
    return found
