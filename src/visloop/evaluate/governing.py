"""The policy in force for a model: the first one is taken with the first gate, another only by approval."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import insert, select

from visloop.errors import Conflict, Corrupt, Forbidden
from visloop.evaluate.policy import GatePolicy
from visloop.evaluate.ports import EvaluatePorts
from visloop.evaluate.tables import policies
from visloop.events import Scope
from visloop.store import Write

_FIRST: Final = "the first gate took it"


class PolicyNotApproved(Conflict):
    """A gate was to judge by a policy that nobody approved."""

    code = "gate.policy_not_approved"
    exit_code = 3


class PolicySeparation(Forbidden):
    """Who approves a policy would profit from it."""

    code = "gate.policy_separation"


@dataclass(frozen=True)
class InForce:
    """The policy that gates of a model judge by, since when, by whom, and why."""

    policy: GatePolicy
    since: datetime
    actor: str
    reason: str


def policy_in_force(ports: EvaluatePorts, scope: Scope, model: str) -> InForce | None:
    """None where no gate has judged a version of the model yet.

    Raises:
        Corrupt: it cannot be read.
    """
    query = select(policies).where(policies.c.project == scope.project, policies.c.model == model)
    with ports.ledger.read() as connection:
        row = connection.execute(query.order_by(policies.c.seq.desc()).limit(1)).first()
    if row is None:
        return None
    try:
        policy = GatePolicy.from_json(ports.blobs.get(row.policy))
    except msgspec.DecodeError as error:
        raise Corrupt(f"the policy of {model} cannot be read: {error}") from error
    return InForce(policy, row.created, row.actor, row.reason)


def require_policy(ports: EvaluatePorts, scope: Scope, model: str, policy: GatePolicy) -> None:
    """Refuse a policy that is not in force where another one is.

    Raises:
        PolicyNotApproved: with the difference, line by line.
    """
    known = policy_in_force(ports, scope, model)
    if known is None or known.policy.digest == policy.digest:
        return
    changes = "".join(f"\n  {line}" for line in known.policy.changes_to(policy))
    raise PolicyNotApproved(
        f"the gate's policy for {model} was changed, and nobody approved that:{changes}",
        fix=f"visloop policy approve {model} -m WHY   (or undo the change in visloop.yaml; "
        f"to see what it would do: visloop gate {model} --dry-run)",
    )


def approve_policy(
    ports: EvaluatePorts,
    scope: Scope,
    model: str,
    policy: GatePolicy,
    *,
    reason: str = "",
    profiting: Collection[str] = (),
) -> InForce:
    """Let gates of the model judge by this policy from now on; the same again changes nothing.

    Args:
        ports: where state and bytes live.
        scope: who approves, in which project.
        model: its name.
        policy: what is to be in force.
        reason: why.
        profiting: actors who may not say so: they wait for the gate's yes.

    Raises:
        PolicySeparation: the actor is one of them.
    """
    known = policy_in_force(ports, scope, model)
    if known is not None and known.policy.digest == policy.digest:
        return known
    if str(scope.actor) in profiting:
        raise PolicySeparation(
            f"{scope.actor} made versions of {model} that the gate judges, and may not change its "
            "policy (gate.separation_of_duties)",
            fix="somebody else approves it: visloop user add NAME --role approver gives them a token",
        )
    ports.blobs.put(policy.to_json())
    ports.blobs.flush()
    with ports.ledger.write(scope) as write:
        changes = known.policy.changes_to(policy) if known else policy.lines
        _enter(write, model, policy, reason)
        write.fact(
            "policy.approved", model, policy=policy.digest, changes=list(changes), reason=reason
        )
    return InForce(policy, write.now, str(scope.actor), reason)


def take_first(write: Write, model: str, policy: GatePolicy) -> None:
    """The policy of a model's first gate is in force from then on, in the verdict's transaction."""
    mine = (policies.c.project == write.scope.project, policies.c.model == model)
    if write.execute(select(policies.c.seq).where(*mine).limit(1)).first() is None:
        _enter(write, model, policy, _FIRST)
        write.fact("policy.taken", model, policy=policy.digest, checks=list(policy.lines))


def _enter(write: Write, model: str, policy: GatePolicy, reason: str) -> None:
    values = {
        "project": write.scope.project,
        "model": model,
        "policy": policy.digest,
        "reason": reason,
        "created": write.now,
        "actor": str(write.scope.actor),
    }
    write.execute(insert(policies), values)
