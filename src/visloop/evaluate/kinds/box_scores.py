"""Figures of detectors: COCO's average precisions; precision, recall and calibration at the threshold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate import metrics as m
from visloop.evaluate.estimates import Estimate, mean, share
from visloop.evaluate.kinds.box_table import HALF, OVERLAPS, SIZES, Averages, Ints, Judged, Table
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.pictures import redraws
from visloop.evaluate.records import Calibrated, ClassReport, Scores

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_THREE_QUARTERS: Final = 5  # its place among the overlaps


def score_boxes(answers: BoxAnswers, *, confidence: float) -> Scores:
    """COCO's average precisions, and the rest at the contract's threshold and half overlap.

    Intervals come from the figures' derivatives by picture: what the bootstrap tends to as redraws
    become many, to first order, so there is no seed.

    Source: Lin et al. 2014, equal to pycocotools; calibration: Küppers et al. 2020, of confidence
    alone.
    """
    table = Table.of(answers)
    averages = table.averages(slopes_at=(0, _THREE_QUARTERS))
    counts = _counts(table, averages.first, averages.wanted.objects)
    figures = _averaged(averages) | _rates(counts.sum(axis=1))
    sizes = [each for size in SIZES for each in _size(table, size, confidence)]
    figures |= {f"map_{report.name}": each for each, report in sizes}
    calibration, sure = _calibration(table, averages.first)
    figures |= sure
    return Scores(
        n=answers.n,
        metrics={name: each.value for name, each in figures.items()},
        intervals={name: each.interval(confidence) for name, each in figures.items()},
        confidence=confidence,
        per_class=tuple(
            _report(name, counts[:, i], _of_class(averages, i), confidence)
            for i, name in enumerate(answers.classes)
            if counts[1:, i].any()
        ),
        sizes=tuple(report for _, report in sizes),
        confusion=(),
        classes=answers.classes,
        calibration=calibration,
        baseline_class="",
    )


def sureness(answers: BoxAnswers) -> tuple[Floats, Bools]:
    """Of the boxes shown at the threshold: score, and whether it is right at half overlap."""
    table = Table.of(answers)
    scores, right, _ = _shown(table, table.judged(HALF, table.sought()))
    return scores, right


def draws_of(metric: str, answers: BoxAnswers, resamples: int, seed: int) -> Floats:
    """(B,) redraws of a figure, to first order; answers to the same pictures are redrawn alike."""
    each = estimate(metric, answers)
    return each.value + (redraws(answers.n, resamples, seed) - 1) @ each.slope


def estimate(metric: str, answers: BoxAnswers) -> Estimate:
    """One figure by which detectors are compared, and how it moves with each picture."""
    table = Table.of(answers)
    if metric in {"precision", "recall", "f1"}:
        sought = table.sought()
        counts = _counts(table, table.judged(HALF, sought), sought.wanted.objects)
        return _rates(counts.sum(axis=1))[metric]
    overlaps = OVERLAPS if metric == "map" else (HALF,)
    return _averaged(table.averages(overlaps))[metric]


def _averaged(averages: Averages) -> dict[str, Estimate]:
    """The means over classes with objects; without any there is nothing to find: 0."""
    there = averages.present if averages.present.any() else ~averages.present
    found = {
        name: Estimate(
            float(averages.values[at, there].mean()), averages.at[at][there].mean(axis=0)
        )
        for name, at in (("map50", 0), ("map75", _THREE_QUARTERS))
        if at in averages.at
    }
    slope = averages.mean[there].mean(axis=0)
    return found | {"map": Estimate(float(averages.values[:, there].mean()), slope)}


def _of_class(averages: Averages, kind: int) -> dict[str, Estimate]:
    return {
        "ap50": Estimate(float(averages.values[0, kind]), averages.at[0][kind]),
        "ap": Estimate(float(averages.values[:, kind].mean()), averages.mean[kind]),
    }


def _size(table: Table, size: str, confidence: float) -> Iterator[tuple[Estimate, ClassReport]]:
    """Average precision and all figures of one size, all classes together; nothing without objects."""
    averages = table.averages(size=size)
    if not averages.present.any():
        return
    means = _averaged(averages)
    counts = _counts(table, averages.first, averages.wanted.objects).sum(axis=1)
    figures = {"ap50": means["map50"], "ap": means["map"]}
    yield means["map"], _report(size, counts, figures, confidence)


def _counts(table: Table, judged: Judged, objects: Floats) -> Floats:
    """(3, C, N): right, found, true of each class in each picture, at the contract's threshold."""
    shown = judged.live & (table.score >= table.answers.threshold)
    shape = objects.shape
    cells = table.kind * shape[1] + table.picture

    def counted(of: Bools) -> Floats:
        found = np.bincount(cells[of], minlength=shape[0] * shape[1])
        return found.reshape(shape).astype(np.float64)

    return np.stack([counted(shown & judged.right), counted(shown), objects])


def _rates(counts: Floats) -> dict[str, Estimate]:
    """Precision, recall and F1 of (3, N) right, found, true."""
    right, found, true = counts
    return {
        "precision": share(right, found),
        "recall": share(right, true),
        "f1": share(2 * right, found + true),
    }


def _report(
    name: str, counts: Floats, average: dict[str, Estimate], confidence: float
) -> ClassReport:
    figures = _rates(counts) | average
    return ClassReport(
        name=name,
        support=int(counts[2].sum()),
        predicted=int(counts[1].sum()),
        **{key: each.value for key, each in figures.items()},
        intervals={key: each.interval(confidence) for key, each in figures.items()},
    )


def _shown(table: Table, judged: Judged) -> tuple[Floats, Bools, Ints]:
    """Score, rightness and picture of each box at the threshold."""
    shown = judged.live & (table.score >= table.answers.threshold)
    return table.score[shown], judged.right[shown], table.picture[shown]


def _calibration(
    table: Table, judged: Judged
) -> tuple[tuple[Calibrated, ...], dict[str, Estimate]]:
    """Of what is shown at the threshold: scores against how often they are right."""
    scores, right, pictures = _shown(table, judged)
    if not len(scores):
        return (), {}
    bins, error = m.calibrated(scores, right)
    figures = {"calibration_error": error, "brier": mean((scores - right) ** 2)}
    n = table.answers.n

    def of_pictures(slope: Floats) -> Floats:
        return np.bincount(pictures, weights=slope, minlength=n).astype(np.float64)

    return bins, {
        name: Estimate(each.value, of_pictures(each.slope)) for name, each in figures.items()
    }
