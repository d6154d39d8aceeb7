"""Own recipes: a plain function becomes one by a decorator; its keywords are the recipe's parameters.

    @as_recipe(task="classify")
    def nearest_mean(lesson, bench, *, sharpness: float = 0.1) -> Fitted: ...

and in the package's `pyproject.toml`:

    [project.entry-points."visloop.recipes"]
    nearest-mean = "my_package:nearest_mean"
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, get_type_hints

import msgspec

from visloop.errors import UsageError
from visloop.train.tuning.aims import Aim

if TYPE_CHECKING:
    from visloop.train.bench import Bench
    from visloop.train.recipe import Fitted, Lesson
    from visloop.vision import Task

Function: TypeAlias = Callable[..., "Fitted"]
_POSITIONS = 2
_NONE = Aim()


@dataclass(frozen=True)
class FunctionRecipe:
    """A function that is a recipe: of `lesson` and `bench`, then keywords with defaults."""

    function: Function
    parameters: type[msgspec.Struct]
    task: Task
    threads: int | None
    aim: Aim = _NONE

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Call the function with the parameters as keywords."""
        return self.function(lesson, bench, **msgspec.structs.asdict(lesson.params))


def as_recipe(
    *, task: Task = "classify", threads: int | None = None, aim: Aim = _NONE
) -> Callable[[Function], FunctionRecipe]:
    """Make a recipe of a function.

    Args:
        task: what it learns, and so which pictures it is given.
        threads: how many it takes unless told otherwise; None: as many as there are cores.
        aim: by which figure and over which space `tune` searches unless told otherwise.

    Raises:
        UsageError: a keyword without type or default, or the function takes something else.
    """

    def made(function: Function) -> FunctionRecipe:
        return FunctionRecipe(function, _parameters(function), task, threads, aim)

    return made


def _parameters(function: Function) -> type[msgspec.Struct]:
    given = list(inspect.signature(function).parameters.values())
    hints = get_type_hints(function, include_extras=True) if len(given) > _POSITIONS else {}
    fields: list[tuple[str, Any, Any]] = []
    for each in given[_POSITIONS:]:
        if each.default is each.empty or each.annotation is each.empty:
            raise UsageError(
                f"the recipe {function.__name__!r} takes {each.name!r} without a type or a default",
                fix=f"write it as a keyword: *, {each.name}: float = 1.0",
            )
        fields.append((each.name, hints[each.name], each.default))
    if len(given) < _POSITIONS:
        raise UsageError(
            f"the recipe {function.__name__!r} takes {len(given)} arguments",
            fix="a recipe is called with a lesson and a bench: def mine(lesson, bench)",
        )
    name = f"{function.__name__}_parameters"
    return msgspec.defstruct(
        name, fields, frozen=True, kw_only=True, forbid_unknown_fields=True, module=__name__
    )
