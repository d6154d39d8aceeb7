"""What a model loses when its pictures are hurt, with intervals by the same pictures hurt and not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from visloop.errors import Refused
from visloop.evaluate.assess.records import Figure
from visloop.evaluate.estimates import Estimate
from visloop.evaluate.kinds.every import HEADLINES, AnyAnswers, headline, task_of
from visloop.evaluate.kinds.numbers import NumberAnswers

if TYPE_CHECKING:
    from visloop.vision import Task

CONFIDENCE: Final = 0.95


class Loss(NamedTuple):
    """One kind of hurt: the headline figure, how much worse that is, and as a part of what was there."""

    figure: Estimate
    drop: Estimate
    relative: Estimate


class Clean:
    """A model's headline figure on pictures that nobody hurt, which others are held against.

    The part that is lost: of the figure itself; of the mean absolute error, what was added to it as a
    part of the error of always saying the median.

    Raises:
        Refused: there is nothing to lose.
    """

    def __init__(self, answers: AnyAnswers) -> None:
        self.task: Task = task_of(answers)
        self.metric = HEADLINES[self.task]
        self.figure = headline(answers)
        self._lower_is_better = isinstance(answers, NumberAnswers)
        self._whole = self.figure.value
        if isinstance(answers, NumberAnswers):
            self._whole = float(np.abs(answers.true - np.median(answers.true)).mean())
        if not self._whole:
            raise Refused(
                f"{self.metric} is 0 on pictures that nobody hurt: there is nothing to lose",
                fix="look at its report first: visloop evaluate",
            )

    def loss(self, answers: AnyAnswers) -> Loss:
        """What was lost on the same pictures, hurt."""
        before, after = self.figure, headline(answers)
        whole, sign = self._whole, -1.0 if self._lower_is_better else 1.0
        drop = Estimate(sign * (before.value - after.value), sign * (before.slope - after.slope))
        slope = drop.slope / whole
        if not self._lower_is_better:
            slope = slope - drop.value / whole**2 * before.slope
        return Loss(after, drop, Estimate(drop.value / whole, slope))

    def relative(self, estimate: Estimate) -> Figure:
        """A relative drop with its interval: of a share at most all of it is lost."""
        found = figure_of(estimate)
        if self._lower_is_better:
            return found
        return Figure(value=found.value, low=found.low, high=min(1.0, found.high or 1.0), n=found.n)

    def interval(self, figure: Estimate) -> tuple[float, float]:
        """Of the headline figure, hurt or not."""
        if self._lower_is_better:
            low, high = figure.around(CONFIDENCE)
            return max(0.0, low), high
        return figure.interval(CONFIDENCE)


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Their mean, each of the same pictures."""
    value = float(np.mean([each.value for each in estimates]))
    return Estimate(value, np.mean([each.slope for each in estimates], axis=0))


def figure_of(estimate: Estimate) -> Figure:
    """With its interval, of a figure that is no share."""
    low, high = estimate.around(CONFIDENCE)
    return Figure(value=float(estimate.value), low=low, high=high, n=len(estimate.slope))
