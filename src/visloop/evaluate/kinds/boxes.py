"""Detections against boxes: what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.pictures import OfPictures
from visloop.vision import Task

RANKED_FROM: Final = 0.001
"""Precision is averaged over every score there is; precision and recall are at the contract's."""


@dataclass(frozen=True)
class BoxAnswers(OfPictures):
    """G true boxes and D found ones; `*_picture` and `*_class` are places, `*_xyxy` pixels.

    `crowd` bool (G,) marks regions where detections of the class count neither way: crowds, regions
    to ignore, objects that nobody accepted yet. `score` float32 (D,); `threshold` is the contract's.
    """

    task: ClassVar[Task] = "detect"

    true_picture: NDArray[np.int64]
    true_class: NDArray[np.int64]
    true_xyxy: NDArray[np.float32]
    crowd: NDArray[np.bool_]
    found_picture: NDArray[np.int64]
    found_class: NDArray[np.int64]
    found_xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    threshold: float

    def _taken(self, places: NDArray[np.int64]) -> dict[str, Any]:
        now = np.full(self.n, -1, np.int64)
        now[places] = np.arange(len(places))
        true, found = now[self.true_picture], now[self.found_picture]
        return {
            "true_picture": true[true >= 0],
            "true_class": self.true_class[true >= 0],
            "true_xyxy": self.true_xyxy[true >= 0],
            "crowd": self.crowd[true >= 0],
            "found_picture": found[found >= 0],
            "found_class": self.found_class[found >= 0],
            "found_xyxy": self.found_xyxy[found >= 0],
            "score": self.score[found >= 0],
        }

    def _moved(self, place: NDArray[np.int64], count: int) -> dict[str, Any]:
        del count
        return {"true_class": place[self.true_class], "found_class": place[self.found_class]}
