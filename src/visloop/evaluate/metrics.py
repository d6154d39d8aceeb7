"""Figures of a classifier as pure functions over arrays.

N counts pictures, C classes; indices run over one list of classes. A class that was never true
and never answered has no say in a macro average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visloop.errors import Refused

Indices = NDArray[np.integer]
Floats = NDArray[np.floating]
Counts = NDArray[np.integer]

CALIBRATION_BINS = 15
_FLOOR = 1e-12


@dataclass(frozen=True)
class Marginals:
    """What per-class figures are made of; leading axes (resamples) are kept.

    `hits`, `truth` and `predicted` count pictures: (…, C) right, true, answered.
    """

    hits: Counts
    truth: Counts
    predicted: Counts

    @property
    def n(self) -> Counts:
        """Pictures in all, (…)."""
        return self.truth.sum(axis=-1)


@dataclass(frozen=True)
class ClassScores:
    """Per class, (…, C): 0 where nothing was answered (precision) or true (recall)."""

    precision: Floats
    recall: Floats
    f1: Floats
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class CalibrationBin:
    """Pictures of similar confidence: what the model claimed, and how often it was right."""

    confidence: float
    accuracy: float
    n: int


def confusion_matrix(truth: Indices, predicted: Indices, classes: int) -> Counts:
    """How often class `row` was answered as class `column`.

    Args:
        truth: int (N,) in [0, classes).
        predicted: int (N,) in [0, classes).
        classes: C.

    Returns:
        int64 (C, C).

    Raises:
        Refused: the inputs are not of one length, or an index is not a class.
    """
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise Refused(
            f"truth and answers must be (N,) of one length, got {truth.shape}, {predicted.shape}"
        )
    for indices in (truth, predicted):
        if len(indices) and not 0 <= indices.min() <= indices.max() < classes:
            raise Refused(f"class indices must lie in [0, {classes})")
    cells = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def marginals(confusion: Counts) -> Marginals:
    """Right, true and answered per class of (…, C, C)."""
    return Marginals(
        hits=np.diagonal(confusion, axis1=-2, axis2=-1),
        truth=confusion.sum(axis=-1),
        predicted=confusion.sum(axis=-2),
    )


def accuracy(counts: Marginals) -> Floats:
    """Share of right answers, (…); 0 where there is no picture."""
    return _ratio(counts.hits.sum(axis=-1), counts.n)


def class_scores(counts: Marginals) -> ClassScores:
    """Precision, recall and F1 of every class."""
    return ClassScores(
        precision=_ratio(counts.hits, counts.predicted),
        recall=_ratio(counts.hits, counts.truth),
        f1=_ratio(2 * counts.hits, counts.truth + counts.predicted),
        present=(counts.truth + counts.predicted) > 0,
    )


def macro(values: Floats, present: NDArray[np.bool_]) -> Floats:
    """Mean over the classes that occur, (…, C) → (…)."""
    return _ratio((values * present).sum(axis=-1), present.sum(axis=-1))


def majority(truth: Indices, classes: int) -> tuple[int, float]:
    """The commonest class, and the accuracy of always answering it: the baseline to beat."""
    counts = np.bincount(truth, minlength=classes)
    best = int(counts.argmax())
    return best, float(counts[best] / max(1, len(truth)))


def sample_log_loss(probabilities: Floats, truth: Indices) -> Floats:
    """Minus the log of the probability given to the truth, nats, (N,); floored at 1e-12."""
    given = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return -np.log(np.clip(given, _FLOOR, 1.0))


def calibration(
    confidence: Floats, correct: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> tuple[CalibrationBin, ...]:
    """Claimed confidence against real accuracy, in bins of equal mass.

    Equal confidences share a bin, so that the order of the pictures does not matter and there
    may be fewer than `bins`.

    Args:
        confidence: (N,) in [0, 1].
        correct: bool (N,).
        bins: how many at most.

    Source: Nguyen & O'Connor 2015 (adaptive calibration error).
    """
    if not len(confidence):
        return ()
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, confidence, side="left")
    counts = np.bincount(place, minlength=len(edges) + 1)
    claimed = np.bincount(place, weights=confidence, minlength=len(counts))
    right = np.bincount(place, weights=correct, minlength=len(counts))
    return tuple(
        CalibrationBin(float(c / n), float(r / n), int(n))
        for c, r, n in zip(claimed, right, counts, strict=True)
        if n
    )


def calibration_error(table: tuple[CalibrationBin, ...]) -> float:
    """Expected calibration error: mean distance of claim and truth, weighted by pictures."""
    n = sum(b.n for b in table)
    return sum(b.n * abs(b.confidence - b.accuracy) for b in table) / max(1, n)


def _ratio(above: NDArray[np.generic], below: NDArray[np.generic]) -> Floats:
    whole = np.asarray(below, np.float64)
    part = np.asarray(above, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
