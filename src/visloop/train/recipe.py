"""What a recipe is: named parameters, and a function from labelled pictures to a model.

Recipes are found by name: the built-in ones, then plug-ins (`visloop.recipes` entry points).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import config
from visloop.errors import UsageError, did_you_mean
from visloop.train import recipes
from visloop.train.bench import Bench
from visloop.train.objects import Labelled
from visloop.train.reference import Reference
from visloop.vision import Contract, Task

BUILT_IN: Mapping[str, str] = {"classify-linear": "ClassifyLinear"}
EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(("classify-finetune", "detect", "segment", "regress"), "torch"),
    "transformers": "transformers",
}


@dataclass(frozen=True)
class Start:
    """The model whose weights a training begins with.

    `classes` in the order of its outputs, by the names that they have now; `called` by those that
    they had then.
    """

    ref: str
    onnx: bytes
    classes: tuple[str, ...]
    called: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """What a recipe learns from: N pictures of C classes.

    Of `pictures`, the fields of the recipe's task are filled. `held_out` are those of the validation
    split, where there is one: to measure by, never to learn from. `truth` int64 (N,) are places in
    `classes` (task `classify`; else empty); `class_dictionary` is the digest that the contract must
    quote; `params` is the recipe's own record; `threads` how many it may use; `start` the model that
    the recipe's parameter `start` names, where it has one.
    """

    pictures: tuple[Labelled, ...]
    truth: NDArray[np.int64]
    classes: tuple[str, ...]
    class_dictionary: str
    params: Any
    seed: int
    threads: int
    task: Task = "classify"
    held_out: tuple[Labelled, ...] = ()
    start: Start | None = None

    @property
    def images(self) -> tuple[str, ...]:
        """Digests of the pictures' bytes, (N,)."""
        return tuple(picture.sample.image for picture in self.pictures)


@dataclass(frozen=True)
class Fitted:
    """What a recipe gives back; `metrics` are held-out figures, `limits` sentences for the card."""

    onnx: bytes
    contract: Contract
    reference: Reference | None
    metrics: Mapping[str, float]
    limits: tuple[str, ...] = ()


class Recipe(Protocol):
    """A way to train. `parameters` is a frozen msgspec Struct with a default for every field.

    `task` says what it learns, and so which pictures it is given; `threads` how many threads it takes
    unless told otherwise (None: as many as there are cores). A recipe may have an `aim: Aim` too: by
    which figure and over which space `tune` searches unless told otherwise.
    """

    parameters: type[msgspec.Struct]
    task: Task
    threads: int | None

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Learn; the same lesson and seed give the same bytes."""
        ...


@runtime_checkable
class Settling(Protocol):
    """A recipe that looks at what its parameters name outside of the workspace before a run begins."""

    def settle(self, params: Any) -> tuple[Recipe, msgspec.Struct]:
        """The recipe for what was found, and the parameters with its digest, which the run records.

        Parameters that came from a run have the digest already: what was found must have it too.
        """
        ...


def settled(recipe: Recipe, name: str, given: Mapping[str, Any]) -> tuple[Recipe, msgspec.Struct]:
    """A recipe and its parameters, see `read_parameters`; with what they name looked at.

    Raises:
        UsageError: an unknown parameter, or a value that does not fit.
        Refused: what a parameter names is not there, or not as a run recorded it.
    """
    params = read_parameters(recipe, name, given)
    return recipe.settle(params) if isinstance(recipe, Settling) else (recipe, params)


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none.
        MissingExtra: it is a plug-in that needs a library which is not installed.
    """
    if name in BUILT_IN:
        return getattr(recipes, BUILT_IN[name])()
    known = [*BUILT_IN, *config.plugins("recipes")]
    if name not in known:
        raise UsageError(
            f"there is no recipe {name!r}",
            fix=did_you_mean(name, known, otherwise=f"recipes: {', '.join(sorted(known))}"),
        )
    found = config.load_plugin("recipes", name, extra=EXTRAS.get(name, ""))
    return found() if isinstance(found, type) else found


def read_parameters(recipe: Recipe, name: str, given: Mapping[str, Any]) -> msgspec.Struct:
    """The recipe's parameters from what the user gave; text is read as the field's type.

    Raises:
        UsageError: an unknown parameter, or a value that does not fit.
    """
    kind = recipe.parameters
    known = kind.__struct_fields__
    for key in given:
        if key not in known:
            raise UsageError(
                f"recipe {name!r} has no parameter {key!r}",
                fix=did_you_mean(key, known, otherwise=f"parameters: {', '.join(known)}"),
            )
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"recipe {name!r}: {error}", fix=f"for example --set {known[0]}=…"
        ) from error
