"""The gate: whether a model may become champion, and by which policy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop.app import handlers
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Gate:
    """Judge a candidate by the policy of visloop.yaml; exit code 3 when it says no.

    What the policy asks to be assessed is measured on the way, once. The policy of a model's first gate
    is in force from then on: another is refused, with exit code 3, until somebody approves it
    (`visloop policy approve`).
    """

    model: str = arg("for example reader@v2")
    on: str | None = opt(
        "judge on this split; default: test of the data that it was trained on", default=None
    )
    against: str | None = opt("default: the champion, when there is one", default=None)
    dry_run: bool = opt(
        "say what the policy of visloop.yaml would say, approved or not; keep no verdict",
        default=False,
    )
    html: str | None = opt(
        "write the verdict with all its evidence, one file", default=None, path=True
    )


@dataclass(frozen=True)
class Gated:
    """pass or fail, every check with its figures, and how each open incident was answered.

    A check has `name`, `wanted`, `value`, `interval` (95 %, an open end is null), `n`, `passed`, and
    `evidence`: the report or assessment that it looked at, all of which stand in `inputs`, too.
    `changes` is what the policy says otherwise than the one in force (of a dry run).
    """

    verdict: str
    model: str
    against: str | None
    on: str
    checks: tuple[dict[str, Any], ...]
    policy: str
    incidents: tuple[dict[str, Any], ...] = ()
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    assessments: tuple[dict[str, Any], ...] = ()
    changes: tuple[str, ...] = ()
    dry_run: bool = False
    html: str | None = None


@operation(
    "gate", permission="evaluate.gate", exit_code=lambda done: 0 if done.verdict == "pass" else 3
)
def gate(ports: Ports, scope: Scope, ask: Gate) -> Gated:
    """Evaluate both, compare, record the verdict."""
    judged = handlers.run_gate(ports, scope, ask.model, ask.on, ask.against, dry_run=ask.dry_run)
    if ask.html is not None:
        handlers.write_verdict(ports, judged, Path(ask.html))
    return Gated(**handlers.told_verdict(judged), dry_run=ask.dry_run, html=ask.html)


@dataclass(frozen=True)
class PolicyShow:
    """Show the policy that gates of a model judge by: every check, since when, by whom and why."""

    model: str = arg("its name")


@dataclass(frozen=True)
class PolicyShown:
    """`checks` in force, one line each; `changes`: what visloop.yaml says otherwise.

    Before the first gate nothing is in force (`since` is empty), and `checks` are visloop.yaml's.
    """

    model: str
    policy: str
    checks: tuple[str, ...]
    since: str
    actor: str
    reason: str
    changes: tuple[str, ...]


def _shown(found: handlers.Governed) -> PolicyShown:
    known = found.known
    policy = known.policy if known else found.proposed
    return PolicyShown(
        model=found.model,
        policy=policy.digest,
        checks=policy.lines,
        since=known.since.isoformat() if known else "",
        actor=known.actor if known else "",
        reason=known.reason if known else "",
        changes=found.changes,
    )


@operation("policy.show", permission="policy.read")
def policy_show(ports: Ports, scope: Scope, ask: PolicyShow) -> PolicyShown:
    """Reads only."""
    return _shown(handlers.governed(ports, scope, ask.model))


@dataclass(frozen=True)
class PolicyDiff:
    """Show what visloop.yaml would change in a model's policy, line by line."""

    model: str = arg("its name")


@dataclass(frozen=True)
class PolicyChanges:
    """`- gone`, `+ new`; empty where nothing was changed, or nothing is in force yet."""

    model: str
    changes: tuple[str, ...]


@operation("policy.diff", permission="policy.read")
def policy_diff(ports: Ports, scope: Scope, ask: PolicyDiff) -> PolicyChanges:
    """Reads only."""
    found = handlers.governed(ports, scope, ask.model)
    return PolicyChanges(model=found.model, changes=found.changes)


@dataclass(frozen=True)
class PolicyApprove:
    """Put the policy of visloop.yaml in force for a model, in place of the one before.

    With `gate: separation_of_duties`, whoever made a version that may still become champion may not.
    """

    model: str = arg("its name")
    reason: str = opt("why", default="", short="-m")


@operation("policy.approve", permission="policy.approve")
def policy_approve(ports: Ports, scope: Scope, ask: PolicyApprove) -> PolicyShown:
    """Recorded as a fact, with the difference; `changes` of the answer is what changed."""
    before = handlers.approve_policy(ports, scope, ask.model, ask.reason)
    now = _shown(handlers.governed(ports, scope, ask.model))
    return replace(now, changes=before.changes)
