"""One step at a time, by whoever holds the lease."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from visloop import evaluate, label
from visloop.errors import LeaseLost, NotFound, Refused, UsageError, VisloopError
from visloop.loop import cycles, steps, switching
from visloop.loop.records import Cycle, LoopStatus, Stepped
from visloop.loop.turns import Turn

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.loop.records import LoopPolicy, LoopPorts
    from visloop.store import Claim

_log = logging.getLogger("visloop.loop")
_TRIES = 3


def step(
    ports: LoopPorts, scope: Scope, policy: LoopPolicy, claim: Claim, *, force: bool = False
) -> Stepped:
    """Open a cycle when there is reason to, or move the open one on by one step.

    Args:
        force: begin a cycle with whatever labels there are, and do not wait after a failed step.

    Raises:
        LeaseLost: somebody else took this loop over; nothing was changed.
    """
    cycle = cycles.current(ports.ledger, scope.project, policy.deployment)
    if cycle is None:
        return _open(ports, scope, policy, claim, force=force)
    if not force and cycle.retry_at and cycle.retry_at > ports.clock.now():
        return _waits(cycle, f"another try at {cycle.retry_at:%H:%M:%S} after: {cycle.error}")
    turn = Turn(ports, scope, policy, cycle, claim)
    try:
        state, learnt = steps.STEPS[cycle.state](turn)
    except LeaseLost:
        raise
    except switching.StillWaiting as waiting:
        return _waits(cycle, str(waiting))
    except VisloopError as error:
        _log.warning("loop.step_failed", extra={"cycle": cycle.id, "code": error.code})
        if _is_final(error, cycle):
            ended = cycles.advance(ports.ledger, scope, cycle, "refused", claim, problem=str(error))
            return Stepped(moved=True, state=ended.state, waiting_for="", cycle=ended.id)
        failed = cycles.stumble(ports.ledger, scope, cycle, str(error), claim)
        return _waits(failed, f"another try after: {error.what}")
    moved = cycles.advance(ports.ledger, scope, cycle, state, claim, **learnt)
    return Stepped(moved=True, state=moved.state, waiting_for="", cycle=moved.id)


def _is_final(error: VisloopError, cycle: Cycle) -> bool:
    """A cycle's version stands still: what is wrong with it stays wrong, and labels must not wait."""
    return isinstance(error, Refused | NotFound | UsageError) and cycle.attempts + 1 >= _TRIES


def _open(
    ports: LoopPorts, scope: Scope, policy: LoopPolicy, claim: Claim, *, force: bool
) -> Stepped:
    why = steps.trigger(ports, scope, policy)
    if isinstance(why, str) and force:
        counts = label.counts(ports.label, scope, policy.dataset)
        if counts.uncommitted:
            why = {"trigger": "by hand", "labels": counts.uncommitted}
    if isinstance(why, str):
        return Stepped(moved=False, state="waiting", waiting_for=why)
    cycle = cycles.begin(ports.ledger, scope, policy.deployment, why, claim)
    return Stepped(moved=True, state=cycle.state, waiting_for="", cycle=cycle.id)


def _waits(cycle: Cycle, what: str) -> Stepped:
    return Stepped(moved=False, state=cycle.state, waiting_for=what, cycle=cycle.id)


_NEXT = {
    "labelled": "the labels to be committed",
    "committed": "training",
    "trained": "the gate",
    "gated": "approval",
    "approved": "the switch",
    "shadow": "what the shadow did",
    "canary": "what the canary did",
    "promoted": "the new reference",
}


def status(ports: LoopPorts, scope: Scope, policy: LoopPolicy) -> LoopStatus:
    """Where the loop stands and why, and every cycle so far."""
    cycle = cycles.current(ports.ledger, scope.project, policy.deployment)
    counts = label.counts(ports.label, scope, policy.dataset)
    if cycle is None:
        why = steps.trigger(ports, scope, policy)
        waiting_for = why if isinstance(why, str) else "the next step"
    else:
        waiting_for = cycle.error or _held_up(ports, scope, policy, cycle) or _NEXT[cycle.state]
    past = cycles.history(ports.ledger, scope.project, policy.deployment)
    return LoopStatus(
        deployment=policy.deployment,
        on=cycles.is_on(ports.ledger, scope.project, policy.deployment),
        state=cycle.state if cycle else "waiting",
        waiting_for=waiting_for,
        waiting=counts.waiting,
        accepted=counts.uncommitted,
        needed=policy.labels,
        history=tuple(_row(each) for each in past),
    )


def _held_up(ports: LoopPorts, scope: Scope, policy: LoopPolicy, cycle: Cycle) -> str:
    """A policy that nobody approved, before the gate; what is seen of a candidate beside the champion."""
    if cycle.state in {"shadow", "canary"}:
        return switching.waits_for(ports.serve, scope.project, cycle.facts)
    if cycle.state != "trained":
        return ""
    try:
        evaluate.require_policy(ports.evaluate, scope, policy.model, policy.gate)
    except evaluate.PolicyNotApproved as problem:
        return str(problem)
    return ""


def _row(cycle: Cycle) -> dict[str, Any]:
    return {
        "cycle": cycle.id,
        "state": cycle.state,
        "opened": cycle.opened.isoformat(),
        "ended": cycle.ended.isoformat() if cycle.ended else None,
        "because": dict(cycle.because),
        **cycle.facts,
        "error": cycle.error,
    }
