"""A candidate begins beside the deployed model, gets more of the traffic, is promoted, is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from visloop.errors import UsageError
from visloop.ids import new_id
from visloop.serve.rollout import change, live, require_servable
from visloop.serve.switching import ending, store
from visloop.serve.switching.records import (
    CanaryPolicy,
    Cursors,
    Evidence,
    Kind,
    Rollout,
    RolloutRunning,
)
from visloop.serve.tables import newest

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.registry import ModelVersion
    from visloop.serve.ports import ServePorts
    from visloop.serve.rollout import Deployment
    from visloop.store import Claim, Write


def begin_rollout(
    ports: ServePorts,
    scope: Scope,
    name: str,
    model: ModelVersion,
    kind: Kind,
    share: float,
    policy: CanaryPolicy,
    *,
    fence: Claim | None = None,
) -> Rollout:
    """Set a candidate beside the model that answers under `name`.

    Args:
        ports: where everything is.
        scope: who asks.
        name: a deployment that is live.
        model: the candidate.
        kind: `canary` answers its share of the requests, `shadow` gets copies that nobody waits for.
        share: of the traffic, in (0, 1]; a canary leaves some to the champion.
        policy: how a canary is judged; its steps above `share` follow.
        fence: the claim under which this is done.

    Raises:
        DeploymentNotFound: nothing is deployed under that name.
        UsageError: the share is none, or the candidate is what is deployed already.
        RolloutRunning: one of that kind runs already.
        ApprovalNeeded, ModelArchived, LeaseLost: as for `deploy`.
    """
    _check_share(kind, share)
    require_servable(model)
    with ports.ledger.write(scope, fence=fence) as write:
        served = live(write, name)
        _check_free(write, served, model, kind)
        rollout = new_id("rollout")
        generation = write.fact(
            "canary.started" if kind == "canary" else "shadow.started",
            name,
            rollout=rollout,
            model=model.ref,
            package=model.package,
            against=served.model,
            share=share,
        )
        steps = (share, *(step for step in policy.steps if step > share))
        begun = Rollout(
            id=rollout,
            project=scope.project,
            deployment=name,
            kind=kind,
            model=model.ref,
            package=model.package,
            against=served.model,
            against_package=served.package,
            share=share,
            state="running",
            verdict="not enough",
            because="nothing was answered yet",
            policy=msgspec.structs.replace(policy, steps=steps),
            evidence=Evidence(),
            cursors=Cursors(predictions=newest(write.connection), labels=generation),
            generation=generation,
            opened=write.now,
            stepped=write.now,
            ended=None,
        )
        store.add(write, begun)
        ending.bump(write, name, generation)
        return begun


def _check_share(kind: Kind, share: float) -> None:
    highest = 1.0 if kind == "shadow" else 0.99
    if not 0 < share <= highest:
        raise UsageError(
            f"a {kind} cannot have {share:.0%} of the traffic",
            fix=f"give it more than 0 % and at most {highest:.0%}",
        )


def _check_free(write: Write, served: Deployment, model: ModelVersion, kind: Kind) -> None:
    if served.package == model.package:
        raise UsageError(
            f"{served.model} answers under {served.name!r} already",
            fix="name another version as the candidate",
        )
    running = store.of(write.connection, write.scope.project, served.name, kind)
    if running is not None:
        raise RolloutRunning(
            f"{running.model} is the {kind} of {served.name!r} already",
            fix=f"stop it first: visloop rollout stop {served.name}",
        )


def stop_rollout(
    ports: ServePorts,
    scope: Scope,
    name: str,
    kind: Kind,
    *,
    because: str = "",
    fence: Claim | None = None,
) -> Rollout:
    """End a candidate's trial: from now on only the deployed model answers.

    Raises:
        RolloutNotFound: no such candidate runs.
        LeaseLost: `fence` was taken over.
    """
    with ports.ledger.write(scope, fence=fence) as write:
        found = store.need(write.connection, scope.project, name, kind)
        return ending.end(write, found, "stopped", because or f"by {scope.actor}")


def stop_unloadable(ports: ServePorts, scope: Scope, rollout: Rollout, why: str) -> None:
    """A serving process could not load a candidate: its trial is over for all of them."""
    with ports.ledger.write(scope) as write:
        found = store.of(write.connection, scope.project, rollout.deployment, rollout.kind)
        if found is not None and found.id == rollout.id:
            because = f"it cannot be loaded: {why}"
            ending.end(write, found, "stopped", because, instead_of=rollout.generation)


def promote_rollout(
    ports: ServePorts, scope: Scope, name: str, kind: Kind, *, because: str = ""
) -> Rollout:
    """The candidate becomes the deployment's model.

    Raises:
        RolloutNotFound: no such candidate runs.
    """
    with ports.ledger.write(scope) as write:
        found = store.need(write.connection, scope.project, name, kind)
        return promoted(write, found, because or f"by {scope.actor}")


def promoted(write: Write, rollout: Rollout, because: str) -> Rollout:
    """`promote_rollout` inside a transaction."""
    ended = ending.end(write, rollout, "promoted", because)
    served = live(write, rollout.deployment)
    change(write, rollout.deployment, rollout.model, rollout.package, served, reason=rollout.kind)
    return ended


def stepped(write: Write, rollout: Rollout, share: float, because: str) -> Rollout:
    """A canary gets a larger share, inside a transaction."""
    generation = write.fact(
        "canary.stepped",
        rollout.deployment,
        rollout=rollout.id,
        model=rollout.model,
        share=share,
        because=because,
    )
    seen = rollout.evidence
    after = msgspec.structs.replace(
        rollout,
        share=share,
        verdict="go on",
        because=because,
        generation=generation,
        stepped=write.now,
        evidence=msgspec.structs.replace(seen, step_from=seen.candidate.requests),
    )
    store.put(write, after)
    ending.bump(write, rollout.deployment, generation)
    return after
