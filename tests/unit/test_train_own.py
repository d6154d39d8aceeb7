"""Own recipes: a function with a decorator, found by name; and those whose library is not installed."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import pytest

from visloop.errors import MissingExtra, UsageError
from visloop.train import as_recipe, find_recipe
from visloop.train.recipe import read_parameters


def test_a_function_is_a_recipe_whose_keywords_are_its_parameters():
    seen = []

    @as_recipe(task="regress", threads=1)
    def mine(lesson, bench, *, rate: Annotated[float, msgspec.Meta(gt=0)] = 0.1, deep: bool = True):
        seen.append((lesson, bench, rate, deep))
        return "fitted"

    params = read_parameters(mine, "mine", {"rate": "0.5"})
    assert (mine.task, mine.threads) == ("regress", 1)
    assert msgspec.to_builtins(params) == {"rate": 0.5, "deep": True}

    class Lesson:
        pass

    lesson = Lesson()
    lesson.params = params
    assert mine.fit(lesson, "bench") == "fitted"
    assert seen == [(lesson, "bench", 0.5, True)]
    with pytest.raises(UsageError, match="no parameter 'rat'"):
        read_parameters(mine, "mine", {"rat": "1"})
    with pytest.raises(UsageError, match="> 0"):
        read_parameters(mine, "mine", {"rate": "-1"})


def untyped(lesson, bench, *, rate):
    return lesson, bench, rate


def short(lesson):
    return lesson


def test_a_function_that_cannot_be_a_recipe_is_told_why():
    with pytest.raises(UsageError, match="'rate' without a type or a default") as said:
        as_recipe()(untyped)
    assert "rate: float" in said.value.fix
    with pytest.raises(UsageError, match="takes 1 arguments"):
        as_recipe()(short)


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("detect", "torch"),
        ("segment", "torch"),
        ("regress", "torch"),
        ("classify-finetune", "torch"),
        ("transformers", "transformers"),
    ],
)
def test_without_its_library_the_error_says_what_to_install(name, library, monkeypatch):
    for module in [m for m in sys.modules if m.startswith(f"visloop.adapters.{library}")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=library) as said:
        find_recipe(name)
    assert said.value.fix == f"pip install 'visloop[{library}]'"
