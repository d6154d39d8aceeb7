"""Numbers answers, and makes their log entries once they are on their way to the client."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import vision
from visloop.events import Clock
from visloop.ids import digest_of
from visloop.infer import Outputs
from visloop.serve.journal.counter import Counter
from visloop.serve.journal.log import Entry, PredictionLog
from visloop.serve.journal.record import Captured
from visloop.serve.lineup import Slot
from visloop.serve.model import Model
from visloop.serve.processes import prediction_id
from visloop.store import utc_text
from visloop.vision import Annotation, Prediction

Pixels: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Taken:
    """One answered picture; `image` is empty and `pixels` None for a tensor that came ready-made."""

    id: str
    number: int
    image: bytes
    pixels: Pixels | None
    time: datetime
    latency_ms: float


class Clerk:
    """Keeps the books of one serving process; without a `log` it only numbers."""

    def __init__(
        self, server: str, counter: Counter, clock: Clock, log: PredictionLog | None
    ) -> None:
        self._server = server
        self._counter = counter
        self._clock = clock
        self._log = log

    def take(self, image: bytes, pixels: Pixels | None, started: float) -> Taken:
        """Number an answer: from here on it counts, whatever happens to this process."""
        number = self._counter.next()
        return Taken(
            id=prediction_id(self._server, number),
            number=number,
            image=image,
            pixels=pixels,
            time=self._clock.now(),
            latency_ms=round((time.perf_counter() - started) * 1e3, 3),
        )

    def behind(
        self, slot: Slot, model: Model, outputs: Outputs, taken: Sequence[Taken]
    ) -> Callable[[], None] | None:
        """What is left to do when the answer has gone out."""
        log = self._log
        if log is None:
            return None

        def record() -> None:
            for row, one in enumerate(taken):
                log.add(
                    Entry(
                        prediction=_prediction(slot, model, outputs, row, one),
                        project=slot.deployment.project,
                        deployment=slot.deployment.name,
                        time=one.time,
                        latency_ms=one.latency_ms,
                        server=self._server,
                        number=one.number,
                        captured=_captured(one, outputs, row),
                    )
                )

        return record


def rounded(values: Floats) -> list[float]:
    """Six decimals, as answers and the log tell them."""
    return np.round(values.astype(np.float64), DECIMALS).tolist()


def _prediction(slot: Slot, model: Model, outputs: Outputs, row: int, one: Taken) -> Prediction:
    probabilities = outputs.probabilities
    annotations: tuple[Annotation, ...] = ()
    if probabilities is not None:
        author = f"model:{slot.deployment.model}"
        annotations = model.predictor.annotate(probabilities[row], author=author)
    return Prediction(
        id=one.id,
        image=digest_of(one.image) if one.image else "",
        model=slot.deployment.model,
        package=slot.deployment.package,
        contract=model.contract_digest,
        annotations=annotations,
        probabilities=None if probabilities is None else tuple(rounded(probabilities[row])),
        time=utc_text(one.time),
        source=f"deployment:{slot.deployment.name}",
    )


def _captured(one: Taken, outputs: Outputs, row: int) -> Captured:
    probabilities, embedding = outputs.probabilities, outputs.embedding
    return Captured(
        prediction=one.id,
        image=one.image,
        statistics=b"" if one.pixels is None else vision.image_statistics(one.pixels).tobytes(),
        probabilities=b"" if probabilities is None else probabilities[row].tobytes(),
        embedding=b"" if embedding is None else embedding[row].astype("<f2").tobytes(),
    )
