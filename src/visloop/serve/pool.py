"""Worker threads behind the event loop: a bounded queue in, an answer out.

The event loop only moves bytes. Decoding, preprocessing and inference run here; all of them leave
Python's lock, so the threads use as many cores as there are. No batching: on a CPU it bought
nothing for the networks measured (ms a picture at batch 1/2/4/8: 5.3/5.0/5.3/6.0).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final, TypeAlias

from visloop.serve.errors import Busy, TimedOut

log = logging.getLogger("visloop.serve")


@dataclass(slots=True)
class Answer:
    """What a worker hands back: bytes for the client, seconds for the metrics, rows for the log.

    `after` runs in a worker once the answer is on its way to the client: Python's lock would make the
    client wait for it otherwise.
    """

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b"application/json"
    decode_s: float = 0.0
    infer_s: float = 0.0
    post_s: float = 0.0
    queue_s: float = 0.0
    pictures: int = 0
    model: str = ""
    after: Callable[[], None] | None = None


Done: TypeAlias = "Callable[[Answer | None, BaseException | None], None]"


@dataclass(slots=True, eq=False)
class Task:
    """One request's work; `done` gets its answer or its error, once, on the event loop.

    `abandoned` is set when nobody waits for it any more: what has not begun by then is not run.
    `then` is the task that took its place, when it turned out to be a longer one.
    """

    work: Callable[[Task], Answer]
    done: Done | None = None
    size: int = 0
    submitted: float = field(default_factory=time.perf_counter)
    abandoned: bool = False
    begun: bool = False
    counted: bool = True
    timer: asyncio.TimerHandle | None = None
    then: Task | None = None


AFTERS: Final = 8
AFTERS_S: Final = 0.05


class _Look:
    """Wakes a worker that should look for what comes after answers."""


_LOOK: Final = _Look()


class Workers:
    """`threads` workers; beside what they compute, `limit` requests may wait, of `max_bytes` in all."""

    def __init__(self, threads: int, limit: int, max_bytes: int, timeout_s: float) -> None:
        self.threads = threads
        self.capacity = threads + limit
        self.in_flight = 0
        self._bytes = 0
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._tasks: SimpleQueue[Task | _Look | None] = SimpleQueue()
        self._afters: deque[Callable[[], None]] = deque()
        self._looks_soon = False
        self._running: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to work for `loop`, the only thread that may call `submit`."""
        self._loop = loop
        self._running = [
            threading.Thread(target=self._serve, name=f"infer-{n}", daemon=True)
            for n in range(self.threads)
        ]
        for thread in self._running:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Finish what was submitted, then end the threads."""
        for _ in self._running:
            self._tasks.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in self._running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def submit(
        self, work: Callable[[Task], Answer], size: int, done: Done, within_s: float | None = None
    ) -> Task:
        """Queue `work` on a body of `size` bytes; `done` gets its answer, its error, or `TimedOut`.

        Args:
            work: what a worker shall do.
            size: bytes that wait with it.
            done: called once, on the event loop.
            within_s: the client's own patience, where it is shorter than the server's.

        Raises:
            Busy: the queue is full.
        """
        assert self._loop is not None
        if self.in_flight >= self.capacity or self._bytes + size > self._max_bytes:
            raise Busy(
                f"{self.in_flight} requests are waiting already",
                fix="wait for Retry-After and send again, or add serving processes",
            )
        self.in_flight += 1
        self._bytes += size
        task = Task(work, done, size)
        patience = self._timeout_s if within_s is None else min(within_s, self._timeout_s)
        task.timer = self._loop.call_later(patience, self._expire, task, patience)
        self._tasks.put(task)
        return task

    def behind(self, after: Callable[[], None] | None) -> None:
        """The answer has gone out: let a worker do what comes after it, several at once."""
        if after is None:
            return
        assert self._loop is not None
        self._afters.append(after)
        if len(self._afters) >= AFTERS:
            self._tasks.put(_LOOK)
        elif not self._looks_soon:
            self._looks_soon = True
            self._loop.call_later(AFTERS_S, self._look)

    def _look(self) -> None:
        self._looks_soon = False
        if self._afters:
            self._tasks.put(_LOOK)

    def give_up(self, task: Task) -> None:
        """Nobody waits for this: its place in the queue is free at once, unless a worker is at it."""
        task.abandoned = True
        task.done = None
        if not task.begun:
            self._let_go(task)

    def _let_go(self, task: Task) -> None:
        if task.counted:
            task.counted = False
            self.in_flight -= 1
            self._bytes -= task.size
        if task.timer is not None:
            task.timer.cancel()

    def _expire(self, task: Task, patience_s: float) -> None:
        done = task.done
        self.give_up(task)
        if done is not None:
            done(
                None,
                TimedOut(
                    f"no answer within {patience_s:g} s",
                    fix="the server is overloaded: send less, or add serving processes",
                ),
            )

    def _serve(self) -> None:
        assert self._loop is not None
        while (task := self._tasks.get()) is not None:
            # several at once are cheaper by a third than one between two networks: caches stay warm
            idle = task is _LOOK and self._tasks.empty()
            if idle or len(self._afters) >= AFTERS:
                self._catch_up()
            if isinstance(task, Task):
                self._compute(task, self._loop)
            # an idle worker must not keep a replaced model alive
            del task
        self._catch_up()

    def _catch_up(self) -> None:
        while self._afters:
            _run_one(self._afters)

    def _compute(self, task: Task, loop: asyncio.AbstractEventLoop) -> None:
        started = time.perf_counter()
        answer: Answer | None = None
        error: BaseException | None = None
        task.begun = True
        if not task.abandoned:
            try:
                answer = task.work(task)
                answer.queue_s = started - task.submitted
            except Exception as raised:  # noqa: BLE001 - whatever it is belongs to this one request
                error = raised
        # when the loop has gone, the process is ending by force
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._finish, task, answer, error)

    def _finish(self, task: Task, answer: Answer | None, error: BaseException | None) -> None:
        self._let_go(task)
        done, task.done = task.done, None
        if done is not None:
            done(answer, error)
        elif answer is not None:
            self.behind(answer.after)


def _run_one(afters: deque[Callable[[], None]]) -> None:
    try:
        after = afters.popleft()
    except IndexError:  # another worker was faster
        return
    try:
        after()
    except Exception:  # the client has its answer; a worker must not die of what comes after
        log.exception("serve.after_answer_failed")
