"""Numbers on their way into the ledger: gathered for half a second, written together."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Self

from sqlalchemy import update

from visloop.errors import Unavailable
from visloop.store import Ledger
from visloop.train import tables as t
from visloop.train.tracking import points
from visloop.train.tracking.points import Point

EVERY_S: Final = 0.5
_AT_ONCE: Final = 5_000


class Recorder:
    """Takes points from any thread and stores them in batches: a kill loses the last half second.

    `close` writes what is left; a context manager does so at its end.
    """

    def __init__(self, ledger: Ledger, run: str) -> None:
        self._ledger, self._run = ledger, run
        self._lock = threading.Lock()
        self._waiting: list[Point] = []
        self._progress: Mapping[str, Any] | None = None
        self._written_at = time.monotonic()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def log(self, key: str, value: float, step: int) -> None:
        """Report one number.

        Raises:
            UsageError: the name cannot be a metric's.
        """
        point = Point(points.check_key(key), float(value), step, self._now())
        with self._lock:
            self._waiting.append(point)
        self._due()

    def progress(self, progress: Mapping[str, Any]) -> None:
        """How far the work is; the newest word counts."""
        with self._lock:
            self._progress = progress
        self._due()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            progress, self._progress = self._progress, None
            self._written_at = time.monotonic()
        if not waiting and progress is None:
            return
        try:
            self._write(waiting, progress)
        except Unavailable:  # a busy ledger may be free the next time
            with self._lock:
                self._waiting = waiting + self._waiting
            raise

    def _write(self, waiting: list[Point], progress: Mapping[str, Any] | None) -> None:
        with self._ledger.telemetry() as connection:
            points.append(connection, self._run, waiting)
            if progress is not None:
                change = update(t.runs).where(t.runs.c.id == self._run)
                connection.execute(change.values(progress=dict(progress)))

    def close(self) -> None:
        """Write what is left, and end the thread that writes."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now(self) -> float:
        return self._ledger.clock.now().timestamp()

    def _due(self) -> None:
        if len(self._waiting) >= _AT_ONCE or time.monotonic() - self._written_at >= EVERY_S:
            self.flush()
        elif self._thread is None:
            self._thread = threading.Thread(target=self._keep_writing, name="recorder", daemon=True)
            self._thread.start()

    def _keep_writing(self) -> None:
        while not self._done.wait(EVERY_S):
            with suppress(Unavailable):
                self.flush()


def progress_of(doing: str, unit: str, done: float, total: float, spent_s: float) -> dict[str, Any]:
    """What a run says of how far it is; `left_s` None until anything is known of its speed."""
    per_s = done / spent_s if spent_s > 0 else None
    left_s = (total - done) / per_s if per_s else None
    return {
        "doing": doing,
        "unit": unit,
        "done": done,
        "total": total,
        "per_s": per_s,
        "left_s": None if left_s is None else max(0.0, left_s),
    }
