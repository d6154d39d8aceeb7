"""What evaluation needs from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop.data import DataPorts
from visloop.registry import RegistryPorts

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store import Blobs, Ledger


@dataclass(frozen=True)
class EvaluatePorts:
    """Where state lives, where bytes live, who watches."""

    ledger: Ledger
    blobs: Blobs
    progress: Progress

    @property
    def data(self) -> DataPorts:
        """The ports of the data room."""
        return DataPorts(ledger=self.ledger, blobs=self.blobs, progress=self.progress)

    @property
    def registry(self) -> RegistryPorts:
        """The ports of the registry."""
        return RegistryPorts(ledger=self.ledger, blobs=self.blobs)
