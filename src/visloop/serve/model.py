"""A model that is loaded, warm, and knows its shapes."""

from __future__ import annotations

import dataclasses
import io
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from visloop import infer, vision
from visloop.infer import Picture, Predictor
from visloop.serve.limits import raise_it
from visloop.serve.work.batching import ALONE, Batching
from visloop.vision import Contract, Decode, Placement

LABEL_OUTPUT: Final = "label"
ANNOTATIONS_OUTPUT: Final = "annotations"
_QUICK_S: Final = 5e-4
_TRIES: Final = 3
_SMALLER: Final = f"shrink the picture, {raise_it('NAME', 'megapixels')}"


@dataclass(frozen=True)
class Model:
    """A predictor with what every request needs of its contract; `contract_digest` is computed once.

    `reading` is the contract under this server's limit of pixels; `classes` and `embedding_dim` are
    0 where the network has no such output; `raw` has the shapes of the outputs from which boxes,
    masks and numbers are read, without N. `quick`: any small picture takes half a millisecond or less.
    `batching`: how many pictures go through the network together.
    """

    predictor: Predictor
    contract: Contract
    contract_digest: str
    reading: Contract
    classes: int
    embedding_dim: int
    raw: Mapping[str, tuple[int, ...]]
    quick: bool = False
    batching: Batching = ALONE

    @property
    def names(self) -> Decode:
        """How the network's outputs are called."""
        return self.contract.decode

    @property
    def input_bytes(self) -> int:
        """Of one picture as the network takes it."""
        return 4 * math.prod(self.predictor.input_shape)

    @property
    def outputs(self) -> list[str]:
        """What V2 clients may ask for; `label` is the best class's name, `annotations` JSON text."""
        named = [*self.raw]
        if self.classes:
            named.append(self.names.probabilities)
        if self.embedding_dim:
            named.append(self.names.embedding)
        if self.raw:
            named.append(ANNOTATIONS_OUTPUT)
        return [*named, LABEL_OUTPUT] if self.classes else named

    def prepare(self, image: bytes) -> tuple[Picture, NDArray[np.float32]]:
        """The decoded picture, for the statistics, and the network's input float32 (C, H, W)."""
        try:
            picture = infer.read(image, self.reading)
        except infer.TooManyPixels as error:
            if self.reading.decoder == self.contract.decoder:
                raise
            raise infer.TooManyPixels(error.what, fix=_SMALLER) from error
        return picture, infer.to_tensor(picture.pixels, self.contract)

    def bounded(self, megapixels: float | None) -> Model:
        """The same, reading no larger pictures than these."""
        if megapixels is None:
            return self
        reading = _bounded(self.reading, round(megapixels * 1e6))
        return dataclasses.replace(self, reading=reading)

    def place(self, picture: Picture | None) -> Placement:
        """Where a picture lies in the network's input; None: the input came ready-made, so in itself."""
        if picture is None:
            return vision.unmoved(self.contract.resize.output_hw)
        return infer.place(picture, self.contract.resize)

    @classmethod
    def load(
        cls,
        onnx: bytes,
        contract: Contract,
        max_pixels: int,
        device: str = "auto",
        batching: Callable[[Predictor], Batching] | None = None,
    ) -> Model:
        """Build the session and answer one grey picture, so that the first client does not wait.

        Args:
            onnx: the network.
            contract: what stands around it.
            max_pixels: the server's limit, where it is below the contract's.
            device: see `infer.providers`.
            batching: decides about it, asked when the model is warm; without, pictures go one by one.

        Raises:
            VisloopError: what `Predictor.load` refuses.
        """
        predictor = Predictor.load(onnx, contract, device=device)
        array, placement = predictor.place(_grey_picture())
        outputs = predictor.run(array[None])
        predictor.say(outputs, 0, placement, author="")
        took_s = min(_seconds(predictor) for _ in range(_TRIES))
        return cls(
            predictor=predictor,
            contract=contract,
            contract_digest=contract.digest,
            reading=_bounded(contract, max_pixels),
            classes=0 if outputs.probabilities is None else outputs.probabilities.shape[1],
            embedding_dim=0 if outputs.embedding is None else outputs.embedding.shape[1],
            raw={name: values.shape[1:] for name, values in outputs.raw.items()},
            quick=took_s <= _QUICK_S and not predictor.loops,
            batching=ALONE if batching is None else batching(predictor),
        )


def _seconds(predictor: Predictor) -> float:
    """Of one grey picture, from its bytes to the answer."""
    picture = _grey_picture()
    started = time.perf_counter()
    predictor.predict(picture)
    return time.perf_counter() - started


def _bounded(contract: Contract, max_pixels: int) -> Contract:
    """The contract for decoding here: a smaller limit changes what is refused, never a pixel."""
    bounded = min(max_pixels, contract.decoder.max_pixels)
    return replace(contract, decoder=replace(contract.decoder, max_pixels=bounded))


def _grey_picture() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (64, 48), (127, 127, 127)).save(raw, "JPEG")
    return raw.getvalue()
