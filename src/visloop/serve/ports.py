"""What serving needs of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from visloop.store import Blobs, Ledger


@dataclass(frozen=True)
class ServePorts:
    """`state` is the folder of spools and counters; all serving processes of a machine share it."""

    ledger: Ledger
    blobs: Blobs
    state: Path

    @property
    def counters(self) -> Path:
        """One file for each serving process."""
        return self.state / "servers"

    @property
    def spool(self) -> Path:
        """The bounded ring of served pictures."""
        return self.state / "spool"

    @property
    def curves(self) -> Path:
        """What was measured of models on this machine."""
        return self.state / "curves"
