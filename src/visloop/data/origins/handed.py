"""Bytes that were handed over: pushed by HTTP, or taken off a live stream. No file of theirs stays."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from visloop.data.ingest.records import FILM, Found, Part
from visloop.data.ingest.walk import is_film, is_film_name, is_logical
from visloop.data.media.policy import parse_frames
from visloop.data.origins.records import Opened, Seal
from visloop.data.origins.scratch import scratch
from visloop.errors import UsageError
from visloop.ids import digest_of
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from pathlib import Path

    from visloop.data.formats import Item
    from visloop.data.intake.memory import KnownFile
    from visloop.data.records import AddOptions, ClassEntry, DataPorts


@dataclass(frozen=True)
class Handed:
    """One file's bytes. `path` is its logical path ("": named by its digest), `source` whence it came.

    The same path from the same source again is the same sample, with new bytes if they differ.
    `labels` are classes of the whole picture; none says nothing about labels.
    """

    data: bytes
    path: str = ""
    source: str = "push"
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])


class HandedOver:
    """Handed bytes as an origin; on the disk only while they are read.

    Raises:
        UsageError: a path is not a plain one, or `options.frames` says no frames.
    """

    def __init__(self, handed: Sequence[Handed], options: AddOptions) -> None:
        self._handed, self._options = handed, options
        self.roots: tuple[tuple[str, bytes], ...] = ()
        self.seal: Seal | None = None
        if options.frames:
            parse_frames(options.frames)
        for each in handed:
            if each.path and not is_logical(each.path):
                raise UsageError(
                    f"{each.path!r} is no path inside a data set", fix="a plain one: line3/0001.jpg"
                )

    @contextmanager
    def open(self, ports: DataPorts, known: Mapping[str, KnownFile]) -> Generator[Opened]:
        """Write them to a private folder, one after the other."""
        del known
        with scratch(ports.scratch) as folder:
            yield Opened(_Offered(self._handed, self._options, folder))


class _Offered:
    def __init__(self, handed: Sequence[Handed], options: AddOptions, folder: Path) -> None:
        self._handed, self._options, self._folder = handed, options, folder
        self.classes: tuple[ClassEntry, ...] = ()
        self.total: int | None = len(handed)

    def __iter__(self) -> Iterator[Item]:
        for number, each in enumerate(self._handed):
            path = each.path or digest_of(each.data)[:32]
            file = self._folder / f"{number}"
            file.write_bytes(each.data)
            film = bool(self._options.frames) and (is_film(str(file)) or is_film_name(path))
            yield Found(
                path=path,
                file=str(file),
                source=f"{each.source}:{path}",
                annotations=tuple(ClassLabel(label=name) for name in each.labels) or None,
                split=self._options.split,
                metadata=dict(each.metadata),
                part=Part(kind=FILM, at={"frames": self._options.frames}) if film else None,
            )
            file.unlink(missing_ok=True)

    def notes(self) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()
