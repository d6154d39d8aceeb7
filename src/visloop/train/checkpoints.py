"""Where a training stands, kept so that a killed one goes on from there.

A checkpoint is a file in the run's folder; the ledger says which one counts, in a write that the
run's lease fences. A process that lost the run cannot make its own file count, and removes no file
of its successor.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visloop.ids import digest_of
from visloop.store import Claim, Jobs, Ledger


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run; without a `folder` none are kept.

    `every_s`: seconds between two of them, which is how much work a kill can cost.
    """

    ledger: Ledger
    claim: Claim
    folder: Path | None
    every_s: float

    def save(self, state: bytes) -> None:
        """Keep the state in place of the one before; durable when this returns.

        Raises:
            LeaseLost: another process has taken the run over: stop working.
        """
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = digest_of(state)
        name = f"{self.claim.token:06d}-{digest[:16]}"
        fresh = self.folder / f"{name}.part"
        with fresh.open("wb") as file:
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / name)
        said = {"file": name, "digest": digest}
        Jobs(self.ledger, self.ledger.clock).checkpoint(self.claim, said)
        for other in self.folder.iterdir():
            if other.name != name and other.name[:6] <= name[:6]:
                other.unlink(missing_ok=True)

    def load(self) -> bytes | None:
        """The last state, of whichever process; None when there is none that can be read."""
        said: Any = self.claim.checkpoint
        if self.folder is None or not isinstance(said, Mapping) or "file" not in said:
            return None
        try:
            state = (self.folder / str(said["file"])).read_bytes()
        except OSError:
            return None
        return state if digest_of(state) == said["digest"] else None

    def clear(self) -> None:
        """The run is over: nothing is to be resumed."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
