"""The steps of a cycle. Each can be killed at any moment and run again to the same end:

    labelled ──commit──▶ committed ──train──▶ trained ──gate──▶ gated ──(approve)──▶ approved
        ──deploy, wait, alias──▶ promoted ──new reference, close alerts──▶ done
                                              gate or person says no ──▶ refused

An incident that is opened on the way sends the candidate back to the gate.

What a step does is keyed by the cycle (the version's message, the run's key), so a second try finds
what the first one left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from visloop import data, evaluate, label, observe, registry, serve, train
from visloop.errors import Unavailable
from visloop.ids import Ref
from visloop.loop import cycles
from visloop.loop.gathering import GATHERING
from visloop.store import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from visloop.events import Scope
    from visloop.loop.records import Cycle, LoopPolicy, LoopPorts, State
    from visloop.store import Claim

    Step = Callable[["Turn"], tuple[State, dict[str, Any]]]


@dataclass(frozen=True)
class Turn:
    """What every step is given."""

    ports: LoopPorts
    scope: Scope
    policy: LoopPolicy
    cycle: Cycle
    claim: Claim


class StillWaiting(Unavailable):
    """A step that cannot go on yet, and what for."""

    code = "loop.waiting"


def commit(turn: Turn) -> tuple[State, dict[str, Any]]:
    """The accepted labels become a version; a version that carries this cycle's mark is taken."""
    ports, policy, claim = turn.ports, turn.policy, turn.claim
    mark = f"[{turn.cycle.id}]"
    known = data.log(ports.data, turn.scope, policy.dataset)
    version = next((each for each in known if mark in each.message), None)
    if version is None:
        labels = turn.cycle.because.get("labels", 0)
        message = f"{labels} labels from {policy.deployment} {mark}"
        try:
            version = data.commit(ports.data, turn.scope, policy.dataset, message, fence=claim)
        except data.NothingToCommit:
            version = next(iter(data.log(ports.data, turn.scope, policy.dataset)), None)
            if version is None or version.time < utc_text(turn.cycle.opened):
                raise
            # a person committed them since the cycle began: that version holds the labels
    return "committed", {"version": version.ref}


def fit(turn: Turn) -> tuple[State, dict[str, Any]]:
    """A tracked run, keyed by the cycle; its lease is no longer than the loop's own."""
    ports = turn.ports.train
    done = train.train(
        replace(ports, lease_s=min(ports.lease_s, turn.claim.lease_s)),
        turn.scope,
        Ref.parse(turn.cycle.facts["version"]),
        turn.policy.recipe,
        model_name=turn.policy.model,
        key=turn.cycle.id,
    )
    return "trained", {"run": done.run, "model": done.model}


def judge(turn: Turn) -> tuple[State, dict[str, Any]]:
    """Candidate against champion on the test split of the new version."""
    ports, facts = turn.ports, turn.cycle.facts
    candidate = registry.resolve(ports.registry, turn.scope, Ref.parse(facts["model"]))
    champion = registry.champion(ports.registry, turn.scope, turn.policy.model)
    on = Ref.parse(f"{facts['version']}:test")
    try:
        verdict = evaluate.run_gate(
            ports.evaluate,
            turn.scope,
            candidate,
            champion,
            on,
            turn.policy.gate,
            gathering=GATHERING,
        )
    except evaluate.PolicyNotApproved as problem:
        raise StillWaiting(problem.what, fix=problem.fix) from problem
    learnt = {
        "verdict": "pass" if verdict.passed else "fail",
        "champion": champion.ref if champion else None,
        "checks": [each.name for each in verdict.checks if not each.passed],
    }
    return ("gated" if verdict.passed else "refused"), learnt


def approve(turn: Turn) -> tuple[State, dict[str, Any]]:
    """A person's yes, where the policy asks for one."""
    if not turn.policy.approval:
        return "approved", {"approval": "not asked for"}  # incidents: `promote` looks again
    ref = turn.cycle.facts["model"]
    candidate = registry.resolve(turn.ports.registry, turn.scope, Ref.parse(ref))
    fresh = _asked_since(turn, candidate)
    if fresh:
        return "trained", {"asked_since": fresh}
    decision = registry.decision(turn.ports.registry, turn.scope, candidate)
    if decision is None:
        registry.request_approval(turn.ports.registry, turn.scope, candidate)
        raise StillWaiting(
            f"{ref} passed the gate and waits for a person",
            fix=f"visloop model approve {ref}   (or reject)",
        )
    return ("approved" if decision == "approved" else "refused"), {"approval": decision}


def promote(turn: Turn) -> tuple[State, dict[str, Any]]:
    """Served first, then every serving process confirms, and the alias moves last."""
    ports, policy = turn.ports, turn.policy
    candidate = registry.resolve(ports.registry, turn.scope, Ref.parse(turn.cycle.facts["model"]))
    if registry.decision(ports.registry, turn.scope, candidate) == "rejected":
        return "refused", {"approval": "rejected"}
    again = _asked_since(turn, candidate) or _judged_by_another_policy(turn, candidate)
    if again:
        return "trained", again
    name, fence = policy.deployment, turn.claim
    served = serve.deploy(ports.serve, turn.scope, name, candidate, fence=fence)
    serve.wait_ready(ports.serve, served.name, served.generation, policy.switch_wait_s)
    registry.promote(
        ports.registry, turn.scope, candidate, needs_approval=policy.approval, fence=fence
    )
    return "promoted", {"generation": served.generation}


def _asked_since(turn: Turn, candidate: registry.ModelVersion) -> dict[str, Any]:
    """Incidents that were opened after the gate judged: it has to judge again."""
    ports = turn.ports.evaluate
    verdict = evaluate.last_verdict(ports, turn.scope, candidate)
    found = evaluate.untried(ports, turn.scope, candidate, verdict) if verdict else []
    return {"asked_since": [each.id for each in found]} if found else {}


def _judged_by_another_policy(turn: Turn, candidate: registry.ModelVersion) -> dict[str, Any]:
    """A policy that a person approved after the gate had said yes: it has to judge by that."""
    ports = turn.ports.evaluate
    known = evaluate.policy_in_force(ports, turn.scope, candidate.model)
    verdict = evaluate.last_verdict(ports, turn.scope, candidate)
    if known is None or verdict is None or verdict.policy_digest == known.policy.digest:
        return {}
    return {"policy_since": known.policy.digest}


def settle(turn: Turn) -> tuple[State, dict[str, Any]]:
    """What the new model sees now is the new normal; the alert is over."""
    ports, policy = turn.ports, turn.policy
    candidate = registry.resolve(ports.registry, turn.scope, Ref.parse(turn.cycle.facts["model"]))
    rebased = observe.rebase(ports.observe, turn.scope, policy.deployment, candidate)
    alert = turn.cycle.because.get("alert")
    if alert:
        observe.close_alert(ports.observe, turn.scope, alert)
    opened = turn.cycle.because.get("alert_opened_s", 0.0)
    since = (turn.ports.clock.now() - turn.cycle.opened).total_seconds()
    return "done", {"reference": rebased, "time_to_heal_s": round(opened + since, 3)}


STEPS: dict[str, Step] = {
    "labelled": commit,
    "committed": fit,
    "trained": judge,
    "gated": approve,
    "approved": promote,
    "promoted": settle,
}


def trigger(ports: LoopPorts, scope: Scope, policy: LoopPolicy) -> dict[str, Any] | str:
    """Why a cycle should begin now, or what is still missing."""
    counts = label.counts(ports.label, scope, policy.dataset)
    if counts.uncommitted < policy.labels:
        missing = policy.labels - counts.uncommitted
        return f"{missing} more accepted labels ({counts.waiting} pictures wait in the queue)"
    last = cycles.history(ports.ledger, scope.project, policy.deployment, limit=1)
    if last and last[0].ended and policy.cooldown_s:
        rest = policy.cooldown_s - (ports.clock.now() - last[0].ended).total_seconds()
        if rest > 0:
            return f"the cool-down, {rest:.0f} s more"
    because: dict[str, Any] = {"trigger": "labels", "labels": counts.uncommitted}
    alert = observe.open_alert(ports.observe, scope, policy.deployment)
    if alert:
        age_s = (ports.clock.now() - alert.opened).total_seconds()
        because |= {"alert": alert.id, "alert_opened_s": round(age_s, 3), "what": alert.what}
    return because
