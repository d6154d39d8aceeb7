"""A search as it stands: its trials, the best so far after each, and what mattered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from visloop.events import Scope
from visloop.train.records import Run, TrainPorts
from visloop.train.tuning.plan import Plan, reread
from visloop.train.tuning.searching import search_run, studied
from visloop.train.tuning.study import Importance, Trial
from visloop.train.tuning.trials import best_of


@dataclass(frozen=True)
class Shape:
    """A search: `so_far` is the best value by the time that each of `trials` had ended, by number."""

    run: Run
    plan: Plan
    trials: Sequence[Trial]
    so_far: Sequence[float | None]
    best: Trial | None
    importance: Sequence[Importance]


def shape_of(
    ports: TrainPorts,
    scope: Scope,
    run: str,
    *,
    by: Literal["fanova", "ped-anova", "none"] = "fanova",
) -> Shape:
    """How a search stands.

    Raises:
        RunNotFound, UsageError: there is no such search.
        MissingExtra: Optuna is not installed.
    """
    found = search_run(ports, scope, run)
    plan = reread(found)
    with studied(ports, run, plan) as study:
        trials = [each for each in study.trials() if each.state != "lost"]
        importance = () if by == "none" else study.importance(by)
    so_far: list[float | None] = []
    for place, each in enumerate(trials):
        best = best_of(plan, trials[: place + 1])
        so_far.append(None if best is None or each.state != "done" else best.value)
    return Shape(found, plan, trials, so_far, best_of(plan, trials), importance)
