"""From single answers to figures with intervals."""

from __future__ import annotations

import numpy as np

from visloop.errors import UsageError, did_you_mean
from visloop.evaluate import metrics as m
from visloop.evaluate import resampling as r
from visloop.evaluate.records import Answers, Calibrated, ClassReport, Scores

LOWER_IS_BETTER = frozenset({"log_loss", "calibration_error", "mae", "rmse"})
_PER_CLASS = ("precision", "recall", "f1", "ap50", "ap", "iou")


def score_classes(
    answers: Answers,
    *,
    confidence: float = 0.95,
    resamples: int = r.RESAMPLES,
    seed: int = r.SEED,
) -> Scores:
    """All figures of a classifier's answers.

    The calibration error has no interval: resampling sharpens the bins and so overstates it.
    """
    classes = len(answers.classes)
    confusion = m.confusion_matrix(answers.truth, answers.predicted, classes)
    drawn = r.resample_marginals(confusion, resamples=resamples, seed=seed)
    losses = m.sample_log_loss(answers.probabilities, answers.truth)
    table = m.calibration(answers.confidence, answers.predicted == answers.truth)
    best, baseline = m.majority(answers.truth, classes)
    figures = {name: float(value) for name, value in _overall(m.marginals(confusion)).items()}
    draws = {
        **_overall(drawn),
        "log_loss": r.resample_means(losses, resamples=resamples, seed=seed),
    }
    return Scores(
        n=answers.n,
        metrics={
            **figures,
            "log_loss": float(losses.mean()) if answers.n else 0.0,
            "calibration_error": m.calibration_error(table),
            "baseline_accuracy": baseline,
        },
        intervals={name: _pair(values, confidence) for name, values in draws.items()},
        confidence=confidence,
        per_class=_per_class(answers.classes, m.marginals(confusion), drawn, confidence),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        classes=answers.classes,
        calibration=tuple(
            Calibrated(confidence=b.confidence, accuracy=b.accuracy, n=b.n) for b in table
        ),
        baseline_class=answers.classes[best] if answers.n else "",
    )


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
    classes: tuple[str, ...], counts: m.Marginals, drawn: m.Marginals, confidence: float
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
            intervals={
                "precision": _pair(redrawn.precision[:, i], confidence),
                "recall": _pair(redrawn.recall[:, i], confidence),
                "f1": _pair(redrawn.f1[:, i], confidence),
            },
        )
        for i, name in enumerate(classes)
    )


def _pair(draws: m.Floats, confidence: float) -> tuple[float, float]:
    interval = r.percentile(np.asarray(draws), confidence)
    return interval.low, interval.high
