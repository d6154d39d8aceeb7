"""The parts a workspace is made of, put together once and handed down as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import data, evaluate, label, loop, observe, registry, serve, store, train

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
