"""Files and folders of this machine: scanned where they lie."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from visloop.data.ingest.scan import scan
from visloop.data.ingest.walk import clean
from visloop.data.origins.records import Opened, Seal
from visloop.data.records import AddOptions, DataPorts

if TYPE_CHECKING:
    from visloop.data.intake.memory import KnownFile


class Folders:
    """The plain paths of one `add`, scanned together."""

    def __init__(self, paths: Sequence[str], options: AddOptions) -> None:
        self._paths, self._options = paths, options
        self.roots: tuple[tuple[str, bytes], ...] = tuple(
            (clean(path), os.fsencode(path)) for path in paths
        )
        self.seal: Seal | None = None

    @contextmanager
    def open(self, ports: DataPorts, known: Mapping[str, KnownFile]) -> Generator[Opened]:
        """Look at them; nothing is read yet."""
        del ports, known
        yield Opened(scan(self._paths, self._options))
