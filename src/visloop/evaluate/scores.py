"""From single answers to figures with intervals."""

from __future__ import annotations

import numpy as np

from visloop.errors import UsageError, did_you_mean
from visloop.evaluate import metrics as m
from visloop.evaluate import resampling as r
from visloop.evaluate.estimates import Estimate, mean, wilson
from visloop.evaluate.kinds.averages import ranked_precision
from visloop.evaluate.records import Answers, ClassReport, Scores

LOWER_IS_BETTER = frozenset({"log_loss", "calibration_error", "brier", "mae", "rmse"})
_PER_CLASS = ("precision", "recall", "f1", "ap50", "ap", "iou")
_TOPS = (3, 5)


def score_classes(
    answers: Answers,
    *,
    confidence: float = 0.95,
    resamples: int = r.RESAMPLES,
    seed: int = r.SEED,
) -> Scores:
    """All figures of a classifier's answers.

    Plain shares (accuracy, precision, recall) have Wilson's interval, which holds with ten pictures
    where redraws do not (docs/explanation/judging.md).
    """
    classes = len(answers.classes)
    confusion = m.confusion_matrix(answers.truth, answers.predicted, classes)
    drawn = r.resample_marginals(confusion, resamples=resamples, seed=seed)
    losses = m.sample_log_loss(answers.probabilities, answers.truth)
    table, error = m.calibrated(answers.confidence, answers.predicted == answers.truth)
    best, baseline = m.majority(answers.truth, classes)
    figures = {name: float(value) for name, value in _overall(m.marginals(confusion)).items()}
    draws = {
        **_overall(drawn),
        "log_loss": r.resample_means(losses, resamples=resamples, seed=seed),
    }
    ranked = _ranked(answers)
    surely = _sure(answers, ranked) | {"calibration_error": error}
    return Scores(
        n=answers.n,
        metrics={
            **figures,
            "log_loss": float(losses.mean()) if answers.n else 0.0,
            **{name: each.value for name, each in surely.items()},
            "baseline_accuracy": baseline,
        },
        intervals={name: _pair(values, confidence, answers.n) for name, values in draws.items()}
        | {"accuracy": wilson(figures["accuracy"], answers.n, confidence)}
        | {name: each.interval(confidence) for name, each in surely.items()},
        confidence=confidence,
        per_class=_per_class(answers.classes, m.marginals(confusion), drawn, ranked, confidence),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        classes=answers.classes,
        calibration=table,
        baseline_class=answers.classes[best] if answers.n else "",
        resamples=resamples,
        seed=seed,
    )


def _ranked(answers: Answers) -> tuple[Estimate, ...]:
    """Average precision of each class against all others; NaN of a class that is never true."""
    wide = answers.probabilities.astype(np.float64)
    found = (ranked_precision(wide[:, i], answers.truth == i) for i in range(len(answers.classes)))
    return tuple(Estimate(*each) for each in found)


def _sure(answers: Answers, ranked: tuple[Estimate, ...]) -> dict[str, Estimate]:
    there = [each for each in ranked if each.value == each.value]
    found = {"brier": mean(m.sample_brier(answers.probabilities, answers.truth) / 2)}
    if there:
        value = sum(each.value for each in there) / len(there)
        found["macro_ap"] = Estimate(value, np.mean([each.slope for each in there], axis=0))
    for k in _TOPS:
        if answers.known > k:
            right = m.top_k(answers.probabilities[:, : answers.known], answers.truth, k)
            found[f"top{k}_accuracy"] = mean(right.astype(np.float64))
    return found


def value_of(scores: Scores, metric: str) -> tuple[float, tuple[float, float] | None]:
    """A figure and its interval by name: `accuracy`, `map50`, `recall.hat`, `ap50.hat`.

    Raises:
        UsageError: there is no such figure.
    """
    if metric in scores.metrics:
        return scores.metrics[metric], scores.intervals.get(metric)
    kind, _, name = metric.partition(".")
    for one in scores.per_class:
        value = getattr(one, kind) if one.name == name and kind in _PER_CLASS else None
        if value is not None:
            return value, one.intervals.get(kind)
    known = [
        *scores.metrics,
        *(
            f"{kind}.{one.name}"
            for one in scores.per_class
            for kind in _PER_CLASS
            if getattr(one, kind) is not None
        ),
    ]
    raise UsageError(
        f"there is no metric {metric!r}",
        fix=did_you_mean(metric, known, otherwise=f"known: {', '.join(scores.metrics)}"),
    )


def _overall(counts: m.Marginals) -> dict[str, m.Floats]:
    scores = m.class_scores(counts)
    return {
        "accuracy": m.accuracy(counts),
        "macro_f1": m.macro(scores.f1, scores.present),
        "macro_precision": m.macro(scores.precision, scores.present),
        "macro_recall": m.macro(scores.recall, scores.present),
    }


def _per_class(
    classes: tuple[str, ...],
    counts: m.Marginals,
    drawn: m.Marginals,
    ranked: tuple[Estimate, ...],
    confidence: float,
) -> tuple[ClassReport, ...]:
    found, redrawn = m.class_scores(counts), m.class_scores(drawn)
    return tuple(
        ClassReport(
            name=name,
            support=int(counts.truth[i]),
            predicted=int(counts.predicted[i]),
            precision=float(found.precision[i]),
            recall=float(found.recall[i]),
            f1=float(found.f1[i]),
            ap=ranked[i].value if counts.truth[i] else None,
            intervals={
                "precision": wilson(
                    float(found.precision[i]), int(counts.predicted[i]), confidence
                ),
                "recall": wilson(float(found.recall[i]), int(counts.truth[i]), confidence),
                "f1": _pair(redrawn.f1[:, i], confidence, int(counts.truth[i])),
                **({"ap": ranked[i].interval(confidence)} if counts.truth[i] else {}),
            },
        )
        for i, name in enumerate(classes)
    )


def _pair(draws: m.Floats, confidence: float, n: int) -> tuple[float, float]:
    """The percentile interval; where all redraws agree (nothing wrong, or all), a share's of n."""
    interval = r.percentile(np.asarray(draws), confidence)
    if interval.low == interval.high and 0 <= interval.low <= 1:
        return wilson(interval.low, n, confidence)
    return interval.low, interval.high
