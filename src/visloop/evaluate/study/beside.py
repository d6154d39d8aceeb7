"""A model beside what it must beat: the simplest answer, the champion, what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from visloop.errors import UsageError
from visloop.evaluate import metrics as m
from visloop.evaluate import resampling as r
from visloop.evaluate.kinds.every import COMPARED, AnyAnswers, task_of
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.evaluate.paired import accuracy_gain, figure, gain, pair
from visloop.evaluate.policy import GatePolicy
from visloop.evaluate.records import Answers, Scores
from visloop.evaluate.scores import value_of

_ROUNDS: Final = GatePolicy(resamples=r.RESAMPLES)
_TAILS: Final = (0.025, 0.975)


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside another: `gain` is what the model is better by, with its 95 % interval.

    Of a goal, `theirs` is what was promised and `gain` empty.
    """

    against: str
    metric: str
    ours: float | None
    theirs: float
    verdict: Literal["better", "worse", "no difference shown", "met", "missed", "not measured"]
    gain: float | None = None
    interval: tuple[float, float] | None = None
    why: str = ""


class Goal(NamedTuple):
    """A figure that somebody promised."""

    metric: str
    at_least: float | None
    at_most: float | None
    why: str


def beside_simplest(answers: AnyAnswers) -> Iterator[Beside]:
    """Always the commonest class; always the middle number. Nothing so simple finds boxes or masks."""
    if not answers.n:
        return
    match answers:
        case Answers():
            best, share = m.majority(answers.truth, len(answers.classes))
            right = answers.predicted == answers.truth
            won, draws = accuracy_gain(right, answers.truth == best, _ROUNDS)
            name = f"always {answers.classes[best]!r}"
            yield _row(name, "accuracy", float(right.mean()), share, won, draws)
        case NumberAnswers():
            middle = float(np.median(answers.true))
            off, simple = np.abs(answers.found - answers.true), np.abs(middle - answers.true)
            draws = r.resample_means(simple - off)
            won = float((simple - off).mean())
            name = f"always {middle:.4g} {answers.unit}".strip()
            yield _row(name, "mae", float(off.mean()), float(simple.mean()), won, draws)
        case _:
            return


def beside_champion(name: str, answers: AnyAnswers, champion: AnyAnswers) -> Iterator[Beside]:
    """Every figure by which models are compared, on the pictures that both answered."""
    if task_of(answers) != task_of(champion):
        return
    first, second = pair(answers, champion)
    for metric in COMPARED[task_of(answers)] if first.n else ():
        won, draws = gain(metric, first, second, _ROUNDS)
        yield _row(name, metric, figure(metric, first), figure(metric, second), won, draws)


def beside_goals(scores: Scores, goals: Sequence[Goal]) -> Iterator[Beside]:
    """What the charter promises, and whether the figure keeps it."""
    for goal in goals:
        bound = goal.at_least if goal.at_least is not None else goal.at_most
        assert bound is not None
        sign = "≥" if goal.at_least is not None else "≤"
        against = f"charter: {sign} {bound:g}"
        try:
            value, interval = value_of(scores, goal.metric)
        except UsageError:
            yield Beside(
                against=against,
                metric=goal.metric,
                ours=None,
                theirs=bound,
                verdict="not measured",
                why=goal.why,
            )
            continue
        met = (goal.at_least is None or value >= goal.at_least) and (
            goal.at_most is None or value <= goal.at_most
        )
        yield Beside(
            against=against,
            metric=goal.metric,
            ours=value,
            theirs=bound,
            verdict="met" if met else "missed",
            interval=interval,
            why=goal.why,
        )


def _row(
    against: str, metric: str, ours: float, theirs: float, won: float, draws: m.Floats
) -> Beside:
    low, high = (float(bound) for bound in np.quantile(draws, _TAILS))
    return Beside(
        against=against,
        metric=metric,
        ours=ours,
        theirs=theirs,
        verdict="better" if low > 0 else "worse" if high < 0 else "no difference shown",
        gain=won,
        interval=(low, high),
    )
