"""Verbs over the loop."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import loop, store
from visloop.app import handlers
from visloop.app.operation import operation, opt
from visloop.app.rows import plain
from visloop.errors import Conflict, LeaseLost

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_LEASE_S = 5.0


class LoopBusy(Conflict):
    """Another process moves this loop on at this moment."""

    code = "loop.busy"


@dataclass(frozen=True)
class LoopStart:
    """Let the loop of visloop.yaml run by itself: `visloop up` or `visloop worker` moves it on."""


@dataclass(frozen=True)
class LoopStop:
    """Stop the loop from beginning anything by itself; an open cycle waits where it stands."""


@dataclass(frozen=True)
class LoopShow:
    """Say in one screen where the loop stands and why."""


@dataclass(frozen=True)
class LoopAnswer:
    """`state` and `waiting_for` now; `history` has one row a cycle, newest first."""

    deployment: str
    on: bool
    state: str
    waiting_for: str
    waiting: int
    accepted: int
    needed: int
    history: tuple[dict[str, Any], ...]


def _status(ports: Ports, scope: Scope) -> LoopAnswer:
    found = loop.status(ports.loop, scope, handlers.loop_policy(ports))
    return LoopAnswer(**plain(found))


@operation("loop.start", permission="loop.write")
def loop_start(ports: Ports, scope: Scope, ask: LoopStart) -> LoopAnswer:
    """Recorded as a fact."""
    del ask
    policy = handlers.loop_policy(ports)
    loop.switch(ports.ledger, scope, policy.deployment, on=True)
    return _status(ports, scope)


@operation("loop.stop", permission="loop.write")
def loop_stop(ports: Ports, scope: Scope, ask: LoopStop) -> LoopAnswer:
    """Recorded as a fact."""
    del ask
    policy = handlers.loop_policy(ports)
    loop.switch(ports.ledger, scope, policy.deployment, on=False)
    return _status(ports, scope)


@operation("loop.status", permission="loop.read")
def loop_status(ports: Ports, scope: Scope, ask: LoopShow) -> LoopAnswer:
    """Reads only."""
    del ask
    return _status(ports, scope)


@dataclass(frozen=True)
class LoopStep:
    """Move the loop on by one step by hand, now."""

    force: bool = opt("begin with the labels that there are, however few", default=False)


@dataclass(frozen=True)
class LoopStepped:
    """What the step did, or what it waits for."""

    moved: bool
    state: str
    waiting_for: str
    cycle: str | None


@operation("loop.step", permission="loop.write")
def loop_step(ports: Ports, scope: Scope, ask: LoopStep) -> LoopStepped:
    """Under the same lease as the worker."""
    policy = handlers.loop_policy(ports)
    jobs = store.Jobs(ports.ledger, ports.clock)
    claim = jobs.hold(
        store.worker_name(), "loop", policy.deployment, _LEASE_S, project=scope.project
    )
    if claim is None:
        raise LoopBusy(
            f"another process moves the loop of {policy.deployment!r} on at this moment",
            fix="look again in a moment: visloop loop status",
        )
    try:
        with store.heartbeats(jobs, claim):
            done = loop.step(ports.loop, scope, policy, claim, force=ask.force)
    finally:
        with suppress(LeaseLost):
            jobs.complete(claim)
    return LoopStepped(
        moved=done.moved, state=done.state, waiting_for=done.waiting_for, cycle=done.cycle
    )
