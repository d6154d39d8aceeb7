"""How a candidate takes the champion's place: at once, or through a shadow and a canary.

    approved ──direct──▶ deploy, wait, alias ──▶ promoted
    approved ──▶ shadow ──agrees, fails on nothing──▶ canary ──promoted by its judge──▶ alias ──▶ promoted
                    └── harm, or stopped ──▶ refused ◀── stopped by its judge ──┘

Between two steps the judge of canaries works as for everybody's; the loop waits for its verdict and
moves the alias last. A step that is killed finds the candidate that it began by cycle and package.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from visloop import evaluate, registry, serve
from visloop.errors import Unavailable
from visloop.ids import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.loop.records import State
    from visloop.loop.turns import Turn

Went: TypeAlias = "tuple[State, dict[str, Any]]"


_AGAIN: Final = "the gate has to judge it again"


class StillWaiting(Unavailable):
    """A step that cannot go on yet, and what for."""

    code = "loop.waiting"


def begin(turn: Turn) -> Went:
    """The gate and the person said yes: deploy it, or set it beside the champion."""
    candidate = _candidate(turn)
    if registry.decision(turn.ports.registry, turn.scope, candidate) == "rejected":
        return "refused", {"approval": "rejected"}
    again = _again(turn, candidate)
    if again:
        return "trained", again
    how = turn.policy.switch
    if how == "direct" or not _another_answers(turn, candidate):
        served = serve.deploy(
            turn.ports.serve, turn.scope, turn.policy.deployment, candidate, fence=turn.claim
        )
        return _confirm(turn, candidate, served)
    return how, {"rollout": _set_beside(turn, candidate, how).id}


def in_shadow(turn: Turn) -> Went:
    """Copies of the requests were answered: go on as a canary, wait for more, or give up."""
    candidate, rollout = _candidate(turn), _mine(turn)
    if _begun(turn, candidate, "canary") is None:
        ended = _ended(turn, candidate, rollout)
        if ended:
            return ended
        harm = serve.shadow_harm(rollout) or _too_long(turn, rollout)
        if harm:
            return _refused(_stop(turn, rollout, harm))
        if rollout.verdict != "go on":
            raise _waits(rollout)
    canary = _set_beside(turn, candidate, "canary")
    if rollout.state == "running":
        _stop(turn, rollout, "it goes on as a canary")
    return "canary", {"rollout": canary.id, "shadow": serve.shadow_words(rollout)}


def in_canary(turn: Turn) -> Went:
    """Its judge promoted it, stopped it, or has not seen enough."""
    candidate, rollout = _candidate(turn), _mine(turn)
    ended = _ended(turn, candidate, rollout)
    if ended:
        return ended
    raise _waits(rollout)


def waits_for(ports: serve.ServePorts, project: str, facts: Mapping[str, Any]) -> str:
    """What is seen of the candidate beside the champion so far, for people."""
    found = serve.rollout_by_id(ports, project, facts["rollout"])
    return _waits(found).what if found is not None and found.state == "running" else ""


def _candidate(turn: Turn) -> registry.ModelVersion:
    ref = Ref.parse(turn.cycle.facts["model"])
    return registry.resolve(turn.ports.registry, turn.scope, ref)


def _again(turn: Turn, candidate: registry.ModelVersion) -> dict[str, Any]:
    return asked_since(turn, candidate) or _judged_by_another_policy(turn, candidate)


def asked_since(turn: Turn, candidate: registry.ModelVersion) -> dict[str, Any]:
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


def _another_answers(turn: Turn, candidate: registry.ModelVersion) -> bool:
    """Whether there is a champion to stand beside."""
    every = serve.deployments(turn.ports.serve, turn.scope)
    mine = [each for each in every if each.name == turn.policy.deployment]
    return any(each.state == "live" and each.package != candidate.package for each in mine)


def _set_beside(
    turn: Turn, candidate: registry.ModelVersion, kind: Literal["shadow", "canary"]
) -> serve.Rollout:
    """Begin a shadow or a canary, or take the one that this cycle has begun."""
    begun = _begun(turn, candidate, kind)
    if begun is not None:
        return begun
    policy = turn.policy
    share = policy.shadow_share if kind == "shadow" else policy.canary.steps[0]
    name, ports = policy.deployment, turn.ports.serve
    return serve.begin_rollout(
        ports, turn.scope, name, candidate, kind, share, policy.canary, fence=turn.claim
    )


def _begun(
    turn: Turn, candidate: registry.ModelVersion, kind: Literal["shadow", "canary"]
) -> serve.Rollout | None:
    past = turn.cycle.facts.get("past", ())
    for each in serve.rollouts(turn.ports.serve, turn.scope, turn.policy.deployment):
        mine = (each.kind, each.package) == (kind, candidate.package)
        if mine and each.opened >= turn.cycle.opened and each.id not in past:
            return each
    return None


def _mine(turn: Turn) -> serve.Rollout:
    found = serve.rollout_by_id(turn.ports.serve, turn.scope.project, turn.cycle.facts["rollout"])
    assert found is not None, "rollouts are never removed"
    return found


def _ended(turn: Turn, candidate: registry.ModelVersion, rollout: serve.Rollout) -> Went | None:
    """Promoted, stopped, or stopped now because the gate has to judge once more; None: it goes on."""
    if rollout.state == "promoted":
        return _taken_over(turn, candidate)
    if rollout.state == "stopped" and rollout.because != _AGAIN:
        return _refused(rollout)
    again = _again(turn, candidate)
    if rollout.state == "running":
        if not again:
            return None
        _stop(turn, rollout, _AGAIN)
    tried = serve.rollouts(turn.ports.serve, turn.scope, turn.policy.deployment)
    past = [each.id for each in tried if each.opened >= turn.cycle.opened]
    return "trained", {**again, "past": past}


def _stop(turn: Turn, rollout: serve.Rollout, because: str) -> serve.Rollout:
    name, ports = turn.policy.deployment, turn.ports.serve
    return serve.stop_rollout(
        ports, turn.scope, name, rollout.kind, because=because, fence=turn.claim
    )


def _refused(rollout: serve.Rollout) -> Went:
    """Taken back: the champion has all the traffic again."""
    return "refused", {"why": f"stopped as a {rollout.kind}: {rollout.because}"}


def _taken_over(turn: Turn, candidate: registry.ModelVersion) -> Went:
    served = serve.deployment(turn.ports.serve, turn.scope, turn.policy.deployment)
    if served.package != candidate.package or served.state != "live":
        why = f"it was promoted, and then somebody deployed {served.model}"
        return "refused", {"why": why}
    return _confirm(turn, candidate, served)


def _confirm(turn: Turn, candidate: registry.ModelVersion, served: serve.Deployment) -> Went:
    """Every serving process confirms, and the alias moves last."""
    ports, policy = turn.ports, turn.policy
    serve.wait_ready(ports.serve, served.name, served.generation, policy.switch_wait_s)
    registry.promote(
        ports.registry, turn.scope, candidate, needs_approval=policy.approval, fence=turn.claim
    )
    return "promoted", {"generation": served.generation}


def _too_long(turn: Turn, rollout: serve.Rollout) -> str:
    hours = rollout.policy.max_hours
    if turn.ports.clock.now() - rollout.opened <= timedelta(hours=hours):
        return ""
    return f"not enough to tell in {hours:g} h: {rollout.because}"


def _waits(rollout: serve.Rollout) -> StillWaiting:
    fix = f"visloop rollout show {rollout.deployment}   (or promote, or stop)"
    copies = "copies of " if rollout.kind == "shadow" else ""
    who = f"the {rollout.kind} ({copies}{rollout.share:.0%} of the requests)"
    if rollout.verdict == "promote":
        return StillWaiting(f"{who} is as good as the champion and waits for a person", fix=fix)
    return StillWaiting(f"{who}: {rollout.because}", fix=fix)
