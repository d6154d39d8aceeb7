"""Copies of answered pictures, for a second model: bounded, behind the answers, in another process.

A worker that has sent an answer only puts it into a short queue. One thread takes from there, asks the
copy's process and writes what it says. What does not fit, or is late, is dropped and counted. A copy
that hangs is killed, one that crashes is started again after growing pauses; one that never answers is
given up.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from visloop.errors import Unavailable, VisloopError
from visloop.events import Clock
from visloop.registry import Package
from visloop.serve.journal.clerk import Allowance
from visloop.serve.journal.entry import Entry
from visloop.serve.shadow import wire
from visloop.serve.shadow.aside import Aside
from visloop.serve.shadow.process import BUSY_S, WAIT_S, Crashed, Hung, Process
from visloop.serve.switching.records import Copied, Rollout

log = logging.getLogger("visloop.serve")

QUEUE: Final = 32
PER_S: Final = 50.0
QUEUE_BYTES: Final = 32 << 20
LATE_S: Final = 5.0
FLUSH_S: Final = 0.25
MAX_ROWS: Final = 1000
PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
GIVE_UP_AFTER: Final = 6
REST: Final = 50


@dataclass(frozen=True)
class Links:
    """What a mirror does with its findings.

    `package` loads a model by its reference and digest; `write` keeps rows; `give_up` is told once why
    the copy never answers.
    """

    package: Callable[[str, str], Package]
    write: Callable[[list[dict[str, Any]]], None]
    give_up: Callable[[str], None]
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Job:
    entry: Entry
    model: str
    package: str
    at: float


class Mirror:
    """The copies of one rollout in one serving process; `offer` may be called from any thread."""

    def __init__(
        self,
        rollout: Rollout,
        links: Links,
        aside: Aside | None = None,
        *,
        per_s: float = PER_S,
        busy_s: float = BUSY_S,
        wait_s: float = WAIT_S,
    ) -> None:
        self.rollout = rollout
        self._links = links
        self._aside = aside
        self._limits = {"busy_s": busy_s, "wait_s": wait_s}
        self._allowance = Allowance(per_s, max(1, round(per_s)))
        self._ready = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._bytes = 0
        self._rows: list[dict[str, Any]] = []
        self._flushed = time.monotonic()
        self._counts = dict.fromkeys(Copied.__struct_fields__, 0)
        self._in_a_row = 0
        self._start_at = 0.0
        self._process: Process | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Copied:
        """What became of the pictures so far."""
        with self._ready:
            return Copied(**self._counts)

    def offer(self, entry: Entry, model: str, package: str, share: float) -> None:
        """An answer has gone out; maybe that model looks at its picture too. Never waits."""
        if not entry.image or (share < 1 and random.random() >= share):
            return
        with self._ready:
            self._counts["offered"] += 1
            full = (
                not self._allowance.take()
                or len(self._queue) >= QUEUE
                or self._bytes + len(entry.image) > QUEUE_BYTES
            )
            if full or self._closing:
                self._counts["dropped"] += 1
                return
            self._queue.append(_Job(entry, model, package, time.monotonic()))
            self._bytes += len(entry.image)
            self._ready.notify()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop; what waits is dropped, what was said is written."""
        with self._ready:
            self._closing = True
            self._counts["dropped"] += len(self._queue)
            self._queue.clear()
            self._ready.notify()
        process = self._process
        if process is not None:
            process.kill()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            if isinstance(job, _Job):
                self._answer(job)
            if time.monotonic() - self._flushed >= FLUSH_S:
                self._flush()
        if self._process is not None:
            self._process.kill()
        self._flush()

    def _next(self) -> _Job | bool | None:
        """The next job that is not late; False when there is none for a while, None at the end."""
        with self._ready:
            if not self._queue and not self._closing:
                self._ready.wait(FLUSH_S)
            if self._closing:
                return None
            if not self._queue:
                return False
            job = self._queue.popleft()
            self._bytes -= len(job.entry.image)
            now = time.monotonic()
            if now - job.at > LATE_S or now < self._start_at:
                self._counts["dropped"] += 1
                return False
            return job

    def _answer(self, job: _Job) -> None:
        try:
            seen = self._ask(job)
        except (Hung, Crashed) as error:
            if self._closing:
                self._count("dropped")
            else:
                self._stumble("hung" if isinstance(error, Hung) else "crashed", str(error))
            return
        except (
            Unavailable,
            SQLAlchemyError,
            OSError,
        ) as error:  # of the ledger or the disk, not the copy's
            log.warning("serve.copy_waits", extra={"error": str(error)})
            self._count("dropped")
            self._start_at = time.monotonic() + PAUSE_S
            return
        except VisloopError as error:
            self._give_up(error.what)
            return
        self._in_a_row = 0
        self._count("failed" if seen.error else "answered")
        self._rows.append(self._row(job, seen))

    def _ask(self, job: _Job) -> wire.Seen:
        process = self._process = self._process or Process(self._aside, **self._limits)
        if job.package not in process.models:
            package = self._links.package(job.model, job.package)
            contract = package.contract.to_json()
            taken = process.ask(wire.Take(job.package, job.model, package.onnx, contract))
            if taken.error:
                raise _Unloadable(taken.error)
            process.models.add(job.package)
        seen = process.ask(wire.Look(job.package, job.entry.image, job.entry.said()))
        if process.beside_s:
            self._start_at = time.monotonic() + REST * process.beside_s
        return seen

    def _stumble(self, how: str, why: str) -> None:
        """It hung or crashed: away with it, and a pause before the next try."""
        self._count(how)
        log.warning("serve.copy_failed", extra={"rollout": self.rollout.id, "why": why})
        if self._process is not None:
            self._process.kill()
            self._process = None
        self._in_a_row += 1
        pause_s = min(PAUSE_S * 2 ** (self._in_a_row - 1), LONGEST_PAUSE_S)
        self._start_at = time.monotonic() + pause_s
        if self._in_a_row >= GIVE_UP_AFTER:
            self._give_up(f"{why}, {self._in_a_row} times in a row")

    def _give_up(self, why: str) -> None:
        self._start_at = float("inf")
        if self._process is not None:
            self._process.kill()
            self._process = None
        try:
            self._links.give_up(why)
        except (VisloopError, SQLAlchemyError, OSError) as error:
            log.warning("serve.copy_not_given_up", extra={"error": str(error)})
            self._start_at = time.monotonic() + LONGEST_PAUSE_S

    def _row(self, job: _Job, seen: wire.Seen) -> dict[str, Any]:
        deployment = job.entry.slot.deployment
        told = {
            name: getattr(seen, name)
            for name in ("label", "confidence", "agrees", "agreement", "score_difference")
        }
        return {
            "project": deployment.project,
            "deployment": deployment.name,
            "rollout": self.rollout.id,
            "prediction": job.entry.id,
            "model": job.model,
            "package": job.package,
            "time": self._links.clock.now(),
            "latency_ms": seen.latency_ms,
            "error": seen.error,
            "answer": None if seen.error else [msgspec.to_builtins(a) for a in seen.annotations],
            **told,
        }

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        if not self._rows:
            return
        try:
            self._links.write(self._rows)
        except (VisloopError, SQLAlchemyError, OSError) as error:
            log.warning("serve.copies_not_written", extra={"error": str(error)})
            lost = len(self._rows) - MAX_ROWS
            if lost > 0:
                del self._rows[:lost]
                self._count("dropped", lost)
                self._count("answered", -lost)
            return
        self._rows = []

    def _count(self, name: str, by: int = 1) -> None:
        with self._ready:
            self._counts[name] += by


class _Unloadable(VisloopError):
    """The copy's process refuses the model."""

    code = "serve.copy_not_loaded"
