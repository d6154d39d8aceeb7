"""Where much work of one kind is done: threads of this process, or whatever a plug-in brings."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from visloop.config import load_plugin

Item = TypeVar("Item")
Result = TypeVar("Result")

HERE: Final = "local"
_AHEAD: Final = 4


class Compute(Protocol):
    """Plug-ins of `visloop.compute` make one from what follows the scheme: `ray://HOST:PORT`."""

    def map(
        self, make: Callable[[], Callable[[Item], Result]], loads: Iterable[Callable[[], Item]]
    ) -> Generator[Result]:
        """What `make()` answers to each item, in their order; a bounded number is under way.

        Args:
            make: called once in each process that works, by pickle where that is another one; what
                it makes is called by several threads at once.
            loads: bring the items, in threads of this process, as they are needed.

        Raises:
            Exception: what a call raised, in the place of its result.
        """
        ...


class Threads:
    """In this process: for work that leaves Python's lock, such as decoding and networks."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads or len(os.sched_getaffinity(0))

    def map(
        self, make: Callable[[], Callable[[Item], Result]], loads: Iterable[Callable[[], Item]]
    ) -> Generator[Result]:
        """See `Compute`."""
        work = make()

        def one(load: Callable[[], Item]) -> Result:
            return work(load())

        with ThreadPoolExecutor(self.threads, "compute") as pool:
            futures = (pool.submit(one, load) for load in loads)
            yield from in_order(futures, ahead=self.threads * _AHEAD)


def in_order(futures: Iterable[Future[Result]], *, ahead: int) -> Generator[Result]:
    """Results in the order of the futures, which are asked for `ahead` at most; the rest is dropped
    when nobody listens any more.
    """
    waiting: deque[Future[Result]] = deque()
    try:
        for future in futures:
            waiting.append(future)
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def compute_at(place: str) -> Compute:
    """`local`, or `SCHEME[://WHERE]` of a plug-in.

    Raises:
        PluginNotFound: nothing computes there.
        MissingExtra: a library that it needs is not installed.
    """
    kind, _, where = place.partition("://")
    if kind == HERE:
        return Threads()
    plugin: Callable[[str], Compute] = load_plugin("compute", kind, extra=kind)
    return plugin(where)
