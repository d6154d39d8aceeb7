"""What the loop is told, what it remembers, what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from visloop import serve

if TYPE_CHECKING:
    from visloop.data import DataPorts
    from visloop.evaluate import EvaluatePorts, GatePolicy
    from visloop.events import Clock
    from visloop.label import LabelPorts
    from visloop.observe import ObservePorts
    from visloop.registry import RegistryPorts
    from visloop.serve import CanaryPolicy, ServePorts
    from visloop.store import Ledger
    from visloop.train import TrainPorts

State = Literal[
    "labelled",
    "committed",
    "trained",
    "gated",
    "approved",
    "shadow",
    "canary",
    "promoted",
    "done",
    "refused",
]
Way = Literal["direct", "shadow", "canary"]


@dataclass(frozen=True)
class LoopPorts:
    """The rooms below, each with its own ports."""

    ledger: Ledger
    clock: Clock
    data: DataPorts
    label: LabelPorts
    train: TrainPorts
    evaluate: EvaluatePorts
    registry: RegistryPorts
    serve: ServePorts
    observe: ObservePorts


@dataclass(frozen=True)
class LoopPolicy:
    """When a new model is made and how; `labels` accepted ones since the last commit start a cycle.

    `switch`: `direct` deploys what the gate passed; `canary` gives it a share of the requests first, as
    `canary` says; `shadow` lets it look at copies of `shadow_share` of them before that.
    """

    deployment: str
    dataset: str
    model: str
    recipe: str
    gate: GatePolicy
    labels: int = 100
    approval: bool = False
    cooldown_s: float = 0.0
    switch_wait_s: float = 30.0
    switch: Way = "direct"
    canary: CanaryPolicy = field(default_factory=lambda: serve.CanaryPolicy())  # noqa: PLW0108 - found when it is used
    shadow_share: float = 1.0


@dataclass(frozen=True)
class Cycle:
    """One turn of the loop; `facts` grows with each step (version, model, verdict …)."""

    id: str
    project: str
    deployment: str
    number: int
    state: State
    because: Mapping[str, Any]
    facts: Mapping[str, Any]
    attempts: int
    error: str | None
    retry_at: datetime | None
    opened: datetime
    changed: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Stepped:
    """What one step did, or what it waits for; `moved` when the state changed."""

    moved: bool
    state: str
    waiting_for: str
    cycle: str | None = None


@dataclass(frozen=True)
class LoopStatus:
    """Where the loop stands and why; `history` has one row a cycle, newest first."""

    deployment: str
    on: bool
    state: str
    waiting_for: str
    waiting: int
    accepted: int
    needed: int
    history: tuple[Mapping[str, Any], ...]
