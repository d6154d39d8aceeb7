"""`Compute` on Ray: the entry point `ray` of group `visloop.compute`.

`compute: ray` in visloop.yaml starts Ray on this machine for as long as the work takes;
`ray://HOST:PORT` (or `ray://auto`) joins a cluster, of which this machine is a node.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final, TypeVar

os.environ["RAY_USAGE_STATS_ENABLED"] = (
    "0"  # nothing is sent home; Ray reads it when it is imported
)

import ray

from visloop.store import in_order

Item = TypeVar("Item")
Result = TypeVar("Result")

_EACH: Final = 2
"""Items on their way to a worker: the next one is there when it is done with one."""
_TRIES: Final = 3


class _Worker:
    """One process that works; started again elsewhere when its node is lost."""

    def __init__(self) -> None:
        self._work: Any = None

    def do(self, made: list[Any], item: Any) -> Any:
        """One item; `made` holds where the function's maker lies, which is fetched once."""
        if self._work is None:
            make: Any = ray.get(made[0])
            self._work = make()
        return self._work(item)


class RayCompute:
    """As many workers as the cluster has processors; items and results travel through this process."""

    def __init__(self, where: str) -> None:
        self._where = where

    def map(
        self, make: Callable[[], Callable[[Item], Result]], loads: Iterable[Callable[[], Item]]
    ) -> Generator[Result]:
        """See `store.Compute`."""
        begun = not ray.is_initialized()
        if begun:
            self._begin()
        try:
            yield from self._mapped(make, loads)
        finally:
            if begun:
                ray.shutdown()

    def _begin(self) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        logging.getLogger("ray").setLevel(logging.ERROR)
        if self._where:
            ray.init(address=self._where, **quiet)
            return
        processors = len(os.sched_getaffinity(0))
        ray.init(num_cpus=processors, include_dashboard=False, **quiet)

    def _mapped(
        self, make: Callable[[], Callable[[Item], Result]], loads: Iterable[Callable[[], Item]]
    ) -> Generator[Result]:
        made: Any = ray.put(make)
        remote: Any = ray.remote(num_cpus=1, max_restarts=_TRIES, max_task_retries=_TRIES)(_Worker)
        workers = [remote.remote() for _ in range(max(1, int(ray.cluster_resources()["CPU"])))]
        free: SimpleQueue[Any] = SimpleQueue()
        for worker in workers * _EACH:
            free.put(worker)

        def one(load: Callable[[], Item]) -> Result:
            item = load()
            worker = free.get()
            try:
                return ray.get(worker.do.remote([made], item))
            finally:
                free.put(worker)

        with ThreadPoolExecutor(len(workers) * _EACH, "ray") as pool:
            futures = (pool.submit(one, load) for load in loads)
            yield from in_order(futures, ahead=len(workers) * _EACH * 2)
        for worker in workers:
            ray.kill(worker)
