"""What the openers of parts take and give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from visloop.data.ingest.records import Found, Probe
    from visloop.data.privacy.guard import Guard


class Sink(Protocol):
    """Where bytes go on their way in: to the store, or nowhere in a dry run.

    `guard` is the gate that each picture passes before.
    """

    guard: Guard

    def put(self, data: bytes | memoryview, digest: str | None = None) -> str:
        """Keep bytes made here (a reference, a converted picture); their digest."""
        ...

    def original(
        self, found: Found, data: bytes | memoryview, mtime_ns: int, digest: str | None = None
    ) -> str:
        """Keep the bytes of the file `found.file`, all of them; their digest (give it when known).

        Where the file is left in place (`found.in_place`) it is noted where they lie instead.
        """
        ...

    def left(self, found: Found, digest: str, size_bytes: int, mtime_ns: int) -> None:
        """Note that the file `found.file` with these bytes is left in place; it may be of any size."""
        ...


class Piece(NamedTuple):
    """What an opener found: the bytes to keep, and what the picture is.

    Where `data` is a reference, `probe` tells of the picture that it leads to.
    """

    data: bytes
    probe: Probe


Opener: TypeAlias = "Callable[[Found, Sink], Piece]"
"""Raises BrokenFile for a damaged file, OSError for one that cannot be read, MissingExtra."""
