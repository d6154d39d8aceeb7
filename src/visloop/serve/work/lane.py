"""One request's work, and the line in which the requests of one model wait."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from visloop.infer import Halt


@dataclass(slots=True)
class Answer:
    """What a worker hands back: bytes for the client, seconds for the metrics, rows for the log.

    `after` runs in a worker once the answer is on its way to the client: Python's lock would make the
    client wait for it otherwise. `together` pictures went through the network in the same run.
    """

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b"application/json"
    decode_s: float = 0.0
    infer_s: float = 0.0
    post_s: float = 0.0
    queue_s: float = 0.0
    pictures: int = 0
    together: int = 1
    after: Callable[[], None] | None = None


Done: TypeAlias = "Callable[[Answer | None, BaseException | None], None]"


class Work(Protocol):
    """What is to be done for a request."""

    def alone(self, task: Task) -> Answer:
        """Its answer."""
        ...

    def together(self, tasks: Sequence[Task]) -> list[Answer | Exception]:
        """The answers to several requests of the same lane, in their order."""
        ...


@dataclass(slots=True, eq=False)
class Task:
    """One request's work; `done` gets its answer or its error, once, on the event loop.

    `abandoned` is set when nobody waits for it any more: what has not begun by then is not run, and the
    network's run is ended by `halt`. `then` is the task that took its place, when it turned out to be a
    longer one.
    """

    work: Work
    lane: Lane
    done: Done | None = None
    size: int = 0
    submitted: float = field(default_factory=time.perf_counter)
    abandoned: bool = False
    begun: bool = False
    counted: bool = True
    held: bool = False
    halt: Halt = field(default_factory=Halt)
    timer: asyncio.TimerHandle | None = None
    then: Task | None = None

    def abandon(self) -> None:
        """Nobody waits for it any more."""
        self.abandoned = True
        self.done = None
        self.halt.now()


class Lane:
    """The requests of one model in the order in which they came.

    Args:
        batch: so many pictures at most go through the network in one run.
        at_once: so many of its requests are computed at a time, each in a thread; 0: any number.
        queue: beside those, so many may wait; None: as many as the server lets wait.
        apart: of a model that nobody knows yet: its requests never take the threads of the others.
        name: for errors, the deployment's.
    """

    def __init__(
        self,
        name: str = "",
        *,
        batch: int = 1,
        at_once: int = 0,
        queue: int | None = None,
        apart: bool = False,
    ) -> None:
        self.name = name
        self.batch = batch
        self.at_once = at_once
        self.queue = queue
        self.apart = apart
        self.waiting: deque[Task] = deque()
        self.in_flight = 0
        self.turns = 0
        self.held = 0

    @property
    def bounded(self) -> bool:
        """Whether it has a limit of its own."""
        return self.queue is not None or self.at_once > 0

    def take(self, threads: int) -> list[Task]:
        """The next ones, for one of `threads` workers: as many as go into a batch, if they are there
        already, but no more than its share; safe to call from several threads.
        """
        taken: list[Task] = []
        most = 1 if self.batch == 1 else min(self.batch, -(-len(self.waiting) // threads))
        try:
            while len(taken) < most:
                taken.append(self.waiting.popleft())
                taken[-1].begun = True
        except IndexError:  # another worker was faster
            pass
        return taken


def attempt(task: Task) -> Answer | Exception:
    """Its answer, or what came instead."""
    try:
        return task.work.alone(task)
    except Exception as error:  # noqa: BLE001 - told to the client, on the event loop
        return error
