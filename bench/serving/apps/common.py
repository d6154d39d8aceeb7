"""What every other server answers with: the very file, decoder, resizing and session that ours has.

So the figures differ by the servers alone. Runs in the peers' own environments; `VISLOOP_BENCH_MODEL`
is the folder with `model.onnx` and `contract.json`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from visloop import infer
from visloop.vision import Contract


class Model:
    """Pictures in, what a JSON answer says out."""

    def __init__(self) -> None:
        folder = Path(os.environ["VISLOOP_BENCH_MODEL"])
        self.contract = Contract.from_json((folder / "contract.json").read_bytes())
        self._predictor = infer.Predictor.load((folder / "model.onnx").read_bytes(), self.contract)

    def prepare(self, image: bytes) -> np.ndarray:
        return self._predictor.prepare(image)

    def answers(self, arrays: list[np.ndarray]) -> list[dict[str, Any]]:
        batch = arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
        return [self._told(row.tolist()) for row in self._predictor.run(batch).probabilities]

    def of(self, images: list[bytes]) -> list[dict[str, Any]]:
        return self.answers([self.prepare(image) for image in images])

    def _told(self, values: list[float]) -> dict[str, Any]:
        best = max(range(len(values)), key=values.__getitem__)
        named = dict(zip(self.contract.classes, values, strict=True))
        return {
            "label": self.contract.classes[best],
            "confidence": values[best],
            "probabilities": named,
        }
