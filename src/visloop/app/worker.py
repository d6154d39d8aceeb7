"""What goes on by itself: seals, windows, captures, webhooks, the loop; each duty held by one worker.

A worker that dies stops its heartbeats; the next one takes its duties over from where they stood.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from visloop import loop, observe, serve, store
from visloop.app import handlers
from visloop.errors import LeaseLost, VisloopError
from visloop.events import Actor, Scope

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from visloop.app.ports import Ports

LOOP = Actor("part", "loop")
OBSERVE = Actor("part", "observe")
_log = logging.getLogger("visloop.worker")


@dataclass(frozen=True)
class Worker:
    """One worker of a workspace; `lease_s` is how long its duties rest when it is killed."""

    ports: Ports
    name: str
    lease_s: float = 5.0
    _held: dict[str, store.Claim] = field(default_factory=dict[str, store.Claim])

    def run(self, stop: threading.Event) -> None:
        """Go round until told to stop, then give the duties back."""
        try:
            while not stop.is_set():
                self.once()
                stop.wait(self.ports.config.loop.every_s)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Give the duties back: the next worker need not wait for their leases to run out."""
        jobs = store.Jobs(self.ports.ledger, self.ports.clock)
        for claim in self._held.values():
            with suppress(LeaseLost):
                jobs.complete(claim)
        self._held.clear()

    def once(self) -> bool:
        """Every duty that is free, once; True when the loop moved."""
        self.ports.ledger.seal()
        project = self.ports.config.project
        for deployment in serve.deployments(self.ports.serve, Scope(OBSERVE, project)):
            self._duty("observe", deployment.name, self._watch(project, deployment.name))
        candidates = serve.running_rollouts(self.ports.serve, Scope(serve.PART, project))
        for name in sorted({each.deployment for each in candidates}):
            self._duty("rollouts", name, self._judge(project, name))
        self._duty("notices", "all", self._heed)
        self._duty("webhooks", "all", self._deliver)
        moved = False
        for owner, name in loop.switched_on(self.ports.ledger):
            moved = self._duty("loop", name, self._turn(owner, name), project=owner) or moved
        return moved

    def _watch(self, project: str, name: str) -> Callable[[store.Claim], bool]:
        def tick(claim: store.Claim) -> bool:
            scope = Scope(OBSERVE, project)
            policy = handlers.watch_policy(self.ports, name)
            observe.tick(self.ports.observe, scope, name, policy, fence=claim)
            return False

        return tick

    def _judge(self, project: str, name: str) -> Callable[[store.Claim], bool]:
        def judge(claim: store.Claim) -> bool:
            scope = Scope(serve.PART, project)
            serve.judge_rollouts(self.ports.serve, scope, name, fence=claim)
            return False

        return judge

    def _heed(self, claim: store.Claim) -> bool:
        scope, policy = (
            Scope(OBSERVE, self.ports.config.project),
            handlers.probing_policy(self.ports),
        )
        observe.heed(self.ports.observe, scope, fence=claim)
        observe.heed_keys(self.ports.observe, scope, policy, fence=claim)
        return False

    def _deliver(self, claim: store.Claim) -> bool:
        del claim
        scope = Scope(OBSERVE, self.ports.config.project)
        observe.deliver(self.ports.observe, scope, handlers.webhooks(self.ports))
        return False

    def _turn(self, project: str, name: str) -> Callable[[store.Claim], bool]:
        def turn(claim: store.Claim) -> bool:
            policy = handlers.loop_policy(self.ports)
            if policy.deployment != name:
                return False
            return loop.step(self.ports.loop, Scope(LOOP, project), policy, claim).moved

        return turn

    def _duty(
        self,
        kind: str,
        key: str,
        work: Callable[[store.Claim], bool],
        *,
        project: str = "default",
    ) -> bool:
        """Do the work if the duty is free; a failure is logged and tried again next time."""
        jobs = store.Jobs(self.ports.ledger, self.ports.clock)
        claim = jobs.hold(self.name, kind, key, self.lease_s, project=project)
        if claim is None:
            return False
        self._held[claim.job] = claim
        try:
            with store.heartbeats(jobs, claim), self.ports.blobs.upkeep.at_work():
                return work(claim)
        except LeaseLost:
            _log.warning("worker.lease_lost", extra={"kind": kind, "key": key})
        except VisloopError as error:
            said = {"kind": kind, "key": key, "code": error.code, "what": error.what}
            _log.warning("worker.duty_failed", extra=said)
        except Exception:  # noqa: BLE001 - the other duties go on
            _log.exception("worker.duty_crashed", extra={"kind": kind, "key": key})
        return False
