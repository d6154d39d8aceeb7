"""The end of a candidate's trial: its row, its fact, and the deployment's generation, together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import update

from visloop.serve import tables
from visloop.serve.switching import store

if TYPE_CHECKING:
    from visloop.serve.switching.records import Rollout, State
    from visloop.store import Write


def end(
    write: Write, rollout: Rollout, state: State, because: str, *, instead_of: int | None = None
) -> Rollout:
    """Stop a candidate, or note that it was promoted; serving processes follow within their poll.

    Args:
        write: the transaction.
        rollout: a running one.
        state: what it is from now on.
        because: why, in words.
        instead_of: the generation that could not be served.
    """
    told = {} if instead_of is None else {"instead_of": instead_of}
    generation = write.fact(
        f"canary.{state}" if rollout.kind == "canary" else f"shadow.{state}",
        rollout.deployment,
        rollout=rollout.id,
        model=rollout.model,
        against=rollout.against,
        requests=rollout.evidence.candidate.requests,
        because=because,
        **told,
    )
    ended = msgspec.structs.replace(
        rollout,
        state=state,
        verdict="promote" if state == "promoted" else "stop",
        because=because,
        generation=generation,
        ended=write.now,
    )
    store.put(write, ended)
    bump(write, rollout.deployment, generation)
    return ended


def end_all(write: Write, name: str, because: str) -> None:
    """Stop every candidate beside a deployment's model: it is going to be another one."""
    for kind in ("canary", "shadow"):
        found = store.of(write.connection, write.scope.project, name, kind)
        if found is not None:
            end(write, found, "stopped", because)


def bump(write: Write, name: str, generation: int) -> None:
    """What is served under `name` changed, though not its model."""
    t = tables.deployments
    mine = (t.c.project == write.scope.project) & (t.c.name == name)
    write.execute(update(t).where(mine).values(generation=generation))
