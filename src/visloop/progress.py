"""Progress: rooms report, faces draw (a bar, JSON lines, server-sent events)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


class Progress(Protocol):
    """What a room needs of a face while it works."""

    def track(
        self, items: Iterable[T], *, doing: str, unit: str, total: int | None = None
    ) -> Iterator[T]:
        """Yield the items one by one and report each as done."""
        ...

    def note(self, text: str) -> None:
        """One line of news between bars."""
        ...


class Silent:
    """Reports nothing: tests, jobs, `--quiet`."""

    def track(
        self, items: Iterable[T], *, doing: str, unit: str, total: int | None = None
    ) -> Iterator[T]:
        """Yield the items, unreported."""
        del doing, unit, total
        yield from items

    def note(self, text: str) -> None:
        """Drop the line: nobody is watching."""
