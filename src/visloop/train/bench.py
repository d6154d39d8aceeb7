"""What a recipe works with while it trains: pictures, embeddings, and where it reports to."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import data
from visloop.events import Scope
from visloop.infer import Predictor
from visloop.store import Claim
from visloop.train.checkpoints import Checkpoints
from visloop.train.records import TrainPorts
from visloop.train.tracking import artifacts
from visloop.train.tracking.recorder import EVERY_S, Recorder, progress_of

if TYPE_CHECKING:
    from visloop.train.recipe import Start

START: Final = "start.json"
"""The file of a run that says which model it began with."""
T = TypeVar("T")
Watch: TypeAlias = Callable[[str, float, int], None]


@dataclass
class Bench:
    """One run at work. Numbers given to `log` are telemetry; `seconds` holds the stages' times, `logged`
    the names of the numbers.

    `watch` sees every number that is logged; what it raises ends the run (a search that prunes).
    Call `close` at the end: numbers are written in batches.
    """

    ports: TrainPorts
    scope: Scope
    run: str
    attempt: int
    claim: Claim
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    watch: Watch | None = None
    logged: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.ports.ledger, self.run)

    def log(self, key: str, value: float, step: int = 0) -> None:
        """Report a number; `step` counts within its key."""
        self.recorder.log(key, value, step)
        self.logged.add(key)
        if self.watch is not None:
            self.watch(key, float(value), step)

    def close(self) -> None:
        """Write the numbers that wait."""
        self.recorder.close()

    @contextmanager
    def stage(self, name: str) -> Generator[None, None, None]:
        """Time a part of the work; reported as `time.<name>_s`."""
        started = time.perf_counter()
        yield
        spent = time.perf_counter() - started
        self.seconds[name] = self.seconds.get(name, 0.0) + spent
        self.log(f"time.{name}_s", spent)

    def keep(self, path: str, raw: bytes) -> None:
        """Keep a file of the run; the same path again replaces it.

        Raises:
            LeaseLost: another process has taken the run over.
        """
        digest = self.ports.blobs.put(raw)
        self.ports.blobs.flush()
        with self.ports.ledger.write(self.scope, fence=self.claim) as write:
            artifacts.enter(write, self.run, path, digest, len(raw))

    @property
    def checkpoints(self) -> Checkpoints:
        """Where this run keeps how far it is."""
        folder = self.ports.scratch and self.ports.scratch / self.run
        every_s = self.ports.checkpoint_s
        return Checkpoints(self.ports.ledger, self.claim, folder, every_s)

    def started(self, start: Start, parts: int, rows: Mapping[str, str | None]) -> None:
        """Keep what was taken over from another model, as `start.json` of the run.

        Args:
            start: that model.
            parts: so many parts of the network, beside the rows of classes.
            rows: class → the class of that model whose row it begins with; None: it is new.
        """
        left = [name for name in start.called if rows and name not in rows.values()]
        told = {"model": start.ref, "parts": parts, "classes": dict(rows), "left_behind": left}
        raw = msgspec.json.encode(told)
        digest = self.ports.blobs.put(raw)
        self.ports.blobs.flush()
        with self.ports.ledger.write(self.scope, fence=self.claim) as write:
            artifacts.enter(write, self.run, START, digest, len(raw))

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
        """Show progress over `items`, here and in the run: done, how fast, time left."""
        tracked = self.ports.progress.track(items, doing=doing, unit=unit, total=total)
        started = told = time.monotonic()
        for done, item in enumerate(tracked, start=1):
            yield item
            now = time.monotonic()
            if now - told >= EVERY_S:
                told = now
                self.recorder.progress(progress_of(doing, unit, done, total, now - started))
