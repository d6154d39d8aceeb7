"""What recipes are searched for: the figure, the curve that tells early, and the space of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from visloop.errors import UsageError, did_you_mean
from visloop.train.tuning.study import Direction

_SMALL_IS_GOOD: Final = ("loss", "mae", "rmse", "mse", "error", "_s", "temperature", "difference")
_MEASURED: Final = ("held_out_", "cv_")


@dataclass(frozen=True)
class Aim:
    """What a search over a recipe's parameters is for; a recipe has it as its `aim`.

    `metric` is the figure, as `fit` returns it or without `held_out_` or `cv_` before it; `watched`
    the curve that the recipe logs after each epoch (step 1, 2, …) and by which hopeless trials are
    stopped, where it is another; `space` what is searched unless the user says otherwise.
    """

    metric: str = ""
    space: Mapping[str, str] = field(default_factory=dict[str, str])
    watched: str = ""


def direction_of(metric: str) -> Direction:
    """Whether a figure of that name should become great or small."""
    small = any(metric.endswith(word) for word in _SMALL_IS_GOOD)
    return "minimize" if small else "maximize"


def figure_of(metrics: Mapping[str, float], metric: str) -> float:
    """The figure of a finished training.

    Raises:
        UsageError: training measured nothing of that name.
    """
    for name in (metric, *(before + metric for before in _MEASURED)):
        if name in metrics:
            return float(metrics[name])
    known = sorted(name for name in metrics if not name.startswith("time."))
    raise UsageError(
        f"training measured no {metric!r}",
        fix=did_you_mean(metric, known, otherwise=f"--metric one of: {', '.join(known)}"),
    )
