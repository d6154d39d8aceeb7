"""Bytes that were handed over: pushed by HTTP, or taken off a live stream. No file of theirs stays."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import utime
from pathlib import Path
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
    from visloop.data.formats import Item
    from visloop.data.intake.memory import KnownFile
    from visloop.data.records import AddOptions, ClassEntry, DataPorts


@dataclass(frozen=True)
class Handed:
    """One file. `path` is its logical path ("": named by its digest), `source` whence it came.

    `data` are its bytes, or a file that holds them and stays as it is. The same path from the same
    source again is the same sample, with new bytes if they differ. `labels` are classes of the whole
    picture; none says nothing about labels. `modified_ns`: when it was last changed where it came
    from; one that is offered again with the same size and time need not be sent (`missing`).
    """

    data: bytes | Path
    path: str = ""
    source: str = "push"
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    modified_ns: int | None = None

    def found(self, file: str, options: AddOptions) -> Found:
        """What is said of it besides its bytes, which `file` holds."""
        path = self.path or digest_of(_bytes(self.data))[:32]
        film = bool(options.frames) and (is_film(file) or is_film_name(path))
        return Found(
            path=path,
            file=file,
            source=f"{self.source}:{path}",
            annotations=tuple(ClassLabel(label=name) for name in self.labels) or None,
            split=options.split,
            metadata=dict(self.metadata),
            part=Part(kind=FILM, at={"frames": options.frames}) if film else None,
        )


def check_handed(handed: Sequence[Handed], options: AddOptions) -> None:
    """Whether files can be handed over so.

    Raises:
        UsageError: a path is not a plain one, or `options.frames` says no frames.
    """
    if options.frames:
        parse_frames(options.frames)
    for each in handed:
        if each.path and not is_logical(each.path):
            raise UsageError(
                f"{each.path!r} is no path inside a data set", fix="a plain one: line3/0001.jpg"
            )


def was_handed(source: str) -> bool:
    """Whether a file was handed over, by its source: then it lies nowhere."""
    return not source.startswith("/") and "://" not in source


def _bytes(data: bytes | Path) -> bytes:
    return data.read_bytes() if isinstance(data, Path) else data


class HandedOver:
    """Handed bytes as an origin; on the disk only while they are read.

    Raises:
        UsageError: as `check_handed`.
    """

    def __init__(self, handed: Sequence[Handed], options: AddOptions) -> None:
        self._handed, self._options = handed, options
        self.roots: tuple[tuple[str, bytes], ...] = ()
        self.seal: Seal | None = None
        check_handed(handed, options)

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
            file = each.data if isinstance(each.data, Path) else self._folder / f"{number}"
            if not isinstance(each.data, Path):
                file.write_bytes(each.data)
            if each.modified_ns is not None:
                utime(file, ns=(each.modified_ns, each.modified_ns))
            yield each.found(str(file), self._options)
            if not isinstance(each.data, Path):
                file.unlink(missing_ok=True)

    def notes(self) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()
