"""Lines by which a large file comes: one of them writes at a time, and a newcomer takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Line:
    """A piece on its way: told to end by `cut`, and `over` when its bytes are settled."""

    def __init__(self) -> None:
        self.cut, self.over = asyncio.Event(), asyncio.Event()


class Lines:
    """Who is writing which upload just now."""

    def __init__(self) -> None:
        self._writing: dict[str, Line] = {}

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncGenerator[Line]:
        """The only line of an upload; the one before is cut off, and what came by it is kept first.

        A line that broke may hang for minutes on the server's side.
        """
        while (before := self._writing.get(name)) is not None:
            before.cut.set()
            await before.over.wait()
        self._writing[name] = line = Line()
        try:
            yield line
        finally:
            del self._writing[name]
            line.over.set()
