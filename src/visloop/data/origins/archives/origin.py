"""An archive as an origin: unpacked, scanned as the folder that it is, named as the archive."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from visloop.data.formats.folder import CONTAINERS, SPLITS
from visloop.data.ingest.scan import scan
from visloop.data.ingest.walk import clean, is_hidden, is_picture
from visloop.data.intake.looking import RACY, TICK_NS
from visloop.data.origins.archives import readers
from visloop.data.origins.archives.kinds import Kind
from visloop.data.origins.archives.unpack import Unpacking
from visloop.data.origins.records import Opened, Seal
from visloop.data.origins.renamed import Renamed
from visloop.data.origins.scratch import scratch
from visloop.data.records import AddOptions, DataPorts
from visloop.errors import UsageError
from visloop.ids import digest_of

if TYPE_CHECKING:
    from visloop.data.intake.memory import KnownFile

_DEEPEST: Final = 8


class Archive:
    """One archive file that was named to `add`."""

    def __init__(self, path: str, kind: Kind, options: AddOptions) -> None:
        if options.in_place:
            raise UsageError(
                f"{clean(path)!r} is an archive: what is in it cannot be left in place",
                fix="leave --in-place away, or unpack it and add the folder",
            )
        self._path, self._options = Path(path), options
        self._kind: Kind = kind
        self.roots: tuple[tuple[str, bytes], ...] = ((clean(path), os.fsencode(path)),)
        now_ns, stat = time.time_ns(), self._path.stat()
        mtime_ns = RACY if stat.st_mtime_ns > now_ns - TICK_NS else stat.st_mtime_ns
        asked = msgspec.msgpack.encode(options, order="sorted")
        labels = digest_of(asked)[:32]
        self.seal: Seal | None = Seal(clean(path), stat.st_size, mtime_ns, labels)

    @contextmanager
    def open(self, ports: DataPorts, known: Mapping[str, KnownFile]) -> Generator[Opened]:
        """Unpack it into a private folder and scan that.

        Raises:
            ArchiveRefused: it is damaged, or larger than is allowed.
        """
        del known
        with scratch(ports.scratch) as folder:
            done = unpacked(ports, self._path, self._kind, folder)
            inner = _inmost(str(folder))
            found = scan([inner], self._options)
            name = clean(str(self._path))
            yield Opened(
                Renamed(found, str(folder), name, done.refusals, done.notes), complete=True
            )


def unpacked(ports: DataPorts, path: Path, kind: Kind, folder: Path) -> Unpacking:
    """Everything in the archive, below `folder`.

    Raises:
        ArchiveRefused: it is damaged, or larger than is allowed.
    """
    done = Unpacking(str(path), folder, ports.limits, path.stat().st_size)
    declared = readers.declared_bytes(path, kind)
    if declared is not None:
        done.reserve(declared)
    with readers.telling(path):
        names = done.take_all(readers.members(path, kind, done.notes))
        for _ in ports.progress.track(names, doing="unpack", unit="file"):
            pass
    return done


def _inmost(folder: str) -> str:
    """Past the one folder that many archives wrap everything in: it is no class and no split."""
    for _ in range(_DEEPEST):
        with os.scandir(folder) as listing:
            entries = [each for each in listing if not is_hidden(each.name)]
        if len(entries) != 1 or not entries[0].is_dir(follow_symlinks=False):
            return folder
        only = entries[0]
        name = only.name.lower()
        if name in SPLITS or name in CONTAINERS or name in {"annotations", "labels"}:
            return folder
        with os.scandir(only.path) as listing:
            if any(each.is_file() and is_picture(each.path) for each in listing):
                return folder  # a class of pictures
        folder = only.path
    return folder
