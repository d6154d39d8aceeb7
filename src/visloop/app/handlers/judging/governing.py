"""The policy in force for a model, beside what visloop.yaml says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import evaluate, registry
from visloop.app.handlers.policies import gate_policy
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Governed:
    """`known` is in force (None before the first gate), `proposed` is what visloop.yaml says."""

    model: str
    known: evaluate.InForce | None
    proposed: evaluate.GatePolicy

    @property
    def changes(self) -> tuple[str, ...]:
        """What visloop.yaml would change, line by line."""
        return self.known.policy.changes_to(self.proposed) if self.known else ()


def governed(ports: Ports, scope: Scope, model: str) -> Governed:
    """How a model is governed.

    Raises:
        ModelNotFound: there is no such model.
    """
    name = registry.resolve(ports.registry, scope, Ref.parse(model)).model
    known = evaluate.policy_in_force(ports.evaluate, scope, name)
    return Governed(name, known, gate_policy(ports, name))


def approve_policy(ports: Ports, scope: Scope, model: str, reason: str) -> Governed:
    """Put the policy of visloop.yaml in force; how the model was governed before.

    Raises:
        ModelNotFound: there is no such model.
        PolicySeparation: duties are separate, and the actor waits for the gate's yes.
    """
    before = governed(ports, scope, model)
    separate = ports.config.gate.separation_of_duties
    evaluate.approve_policy(
        ports.evaluate,
        scope,
        before.model,
        before.proposed,
        reason=reason,
        profiting=_profiting(ports, scope, before.model) if separate else (),
    )
    return before


def _profiting(ports: Ports, scope: Scope, model: str) -> set[str]:
    """Who made a version that a laxer gate could let through: all that may still become champion."""
    champion = registry.champion(ports.registry, scope, model)
    return {
        each.actor
        for each in registry.versions(ports.registry, scope, model)
        if each.archived is None
        and each.state != "rejected"
        and (champion is None or each.ref != champion.ref)
    }
