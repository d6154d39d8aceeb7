"""One answered picture between the worker that answered it and the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.ids import digest_of
from visloop.serve.journal.record import Captured
from visloop.serve.lineup import Slot
from visloop.serve.model import Model
from visloop.store import utc_text
from visloop.vision import Annotation, Prediction

Floats: TypeAlias = NDArray[np.float32]

DECIMALS: Final = 6
_FEW: Final = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log needs of an answer; records are made of it later, many at a time.

    `image` is empty for a tensor that came ready-made; `statistics` float32 (8,) as bytes,
    `probabilities` float32 (C,), `embedding` float32 (D,), where there are any. `annotations` where
    the answer had any; None: they follow from the probabilities.
    """

    id: str
    number: int
    server: str
    slot: Slot
    model: Model
    time: datetime
    latency_ms: float
    image: bytes
    statistics: bytes
    probabilities: Floats | None
    embedding: Floats | None
    annotations: tuple[Annotation, ...] | None = None

    def captured(self) -> Captured:
        """What the spool keeps."""
        probabilities, embedding = self.probabilities, self.embedding
        return Captured(
            prediction=self.id,
            image=self.image,
            statistics=self.statistics,
            probabilities=b"" if probabilities is None else probabilities.tobytes(),
            embedding=b"" if embedding is None else embedding.astype("<f2").tobytes(),
        )

    def said(self) -> tuple[Annotation, ...]:
        """What the answer says of the picture."""
        if self.probabilities is None or self.annotations is not None:
            return self.annotations or ()
        author = f"model:{self.slot.deployment.model}"
        return self.model.predictor.annotate(self.probabilities, author=author)

    def prediction(self) -> Prediction:
        """The answer as every room knows it."""
        deployment, probabilities = self.slot.deployment, self.probabilities
        return Prediction(
            id=self.id,
            image=digest_of(self.image) if self.image else "",
            model=deployment.model,
            package=deployment.package,
            contract=self.model.contract_digest,
            annotations=self.said(),
            probabilities=None if probabilities is None else tuple(rounded(probabilities)),
            time=utc_text(self.time),
            source=f"deployment:{deployment.name}",
        )

    def row(self, spooled: str | None) -> dict[str, Any]:
        """A row of `predictions`."""
        prediction = self.prediction()
        label, confidence = prediction.top or (None, None)
        return {
            "id": self.id,
            "project": self.slot.deployment.project,
            "deployment": self.slot.deployment.name,
            "model": prediction.model,
            "package": prediction.package,
            "contract": prediction.contract,
            "image": prediction.image,
            "time": self.time,
            "label": label,
            "confidence": None if confidence is None else round(confidence, DECIMALS),
            "latency_ms": self.latency_ms,
            "answer": prediction,
            "spool": spooled,
            "server": self.server,
            "number": self.number,
            "rollout": self.slot.rollout or None,
            "share": self.slot.share or None,
            "key": self.slot.key or None,
        }


def rounded(values: Floats) -> list[float]:
    """Six decimals, as answers and the log tell them."""
    # between two networks every cache is cold: for few numbers Python is there, NumPy must come first
    if len(values) <= _FEW:
        return [round(value, DECIMALS) for value in values.tolist()]
    return np.round(values.astype(np.float64), DECIMALS).tolist()
