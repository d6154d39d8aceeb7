"""While the queue is full the event loop rests between refusals, but never longer than there is work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from visloop.serve.errors import Busy
from visloop.serve.work import pool
from visloop.serve.work.lane import Answer, Lane, Task
from visloop.serve.work.pool import Workers

QUEUE = 8


class _Waits:
    """Work that takes until it is told to go on."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def alone(self, task: Task) -> Answer:
        del task
        assert self.go.wait(30)
        return Answer(b"done")

    def together(self, tasks: Sequence[Task]) -> list[Answer | Exception]:
        return [self.alone(task) for task in tasks]


def _run(test: Callable[[Workers, _Waits, list[bytes]], Coroutine[Any, Any, None]]) -> None:
    async def body() -> None:
        workers, work = Workers(2, QUEUE, 1 << 20, 30), _Waits()
        workers.start(asyncio.get_running_loop())
        try:
            await test(workers, work, [])
        finally:
            work.go.set()
            workers.stop(5)

    with ThreadPoolExecutor(1) as aside:  # a browser's test may have left a loop in this thread
        aside.submit(asyncio.run, body()).result()


def _fill(workers: Workers, work: _Waits, answers: list[bytes]) -> None:
    """As many as there is room for, then one that is refused."""
    lane = Lane()
    for _ in range(QUEUE + 2):
        workers.submit(work, lane, 1, _kept_in(answers))
    with pytest.raises(Busy):
        workers.submit(work, lane, 1, _nothing)


def _kept_in(answers: list[bytes]) -> Callable[[Answer | None, BaseException | None], None]:
    def keep(answer: Answer | None, error: BaseException | None) -> None:
        assert error is None
        answers.append(answer.body if answer else b"")

    return keep


async def _answered(answers: list[bytes], count: int) -> None:
    while len(answers) < count:  # noqa: ASYNC110 - the loop itself is what is tested
        await asyncio.sleep(0)


def _nothing(answer: Answer | None, error: BaseException | None) -> None:
    """Nobody listens."""


def test_the_loop_rests_while_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "REST_S", 0.3)

    async def test(workers: Workers, work: _Waits, answers: list[bytes]) -> None:
        _fill(workers, work, answers)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(0)
        assert loop.time() - before >= 0.3
        before = loop.time()
        await asyncio.sleep(0)  # nobody was refused since
        assert loop.time() - before < 0.3

    _run(test)


def test_it_wakes_before_the_threads_have_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "REST_S", 20)

    async def test(workers: Workers, work: _Waits, answers: list[bytes]) -> None:
        _fill(workers, work, answers)
        threading.Timer(0.2, work.go.set).start()
        loop = asyncio.get_running_loop()
        before = loop.time()
        await _answered(answers, QUEUE + 2)
        assert loop.time() - before < pool.REST_S / 2
        assert answers == [b"done"] * (QUEUE + 2)

    _run(test)


def test_it_does_not_rest_where_the_queue_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits beside what is computed: a rest would leave the threads idle."""
    monkeypatch.setattr(pool, "REST_S", 20)

    async def test(workers: Workers, work: _Waits, answers: list[bytes]) -> None:
        lane = Lane()
        task = workers.submit(work, lane, 1 << 20, _kept_in(answers))
        while not task.begun:  # noqa: ASYNC110 - the loop itself is what is tested
            await asyncio.sleep(0)
        with pytest.raises(Busy):  # the bodies that wait fill the memory
            workers.submit(work, lane, 1, _nothing)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(0)
        work.go.set()
        await _answered(answers, 1)
        assert loop.time() - before < pool.REST_S / 2

    _run(test)
