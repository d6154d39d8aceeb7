"""What an origin is to `add`: roots to remember, pictures to read, and how their bytes are got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from visloop.data.records import ClassEntry, DataPorts, Refusal

if TYPE_CHECKING:
    from visloop.data.formats import Item
    from visloop.data.ingest.records import Found
    from visloop.data.intake.memory import KnownFile


class Offered(Protocol):
    """The pictures that an origin offers: iterate once; `notes()` is complete after that."""

    classes: tuple[ClassEntry, ...]
    total: int | None

    def __iter__(self) -> Iterator[Item]: ...

    def notes(self) -> tuple[str, ...]:
        """What was left out, renamed or guessed, in words."""
        ...


Fetched: TypeAlias = Refusal | Literal["here", "as it was"]


class Fetcher(Protocol):
    """Gets the bytes of an offered picture to where `found.file` says; called by several threads."""

    def fetch(self, found: Found, known: KnownFile | None) -> Fetched:
        """`as it was` only where `known` is given and the bytes are those noted then."""
        ...

    def drop(self, found: Found) -> None:
        """The file was read and is needed no more."""
        ...


@dataclass(frozen=True)
class Seal:
    """By which an origin that is one file is known again.

    `suffices`: while it holds, nothing in it has changed (an archive, but not a list of URLs).
    """

    source: str
    size_bytes: int
    mtime_ns: int
    labels: str
    suffices: bool = True


@dataclass(frozen=True)
class Opened:
    """An origin while it is open. `complete`: what it does not offer is not in it any more."""

    found: Offered
    fetcher: Fetcher | None = None
    complete: bool = False


class Origin(Protocol):
    """One place that pictures come from. `raw_roots` are (clean text, the system's bytes)."""

    roots: tuple[tuple[str, bytes], ...]
    seal: Seal | None

    def open(
        self, ports: DataPorts, known: Mapping[str, KnownFile]
    ) -> AbstractContextManager[Opened]:
        """Make it readable; `known` is what earlier `add`s noted below its roots."""
        ...
