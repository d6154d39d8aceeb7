"""Masks against masks, by counting pixels; redrawn picture by picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.estimates import Estimate, share
from visloop.evaluate.kinds.pictures import OfPictures, between, redraws
from visloop.evaluate.records import ClassReport, Scores
from visloop.vision import Task

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MaskAnswers(OfPictures):
    """Pixels of each class in each picture: int64 (N, C) true, found, and both. No background."""

    task: ClassVar[Task] = "segment"

    true: NDArray[np.int64]
    found: NDArray[np.int64]
    both: NDArray[np.int64]

    def _taken(self, places: NDArray[np.int64]) -> dict[str, Any]:
        return {"true": self.true[places], "found": self.found[places], "both": self.both[places]}

    def _moved(self, place: NDArray[np.int64], count: int) -> dict[str, Any]:
        def spread(counts: NDArray[np.int64]) -> NDArray[np.int64]:
            wide = np.zeros((self.n, count), np.int64)
            wide[:, place] = counts
            return wide

        return {"true": spread(self.true), "found": spread(self.found), "both": spread(self.both)}


def score_masks(answers: MaskAnswers, *, confidence: float, resamples: int, seed: int) -> Scores:
    """Intersection over union of each class over all pictures, and their mean; Dice beside it.

    A class that is nowhere true and nowhere found has no say; background is no class.

    Source: Everingham et al. 2010 (the segmentation task), without its background class.
    """
    once = _figures(answers, np.ones((1, answers.n)))
    drawn = _figures(answers, redraws(answers.n, resamples, seed)) if answers.n else once
    return Scores(
        n=answers.n,
        metrics={name: float(once[name][0]) for name in ("mean_iou", "mean_dice")},
        intervals={name: between(drawn[name], confidence) for name in ("mean_iou", "mean_dice")},
        confidence=confidence,
        per_class=tuple(
            ClassReport(
                name=name,
                support=int((answers.true[:, i] > 0).sum()),
                predicted=int((answers.found[:, i] > 0).sum()),
                precision=share(answers.both[:, i], answers.found[:, i]).value,
                recall=share(answers.both[:, i], answers.true[:, i]).value,
                f1=float(once["dice"][0, i]),
                iou=float(once["iou"][0, i]),
                intervals={
                    name: between(drawn[key][:, i], confidence)
                    for name, key in (("iou", "iou"), ("f1", "dice"))
                }
                | {
                    name: share(answers.both[:, i], whole[:, i]).interval(confidence)
                    for name, whole in (("precision", answers.found), ("recall", answers.true))
                },
            )
            for i, name in enumerate(answers.classes)
            if answers.true[:, i].any() or answers.found[:, i].any()
        ),
        confusion=(),
        classes=answers.classes,
        calibration=(),
        baseline_class="",
        resamples=resamples,
        seed=seed,
    )


def draws_of(metric: str, answers: MaskAnswers, resamples: int, seed: int) -> Floats:
    """(B,) redraws of `mean_iou` or `mean_dice`; the same pictures are redrawn alike."""
    return _figures(answers, redraws(answers.n, resamples, seed))[metric]


def mean_iou(answers: MaskAnswers) -> Estimate:
    """The mean over classes that are anywhere true or found, and how it moves with each picture."""
    either = answers.true + answers.found - answers.both
    there = [share(answers.both[:, i], either[:, i]) for i in np.flatnonzero(either.sum(axis=0))]
    if not there:
        return Estimate(0.0, np.zeros(answers.n))
    value = sum(each.value for each in there) / len(there)
    return Estimate(value, np.mean([each.slope for each in there], axis=0))


def _figures(answers: MaskAnswers, drawn: Floats) -> dict[str, Floats]:
    """(B, N) redraws → `iou`, `dice` (B, C), their means (B,)."""
    true, found, both = (
        drawn @ counts.astype(np.float64) for counts in (answers.true, answers.found, answers.both)
    )
    either = true + found - both
    there = either > 0
    iou = np.divide(both, either, out=np.zeros_like(both), where=there)
    dice = np.divide(2 * both, true + found, out=np.zeros_like(both), where=there)
    classes = np.maximum(there.sum(axis=1), 1)
    return {
        "iou": iou,
        "dice": dice,
        "mean_iou": iou.sum(axis=1) / classes,
        "mean_dice": dice.sum(axis=1) / classes,
    }
