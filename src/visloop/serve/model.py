"""A model that is loaded, warm, and knows its shapes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from visloop import infer
from visloop.infer import Predictor
from visloop.vision import Contract, Decode

LABEL_OUTPUT: Final = "label"


@dataclass(frozen=True)
class Model:
    """A predictor with what every request needs of its contract; `contract_digest` is computed once.

    `reading` is the contract under this server's limit of pixels; `classes` and `embedding_dim` are
    0 where the network has no such output.
    """

    predictor: Predictor
    contract: Contract
    contract_digest: str
    reading: Contract
    classes: int
    embedding_dim: int

    @property
    def names(self) -> Decode:
        """How the network's outputs are called."""
        return self.contract.decode

    @property
    def outputs(self) -> list[str]:
        """What V2 clients may ask for; `label` is the best class's name."""
        named: list[str] = []
        if self.classes:
            named.append(self.names.probabilities)
        if self.embedding_dim:
            named.append(self.names.embedding)
        return [*named, LABEL_OUTPUT] if self.classes else named

    def prepare(self, image: bytes) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Decoded pixels uint8 (H, W, 3), for the statistics, and the network's input float32 (C, H, W)."""
        pixels = infer.decode(image, self.reading)
        return pixels, infer.to_tensor(pixels, self.contract)

    @classmethod
    def load(cls, onnx: bytes, contract: Contract, max_pixels: int) -> Model:
        """Build the session and answer one grey picture, so that the first client does not wait.

        Args:
            onnx: the network.
            contract: what stands around it.
            max_pixels: the server's limit, where it is below the contract's.

        Raises:
            VisloopError: what `Predictor.load` refuses.
        """
        predictor = Predictor.load(onnx, contract)
        outputs = predictor.run(predictor.prepare(_grey_picture())[None])
        return cls(
            predictor=predictor,
            contract=contract,
            contract_digest=contract.digest,
            reading=_bounded(contract, max_pixels),
            classes=0 if outputs.probabilities is None else outputs.probabilities.shape[1],
            embedding_dim=0 if outputs.embedding is None else outputs.embedding.shape[1],
        )


def _bounded(contract: Contract, max_pixels: int) -> Contract:
    """The contract for decoding here: a smaller limit changes what is refused, never a pixel."""
    bounded = min(max_pixels, contract.decoder.max_pixels)
    return replace(contract, decoder=replace(contract.decoder, max_pixels=bounded))


def _grey_picture() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (64, 48), (127, 127, 127)).save(raw, "JPEG")
    return raw.getvalue()
