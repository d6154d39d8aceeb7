"""Fetching a little ahead of reading: many at once, never more on the disk than that."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from visloop.data.ingest.records import Found
    from visloop.data.intake.memory import KnownFile
    from visloop.data.origins.records import Fetched, Fetcher

Other = TypeVar("Other")


class Wanted(NamedTuple):
    """A picture to be read: `labels` is its labels' digest, `known` what was noted with the same."""

    found: Found
    labels: str
    known: KnownFile | None = None


def fetched_ahead(
    items: Iterable[Wanted | Other], fetcher: Fetcher, at_once: int
) -> Iterator[tuple[Wanted | Other, Fetched]]:
    """The items in their order, each once its file is there; it is dropped when the next is asked for.

    What is not Wanted goes through as it is.
    """
    waiting: deque[tuple[Wanted | Other, Future[Fetched] | None]] = deque()
    with ThreadPoolExecutor(at_once, "fetch") as pool:
        try:
            for item in items:
                if isinstance(item, Wanted):
                    waiting.append((item, pool.submit(fetcher.fetch, item.found, item.known)))
                else:
                    waiting.append((item, None))
                if len(waiting) > at_once * 2:
                    yield from _next(waiting, fetcher)
            while waiting:
                yield from _next(waiting, fetcher)
        finally:
            for _, future in waiting:
                if future is not None:
                    future.cancel()


def _next(
    waiting: deque[tuple[Wanted | Other, Future[Fetched] | None]], fetcher: Fetcher
) -> Iterator[tuple[Wanted | Other, Fetched]]:
    item, future = waiting.popleft()
    yield item, ("here" if future is None else future.result())
    if isinstance(item, Wanted):
        fetcher.drop(item.found)
