"""The parts a workspace is made of, put together once and handed down as arguments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import store

if TYPE_CHECKING:
    from visloop.config import Config
    from visloop.events import Clock
    from visloop.progress import Progress


@dataclass(frozen=True)
class Ports:
    """Everything an operation may touch."""

    root: Path
    config: Config
    ledger: store.Ledger
    blobs: store.PackBlobs
    clock: Clock
    progress: Progress


def with_progress(ports: Ports, progress: Progress) -> Ports:
    """The same parts, watched by somebody else."""
    return replace(ports, progress=progress)
