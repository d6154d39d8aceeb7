"""One picture, one model, one thing that it said: as a number to ask for, and as weights to derive by.

N counts prepared pictures, (N, C, H, W). Numbers of a target are in [0, 1] for classes, boxes and masks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import infer, vision
from visloop.errors import Refused, UsageError, did_you_mean
from visloop.evaluate.explaining.records import Floats, Target
from visloop.infer import Outputs, Predictor
from visloop.vision import Box

if TYPE_CHECKING:
    from visloop.infer import Differentiable
    from visloop.registry import Package
    from visloop.vision import Annotation

_GREY: Final = 127.0
_BATCH: Final = 8


class NothingToExplain(Refused):
    """The model says nothing of this picture."""

    code = "evaluate.nothing_to_explain"


class Subject:
    """What is explained.

    Args:
        package: the model.
        data: the encoded picture.
        label: which class; without, the likeliest.
        which: of several boxes (of that class), the so manyth likeliest, from 0.
        threads: of one run of the network.

    Raises:
        NothingToExplain: it says nothing (of that class) here.
        UsageError: it knows no such class.
        NotAnImage, TruncatedImage, TooManyPixels: the picture cannot be read.
    """

    def __init__(
        self, package: Package, data: bytes, *, label: str = "", which: int = 0, threads: int = 1
    ) -> None:
        self.package = package
        self.data = data
        self.predictor = Predictor.load(package.onnx, package.contract, threads=threads)
        contract = package.contract
        whole = msgspec.structs.replace(contract.decoder, scaled=False)
        self.pixels = infer.decode(data, msgspec.structs.replace(contract, decoder=whole))
        self.prepared, self.placement = self.predictor.place(data)
        self.outputs = self.predictor.run(self.prepared[None])
        self._check(label)
        self.target = self._choose(label, which)

    @property
    def task(self) -> vision.Task:
        """The model's."""
        return self.package.contract.decode.task

    @cached_property
    def baseline(self) -> Floats:
        """Mid-grey as the model would see it, float32 (C, 1, 1)."""
        scale = self.package.contract.normalise
        grey = (_GREY - np.asarray(scale.mean)) / np.asarray(scale.std)
        return grey.astype(np.float32)[:, None, None]

    @cached_property
    def network(self) -> Differentiable:
        """The model with gradients.

        Raises:
            MissingExtra, NoGradient: it has none here.
        """
        if self.package.contract.tiling is not None:
            raise infer.NoGradient("the model answers in tiles, which have no one gradient")
        return infer.differentiable(self.package.onnx)

    def scores(self, batch: Floats) -> NDArray[np.float64]:
        """How much of the target the model sees in each picture, float64 (N,)."""
        parts = [
            self._scored(self.predictor.run(np.ascontiguousarray(batch[at : at + _BATCH])))
            for at in range(0, len(batch), _BATCH)
        ]
        return np.concatenate(parts)

    def weights(self, count: int) -> dict[str, Floats]:
        """The target as a weighted sum of the network's tensors, for a batch of `count`.

        Of classes and masks what stands before the softmax or sigmoid, which is never flat.

        Raises:
            NoGradient: this kind of answer has none.
        """
        decode = self.package.contract.decode
        outputs = {
            "classify": decode.probabilities,
            "regress": decode.value,
            "segment": decode.masks,
            "detect": decode.scores,
        }
        if self.task == "detect" and decode.layout != "boxes":
            raise infer.NoGradient(f"boxes of the layout {decode.layout!r} have no gradient here")
        name = outputs.get(self.task, decode.embedding)
        before = self.network.before(name)
        shape = self.network.values(self.prepared[None], [before])[before].shape
        one = np.zeros(shape, np.float32)
        match self.task:
            case "segment":
                one[0, 1 + self._index] = self._region / max(1.0, float(self._region.sum()))
            case "detect":
                one[0, self._row, self._index] = 1.0
            case _:
                one[0, self._index] = 1.0
        return {before: np.repeat(one, count, axis=0)}

    # --- what the model said ---------------------------------------------------------------------

    @property
    def _index(self) -> int:
        classes = self.package.contract.classes
        return classes.index(self.target.label) if self.target.label in classes else 0

    @cached_property
    def _region(self) -> Floats:
        """Where the mask is, at the masks' own size: float32 (h, w)."""
        planes = self._planes(self.outputs)[0]
        return (planes.argmax(axis=0) == 1 + self._index).astype(np.float32)

    @cached_property
    def _row(self) -> int:
        """Which of the network's places said the box."""
        found = self._candidates(self.outputs, 0)
        likeness = _iou(self._box, found.xyxy) * (found.classes == self._index) * found.scores
        return int(likeness.argmax())

    @cached_property
    def _box(self) -> Floats:
        """The box in the prepared input, float32 (4,)."""
        assert isinstance(self.target.said, Box)
        return self.placement.to_input(np.array([self.target.said.xyxy], np.float32))[0]

    def _check(self, label: str) -> None:
        classes = self.package.contract.classes
        if self.task == "embed":
            raise Refused("the model only embeds: it says nothing that could be explained")
        if label and label not in classes:
            raise UsageError(
                f"the model knows no class {label!r}",
                fix=did_you_mean(label, classes, otherwise=f"it knows {', '.join(classes[:20])}"),
            )

    def _choose(self, label: str, which: int) -> Target:
        if self.task == "classify":
            assert self.outputs.probabilities is not None
            row = self.outputs.probabilities[0]
            name = label or self.package.contract.classes[int(row.argmax())]
            at = self.package.contract.classes.index(name)
            return Target(name, float(row[at]))
        said = self.predictor.say(self.outputs, 0, self.placement, author="")
        fitting = [each for each in said if not label or each.label == label]
        if len(fitting) <= which:
            what = f"{len(fitting)} of them" if fitting else "nothing"
            raise NothingToExplain(
                f"the model finds {what}{f' of class {label!r}' if label else ''} in this picture",
                fix="another --label, a smaller --object, or another picture",
            )
        chosen: Annotation = fitting[which]
        score = getattr(chosen, "value", None) if self.task == "regress" else chosen.score
        return Target(chosen.label, float(score or 0.0), chosen)

    def _scored(self, outputs: Outputs) -> NDArray[np.float64]:
        decode = self.package.contract.decode
        match self.task:
            case "detect":
                return np.array([self._found(outputs, row) for row in range(_rows(outputs))])
            case "segment":
                planes = self._planes(outputs)[:, 1 + self._index]
                area = max(1.0, float(self._region.sum()))
                return (planes * self._region).sum(axis=(1, 2)).astype(np.float64) / area
            case "regress":
                return outputs.raw[decode.value][:, self._index].astype(np.float64)
            case _:
                assert outputs.probabilities is not None
                return outputs.probabilities[:, self._index].astype(np.float64)

    def _found(self, outputs: Outputs, row: int) -> float:
        """How alike the likest box is: IoU × score, of the same class (D-RISE, with a class for certain)."""
        found = self._candidates(outputs, row)
        alike = _iou(self._box, found.xyxy) * found.scores * (found.classes == self._index)
        return float(np.nan_to_num(alike).max(initial=0.0))

    def _candidates(self, outputs: Outputs, row: int) -> vision.Candidates:
        raw = {name: values[row] for name, values in outputs.raw.items()}
        return infer.candidates(raw, self.package.contract, self.placement.input_hw)

    def _planes(self, outputs: Outputs) -> Floats:
        """Probabilities of the masks, (N, 1 + C, h, w)."""
        decode = self.package.contract.decode
        planes = outputs.raw[decode.masks]
        if decode.activation == "softmax":
            return vision.softmax(planes, axis=1)
        return vision.sigmoid(planes) if decode.activation == "sigmoid" else planes


def _rows(outputs: Outputs) -> int:
    return len(next(iter(outputs.raw.values())))


def _iou(box: Floats, others: Floats) -> Floats:
    return vision.iou_matrix(box[None], others)[0]
