"""Where a canary fails, the champion answers; what failed is on record."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from visloop.errors import VisloopError
from visloop.events import Clock
from visloop.serve import tables
from visloop.serve.errors import TimedOut
from visloop.serve.forms.asking import Form
from visloop.serve.keys.ring import Visit
from visloop.serve.keys.signs import Floats, Pixels
from visloop.serve.lineup import Slot
from visloop.serve.model import Model
from visloop.serve.wire.http import Headers
from visloop.serve.work.jobs import Job, OfOne, together
from visloop.serve.work.lane import Answer, Task, attempt
from visloop.store import Ledger

log = logging.getLogger("visloop.serve")

WAITING: Final = 10_000
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Work:
    """A request's job, and the champion's in its place where the canary fails on it."""

    mine: Job | OfOne
    others: Job | OfOne | None = None
    note: Callable[[Exception], None] | None = None

    def alone(self, task: Task) -> Answer:
        """The answer, of whoever gives one."""
        if self.others is None or self.note is None:
            return self.mine.alone(task)
        try:
            return self.mine.alone(task)
        except Exception as error:
            if task.abandoned:  # ended as it computed for too long; the champion is asked already
                raise
            answer = self.others.alone(task)
            self.note(error)
            return answer

    def together(self, tasks: Sequence[Task]) -> list[Answer | Exception]:
        """The answers to several, in one run; where anything fails, each is answered alone."""
        try:
            works = [task.work for task in tasks if isinstance(task.work, Work)]
            return together([each.mine for each in works if isinstance(each.mine, Job)], tasks)
        except Exception:  # noqa: BLE001 - whose fault it is shows one by one
            return [attempt(task) for task in tasks]


@dataclass(frozen=True)
class Request:
    """One request, complete, with the model that will answer it; `started` is `perf_counter`'s.

    `visit` is that of the key that it came with; `form` the answer's, where it is not plain JSON.
    """

    slot: Slot
    model: Model
    headers: Headers
    body: bytes
    started: float
    visit: Visit | None = None
    form: Form | None = None

    def shows(self, pictures: int, fewer: str) -> None:
        """It has so many pictures; see `Visit.shows`."""
        if self.visit is not None:
            self.visit.shows(pictures, fewer)

    @property
    def look(self) -> Callable[[Pixels, Floats | None], None] | None:
        """Who watches what the key asks."""
        return None if self.visit is None else self.visit.holder.look


class Failures:
    """What went wrong on either side of a canary, until `write` has it in the ledger."""

    def __init__(self, server: str, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._waiting: deque[dict[str, Any]] = deque(maxlen=WAITING)

    def covered(self, make: Callable[[Request], Job | OfOne], request: Request) -> Work:
        """The work for a request; where the canary fails on it, the champion does it.

        What the champion refuses too (bytes that are no picture) is no fault of the canary's.
        """
        champion = request.slot.instead
        mine = make(request)
        if champion is None or champion.model is None:
            return Work(mine)
        others = make(replace(request, slot=champion, model=champion.model))
        return Work(mine, others, lambda error: self.note(request.slot, error))

    def failed(self, slot: Slot, error: BaseException | None) -> None:
        """A request got an error; a fault of the client's, or a full queue, is neither model's."""
        if isinstance(error, TimedOut) or not isinstance(error, VisloopError | None):
            self.note(slot, error)

    def note(self, slot: Slot, error: BaseException) -> None:
        """An arm of a canary failed; without a canary there is nothing to note."""
        if not slot.rollout:
            return
        log.warning("serve.arm_failed", extra={"model": slot.deployment.model, "why": str(error)})
        self._waiting.append(
            {
                "project": slot.deployment.project,
                "deployment": slot.deployment.name,
                "rollout": slot.rollout,
                "model": slot.deployment.model,
                "package": slot.deployment.package,
                "share": slot.share,
                "key": slot.key or None,
                "server": self._server,
                "time": self._clock.now(),
                "error": _words(error),
            }
        )

    def write(self, ledger: Ledger) -> None:
        """Put what waits into the ledger; what it refuses waits on.

        Raises:
            LedgerBusy, SQLAlchemyError: try again.
        """
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                ledger.append(tables.failures, batch)
            except Exception:
                self._waiting.extendleft(reversed(batch))
                raise


def _words(error: BaseException) -> str:
    said = error.what if isinstance(error, VisloopError) else str(error)
    return f"{type(error).__name__}: {said}".partition("\n")[0][:500]
