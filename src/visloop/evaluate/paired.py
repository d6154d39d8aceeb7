"""Two models on the same pictures: what one gains over the other, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.errors import UsageError
from visloop.evaluate import metrics as m
from visloop.evaluate import resampling as r
from visloop.evaluate.kinds.every import COMPARED, AnyAnswers, both_draws, task_of
from visloop.evaluate.kinds.every import figure as figure_of
from visloop.evaluate.policy import GatePolicy
from visloop.evaluate.records import Answers
from visloop.evaluate.scores import LOWER_IS_BETTER
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_vendor("scipy.special")

Mask: TypeAlias = NDArray[np.bool_]
_FOUR_OF_FIVE: Final = 0.8


def pair(first: AnyAnswers, second: AnyAnswers) -> tuple[AnyAnswers, AnyAnswers]:
    """The pictures that both answered, in one order, over one list of classes."""
    place = {sample: i for i, sample in enumerate(second.samples)}
    mine = np.array([i for i, s in enumerate(first.samples) if s in place], np.int64)
    theirs = np.array([place[s] for s in first.samples if s in place], np.int64)
    classes = tuple(dict.fromkeys((*first.classes, *second.classes)))
    return _recoded(first.take(mine), classes), _recoded(second.take(theirs), classes)


def _recoded(answers: AnyAnswers, classes: tuple[str, ...]) -> AnyAnswers:
    if not isinstance(answers, Answers):
        return answers.recoded(classes)
    columns = np.array([classes.index(c) for c in answers.classes], np.int64)
    spread = np.zeros((answers.n, len(classes)), np.float32)
    spread[:, columns] = answers.probabilities
    return Answers(
        classes=classes,
        known=len(classes),
        samples=answers.samples,
        paths=answers.paths,
        images=answers.images,
        truth=columns[answers.truth],
        probabilities=spread,
    )


def gain(
    metric: str, first: AnyAnswers, second: AnyAnswers, policy: GatePolicy
) -> tuple[float, m.Floats]:
    """What the candidate gains, positive is better, and its (B,) redraws.

    Raises:
        UsageError: the two were asked different things, or the figure is not one of their task's.
    """
    _check_comparable(metric, first, second)
    if isinstance(first, Answers) and isinstance(second, Answers):
        return _class_gain(metric, first, second, policy)
    assert not isinstance(first, Answers)
    assert not isinstance(second, Answers)
    ones, others = both_draws(metric, first, second, policy.resamples, policy.seed)
    better = -1 if metric in LOWER_IS_BETTER else 1
    return better * (figure(metric, first) - figure(metric, second)), better * (ones - others)


def _check_comparable(metric: str, first: AnyAnswers, second: AnyAnswers) -> None:
    task, other = task_of(first), task_of(second)
    if task != other:
        raise UsageError(
            f"a model that answers {task!r} cannot be compared with one that answers {other!r}",
            fix="compare models of one task: --against another",
        )
    if metric not in COMPARED[task]:
        raise UsageError(
            f"{metric!r} is no figure by which models of the task {task!r} are compared",
            fix=f"one of {', '.join(COMPARED[task])}",
        )


def _class_gain(
    metric: str, first: Answers, second: Answers, policy: GatePolicy
) -> tuple[float, m.Floats]:
    right = [a.predicted == a.truth for a in (first, second)]
    if metric == "accuracy":
        return accuracy_gain(right[0], right[1], policy)
    if metric in LOWER_IS_BETTER:
        losses = [m.sample_log_loss(a.probabilities, a.truth) for a in (first, second)]
        saved = losses[1] - losses[0]
        draws = r.resample_means(saved, resamples=policy.resamples, seed=policy.seed)
        return float(saved.mean()), draws
    both = r.resample_pairs(
        first.truth,
        first.predicted,
        second.predicted,
        len(first.classes),
        resamples=policy.resamples,
        seed=policy.seed,
    )
    scores = [m.class_scores(b) for b in both]
    draws = [m.macro(s.f1, s.present) for s in scores]
    return figure(metric, first) - figure(metric, second), draws[0] - draws[1]


def accuracy_gain(first: Mask, second: Mask, policy: GatePolicy) -> tuple[float, m.Floats]:
    """What the first gains in accuracy over the second, from bool (N,) right or wrong each."""
    better, worse = int((first & ~second).sum()), int((second & ~first).sum())
    draws = r.resample_gain(better, worse, len(first), resamples=policy.resamples, seed=policy.seed)
    return (better - worse) / len(first), draws


def figure(metric: str, answers: AnyAnswers) -> float:
    """One of `COMPARED` of some answers."""
    if not isinstance(answers, Answers):
        return figure_of(metric, answers)
    counts = m.marginals(m.confusion_matrix(answers.truth, answers.predicted, len(answers.classes)))
    if metric == "log_loss":
        return float(m.sample_log_loss(answers.probabilities, answers.truth).mean())
    if metric == "macro_f1":
        scores = m.class_scores(counts)
        return float(m.macro(scores.f1, scores.present))
    return float(m.accuracy(counts))


def one_sided(draws: m.Floats, confidence: float) -> tuple[float, float]:
    """Lower and upper bound, each one-sided at `confidence`."""
    low, high = np.quantile(draws, (1 - confidence, confidence))
    return float(low), float(high)


def power(difference: float, margin: float, draws: m.Floats, confidence: float) -> float:
    """How likely a true difference is shown to be more than `margin` by one more such set of pictures.

    The redraws tell how far the figure of other pictures would scatter; as a normal curve.

    Args:
        difference: the true gain, in the figure's unit.
        margin: what it must exceed.
        draws: (B,) redraws of the gain, as `gain` gives them.
        confidence: of the one-sided test.
    """
    scatter = float(draws.std())
    if not scatter:
        return float(difference > margin)
    return float(special.ndtr((difference - margin) / scatter - special.ndtri(confidence)))


def shown_by(draws: m.Floats, margin: float, confidence: float) -> float:
    """The true difference that would be shown to be more than `margin` in four of five such tests."""
    return margin + float(draws.std()) * float(
        special.ndtri(confidence) + special.ndtri(_FOUR_OF_FIVE)
    )
