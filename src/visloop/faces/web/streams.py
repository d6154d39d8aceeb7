"""Progress as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from visloop.errors import VisloopError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

T = TypeVar("T")
_PAUSE_S = 0.2


class GivenUp(VisloopError):
    """Whoever asked went away, and had said that the work may end with that."""

    code = "web.given_up"


class Reporter:
    """A `Progress` whose news are read by an event loop in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.given_up = False

    def track(
        self, items: Iterable[T], *, doing: str, unit: str, total: int | None = None
    ) -> Iterator[T]:
        """Yield the items, and say a few times a second how many are done."""
        told = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            if self.given_up:
                raise GivenUp("nobody waits for the answer any more")
            if time.monotonic() - told > _PAUSE_S:
                told = time.monotonic()
                self._put("progress", {"doing": doing, "unit": unit, "done": done, "total": total})

    def note(self, text: str) -> None:
        """One line of news."""
        self._put("progress", {"note": text})

    def finish(self, kind: str, body: bytes) -> None:
        """The last event."""
        self._loop.call_soon_threadsafe(self._queue.put_nowait, (kind, body))

    def _put(self, kind: str, body: dict[str, object]) -> None:
        self.finish(kind, msgspec.json.encode(body))

    async def events(self) -> AsyncIterator[bytes]:
        """Encoded events up to the answer or the error."""
        while True:
            kind, body = await self._queue.get()
            yield b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n"
            if kind != "progress":
                return
