"""Searches as answers of verbs, and the processes that work on one side by side."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from visloop import train

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_PATIENCE_S: Final = 60.0


@contextmanager
def more_hands(ports: Ports, scope: Scope, run: str, count: int) -> Generator[None]:
    """Processes that do trials of the search too: `tune join`; they end with it, or when it is given up.

    Each waits for the search to begin before it takes a trial.
    """
    command = [sys.executable, "-m", "visloop", "tune", "join", run, "--quiet", "--json"]
    place = ["--workspace", str(ports.root), "--project", scope.project]
    hands = [
        subprocess.Popen([*command, *place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        for _ in range(count)
    ]
    try:
        yield
        for each in hands:
            each.wait(_PATIENCE_S)
    finally:
        for each in hands:
            if each.poll() is None:
                each.terminate()
                each.wait()


def planned(plan: train.Plan) -> dict[str, Any]:
    """A search that was not begun."""
    return {
        "run": "",
        "model": "",
        "metric": plan.metric,
        "direction": plan.direction,
        "prune": plan.pruning,
        "data": plan.wanted.ref,
        "value": None,
        "trial": None,
        "trials": {},
        "budget": plan.wanted.trials,
        "space": tuple({"parameter": key, "values": str(each)} for key, each in plan.parameters()),
        "combinations": train.combinations(plan),
    }


def searched(shape: train.Shape) -> dict[str, Any]:
    """A search as it stands, without its trials."""
    best = shape.best
    return planned(shape.plan) | {
        "run": shape.run.id,
        "model": shape.run.model,
        "data": shape.run.data,
        "value": None if best is None else best.value,
        "trial": None if best is None else _trial(best, None),
        "trials": dict(Counter(each.state for each in shape.trials)),
    }


def trial_rows(shape: train.Shape) -> tuple[dict[str, Any], ...]:
    """A row a trial, by number."""
    return tuple(_trial(*each) for each in zip(shape.trials, shape.so_far, strict=True))


def importance_rows(shape: train.Shape) -> tuple[dict[str, Any], ...]:
    """A row a parameter, the greatest share first within its recipe."""
    return tuple(
        {"recipe": each.recipe, "parameter": each.parameter, "share": each.share}
        for each in shape.importance
    )


def _trial(trial: train.Trial, so_far: float | None) -> dict[str, Any]:
    took_s = (
        (trial.ended - trial.started).total_seconds() if trial.ended and trial.started else None
    )
    return {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value if trial.state == "done" else None,
        "so_far": so_far,
        "recipe": trial.recipe,
        "params": dict(trial.params),
        "run": trial.run,
        "took_s": took_s,
        "steps": list(trial.curve),
        "curve": list(trial.curve.values()),
        "why": trial.why,
    }
