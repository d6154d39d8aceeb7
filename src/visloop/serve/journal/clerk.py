"""Numbers answers, and makes their log entries once they are on their way to the client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import vision
from visloop.events import Clock
from visloop.infer import Outputs
from visloop.serve.journal.counter import Counter
from visloop.serve.journal.entry import Entry, Floats
from visloop.serve.journal.log import PredictionLog
from visloop.serve.lineup import Slot
from visloop.serve.model import Model
from visloop.serve.processes import prediction_id
from visloop.vision import Annotation

Pixels: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Taken:
    """One answered picture; `image` is empty for a tensor that came ready-made.

    `pixels` only where statistics will be taken of them: kept without need, they push those of the next
    picture out of the processor's caches.
    """

    id: str
    number: int
    image: bytes
    pixels: Pixels | None
    time: datetime
    latency_ms: float


class Allowance:
    """So many at once, so many a second for long (a token bucket); safe to call from several threads."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether there is one more."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Clerk:
    """Keeps the books of one serving process; without a `log` it only numbers."""

    def __init__(
        self,
        server: str,
        counter: Counter,
        clock: Clock,
        log: PredictionLog | None,
        allowance: Allowance,
    ) -> None:
        self._server = server
        self._counter = counter
        self._clock = clock
        self._log = log
        self._allowance = allowance

    def take(self, image: bytes, pixels: Pixels | None, started: float) -> Taken:
        """Number an answer: from here on it counts, whatever happens to this process."""
        number = self._counter.next()
        measured = pixels is not None and self._log is not None and self._allowance.take()
        return Taken(
            id=prediction_id(self._server, number),
            number=number,
            image=image,
            pixels=pixels if measured else None,
            time=self._clock.now(),
            latency_ms=round((time.perf_counter() - started) * 1e3, 3),
        )

    def behind(
        self,
        slot: Slot,
        model: Model,
        outputs: Outputs,
        taken: Sequence[Taken],
        said: Sequence[tuple[Annotation, ...]],
        look: Callable[[Pixels, Floats | None], None] | None = None,
    ) -> Callable[[], None] | None:
        """What is left to do when the answer has gone out: statistics while the pixels are there.

        `said` is what was read from the outputs, where it was for the answer; else empty. `look`
        watches over the key that asked.
        """
        log = self._log
        if log is None:
            return None

        def record() -> None:
            for row, one in enumerate(taken):
                pixels = one.pixels
                entry = Entry(
                    id=one.id,
                    number=one.number,
                    server=self._server,
                    slot=slot,
                    model=model,
                    time=one.time,
                    latency_ms=one.latency_ms,
                    image=one.image,
                    statistics=b"" if pixels is None else vision.image_statistics(pixels).tobytes(),
                    probabilities=_row(outputs.probabilities, row),
                    embedding=_row(outputs.embedding, row),
                    annotations=said[row] if said else None,
                )
                log.add(entry)
                for copy in slot.copies:
                    copy.offer(entry)
                if look is not None and pixels is not None:
                    look(pixels, _row(outputs.probabilities, row))

        return record


def _row(output: Floats | None, row: int) -> Floats | None:
    return None if output is None else output[row]
