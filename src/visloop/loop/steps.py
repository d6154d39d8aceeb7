"""The steps of a cycle. Each can be killed at any moment and run again to the same end:

    labelled ──commit──▶ committed ──train──▶ trained ──gate──▶ gated ──(approve)──▶ approved
        ──switch (`loop.switching`)──▶ promoted ──new reference, close alerts──▶ done
                                              gate, person or canary says no ──▶ refused

An incident that is opened on the way sends the candidate back to the gate.

What a step does is keyed by the cycle (the version's message, the run's key), so a second try finds
what the first one left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from visloop import data, evaluate, label, observe, registry, train
from visloop.ids import Ref
from visloop.loop import cycles, switching
from visloop.loop.gathering import GATHERING
from visloop.store import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from visloop.events import Scope
    from visloop.loop.records import LoopPolicy, LoopPorts, State
    from visloop.loop.turns import Turn

    Step = Callable[["Turn"], tuple[State, dict[str, Any]]]


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
        raise switching.StillWaiting(problem.what, fix=problem.fix) from problem
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
    fresh = switching.asked_since(turn, candidate)
    if fresh:
        return "trained", {"asked_since": fresh}
    decision = registry.decision(turn.ports.registry, turn.scope, candidate)
    if decision is None:
        registry.request_approval(turn.ports.registry, turn.scope, candidate)
        raise switching.StillWaiting(
            f"{ref} passed the gate and waits for a person",
            fix=f"visloop model approve {ref}   (or reject)",
        )
    return ("approved" if decision == "approved" else "refused"), {"approval": decision}


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
    "approved": switching.begin,
    "shadow": switching.in_shadow,
    "canary": switching.in_canary,
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
