"""How badly each picture was answered: one number, by which pictures and slices are compared."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.box_table import HALF, Table
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.every import AnyAnswers
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.evaluate.records import Answers
from visloop.vision import Task

Floats = NDArray[np.float64]

MEANING: Final[dict[Task, str]] = {
    "classify": "wrong (1) or right (0)",
    "detect": "1 - F1 of the picture's boxes at the threshold",
    "segment": "1 - IoU of the picture's pixels, all classes together",
    "regress": "absolute error",
}


def losses(answers: AnyAnswers) -> Floats:
    """(N,): 0 is right; see `MEANING`. A picture without objects where nothing was found is right."""
    match answers:
        case Answers():
            return (answers.predicted != answers.truth).astype(np.float64)
        case BoxAnswers():
            return _of_boxes(Table.of(answers))
        case MaskAnswers():
            both, whole = answers.both.sum(axis=1), (answers.true + answers.found).sum(axis=1)
            return 1 - _share(both, whole - both)
        case NumberAnswers():
            return np.abs(answers.found - answers.true)


def _of_boxes(table: Table) -> Floats:
    sought = table.sought()
    judged = table.judged(HALF, sought)
    shown = judged.live & (table.score >= table.answers.threshold)
    n = table.answers.n
    found = np.bincount(table.picture[shown], minlength=n)
    right = np.bincount(table.picture[shown & judged.right], minlength=n)
    return 1 - _share(2 * right, found + sought.wanted.objects.sum(axis=0))


def _share(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Floats:
    above, below = part.astype(np.float64), whole.astype(np.float64)
    return np.divide(above, below, out=np.ones_like(above), where=below > 0)
