"""Reports and verdicts, and what must be true before a model may be promoted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import data, evaluate, loop, registry
from visloop.app.handlers.judging.evaluating import drawn
from visloop.app.handlers.judging.telling import told_assessment
from visloop.app.handlers.policies import gate_policy
from visloop.app.rows import plain
from visloop.errors import Conflict, NotFound
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


class NotPromotable(Conflict):
    """The gate has not said yes to this model."""

    code = "model.not_promotable"


@dataclass(frozen=True)
class Judged:
    """A verdict with the assessments that it looked at, and by which policy."""

    verdict: evaluate.Verdict
    assessments: tuple[evaluate.Assessment, ...]
    policy: evaluate.GatePolicy
    changes: tuple[str, ...] = ()


def run_gate(
    ports: Ports,
    scope: Scope,
    model: str,
    on: str | None,
    against: str | None,
    *,
    dry_run: bool = False,
) -> Judged:
    """Judge `model` by the policy of visloop.yaml.

    Raises:
        PolicyNotApproved: it is not the one in force, and this is no dry run.
    """
    candidate = registry.resolve(ports.registry, scope, Ref.parse(model))
    champion = (
        registry.resolve(ports.registry, scope, Ref.parse(against))
        if against
        else registry.champion(ports.registry, scope, candidate.model)
    )
    if champion and champion.ref == candidate.ref:
        champion = None
    ref = Ref.parse(on) if on else test_split(ports, scope, candidate)
    policy = gate_policy(ports, candidate.model)
    verdict = evaluate.run_gate(
        ports.evaluate,
        scope,
        candidate,
        champion,
        ref,
        policy,
        gathering=loop.GATHERING,
        dry_run=dry_run,
    )
    known = evaluate.policy_in_force(ports.evaluate, scope, candidate.model)
    changes = known.policy.changes_to(policy) if known else ()
    return Judged(verdict, _looked_at(ports, scope, verdict), policy, changes)


def told_verdict(judged: Judged) -> dict[str, Any]:
    """A verdict as the fields of the answer, with the assessments behind it."""
    told = tuple(told_assessment(each) for each in judged.assessments)
    return _gated(judged.verdict) | {"assessments": told, "changes": judged.changes}


def write_verdict(ports: Ports, judged: Judged, file: Path) -> None:
    """The verdict as one HTML file with all of its evidence."""
    file.parent.mkdir(parents=True, exist_ok=True)
    page = evaluate.verdict_page(judged.verdict, judged.policy, judged.assessments, drawn(ports))
    file.write_text(page, "utf-8")


def _looked_at(
    ports: Ports, scope: Scope, verdict: evaluate.Verdict
) -> tuple[evaluate.Assessment, ...]:
    """The assessments among a verdict's inputs."""
    return tuple(
        evaluate.load_assessment(ports.evaluate, scope, value)
        for name, value in verdict.inputs.items()
        if name.startswith("assessment.")
    )


def _gated(verdict: evaluate.Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.verdict,
        "model": verdict.inputs["candidate"],
        "against": verdict.inputs.get("champion"),
        "on": verdict.inputs["data"],
        "checks": tuple(plain(each) for each in verdict.checks),
        "policy": verdict.policy_digest,
        "incidents": tuple(map(plain, verdict.incidents)),
        "inputs": verdict.inputs,
    }


def verdict_on(ports: Ports, scope: Scope, version: registry.ModelVersion) -> dict[str, Any] | None:
    """The newest verdict on a model; None when no gate has judged it."""
    verdict = evaluate.last_verdict(ports.evaluate, scope, version)
    return _gated(verdict) if verdict else None


def whole_verdict_on(
    ports: Ports, scope: Scope, version: registry.ModelVersion
) -> dict[str, Any] | None:
    """The same with the assessments behind it."""
    verdict = evaluate.last_verdict(ports.evaluate, scope, version)
    if verdict is None:
        return None
    told = tuple(map(told_assessment, _looked_at(ports, scope, verdict)))
    return _gated(verdict) | {"assessments": told}


def test_split(ports: Ports, scope: Scope, model: registry.ModelVersion) -> Ref:
    """The pictures that a model is judged by unless others are named.

    Raises:
        NotFound: it was made elsewhere, or its data has no split of that name.
    """
    if not model.data:
        raise NotFound(
            f"{model.ref} was made elsewhere: there is no test split of its own data",
            fix="name the pictures to judge by: --on REF",
        )
    trained = Ref.parse(model.data)
    ref = Ref(trained.name, trained.version, "test")
    snapshot = data.open(ports.data, Ref(ref.name, ref.version), scope.project)
    if "test" not in snapshot.splits:
        raise NotFound(
            f"{trained.name}@{trained.version} has no split 'test' to judge by",
            fix=f"visloop split {trained.name}, commit and train again; or name one: --on REF",
        )
    return ref


def require_policy(ports: Ports, scope: Scope, version: registry.ModelVersion) -> None:
    """Refuse to decide on a model while a change of its policy waits for approval.

    Raises:
        PolicyNotApproved: visloop.yaml has another policy than the one in force.
    """
    policy = gate_policy(ports, version.model)
    evaluate.require_policy(ports.evaluate, scope, version.model, policy)


def require_promotable(ports: Ports, scope: Scope, version: registry.ModelVersion) -> None:
    """Refuse a model whose newest verdict is not a yes by the policy in force.

    Raises:
        NotPromotable: no verdict, or a no.
        PolicyNotApproved: visloop.yaml has another policy than the one in force.
    """
    require_policy(ports, scope, version)
    verdict = evaluate.last_verdict(ports.evaluate, scope, version)
    if verdict is None:
        raise NotPromotable(
            f"no gate has judged {version.ref} yet", fix=f"visloop gate {version.ref}"
        )
    if verdict.inputs["data"] == version.data:
        raise NotPromotable(
            f"{version.ref} was judged by the pictures that it learnt from, {version.data}",
            fix=f"visloop gate {version.ref} --on {version.data.partition(':')[0]}:test",
        )
    if verdict.policy_digest != gate_policy(ports, version.model).digest:
        raise NotPromotable(
            f"the policy has changed since the gate judged {version.ref}",
            fix=f"visloop gate {version.ref}",
        )
    require_incidents_tried(ports, scope, version)
    if not verdict.passed:
        failed = ", ".join(each.name for each in verdict.checks if not each.passed)
        raise NotPromotable(
            f"the gate said no to {version.ref}: {failed}",
            fix="train a better one; the policy stands in visloop.yaml under gate",
        )


def require_incidents_tried(ports: Ports, scope: Scope, version: registry.ModelVersion) -> None:
    """Refuse a model whose newest verdict did not ask about an incident that is open now.

    Raises:
        NotPromotable: it has to be gated again.
    """
    verdict = evaluate.last_verdict(ports.evaluate, scope, version)
    fresh = evaluate.untried(ports.evaluate, scope, version, verdict) if verdict else []
    if fresh:
        named = ", ".join(each.id for each in fresh)
        raise NotPromotable(
            f"the gate judged {version.ref} before it could ask about {named}",
            fix=f"gate it again: visloop gate {version.ref}",
        )
