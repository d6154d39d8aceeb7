"""What this process serves right now: one slot for each deployment, replaced whole, never changed.

A request takes its slot when it arrives and keeps it; a switch puts another slot in the table. So
a request in flight finishes on the model that it began with, and the old model is freed with the
last of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from visloop.serve.errors import NotLoaded
from visloop.serve.model import Model
from visloop.serve.processes import Loaded
from visloop.serve.rollout import Deployment, not_found


@dataclass(frozen=True)
class Slot:
    """A deployment with its model in memory.

    `error` says why generation `tried`, newer than the one served, is not there.
    """

    deployment: Deployment
    model: Model | None
    error: str = ""
    tried: int = 0

    @property
    def version(self) -> str:
        """The model's version number as V2 writes it: `3` for `net@v3`."""
        return self.deployment.model.rpartition("@")[2].removeprefix("v")


class Lineup:
    """Name → slot. Read without a lock on the event loop, replaced by the switch's thread."""

    def __init__(self) -> None:
        self._slots: Mapping[str, Slot] = {}

    def __iter__(self):  # noqa: ANN204 - an iterator of Slot
        return iter(self._slots.values())

    def find(self, name: str) -> Slot | None:
        """The slot under that name, loaded or not."""
        return self._slots.get(name)

    def loaded(self, name: str) -> tuple[Slot, Model]:
        """The slot that answers under `name`, and its model.

        Raises:
            DeploymentNotFound: nobody deployed anything under that name.
            NotLoaded: its model does not load.
        """
        slot = self._slots.get(name)
        if slot is None:
            raise not_found(name, self._slots)
        if slot.model is None:
            raise NotLoaded(
                f"{slot.deployment.model} cannot be loaded: {slot.error}",
                fix=f"deploy another version: visloop deploy MODEL --as {name}",
            )
        return slot, slot.model

    def put(self, name: str, slot: Slot | None) -> None:
        """Replace one slot, or remove it."""
        others = {key: value for key, value in self._slots.items() if key != name}
        self._slots = others if slot is None else {**others, name: slot}

    def report(self) -> dict[str, Loaded]:
        """What is loaded, for the heartbeat."""
        return {
            name: Loaded(
                generation=slot.deployment.generation if slot.model else 0,
                model=slot.deployment.model,
                error=slot.error,
                tried=slot.tried,
            )
            for name, slot in self._slots.items()
        }
