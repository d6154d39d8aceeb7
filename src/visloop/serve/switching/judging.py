"""The judge of candidates: stop, go on, promote, or not enough to tell; it may look at any time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from visloop import registry
from visloop.errors import VisloopError
from visloop.ids import Ref
from visloop.serve.rollout import require_servable
from visloop.serve.switching import ending, store
from visloop.serve.switching.changing import promoted, stepped
from visloop.serve.switching.evidence import gather, sign, together
from visloop.serve.switching.records import TESTS, Arm, Evidence, Rollout, Verdict
from visloop.serve.switching.sequential import rate_bounds

if TYPE_CHECKING:
    from datetime import datetime

    from visloop.events import Scope
    from visloop.serve.ports import ServePorts
    from visloop.store import Claim

_BOUNDS: Final = 4
"""A promotion rests on that many confidence sequences: errors and latency, of either arm."""


def judge_rollouts(
    ports: ServePorts, scope: Scope, name: str, *, fence: Claim | None = None
) -> list[Rollout]:
    """Look at what the candidates beside a deployment's model did since the last look, and act on it.

    Returns:
        Those that ran, as they are now.

    Raises:
        LeaseLost: `fence` was taken over.
    """
    found = [each for each in store.running_rollouts(ports, scope) if each.deployment == name]
    return [_judged(ports, scope, each, fence) for each in found]


def decide(rollout: Rollout, seen: Evidence, now: datetime) -> tuple[Verdict, str]:
    """The verdict on a candidate, and why in words. Pure.

    A canary is stopped when the evidence of harm reaches 1/alpha; without harm that ever happens with
    chance alpha at most. It goes on to its next share after `min_requests` answers, and is promoted at
    the last one when its rates of errors and of slow answers are shown to be at most `margin` above the
    champion's; that a canary worse by more than that is ever promoted has chance alpha at most.
    """
    policy = rollout.policy
    if rollout.kind == "shadow":
        return _of_shadow(rollout, seen)
    harm = together(seen)
    if harm >= 1 / policy.alpha:
        return "stop", _harm(seen, harm)
    done = seen.candidate.requests - seen.step_from
    if done < policy.min_requests:
        verdict, because = "not enough", f"{done} of {policy.min_requests} answers at this share"
    elif rollout.share < policy.steps[-1]:
        return "go on", f"{done} answers at {rollout.share:.0%}, nothing against it"
    else:
        verdict, because = _not_worse(rollout, seen)
    if verdict != "promote" and now - rollout.opened > timedelta(hours=policy.max_hours):
        return "stop", f"not enough to tell in {policy.max_hours:g} h: {because}"
    return verdict, because


def _judged(ports: ServePorts, scope: Scope, rollout: Rollout, fence: Claim | None) -> Rollout:
    seen, cursors = gather(ports, rollout)
    verdict, because = _unwanted(ports, scope, rollout) or decide(
        rollout, seen, ports.ledger.clock.now()
    )
    learnt = msgspec.structs.replace(
        rollout, evidence=seen, cursors=cursors, verdict=verdict, because=because
    )
    if learnt == rollout:
        return rollout
    with ports.ledger.write(scope, fence=fence) as write:
        now = store.by_id(write.connection, rollout.id)
        if now is None or now.state != "running" or now.generation != rollout.generation:
            return now or rollout
        store.put(write, learnt)
        if verdict == "stop":
            return ending.end(write, learnt, "stopped", because)
        if verdict == "go on" and rollout.kind == "canary":
            return stepped(write, learnt, _next(learnt), because)
        if verdict == "promote" and rollout.policy.promote:
            return promoted(write, learnt, because)
    return learnt


def _unwanted(ports: ServePorts, scope: Scope, rollout: Rollout) -> tuple[Verdict, str] | None:
    """A candidate that a person rejected or put away does not answer any longer."""
    to = registry.RegistryPorts(ports.ledger, ports.blobs)
    try:
        require_servable(registry.resolve(to, scope, Ref.parse(rollout.model)))
    except VisloopError as error:
        return "stop", error.what
    return None


def _next(rollout: Rollout) -> float:
    return next(step for step in rollout.policy.steps if step > rollout.share)


def _harm(seen: Evidence, harm: float) -> str:
    worst = max(TESTS, key=lambda name: sign(seen, name))
    ours, others = seen.candidate, seen.champion
    figures = {
        "errors": f"{ours.errors} of {ours.requests:,} requests failed, "
        f"{others.errors} of the champion's {others.requests:,}",
        "latency": f"{ours.slow} of {ours.timed:,} answers took over {seen.limit_ms} ms, "
        f"{others.slow} of the champion's {others.timed:,}",
        "disagreement": f"it differs on {seen.disagreed} of {seen.compared:,} pictures",
        "labels": f"where one of the two was wrong, it was the canary on {seen.worse} pictures, "
        f"the champion on {seen.better}",
    }
    return f"{worst}: {figures[worst]} (chance below 1 in {min(harm, 1e6):,.0f} without harm)"


def _not_worse(rollout: Rollout, seen: Evidence) -> tuple[Verdict, str]:
    margin, alpha = rollout.policy.margin, rollout.policy.alpha / _BOUNDS
    ours, others = seen.candidate, seen.champion
    excess = {
        "errors": _excess((ours.errors, ours.requests), (others.errors, others.requests), alpha),
        "slow answers": _excess((ours.slow, ours.timed), (others.slow, others.timed), alpha),
    }
    worst = max(excess, key=lambda name: excess[name])
    shown = f"at most {100 * excess[worst]:.1f} points more {worst} than the champion"
    if excess[worst] <= margin:
        return "promote", f"{shown}, {ours.requests:,} answers"
    return "not enough", f"so far shown: {shown}; {100 * margin:g} are allowed"


def _excess(ours: tuple[int, int], others: tuple[int, int], alpha: float) -> float:
    """How far the candidate's rate may be above the champion's, by what was seen so far."""
    return rate_bounds(*ours, alpha)[1] - rate_bounds(*others, alpha)[0]


def _of_shadow(rollout: Rollout, seen: Evidence) -> tuple[Verdict, str]:
    if not seen.compared:
        return "not enough", "no picture was answered by both yet"
    agree = 1 - seen.disagreed / seen.compared
    low, high = rate_bounds(seen.compared - seen.disagreed, seen.compared, rollout.policy.alpha)
    told = f"agrees on {agree:.1%} of {seen.compared:,} pictures ({low:.1%} to {high:.1%})"
    if seen.better or seen.worse:
        told += f"; right alone on {seen.better} reviewed ones, wrong alone on {seen.worse}"
    return ("go on" if seen.compared >= rollout.policy.min_requests else "not enough"), told


def shadow_harm(rollout: Rollout) -> str:
    """What speaks against a shadow, in words; empty: nothing that is shown so far. Pure.

    It failed on, or disagrees on, more of the pictures than the policy lets a canary; that a shadow
    which is not worse than that is ever called harmful has chance alpha at most, for each of the two.
    """
    seen, policy = rollout.evidence, rollout.policy
    looked = seen.compared + seen.copy_failures
    if rate_bounds(seen.copy_failures, looked, policy.alpha)[0] > policy.margin:
        return f"errors: it failed on {seen.copy_failures} of {looked:,} pictures"
    if rate_bounds(seen.disagreed, seen.compared, policy.alpha)[0] > policy.disagreement:
        return f"disagreement: it differs on {seen.disagreed} of {seen.compared:,} pictures"
    return ""


def shadow_words(rollout: Rollout) -> str:
    """What a shadow came to, whether it runs or not."""
    return _of_shadow(rollout, rollout.evidence)[1]


def rates(arm: Arm) -> dict[str, float | None]:
    """Errors and slow answers of an arm as shares of its requests; None before the first."""
    return {
        "errors": arm.errors / arm.requests if arm.requests else None,
        "slow": arm.slow / arm.timed if arm.timed else None,
    }
