"""Pictures of what a network says while it learns: the same few, epoch after epoch, as files of the run.

What is drawn is what the running mean of the weights says, since that is what counts in the end, read
by the contract as in production. Looking changes nothing that learns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from visloop import infer
from visloop.adapters.torch.determined import generator
from visloop.adapters.torch.pictures import BLANK, tensors_of
from visloop.train import PREDICTIONS, class_colour
from visloop.vision import Box, ClassLabel, Mask, NumberValue, Placement, drawn, runs_of

if TYPE_CHECKING:
    from visloop.adapters.torch.pictures import Pictures, Prepared
    from visloop.train import Bench, Labelled, Lesson
    from visloop.vision import Annotation

_LOOKS: Final = 12
_SHARE: Final = 0.05
"""Of the pictures shown; an answer costs about a third of a step, and drawing little beside it."""
_SIDE_PX: Final = 288
_GAP_PX: Final = 4
_QUALITY: Final = 85
_PAPER: Final = 255

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Watch:
    """What is looked at: the network as it will be exported, and pictures that it does not learn from.

    `answers` has the network as its part `network`; `outputs` names what it answers; `most` pictures
    are looked at.
    """

    answers: nn.Module
    outputs: Sequence[str]
    pictures: Pictures
    most: int


class Looker:
    """Draws what is said of the watched pictures, and keeps it with the run.

    Args:
        watch: network and pictures.
        lesson: whose classes and seed.
        bench: whose run keeps the files.
        epochs: how many there will be.
        shown: how many pictures an epoch learns from.
    """

    def __init__(
        self, watch: Watch, lesson: Lesson, bench: Bench, *, epochs: int, shown: int
    ) -> None:
        self._watch, self._lesson, self._bench = watch, lesson, bench
        order = generator(lesson.seed, "watch").permutation(len(watch.pictures))
        self._places: list[int] = sorted(order[: watch.most].tolist())
        self._epochs = _looks(epochs, shown, len(self._places))

    def __call__(self, epoch: int, mean: Mapping[str, Tensor]) -> None:
        """After an epoch, the first is 1: what a network of these weights says."""
        if epoch not in self._epochs:
            return
        if epoch == min(self._epochs):
            self._keep(
                "truth", [_truth(*self._known(place), self._lesson) for place in self._places]
            )
        weights = {f"network.{name}": each for name, each in mean.items()}
        answers = self._watch.answers.eval()
        found: list[Pixels] = []
        for place in self._places:
            batch = tensors_of([self._watch.pictures[place]], self._watch.pictures.contract)
            batch = batch.to(next(iter(mean.values())).device)
            with torch.no_grad():
                said: Any = functional_call(answers, weights, (batch,))
            rows = said if isinstance(said, tuple) else (said,)
            raw = {
                name: each[0].float().cpu().numpy()
                for name, each in zip(self._watch.outputs, rows, strict=True)
            }
            found.append(self._drawn(place, raw))
        self._keep(f"epoch-{epoch:05d}", found)

    def _drawn(self, place: int, raw: Mapping[str, NDArray[np.float32]]) -> Pixels:
        contract = self._watch.pictures.contract
        tile, placement = _tile(self._watch.pictures[place])
        if contract.decode.task == "classify":
            best = int(raw["probabilities"].argmax())
            score = float(raw["probabilities"][best])
            said: Sequence[Annotation] = (ClassLabel(label=contract.classes[best], score=score),)
        else:
            said = infer.say(raw, contract, placement, author="")
        return drawn(tile, said, _colours(contract.classes))

    def _known(self, place: int) -> tuple[Labelled, Prepared]:
        return self._watch.pictures.labelled[place], self._watch.pictures[place]

    def _keep(self, name: str, tiles: Sequence[Pixels]) -> None:
        """One under the other, as a file of the run."""
        wide = max(each.shape[1] for each in tiles)
        rows: list[Pixels] = []
        for each in tiles:
            row = np.full((each.shape[0] + _GAP_PX, wide, 3), _PAPER, np.uint8)
            row[: each.shape[0], : each.shape[1]] = each
            rows.append(row)
        sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
        raw = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
        self._bench.keep(f"{PREDICTIONS}/{name}.jpg", raw)


def _looks(epochs: int, shown: int, pictures: int) -> frozenset[int]:
    """After which epochs to look: evenly spread, the last among them, as often as is cheap."""
    if not pictures:
        return frozenset()
    times = max(1, min(_LOOKS, epochs, int(_SHARE * epochs * shown / pictures)))
    return frozenset(round((i + 1) * epochs / times) for i in range(times))


def _tile(prepared: Prepared) -> tuple[Pixels, Placement]:
    """The picture at the size in which it is drawn, and where it lies in the input."""
    high, wide = prepared.pixels.shape[:2]
    scale = _SIDE_PX / max(high, wide)
    h, w = max(1, round(high * scale)), max(1, round(wide * scale))
    tile = cv2.resize(prepared.pixels, (w, h), interpolation=cv2.INTER_AREA)
    whole, inside = (0.0, 0.0, float(w), float(h)), (0.0, 0.0, float(wide), float(high))
    return np.asarray(tile, np.uint8), Placement((h, w), (high, wide), whole, inside)


def _truth(labelled: Labelled, prepared: Prepared, lesson: Lesson) -> Pixels:
    """The picture with what is true of it."""
    tile, placement = _tile(prepared)
    classes = lesson.classes
    known: list[Annotation] = []
    if lesson.task == "classify":
        known.append(ClassLabel(label=labelled.label))
    elif lesson.task == "regress":
        known.append(NumberValue(value=labelled.value, unit=labelled.unit))
    elif prepared.mask is not None:
        size = tile.shape[1::-1]
        mask = cv2.resize(prepared.mask, size, interpolation=cv2.INTER_NEAREST)
        for value in np.unique(mask[(mask > 0) & (mask != BLANK)]).tolist():
            counts = runs_of(np.asarray(mask == value, np.bool_))
            known.append(Mask(size_hw=placement.size_hw, counts=counts, label=classes[value - 1]))
    else:
        boxes = placement.to_picture(prepared.boxes)
        for (x1, y1, x2, y2), place in zip(boxes.tolist(), prepared.places.tolist(), strict=True):
            known.append(Box(xyxy=(x1, y1, x2, y2), label=classes[place]))
    return drawn(tile, known, _colours(classes))


def _colours(classes: Sequence[str]) -> Callable[[str], tuple[int, int, int]]:
    """Of a class, the colour that the preview gives it too."""
    place = {name: i for i, name in enumerate(classes)}

    def colour(label: str) -> tuple[int, int, int]:
        return class_colour(place.get(label, 0))

    return colour
