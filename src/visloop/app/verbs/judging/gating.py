"""The gate: whether a model may become champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop.app import handlers
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Gate:
    """Judge a candidate by the policy of visloop.yaml; exit code 3 when it says no."""

    model: str = arg("for example reader@v2")
    on: str | None = opt(
        "judge on this split; default: test of the data that it was trained on", default=None
    )
    against: str | None = opt("default: the champion, when there is one", default=None)


@dataclass(frozen=True)
class Gated:
    """pass or fail, every check with its figures, and how each open incident was answered."""

    verdict: str
    model: str
    against: str | None
    on: str
    checks: tuple[dict[str, Any], ...]
    policy: str
    incidents: tuple[dict[str, Any], ...] = ()


@operation(
    "gate", permission="evaluate.gate", exit_code=lambda done: 0 if done.verdict == "pass" else 3
)
def gate(ports: Ports, scope: Scope, ask: Gate) -> Gated:
    """Evaluate both, compare, record the verdict."""
    return Gated(**handlers.run_gate(ports, scope, ask.model, ask.on, ask.against))
