"""Waiting until every serving process answers as was asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from visloop.errors import Unavailable, UsageError
from visloop.events import Scope
from visloop.serve.processes import PART, servers

if TYPE_CHECKING:
    from visloop.events import Fact
    from visloop.serve.ports import ServePorts

POLL_S: Final = 0.05
_TAKEN_BACK: Final = ("deployment.reverted", "canary.stopped", "shadow.stopped")


def wait_ready(ports: ServePorts, name: str, generation: int, timeout_s: float = 30.0) -> bool:
    """Wait until every live serving process answers with that generation of `name` (or a newer one).

    Returns:
        True; at once when no process is running: the next to start begins with it.

    Raises:
        Unavailable: a process cannot load the model, or it took longer than `timeout_s`.
        UsageError: no change of a deployment has that generation.
    """
    scope = Scope(PART, _made(ports, generation).project)
    deadline = time.monotonic() + timeout_s
    while True:
        told = [server.loaded.get(name) for server in servers(ports, scope, live_only=True)]
        _must_stand(ports, scope, name, generation)
        for one in told:
            if one is not None and one.error and one.tried >= generation:
                raise Unavailable(
                    f"a serving process cannot load {name!r}: {one.error}",
                    fix=f"go back: visloop rollback {name}",
                )
        if all(one is not None and one.generation >= generation for one in told):
            return True
        if time.monotonic() > deadline:
            raise Unavailable(
                f"not every serving process switched {name!r} within {timeout_s:g} s",
                fix="look at the log of the serving processes; requests are answered meanwhile",
            )
        time.sleep(POLL_S)


def _must_stand(ports: ServePorts, scope: Scope, name: str, generation: int) -> None:
    """A process that could not load it took it back for all of them."""
    facts = ports.ledger.facts(
        after=generation, kinds=_TAKEN_BACK, project=scope.project, subject=name, limit=20
    )
    for fact in facts:
        if fact.payload.get("instead_of") == generation:
            model = fact.payload.get("failed") or fact.payload.get("model")
            goes_on = fact.payload.get("against") or fact.payload.get("model")
            raise Unavailable(
                f"{name!r} went back to {goes_on}: a serving process cannot load {model}: "
                f"{fact.payload['because']}",
                fix="mend that model and register it again, or deploy another version",
            )


def _made(ports: ServePorts, generation: int) -> Fact:
    """A generation is the sequence number of the fact that made it."""
    for fact in ports.ledger.facts(after=generation - 1, limit=1):
        if fact.seq == generation:
            return fact
    raise UsageError(f"{generation} is no generation", fix="take it from a Deployment")
