"""Follows the ledger: loads what is newly deployed beside the traffic, then swaps it in.

The thread looks every quarter of a second whether anything was decided (the log's own rows do not
count), and only then at the deployments. Processes take up a new model one after another. One that
cannot load it takes the deployment back to the model before, for all of them; the model before stays
in memory for a while, so that going back needs no loading.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from visloop.errors import Unavailable, VisloopError
from visloop.serve.lineup import Lineup, Slot
from visloop.serve.processes import BEAT_S, beat
from visloop.serve.rollout import Deployment, deployments, revert
from visloop.serve.switching import store
from visloop.serve.switching.beside import why
from visloop.serve.switching.rolling import Turns

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.serve.model import Model
    from visloop.serve.ports import ServePorts
    from visloop.serve.switching.beside import Beside
    from visloop.serve.switching.failures import Failures
    from visloop.serve.switching.records import Rollout

log = logging.getLogger("visloop.serve")

RETRY_S: Final = 10.0
KEEP_S: Final = 600.0
_NOT_THE_MODELS: Final = (Unavailable, SQLAlchemyError, OSError)

Load = Callable[[Deployment], "Model"]


class Switch:
    """Keeps `lineup` equal to the deployments of one project, and the heartbeat fresh."""

    def __init__(
        self,
        ports: ServePorts,
        scope: Scope,
        server: str,
        lineup: Lineup,
        failures: Failures,
        beside: Beside,
        load: Load,
        poll_s: float,
    ) -> None:
        self._ports = ports
        self._scope = scope
        self._server = server
        self._lineup = lineup
        self._load = load
        self._poll_s = poll_s
        self._failures = failures
        self._beside = beside
        self._turns = Turns(ports, scope, server)
        self._kept: dict[str, tuple[str, Model, float]] = {}
        self._seen: int | None = None
        self._beaten = 0.0
        self._retry_at = 0.0
        self._again = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="switch", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread, and what runs beside the models."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        with suppress(VisloopError, SQLAlchemyError, OSError):
            self._failures.write(self._ports.ledger)
            self._beside.close()

    def follow(self) -> None:
        """Bring the line-up to what is deployed now, and tell the ledger."""
        self._failures.write(self._ports.ledger)
        decided = self._ports.ledger.changes(telemetry=False)
        again = self._again or 0.0 < self._retry_at <= time.monotonic()
        if again:
            self._again = False
            self._retry_at = 0.0
        changed = (again or decided != self._seen) and self._sync()
        self._seen = decided
        self._beside.tell()
        self._forget()
        if changed or time.monotonic() - self._beaten >= BEAT_S:
            beat(self._ports, self._scope, self._server, self._lineup.report())
            self._beaten = time.monotonic()

    def _run(self) -> None:
        while not self._stop.wait(self._poll_s):
            try:
                self.follow()
            except (VisloopError, SQLAlchemyError, OSError) as error:
                self._seen = None
                log.warning("serve.follow_failed", extra={"error": str(error)})

    def _sync(self) -> bool:
        # the candidates are read last: they are at least as new as the generations
        every = deployments(self._ports, self._scope)
        running = store.running_rollouts(self._ports, self._scope)
        wanted = {one.name: one for one in every if one.state == "live"}
        changed = False
        for slot in list(self._lineup):
            if slot.deployment.name not in wanted:
                self._lineup.put(slot.deployment.name, None)
                changed = True
        for one in wanted.values():
            candidates = [each for each in running if each.deployment == one.name]
            changed = self._take_up(one, candidates) or changed
        self._beside.keep_only({each.id: each for each in running})
        return changed

    def _take_up(self, wanted: Deployment, running: Sequence[Rollout]) -> bool:
        now = self._lineup.find(wanted.name)
        if now and now.model and now.deployment.generation >= wanted.generation:
            return False
        if now and now.tried == wanted.generation and time.monotonic() < self._retry_at:
            return False
        at_hand = self._at_hand(now, wanted)
        if now and now.model and at_hand is None and not self._turns.mine(wanted):
            self._again = True
            return False
        started = time.perf_counter()
        try:
            slot = Slot.of(wanted, at_hand or self._load(wanted))
        except Exception as error:  # whatever a model does while loading, the old one goes on
            log.exception("serve.load_failed", extra={"model": wanted.model})
            slot = _failed(now, wanted, error)
            self._retry_at = time.monotonic() + RETRY_S
            if not isinstance(error, _NOT_THE_MODELS):
                self._take_back(now, wanted, error)
        else:
            slot = self._beside.slot(slot, now, running)
            self._keep(now, wanted)
        self._lineup.put(wanted.name, slot)
        seconds = time.perf_counter() - started
        fields = {"deployment": wanted.name, "model": wanted.model, "seconds": seconds}
        log.info("serve.switched", extra=fields)
        return True

    def _at_hand(self, now: Slot | None, wanted: Deployment) -> Model | None:
        """The model, where it is in memory already: served now, as a canary, or a while ago."""
        for slot in (now, now.canary.candidate if now and now.canary else None):
            if slot and slot.model and slot.deployment.package == wanted.package:
                return slot.model
        package, model, _ = self._kept.get(wanted.name, ("", None, 0.0))
        return model if package == wanted.package else None

    def _keep(self, now: Slot | None, wanted: Deployment) -> None:
        if now and now.model and now.deployment.package != wanted.package:
            until = time.monotonic() + KEEP_S
            self._kept[wanted.name] = (now.deployment.package, now.model, until)

    def _forget(self) -> None:
        now = time.monotonic()
        names = {slot.deployment.name for slot in self._lineup}
        self._kept = {
            name: kept for name, kept in self._kept.items() if name in names and kept[2] > now
        }

    def _take_back(self, now: Slot | None, wanted: Deployment, error: Exception) -> None:
        """The model before is the deployment again, unless another process proves that this one is good.

        A process that served something under this name was asked to change, so the change is what fails.
        """
        asked_to_change = now is not None and now.model is not None
        turns = self._turns
        fails = asked_to_change or not turns.served_elsewhere(wanted)
        if fails and turns.may_return(wanted):
            revert(self._ports, self._scope, wanted, why(error))
            self._again = True


def _failed(now: Slot | None, wanted: Deployment, error: Exception) -> Slot:
    if now is None or now.model is None:
        return Slot(wanted, None, why(error), wanted.generation)
    return replace(now, error=f"{wanted.model}: {why(error)}", tried=wanted.generation)
