"""What runs keep alive: nothing of their own, the version that they read is kept by its data set."""

from __future__ import annotations

from typing import Final

from visloop.store import Roots

TRAIN_ROOTS: Final = Roots(
    room="train",
    noted={"runs.data_root": "versions are kept by their data set"},
)
