"""One door to answers of every kind: read, scored, redrawn."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.errors import Corrupt
from visloop.evaluate import resampling as r
from visloop.evaluate.estimates import Estimate, mean
from visloop.evaluate.kinds import box_scores, masks, numbers
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.evaluate.kinds.pictures import Columns
from visloop.evaluate.records import Answers, Scores
from visloop.evaluate.scores import score_classes
from visloop.vision import Task

OtherAnswers: TypeAlias = BoxAnswers | MaskAnswers | NumberAnswers
AnyAnswers: TypeAlias = Answers | OtherAnswers

HEADLINES: Final[dict[Task, str]] = {
    "classify": "accuracy",
    "detect": "map50",
    "segment": "mean_iou",
    "regress": "mae",
}
"""The one figure of a task that a gate compares by, unless told otherwise."""
COMPARED: Final[dict[Task, tuple[str, ...]]] = {
    "classify": ("accuracy", "macro_f1", "log_loss"),
    "detect": ("map50", "map", "precision", "recall", "f1"),
    "segment": ("mean_iou", "mean_dice"),
    "regress": ("mae", "rmse"),
}
"""The figures by which two models can be compared."""


def task_of(answers: AnyAnswers) -> Task:
    """The task that was asked."""
    return "classify" if isinstance(answers, Answers) else answers.task


def read_answers(raw: bytes, task: Task) -> AnyAnswers:
    """What `to_bytes` wrote.

    Raises:
        Corrupt: the bytes are something else.
    """
    if task == "classify":
        return Answers.from_bytes(raw)
    try:
        stored = msgspec.msgpack.decode(raw, type=Columns)
    except msgspec.DecodeError as error:
        raise Corrupt(f"stored answers cannot be read: {error}") from error
    for kind in (BoxAnswers, MaskAnswers, NumberAnswers):
        if kind.task == stored.task_of == task:
            return kind.of(stored)
    raise Corrupt(f"stored answers are of the task {stored.task_of!r}, not {task!r}")


def score(
    answers: AnyAnswers,
    *,
    confidence: float = 0.95,
    resamples: int = r.RESAMPLES,
    seed: int = r.SEED,
) -> Scores:
    """All figures of a set of answers, with intervals over redrawn pictures."""
    match answers:
        case Answers():
            scorer = score_classes
            return scorer(answers, confidence=confidence, resamples=resamples, seed=seed)
        case BoxAnswers():
            return box_scores.score_boxes(answers, confidence=confidence)
        case MaskAnswers():
            return masks.score_masks(answers, confidence=confidence, resamples=resamples, seed=seed)
        case NumberAnswers():
            return numbers.score_numbers(
                answers, confidence=confidence, resamples=resamples, seed=seed
            )


def figure(metric: str, answers: OtherAnswers) -> float:
    """One of `COMPARED`."""
    return score(answers, resamples=1).metrics[metric]


def headline(answers: AnyAnswers) -> Estimate:
    """The figure of `HEADLINES`, and how it moves with each picture."""
    match answers:
        case Answers():
            return mean((answers.predicted == answers.truth).astype(np.float64))
        case BoxAnswers():
            return box_scores.estimate(HEADLINES["detect"], answers)
        case MaskAnswers():
            return masks.mean_iou(answers)
        case NumberAnswers():
            return mean(np.abs(answers.found - answers.true))


def both_draws(
    metric: str, first: OtherAnswers, second: OtherAnswers, resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(B,) redraws of a figure of two models that answered the same pictures, redrawn alike."""
    match first, second:
        case BoxAnswers(), BoxAnswers():
            ones = box_scores.draws_of(metric, first, resamples, seed)
            return ones, box_scores.draws_of(metric, second, resamples, seed)
        case MaskAnswers(), MaskAnswers():
            ones = masks.draws_of(metric, first, resamples, seed)
            return ones, masks.draws_of(metric, second, resamples, seed)
        case NumberAnswers(), NumberAnswers():
            ones = numbers.draws_of(metric, first, resamples, seed)
            return ones, numbers.draws_of(metric, second, resamples, seed)
        case _:
            raise TypeError(f"{task_of(first)} is not compared with {task_of(second)}")
