"""Figures of a classifier as pure functions over arrays.

N counts pictures, C classes; indices run over one list of classes. A class that was never true
and never answered has no say in a macro average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visloop.errors import Refused
from visloop.evaluate.estimates import Estimate, wilson
from visloop.evaluate.records import Calibrated

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


def top_k(probabilities: Floats, truth: Indices, k: int) -> NDArray[np.bool_]:
    """Whether the truth is among the k likeliest classes, (N,); of equals the later class, as sorted."""
    best = np.argsort(probabilities, axis=1, kind="stable")[:, -k:]
    return (best == np.asarray(truth)[:, None]).any(axis=1)


def sample_brier(probabilities: Floats, truth: Indices) -> Floats:
    """Sum over the classes of (probability - truth)², (N,), in [0, 2]. Source: Brier 1950."""
    off = probabilities.astype(np.float64)
    off[np.arange(len(truth)), truth] -= 1
    return (off**2).sum(axis=1)


def calibrated(
    confidence: Floats, correct: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> tuple[tuple[Calibrated, ...], Estimate]:
    """Claimed confidence against real accuracy, in bins of equal mass; and the calibration error.

    Equal confidences share a bin, so that the order of the pictures does not matter and there
    may be fewer than `bins`. The error is the mean distance of claim and truth, weighted by mass;
    its derivative leaves the bins where they are.

    Args:
        confidence: (N,) in [0, 1].
        correct: bool (N,).
        bins: how many at most.

    Source: Nguyen & O'Connor 2015 (adaptive calibration error).
    """
    total = len(confidence)
    if not total:
        return (), Estimate(0.0, np.zeros(0))
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, confidence, side="left")
    counts = np.bincount(place, minlength=len(edges) + 1)
    claimed = np.bincount(place, weights=confidence, minlength=len(counts))
    right = np.bincount(place, weights=correct, minlength=len(counts))
    error = float(np.abs(claimed - right).sum() / total)
    too_sure = np.sign(claimed - right)[place]
    slope = (too_sure * (confidence - correct) - error) / total
    found = tuple(
        Calibrated(
            confidence=float(c / n),
            accuracy=float(r / n),
            n=int(n),
            interval=wilson(float(r / n), int(n)),
        )
        for c, r, n in zip(claimed, right, counts, strict=True)
        if n
    )
    return found, Estimate(error, slope)


def _ratio(above: NDArray[np.generic], below: NDArray[np.generic]) -> Floats:
    whole = np.asarray(below, np.float64)
    part = np.asarray(above, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
