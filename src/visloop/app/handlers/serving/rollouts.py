"""Candidates beside deployed models: begun as visloop.yaml says, shown as people ask for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import registry, serve
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from typing import Literal

    from visloop.app.ports import Ports
    from visloop.events import Scope


def canary_policy(ports: Ports) -> serve.CanaryPolicy:
    """The section `canary`."""
    section = ports.config.canary
    return serve.CanaryPolicy(
        steps=section.steps,
        alpha=section.alpha,
        min_requests=section.min_requests,
        max_hours=section.max_hours,
        margin=section.margin,
        slower=section.slower,
        disagreement=section.disagreement,
        promote=section.promote,
    )


def share_of(text: str) -> float:
    """Read `10%` or `0.1`.

    Raises:
        UsageError: neither.
    """
    bare = text.strip()
    try:
        return float(bare.removesuffix("%")) / (100 if bare.endswith("%") else 1)
    except ValueError as error:
        raise UsageError(f"{text!r} is no share", fix="for example 10% or 0.1") from error


def begin_candidate(
    ports: Ports, scope: Scope, name: str, model: registry.ModelVersion, canary: str | None
) -> serve.Rollout:
    """A canary with that share, or without one a shadow."""
    policy = canary_policy(ports)
    if canary is None:
        share = ports.config.shadow.share
        return serve.begin_rollout(ports.serve, scope, name, model, "shadow", share, policy)
    return serve.begin_rollout(ports.serve, scope, name, model, "canary", share_of(canary), policy)


def require_candidate(
    ports: Ports, scope: Scope, name: str, kind: Literal["canary", "shadow"]
) -> None:
    """Refuse to promote a candidate that was rejected or put away meanwhile.

    Raises:
        ApprovalNeeded, ModelArchived: it was.
    """
    for each in serve.running_rollouts(ports.serve, scope):
        if (each.deployment, each.kind) == (name, kind):
            version = registry.resolve(ports.registry, scope, Ref.parse(each.model))
            serve.require_servable(version)


def rollout_row(ports: Ports, rollout: serve.Rollout) -> dict[str, Any]:
    """A rollout with what became of the copied pictures, and log₁₀ of the evidence that stops it."""
    row: dict[str, Any] = msgspec.to_builtins(rollout)
    row["evidence"]["keys"] = {}  # bits, of use to the test only
    row["copied"] = msgspec.to_builtins(serve.copied(ports.serve, rollout.id))
    row["boundary"] = round(math.log10(1 / rollout.policy.alpha), 4)
    return row


def deployment_rows(ports: Ports, scope: Scope) -> list[dict[str, Any]]:
    """Every deployment, with the candidates that run beside its model, and what the processes that serve
    it measured: how many pictures go through the network together (null: nobody serves it).
    """
    live = serve.servers(ports.serve, scope, live_only=True)
    running = serve.running_rollouts(ports.serve, scope)
    rows: list[dict[str, Any]] = []
    for each in serve.deployments(ports.serve, scope):
        row: dict[str, Any] = msgspec.to_builtins(each)
        row["limits"] = each.limits.told() if each.limits else {}
        for kind in ("canary", "shadow"):
            found = [one for one in running if (one.deployment, one.kind) == (each.name, kind)]
            row[kind] = _short(found[0]) if found else None
        loaded = [one.loaded[each.name] for one in live if each.name in one.loaded]
        told = [one for one in loaded if one.generation]
        row["batch"] = told[0].batch if told else None
        row["batch_because"] = told[0].because if told else ""
        rows.append(row)
    return rows


def _short(rollout: serve.Rollout) -> dict[str, Any]:
    return {
        "model": rollout.model,
        "share": rollout.share,
        "verdict": rollout.verdict,
        "because": rollout.because,
    }
