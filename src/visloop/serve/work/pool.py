"""Worker threads behind the event loop: bounded lanes in, answers out.

The event loop only moves bytes. Decoding, preprocessing and inference run here; all of them leave
Python's lock, so the threads use as many cores as there are. Nobody waits for a batch to fill: a worker
takes what waits in the lane already, where that model answers several pictures faster than one by one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Final, TypeAlias

from visloop.serve.errors import Busy, Hung, TimedOut
from visloop.serve.limits import raise_it
from visloop.serve.work.lane import Answer, Done, Lane, Task, Work, attempt

log = logging.getLogger("visloop.serve")

AFTERS: Final = 8
AFTERS_S: Final = 0.05
REST_S: Final = 0.01
_LOOK: Final = Lane("what comes after answers")
_NOT_RUN: Final = TimedOut("nobody waits for this answer any more")
_Done: TypeAlias = "tuple[Task, Answer | Exception]"


class Workers:
    """`threads` workers; beside what they compute, `limit` requests may wait, of `max_bytes` in all.

    So many threads have a place at the queue, always. Who takes a request of a lane that stands apart
    gives its place to another thread first: a model that hangs holds threads, but no place. `answering` is
    told when the first request comes and when the last has gone. While the queue is full, the event loop
    looks at what comes every `REST_S` only, or as soon as half of the queue is done.
    """

    def __init__(
        self,
        threads: int,
        limit: int,
        max_bytes: int,
        timeout_s: float,
        answering: Callable[[bool], None] | None = None,
    ) -> None:
        self.threads = threads
        self.capacity = threads + limit
        self.in_flight = 0
        self._answering = answering
        self._bytes = 0
        self._max_bytes = max_bytes
        self.timeout_s = timeout_s
        self._lanes: SimpleQueue[Lane | None] = SimpleQueue()
        self._places: SimpleQueue[bool] = SimpleQueue()
        self._lock = threading.Lock()
        self._spare = 0
        self._ending = False
        self._afters: deque[Callable[[], None]] = deque()
        self._looks_soon = False
        self._plenty = max(threads, limit // 2)
        self._hungry = threading.Event()
        self._rests = False
        self._running: set[threading.Thread] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to work for `loop`, the only thread that may call `submit`."""
        self._loop = loop
        with self._lock:
            for _ in range(self.threads):
                self._begin()

    def stop(self, timeout_s: float) -> None:
        """Finish what was submitted, then end the threads."""
        with self._lock:
            self._ending = True
            running = list(self._running)
            for _ in range(self._spare):
                self._places.put(False)
        for _ in range(self.threads):
            self._lanes.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def submit(
        self, work: Work, lane: Lane, size: int, done: Done, within_s: float | None = None
    ) -> Task:
        """Queue `work` on a body of `size` bytes; `done` gets its answer, its error, or `TimedOut`.

        Args:
            work: what a worker shall do.
            lane: where it waits.
            size: bytes that wait with it.
            done: called once, on the event loop.
            within_s: the client's or the deployment's own patience, where it is shorter.

        Raises:
            Busy: the queue, or the lane, is full.
            Hung: the model holds all the threads that it may have.
        """
        assert self._loop is not None
        self._admit(lane, size)
        self.in_flight += 1
        if self.in_flight == 1 and self._answering is not None:
            self._answering(True)
        lane.in_flight += 1
        self._bytes += size
        task = Task(work, lane, done, size)
        patience = self.timeout_s if within_s is None else min(within_s, self.timeout_s)
        if lane.apart and patience > self._hung_s:
            task.timer = self._loop.call_later(self._hung_s, self._suspect, task, patience)
        else:
            task.timer = self._loop.call_later(patience, self._expire, task, patience)
        lane.waiting.append(task)
        at_once = self._at_once(lane)
        if not at_once or lane.turns < at_once:
            lane.turns += 1
            self._lanes.put(lane)
        return task

    def behind(self, after: Callable[[], None] | None) -> None:
        """The answer has gone out: let a worker do what comes after it, several at once."""
        if after is None:
            return
        assert self._loop is not None
        self._afters.append(after)
        if len(self._afters) >= AFTERS:
            self._lanes.put(_LOOK)
        elif not self._looks_soon:
            self._looks_soon = True
            self._loop.call_later(AFTERS_S, self._look)

    def give_up(self, task: Task) -> None:
        """Nobody waits for this: its place in the queue is free at once, unless a worker is at it."""
        task.abandon()
        if not task.begun:
            self._let_go(task)
        elif task.counted and not task.held:
            task.held = True
            task.lane.held += 1

    @property
    def _hung_s(self) -> float:
        """How long a model of a lane apart may compute before it counts as hanging."""
        return self.timeout_s / 2

    def _at_once(self, lane: Lane) -> int:
        return min(lane.at_once or self.threads, self.threads) if lane.apart else lane.at_once

    def _admit(self, lane: Lane, size: int) -> None:
        if lane.apart and lane.held >= self._at_once(lane):
            raise Hung(
                f"{lane.held} requests hang in this model already",
                fix="stop the canary: visloop rollout stop NAME",
            )
        room = self.capacity - self.threads if lane.queue is None else lane.queue
        if lane.bounded and lane.in_flight >= room + (lane.at_once or self.threads):
            raise Busy(
                f"{lane.in_flight} requests for {lane.name!r} are waiting already",
                fix=f"wait for Retry-After and send again, {raise_it(lane.name, 'queue')}",
            )
        if self.in_flight >= self.capacity or self._bytes + size > self._max_bytes:
            self._rest_soon()
            raise Busy(
                f"{self.in_flight} requests are waiting already",
                fix="wait for Retry-After and send again, or add serving processes",
            )

    def _rest_soon(self) -> None:
        """When all that has come is read, leave the cores to the threads for a moment."""
        assert self._loop is not None
        if not self._rests:
            self._rests = True
            self._loop.call_soon(self._rest)

    def _rest(self) -> None:
        """Hold the event loop still while much waits to be computed, and refuse what comes in one go.

        A loop that wakes for each of a thousand refusals a second takes a core from a network each time,
        and finds its own code gone from the caches: network cards wait with interrupts for the same reason.
        """
        self._hungry.clear()
        if self._lanes.qsize() >= self._plenty:
            self._hungry.wait(REST_S)
        self._rests = False

    def _look(self) -> None:
        self._looks_soon = False
        if self._afters:
            self._lanes.put(_LOOK)

    def _let_go(self, task: Task) -> None:
        if task.counted:
            task.counted = False
            self.in_flight -= 1
            if not self.in_flight and self._answering is not None:
                self._answering(False)
            task.lane.in_flight -= 1
            self._bytes -= task.size
        if task.held:
            task.held = False
            task.lane.held -= 1
        if task.timer is not None:
            task.timer.cancel()

    def _expire(self, task: Task, patience_s: float) -> None:
        self._end(
            task,
            TimedOut(
                f"no answer within {patience_s:g} s",
                fix="the server is overloaded: send less, or add serving processes",
            ),
        )

    def _suspect(self, task: Task, patience_s: float) -> None:
        """Half of the time has gone: a model that computes still hangs, one that waits may wait on."""
        assert self._loop is not None
        if task.begun:
            said = f"the model did not answer within {self._hung_s:g} s"
            self._end(task, Hung(said, fix="stop the canary: visloop rollout stop NAME"))
            return
        rest_s = patience_s - self._hung_s
        task.timer = self._loop.call_later(rest_s, self._expire, task, patience_s)

    def _end(self, task: Task, error: Exception) -> None:
        done = task.done
        self.give_up(task)
        if done is not None:
            done(None, error)

    def _begin(self) -> None:
        """One more thread with a place at the queue."""
        thread = threading.Thread(target=self._serve, name="infer", daemon=True)
        self._running.add(thread)
        thread.start()

    def _serve(self) -> None:
        placed = True
        while placed:
            lane = self._lanes.get()
            if lane is None:
                break
            if self._rests and self._lanes.qsize() < self._plenty:
                self._hungry.set()
            # several at once are cheaper by a third than one between two networks: caches stay warm
            idle = lane is _LOOK and self._lanes.empty()
            if idle or len(self._afters) >= AFTERS:
                self._catch_up()
            if lane.apart:
                self._give_place()
                self._turn(lane)
                del lane  # a thread that waits must not keep a replaced model alive
                placed = self._take_place()
            elif lane is not _LOOK:
                self._turn(lane)
        self._catch_up()
        with self._lock:
            self._running.discard(threading.current_thread())

    def _give_place(self) -> None:
        with self._lock:
            if self._spare:
                self._spare -= 1
                self._places.put(True)
            else:
                self._begin()

    def _take_place(self) -> bool:
        """Wait until a place is free; False when enough threads wait already, or at the end."""
        with self._lock:
            if self._ending or self._spare >= self.threads:
                return False
            self._spare += 1
        return self._places.get()

    def _catch_up(self) -> None:
        while self._afters:
            _run_one(self._afters)

    def _turn(self, lane: Lane) -> None:
        """Compute what is next in the lane."""
        assert self._loop is not None
        tasks = lane.take(self.threads)
        if not tasks and not self._at_once(lane):
            return
        done = _computed(tasks)
        # when the loop has gone, the process is ending by force
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._finish, lane, done)

    def _finish(self, lane: Lane, tasks: Sequence[_Done]) -> None:
        at_once = self._at_once(lane)
        if at_once:
            lane.turns -= 1
            if lane.waiting and lane.turns < at_once:
                lane.turns += 1
                self._lanes.put(lane)
        for task, answer in tasks:
            self._let_go(task)
            done, task.done = task.done, None
            if isinstance(answer, Exception):
                if done is not None:
                    done(None, answer)
            elif done is not None:
                done(answer, None)
            else:
                self.behind(answer.after)


def _computed(tasks: Sequence[Task]) -> list[_Done]:
    """Each with its answer, or what came instead; whatever it is belongs to that one request."""
    started = time.perf_counter()
    wanted = [task for task in tasks if not task.abandoned]
    many = len(wanted) > 1
    answers = wanted[0].work.together(wanted) if many else [attempt(task) for task in wanted]
    for task, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, Answer):
            answer.queue_s = started - task.submitted
    given_up: list[_Done] = [(task, _NOT_RUN) for task in tasks if task not in wanted]
    return [*zip(wanted, answers, strict=True), *given_up]


def _run_one(afters: deque[Callable[[], None]]) -> None:
    try:
        after = afters.popleft()
    except IndexError:  # another worker was faster
        return
    try:
        after()
    except Exception:  # the client has its answer; a worker must not die of what comes after
        log.exception("serve.after_answer_failed")
