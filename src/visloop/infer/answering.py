"""A model's answers to many pictures as plain rows: what batch prediction does to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from visloop import vision
from visloop.errors import VisloopError
from visloop.infer.images import decode
from visloop.infer.predictor import Answer, Predictor

if TYPE_CHECKING:
    from visloop.vision import Contract

_QUALITY = 90
_DECIMALS = 6
_OBJECTS = frozenset({"detect", "segment", "regress"})

Colours: TypeAlias = Mapping[str, tuple[int, int, int]]


class Unread(NamedTuple):
    """A picture that could not be had, and the error in its place: {code, what, fix}."""

    error: dict[str, str]


Item: TypeAlias = bytes | NDArray[np.uint8] | Unread


class Answered(NamedTuple):
    """A row of plain values, and the picture with the answer drawn in as JPEG where that is wanted."""

    row: dict[str, Any]
    sheet: bytes


class Answering:
    """Loads a model and answers encoded pictures, or upright pixels uint8 (H, W, 3) in RGB order.

    Args:
        onnx, contract: the model.
        author: who answers, `model:dock@v3`.
        colours: of the classes, where the answers are to be drawn.

    Raises:
        ModelRefused, ContractRefused: see `Predictor.load`.
    """

    def __init__(
        self, onnx: bytes, contract: Contract, author: str, colours: Colours | None = None
    ) -> None:
        self._predictor = Predictor.load(onnx, contract)
        self._author, self._colours = author, colours
        whole = msgspec.structs.replace(contract.decoder, scaled=False)
        self._drawing = msgspec.structs.replace(contract, decoder=whole)

    def __call__(self, item: Item) -> Answered:
        """One answer; what is no picture has `error` in place of it."""
        if isinstance(item, Unread):
            return Answered({"error": item.error}, b"")
        try:
            answer = self._predictor.predict(item, author=self._author)
            sheet = self._drawn(item, answer) if self._colours is not None else b""
        except VisloopError as error:
            return Answered({"error": error.to_dict()["error"]}, b"")
        return Answered(self._row(answer), sheet)

    def _row(self, answer: Answer) -> dict[str, Any]:
        contract = self._predictor.contract
        if contract.decode.task in _OBJECTS:
            height, width = answer.size_hw
            said = msgspec.json.decode(
                msgspec.json.encode(answer.annotations)
            )  # lists, as HTTP has
            return {"width": width, "height": height, "annotations": said}
        if answer.probabilities is not None:
            best = int(answer.probabilities.argmax())
            sure = round(float(answer.probabilities[best]), _DECIMALS)
            return {"label": contract.classes[best], "confidence": sure}
        if answer.embedding is not None:
            return {"embedding": [round(value, _DECIMALS) for value in answer.embedding.tolist()]}
        return {"label": None, "confidence": None}

    def _drawn(self, item: bytes | NDArray[np.uint8], answer: Answer) -> bytes:
        rgb = item if isinstance(item, np.ndarray) else decode(item, self._drawing)
        known = self._colours or {}
        sheet = vision.drawn(rgb, answer.annotations, lambda label: known.get(label, (0, 0, 0)))
        return simplejpeg.encode_jpeg(sheet, quality=_QUALITY)
