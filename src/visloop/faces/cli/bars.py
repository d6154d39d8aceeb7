"""Progress bars on stderr: rate and time left, only when there is somebody to watch."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from visloop.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

T = TypeVar("T")
_PATIENCE_S = 0.4


class Bars:
    """Draws with Rich, which is loaded only when something takes longer than a moment.

    What is tracked while something else is (the frames of a film among files) gets a bar below it.
    """

    def __init__(self) -> None:
        self._drawing: Any = None

    def track(
        self, items: Iterable[T], *, doing: str, unit: str, total: int | None = None
    ) -> Iterator[T]:
        """Yield the items; after a moment a bar with rate and time left appears."""
        count = total if total is not None else _length(items)
        started, done = time.monotonic(), 0
        iterator = iter(items)
        for item in iterator:
            yield item
            done += 1
            if time.monotonic() - started > _PATIENCE_S:
                break
        else:
            return
        yield from self._drawn(iterator, doing, unit, count, done)

    def _drawn(
        self, rest: Iterator[T], doing: str, unit: str, total: int | None, done: int
    ) -> Iterator[T]:
        if self._drawing is not None:
            task = self._drawing.add_task(doing, total=total, completed=done, unit=unit + "s")
            for item in rest:
                yield item
                self._drawing.advance(task)
            self._drawing.remove_task(task)
            return
        from rich.console import Console  # noqa: PLC0415 - Rich costs more than most commands
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Drawn  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        class Rate(ProgressColumn):
            """Nothing until two steps were seen."""

            def render(self, task: Task) -> Text:
                speed = task.finished_speed or task.speed
                return Text(f"{speed:,.0f}/s" if speed is not None else "")

        with Drawn(
            TextColumn("{task.description:>12}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            Rate(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as drawn:
            task = drawn.add_task(doing, total=total, completed=done, unit=unit + "s")
            self._drawing = drawn
            try:
                for item in rest:
                    yield item
                    drawn.advance(task)
            finally:
                self._drawing = None

    def note(self, text: str) -> None:
        """One line on stderr."""
        sys.stderr.write(f"{text}\n")


def _length(items: Iterable[T]) -> int | None:
    try:
        return len(items)  # pyright: ignore[reportArgumentType]
    except TypeError:
        return None


@contextmanager
def progress(*, quiet: bool) -> Generator[Progress]:
    """Bars when a person watches, else silence."""
    yield Silent() if quiet or not sys.stderr.isatty() else Bars()
