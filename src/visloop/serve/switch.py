"""Follows the ledger: loads what is newly deployed beside the traffic, then swaps it in.

The thread looks every quarter of a second whether anything was committed, and only then at the
deployments. A model that does not load leaves the old one serving and says why in the heartbeat.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from visloop.errors import VisloopError
from visloop.events import Scope
from visloop.serve.lineup import Lineup, Slot
from visloop.serve.model import Model
from visloop.serve.ports import ServePorts
from visloop.serve.processes import BEAT_S, beat
from visloop.serve.rollout import Deployment, deployments

log = logging.getLogger("visloop.serve")

RETRY_S: Final = 10.0

Load = Callable[[Deployment], Model]


class Switch:
    """Keeps `lineup` equal to the deployments of one project, and the heartbeat fresh."""

    def __init__(
        self,
        ports: ServePorts,
        scope: Scope,
        server: str,
        lineup: Lineup,
        load: Load,
        poll_s: float,
    ) -> None:
        self._ports = ports
        self._scope = scope
        self._server = server
        self._lineup = lineup
        self._load = load
        self._poll_s = poll_s
        self._seen: int | None = None
        self._beaten = 0.0
        self._retry_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="switch", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def follow(self) -> None:
        """Bring the line-up to what is deployed now, and tell the ledger."""
        changes = self._ports.ledger.changes()
        again = 0.0 < self._retry_at <= time.monotonic()
        if again:
            self._retry_at = 0.0
        changed = (again or changes != self._seen) and self._sync()
        self._seen = changes
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
        wanted = {
            one.name: one for one in deployments(self._ports, self._scope) if one.state == "live"
        }
        changed = False
        for slot in list(self._lineup):
            if slot.deployment.name not in wanted:
                self._lineup.put(slot.deployment.name, None)
                changed = True
        for one in wanted.values():
            changed = self._take_up(one) or changed
        return changed

    def _take_up(self, wanted: Deployment) -> bool:
        now = self._lineup.find(wanted.name)
        if now and now.model and now.deployment.generation >= wanted.generation:
            return False
        if now and now.tried == wanted.generation and time.monotonic() < self._retry_at:
            return False
        started = time.perf_counter()
        try:
            slot = Slot(wanted, self._loaded(now, wanted))
        except Exception as error:  # whatever a model does while loading, the old one goes on
            log.exception("serve.load_failed", extra={"model": wanted.model})
            slot = _failed(now, wanted, error)
            self._retry_at = time.monotonic() + RETRY_S
        self._lineup.put(wanted.name, slot)
        seconds = time.perf_counter() - started
        fields = {"deployment": wanted.name, "model": wanted.model, "seconds": seconds}
        log.info("serve.switched", extra=fields)
        return True

    def _loaded(self, now: Slot | None, wanted: Deployment) -> Model:
        if now and now.model and now.deployment.package == wanted.package:
            return now.model
        return self._load(wanted)


def _failed(now: Slot | None, wanted: Deployment, error: Exception) -> Slot:
    why = f"{type(error).__name__}: {error}".partition("\n")[0]
    if now is None or now.model is None:
        return Slot(wanted, None, why, wanted.generation)
    return replace(now, error=f"{wanted.model}: {why}", tried=wanted.generation)
