"""What this process serves right now: one slot for each deployment, replaced whole, never changed.

A request takes its slot when it arrives and keeps it; a switch puts another slot in the table. So
a request in flight finishes on the model that it began with, and the old model is freed with the
last of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from visloop.serve.errors import NotLoaded
from visloop.serve.limits import FREE, DeploymentLimits, raise_it
from visloop.serve.model import Model
from visloop.serve.processes import Loaded
from visloop.serve.rollout import Deployment, not_found
from visloop.serve.settings import MIB
from visloop.serve.wire.http import BodyBound
from visloop.serve.work.lane import Lane

if TYPE_CHECKING:
    from visloop.serve.journal.entry import Entry
    from visloop.serve.shadow.mirror import Mirror

KEY_HEADER: Final = b"x-visloop-key"
_WHOLE: Final = float(1 << 64)


@dataclass(frozen=True)
class Copy:
    """Another model that looks at the pictures of a slot, behind its answers."""

    mirror: Mirror
    model: str
    package: str
    share: float = 1.0

    def offer(self, entry: Entry) -> None:
        """An answer has gone out."""
        self.mirror.offer(entry, self.model, self.package, self.share)


@dataclass(frozen=True)
class Slot:
    """A deployment with its model in memory.

    `error` says why generation `tried`, newer than the one served, is not there. While a canary runs,
    `canary` has both arms; each of them is a slot that says so: `rollout`, the canary's `share`, and the
    request's `key`, digested. `instead` answers where the canary fails. Requests wait in `lane`, those
    with several pictures in `long_lane`.
    """

    deployment: Deployment
    model: Model | None
    error: str = ""
    tried: int = 0
    canary: Canary | None = None
    rollout: str = ""
    share: float = 0.0
    key: str = ""
    instead: Slot | None = None
    copies: tuple[Copy, ...] = ()
    lane: Lane = field(default_factory=Lane)
    long_lane: Lane = field(default_factory=Lane)

    @classmethod
    def of(cls, deployment: Deployment, model: Model, *, apart: bool = False) -> Slot:
        """A slot whose model answers; `apart`: it is on trial, and must not hold what others need."""
        limits = deployment.limits or FREE
        lane = Lane(
            deployment.name,
            batch=model.batching.limit,
            at_once=limits.at_once or 0,
            queue=limits.queue,
            apart=apart,
        )
        longer = Lane(deployment.name, apart=apart)
        bounded = model.bounded(limits.megapixels)
        return cls(deployment, bounded, lane=lane, long_lane=longer)

    @property
    def body(self) -> BodyBound | None:
        """How large a request may be, where that has a limit of its own."""
        most = self.limits.body_mb
        if most is None:
            return None
        return BodyBound(round(most * MIB), raise_it(self.deployment.name, "body_mb"))

    @property
    def limits(self) -> DeploymentLimits:
        """The deployment's own."""
        return self.deployment.limits or FREE

    @property
    def version(self) -> str:
        """The model's version number as V2 writes it: `3` for `net@v3`."""
        return self.deployment.model.rpartition("@")[2].removeprefix("v")


@dataclass(frozen=True)
class Canary:
    """The two arms of a canary: who has `share` of the requests, and who has the rest.

    A request with a key always meets the same arm, in every process, and once it has met the canary it
    stays there as the share grows.
    """

    rollout: str
    share: float
    candidate: Slot
    champion: Slot

    @property
    def named(self) -> Slot:
        """The candidate, for a request that asked for its version: no coin was tossed for it."""
        return replace(self.candidate, rollout="", share=0.0, instead=None, copies=())

    def choose(self, key: bytes | None) -> Slot:
        """The arm that answers a request, by its key or by a coin."""
        if not key:
            drawn = random.random()
            return self.candidate if drawn < self.share else self.champion
        digest = blake2b(key, digest_size=16, key=self.rollout.encode()).digest()
        drawn = int.from_bytes(digest[:8], "little") / _WHOLE
        arm = self.candidate if drawn < self.share else self.champion
        return replace(arm, key=digest[8:].hex())


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

    def chosen(self, name: str, key: bytes | None) -> tuple[Slot, Model]:
        """As `loaded`, for a request to be answered: a canary gets its share of them.

        Raises:
            DeploymentNotFound, NotLoaded: as `loaded`.
        """
        slot, model = self.loaded(name)
        if slot.canary is None:
            return slot, model
        arm = slot.canary.choose(key)
        return arm, arm.model or model

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
                batch=slot.lane.batch,
                because=slot.model.batching.because if slot.model else "",
            )
            for name, slot in self._slots.items()
        }
