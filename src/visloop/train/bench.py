"""What a recipe works with while it trains: pictures, embeddings, and where it reports to."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from visloop import data
from visloop.events import Scope
from visloop.infer import Predictor
from visloop.store import Claim
from visloop.train import tables as t
from visloop.train.checkpoints import Checkpoints
from visloop.train.records import TrainPorts

T = TypeVar("T")


@dataclass
class Bench:
    """One run at work. Numbers given to `log` are telemetry; `seconds` holds the stages' times."""

    ports: TrainPorts
    scope: Scope
    run: str
    attempt: int
    claim: Claim
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def log(self, key: str, value: float, step: int = 0) -> None:
        """Report a number; `step` counts within its key."""
        row = {
            "run": self.run,
            "attempt": self.attempt,
            "key": key,
            "step": step,
            "value": float(value),
            "time": self.ports.ledger.clock.now(),
        }
        self.ports.ledger.append(t.run_metrics, [row])

    @contextmanager
    def stage(self, name: str) -> Generator[None, None, None]:
        """Time a part of the work; reported as `time.<name>_s`."""
        started = time.perf_counter()
        yield
        spent = time.perf_counter() - started
        self.seconds[name] = self.seconds.get(name, 0.0) + spent
        self.log(f"time.{name}_s", spent)

    @property
    def checkpoints(self) -> Checkpoints:
        """Where this run keeps how far it is."""
        folder = self.ports.scratch and self.ports.scratch / self.run
        every_s = self.ports.checkpoint_s
        return Checkpoints(self.ports.ledger, self.claim, folder, every_s)

    def read(self, image: str) -> bytes:
        """The encoded bytes of a picture.

        Raises:
            Corrupt: they are not what was stored.
        """
        return self.ports.blobs.get(image)

    def embed(self, predictor: Predictor, images: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings of the pictures, float32 (N, D); computed once per (picture, model)."""
        return data.embeddings(self.ports.data, self.scope, predictor, images)

    def track(self, items: Iterable[T], *, doing: str, unit: str, total: int) -> Iterator[T]:
        """Show progress over `items`."""
        yield from self.ports.progress.track(items, doing=doing, unit=unit, total=total)
