"""One process after another: whose turn it is to take up a new model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from visloop import registry
from visloop.errors import VisloopError
from visloop.ids import Ref
from visloop.serve.processes import Server, servers

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.serve.ports import ServePorts
    from visloop.serve.rollout import Deployment

ROLL_S: Final = 30.0


class Turns:
    """Says when this process may load; it waits for those that started before it, each at most `ROLL_S`."""

    def __init__(self, ports: ServePorts, scope: Scope, server: str) -> None:
        self._ports = ports
        self._scope = scope
        self._server = server
        self._since: dict[str, tuple[int, float]] = {}

    def mine(self, wanted: Deployment) -> bool:
        """Whether every live process before this one serves that generation, or has had its time."""
        before = self._before()
        told = [one.loaded[wanted.name] for one in before if wanted.name in one.loaded]
        behind = [one for one in told if one.generation < wanted.generation]
        if not behind:
            self._since.pop(wanted.name, None)
            return True
        now = time.monotonic()
        generation, since = self._since.get(wanted.name, (0, now))
        if generation != wanted.generation:
            since = now
            self._since[wanted.name] = (wanted.generation, now)
        return now - since > ROLL_S * len(behind)

    def served_elsewhere(self, wanted: Deployment) -> bool:
        """Whether another live process has loaded that generation: then the model is good."""
        others = [one for one in self._live() if one.id != self._server]
        told = [one.loaded[wanted.name] for one in others if wanted.name in one.loaded]
        return any(one.generation >= wanted.generation for one in told)

    def may_return(self, wanted: Deployment) -> bool:
        """Whether the model before may answer again: neither rejected nor archived since."""
        if wanted.previous is None:
            return False
        ports = registry.RegistryPorts(self._ports.ledger, self._ports.blobs)
        try:
            before = registry.resolve(ports, self._scope, Ref.parse(wanted.previous))
            registry.require_in_use(before)
        except VisloopError:
            return False
        return before.state != "rejected"

    def _before(self) -> list[Server]:
        live = self._live()
        ids = [one.id for one in live]
        return live[: ids.index(self._server)] if self._server in ids else []

    def _live(self) -> list[Server]:
        return servers(self._ports, self._scope, live_only=True)
