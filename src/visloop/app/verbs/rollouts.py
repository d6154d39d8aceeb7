"""Verbs over candidates beside a deployed model: canaries and shadows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from visloop import serve as serving
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_KINDS = ("canary", "shadow")


@dataclass(frozen=True)
class RolloutShow:
    """Show the canaries and shadows of a deployment: what was seen of each, and the verdict."""

    name: str = arg("the deployment")
    limit: int = opt("at most so many, newest first", default=5)


@operation("rollout.show", permission="serve.read")
def rollout_show(ports: Ports, scope: Scope, ask: RolloutShow) -> Rows:
    """Newest first; with the pictures that were copied, and the running test's boundary."""
    serving.deployment(ports.serve, scope, ask.name)
    found = serving.rollouts(ports.serve, scope, ask.name, limit=ask.limit)
    return rows_of(handlers.rollout_row(ports, each) for each in found)


@dataclass(frozen=True)
class RolloutPromote:
    """Let a candidate answer everything from now on, whatever the judge says."""

    name: str = arg("the deployment")
    kind: str = opt("canary or shadow, where both run", default="")
    wait_s: float = opt("wait so long for the serving processes to switch", default=30.0)


@dataclass(frozen=True)
class RolloutEnded:
    """The candidate's trial is over."""

    name: str
    kind: str
    model: str
    state: str
    answers_now: str
    ready: bool


@operation("rollout.promote", permission="serve.deploy")
def rollout_promote(ports: Ports, scope: Scope, ask: RolloutPromote) -> RolloutEnded:
    """The candidate becomes the deployment's model, unless it was rejected or archived since."""
    kind = _kind(ports, scope, ask.name, ask.kind)
    handlers.require_candidate(ports, scope, ask.name, kind)
    done = serving.promote_rollout(ports.serve, scope, ask.name, kind)
    return _ended(ports, scope, done, ask.wait_s)


@dataclass(frozen=True)
class RolloutStop:
    """End a candidate's trial: from now on only the deployed model answers."""

    name: str = arg("the deployment")
    kind: str = opt("canary or shadow, where both run", default="")
    because: str = opt("why", default="", short="-m")
    wait_s: float = opt("wait so long for the serving processes to switch", default=30.0)


@operation("rollout.stop", permission="serve.deploy")
def rollout_stop(ports: Ports, scope: Scope, ask: RolloutStop) -> RolloutEnded:
    """Nothing is loaded for it: the champion never left."""
    kind = _kind(ports, scope, ask.name, ask.kind)
    done = serving.stop_rollout(ports.serve, scope, ask.name, kind, because=ask.because)
    return _ended(ports, scope, done, ask.wait_s)


def _kind(ports: Ports, scope: Scope, name: str, given: str) -> Literal["canary", "shadow"]:
    """The kind that is meant: the one given, or the one that runs; the canary where both do."""
    if given and given not in _KINDS:
        raise UsageError(f"a rollout is never a {given!r}", fix="canary or shadow")
    running = serving.running_rollouts(ports.serve, scope)
    kinds = [each.kind for each in running if each.deployment == name]
    return cast("Literal['canary', 'shadow']", given or (kinds[0] if kinds else "canary"))


def _ended(ports: Ports, scope: Scope, done: serving.Rollout, wait_s: float) -> RolloutEnded:
    now = serving.deployment(ports.serve, scope, done.deployment)
    ready = wait_s > 0 and serving.wait_ready(ports.serve, now.name, now.generation, wait_s)
    return RolloutEnded(
        name=now.name,
        kind=done.kind,
        model=done.model,
        state=done.state,
        answers_now=now.model,
        ready=ready,
    )
