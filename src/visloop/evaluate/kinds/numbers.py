"""Numbers against numbers: how far off, beside always saying the middle one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.pictures import OfPictures, between, redraws
from visloop.evaluate.records import Scores
from visloop.vision import Task

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NumberAnswers(OfPictures):
    """One number a picture: float64 (N,) true and found, in `unit`."""

    task: ClassVar[Task] = "regress"

    true: Floats
    found: Floats
    unit: str

    def _taken(self, places: NDArray[np.int64]) -> dict[str, Any]:
        return {"true": self.true[places], "found": self.found[places]}

    def _moved(self, place: NDArray[np.int64], count: int) -> dict[str, Any]:
        del place, count
        return {}


def score_numbers(
    answers: NumberAnswers, *, confidence: float, resamples: int, seed: int
) -> Scores:
    """Mean absolute error, root of the mean square, mean error; `baseline_mae`: always the median."""
    once = _figures(answers, np.ones((1, answers.n)))
    drawn = _figures(answers, redraws(answers.n, resamples, seed)) if answers.n else once
    middle = np.abs(answers.true - np.median(answers.true)).mean() if answers.n else 0.0
    return Scores(
        n=answers.n,
        metrics={name: float(value[0]) for name, value in once.items()}
        | {"baseline_mae": float(middle)},
        intervals={name: between(values, confidence) for name, values in drawn.items()},
        confidence=confidence,
        per_class=(),
        confusion=(),
        classes=answers.classes,
        calibration=(),
        baseline_class="",
        resamples=resamples,
        seed=seed,
    )


def draws_of(metric: str, answers: NumberAnswers, resamples: int, seed: int) -> Floats:
    """(B,) redraws of `mae`, `rmse` or `bias`; the same pictures are redrawn alike."""
    return _figures(answers, redraws(answers.n, resamples, seed))[metric]


def _figures(answers: NumberAnswers, drawn: Floats) -> dict[str, Floats]:
    off = answers.found - answers.true
    n = max(1, answers.n)
    return {
        "mae": drawn @ np.abs(off) / n,
        "rmse": np.sqrt(drawn @ off**2 / n),
        "bias": drawn @ off / n,
    }
