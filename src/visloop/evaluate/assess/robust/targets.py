"""What an attacker wants of one picture: that nothing which the model answers rightly is left.

Of a classifier that is its class; of a detector every object that it finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from visloop import train, vision
from visloop.evaluate.kinds.boxes import RANKED_FROM
from visloop.vision import Box

if TYPE_CHECKING:
    from visloop.infer import Outputs, Predictor
    from visloop.train import Labelled
    from visloop.vision import Placement

Floats = NDArray[np.float32]

_LEAST: Final = 1e-12
_HALF: Final = 0.5


class Standing(NamedTuple):
    """How far an attack is: `loss` is what it lowers; `kept` right answers are left; `said` in words."""

    loss: float
    kept: int
    said: str

    @property
    def fooled(self) -> bool:
        """Nothing right is left."""
        return self.kept == 0


class Target(Protocol):
    """One picture's truth, as an attacker sees it; `objects` could be answered rightly."""

    objects: int
    tensor: str
    """The output that the loss is made of."""

    def standing(self, outputs: Outputs, row: int) -> Standing:
        """How the answer stands that is in this row."""
        ...

    def weights(self, outputs: Outputs, row: int) -> Floats | None:
        """The loss as a weighted sum of `tensor` before its activation; None where that cannot be said."""
        ...


def target_of(
    predictor: Predictor, picture: Labelled, names: Mapping[str, str], placement: Placement
) -> Target:
    """What to take from the model on this picture."""
    mine = tuple(names.get(name, name) for name in predictor.contract.classes)
    if predictor.contract.decode.task == "detect":
        return _Boxes(predictor, picture, mine, placement)
    return _Class(predictor, picture, mine)


class _Class:
    """The class of a picture. Source of the loss: Carlini & Wagner 2017, the margin of log odds."""

    def __init__(self, predictor: Predictor, picture: Labelled, mine: tuple[str, ...]) -> None:
        self.objects = 1
        self.tensor = predictor.contract.decode.probabilities
        self._names = mine
        self._true = np.array([name == picture.label for name in mine])

    def standing(self, outputs: Outputs, row: int) -> Standing:
        chances = self._chances(outputs, row)
        best = int(chances.argmax())
        logs = np.log(np.maximum(chances, _LEAST))
        true, other = (float(logs[part].max(initial=np.log(_LEAST))) for part in self._parts)
        said = f"{self._names[best]} {chances[best]:.2f}"
        return Standing(true - other, int(self._true[best]), said)

    def weights(self, outputs: Outputs, row: int) -> Floats | None:
        chances = self._chances(outputs, row)
        found = np.zeros(len(chances), np.float32)
        for part, sign in zip(self._parts, (1, -1), strict=True):
            if part.any():
                found[np.where(part, chances, -1).argmax()] = sign
        return found

    @property
    def _parts(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return self._true, ~self._true

    @staticmethod
    def _chances(outputs: Outputs, row: int) -> Floats:
        assert outputs.probabilities is not None
        return outputs.probabilities[row]


class _Boxes:
    """The objects of a picture: each keeps the best score of a box of its class that overlaps by half."""

    def __init__(
        self,
        predictor: Predictor,
        picture: Labelled,
        mine: tuple[str, ...],
        placement: Placement,
    ) -> None:
        around = [(each.label, train.box_around(each)) for each in picture.objects]
        true = [(label, xyxy) for label, xyxy in around if xyxy is not None]
        self.objects = len(true)
        self.tensor = predictor.contract.decode.scores
        self._predictor, self._placement = predictor, placement
        self._labels = [label for label, _ in true]
        self._xyxy = np.array([xyxy for _, xyxy in true], np.float32).reshape(-1, 4)
        self._mine = dict(zip(predictor.contract.classes, mine, strict=True))
        self._least = predictor.contract.decode.score_threshold

    def standing(self, outputs: Outputs, row: int) -> Standing:
        said = self._predictor.say(outputs, row, self._placement, author="", threshold=RANKED_FROM)
        boxes = [each for each in said if isinstance(each, Box)]
        scores = np.zeros(self.objects)
        if boxes and self.objects:
            found = np.array([each.xyxy for each in boxes], np.float32)
            named = [[self._mine[each.label] == label for each in boxes] for label in self._labels]
            near = vision.iou_matrix(self._xyxy, found) >= _HALF
            score = np.array([each.score or 0.0 for each in boxes])
            scores = np.where(near & np.array(named), score, 0).max(axis=1)
        above = scores[scores >= self._least]
        kept = len(above)
        return Standing(float(np.sum(above - self._least + RANKED_FROM)), kept, f"{kept} found")

    def weights(self, outputs: Outputs, row: int) -> Floats | None:
        decode = self._predictor.contract.decode
        if decode.layout != "boxes" or self._predictor.contract.tiling or not self.objects:
            return None
        scores, boxes = outputs.raw[decode.scores][row], outputs.raw[decode.boxes][row]
        true = self._placement.to_input(self._xyxy)
        near = vision.iou_matrix(true, np.ascontiguousarray(boxes, np.float32)) >= _HALF
        classes = self._predictor.contract.classes
        found = np.zeros(scores.shape, np.float32)
        for label, mine in zip(self._labels, near, strict=True):
            for column, name in enumerate(classes):
                if self._mine[name] == label:
                    found[mine, column] = scores[mine, column]
        return found
