"""Deployments: a name in a URL, and the model behind it. Changing one is a fact."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select, update

from visloop.errors import Conflict, Unavailable, UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import check_name
from visloop.registry import ApprovalNeeded, ModelVersion, require_in_use
from visloop.serve import tables
from visloop.serve.errors import DeploymentNotFound
from visloop.serve.ports import ServePorts
from visloop.serve.processes import PART, servers
from visloop.store import Claim, Write

DEFAULT_URL: Final = "http://127.0.0.1:8484"
POLL_S: Final = 0.05


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """Which model answers under `name`; `generation` grows with every change of anything served."""

    project: str
    name: str
    model: str
    package: str
    previous: str | None
    previous_package: str | None
    state: str
    generation: int
    created: datetime
    changed: datetime


class NothingToRollBackTo(Conflict):
    """The deployment has served one model only."""

    code = "serve.nothing_to_roll_back_to"


def deploy(
    ports: ServePorts, scope: Scope, name: str, model: ModelVersion, *, fence: Claim | None = None
) -> Deployment:
    """Let `model` answer under `name`; serving processes switch within a second.

    Deploying what is deployed already changes nothing and records no fact.

    Raises:
        UsageError: `name` cannot stand in a URL.
        ApprovalNeeded: a person rejected this version.
        ModelArchived: it was put away.
        LeaseLost: `fence` was taken over.
    """
    check_name(name, "deployment")
    require_servable(model)
    with ports.ledger.write(scope, fence=fence) as write:
        before = _find(write, scope.project, name)
        if before and (before.model, before.package, before.state) == (
            model.ref,
            model.package,
            "live",
        ):
            return before
        return _change(write, name, model.ref, model.package, before, reason="deploy")


def require_servable(model: ModelVersion) -> None:
    """Refuse a version that must not answer.

    Raises:
        ApprovalNeeded: a person rejected it.
        ModelArchived: it was put away.
    """
    require_in_use(model)
    if model.state == "rejected":
        raise ApprovalNeeded(
            f"{model.ref} was rejected",
            fix=f"visloop model approve {model.ref}   (if that was a mistake)",
        )


def rollback(ports: ServePorts, scope: Scope, name: str) -> Deployment:
    """Go back to the model before this one; a second call undoes the first.

    Raises:
        DeploymentNotFound: no such name.
        NothingToRollBackTo: it is the first model under that name.
    """
    with ports.ledger.write(scope) as write:
        before = _get(write, scope.project, name)
        if before.previous is None or before.previous_package is None:
            raise NothingToRollBackTo(
                f"{before.model} is the only model that {name!r} has served",
                fix=f"deploy another one: visloop deploy MODEL --as {name}",
            )
        return _change(
            write, name, before.previous, before.previous_package, before, reason="rollback"
        )


def undeploy(ports: ServePorts, scope: Scope, name: str) -> Deployment:
    """Answer no more under `name`; the row stays, so that a later deploy knows what was before.

    Raises:
        DeploymentNotFound: no such name.
    """
    with ports.ledger.write(scope) as write:
        before = _get(write, scope.project, name)
        if before.state == "stopped":
            return before
        generation = write.fact("deployment.stopped", name, model=before.model)
        after = msgspec.structs.replace(
            before, state="stopped", generation=generation, changed=write.now
        )
        _store(write, before, after)
        return after


def deployments(ports: ServePorts, scope: Scope) -> list[Deployment]:
    """Every deployment of the project by name, stopped ones too."""
    table = tables.deployments
    query = select(table).where(table.c.project == scope.project).order_by(table.c.name)
    with ports.ledger.read() as connection:
        return [tables.record(row, Deployment) for row in connection.execute(query).mappings()]


def deployment(ports: ServePorts, scope: Scope, name: str) -> Deployment:
    """One deployment.

    Raises:
        DeploymentNotFound: no such name.
    """
    every = {one.name: one for one in deployments(ports, scope)}
    if name not in every:
        raise not_found(name, every)
    return every[name]


def url_of(ports: ServePorts, scope: Scope, name: str, *, otherwise: str = DEFAULT_URL) -> str:
    """Where pictures for `name` go: the newest live process's address, or where one would be."""
    live = servers(ports, scope, live_only=True)
    return f"{live[-1].url if live else otherwise}/predict/{name}"


def wait_ready(ports: ServePorts, name: str, generation: int, timeout_s: float = 30.0) -> bool:
    """Wait until every live serving process answers with that generation of `name` (or a newer one).

    Returns:
        True; at once when no process is running: the next to start begins with it.

    Raises:
        Unavailable: a process cannot load the model, or it took longer than `timeout_s`.
        UsageError: no change of a deployment has that generation.
    """
    scope = Scope(PART, _project_of(ports, generation))
    deadline = time.monotonic() + timeout_s
    while True:
        live = servers(ports, scope, live_only=True)
        told = [server.loaded.get(name) for server in live]
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


def _project_of(ports: ServePorts, generation: int) -> str:
    """A generation is the sequence number of the fact that made it."""
    for fact in ports.ledger.facts(after=generation - 1, limit=1):
        if fact.seq == generation:
            return fact.project
    raise UsageError(f"{generation} is no generation", fix="take it from a Deployment")


def not_found(name: str, known: Any) -> DeploymentNotFound:
    """The error for a name that nobody deployed."""
    return DeploymentNotFound(
        f"no deployment is called {name!r}",
        fix=did_you_mean(name, known, otherwise="see them all: visloop deployments"),
    )


def _change(
    write: Write, name: str, model: str, package: str, before: Deployment | None, *, reason: str
) -> Deployment:
    replaced = before if before and before.package != package else None
    generation = write.fact(
        "deployment.changed",
        name,
        model=model,
        package=package,
        previous=before.model if before else None,
        reason=reason,
    )
    kept = before.previous if before else None, before.previous_package if before else None
    previous = (replaced.model, replaced.package) if replaced else kept
    after = Deployment(
        project=write.scope.project,
        name=name,
        model=model,
        package=package,
        previous=previous[0],
        previous_package=previous[1],
        state="live",
        generation=generation,
        created=before.created if before else write.now,
        changed=write.now,
    )
    _store(write, before, after)
    return after


def _store(write: Write, before: Deployment | None, after: Deployment) -> None:
    table = tables.deployments
    values = msgspec.structs.asdict(after)
    if before is None:
        write.execute(insert(table), values)
        return
    mine = (table.c.project == after.project) & (table.c.name == after.name)
    write.execute(update(table).where(mine), values)


def _find(write: Write, project: str, name: str) -> Deployment | None:
    table = tables.deployments
    query = select(table).where(table.c.project == project, table.c.name == name)
    row = write.execute(query).mappings().one_or_none()
    return tables.record(row, Deployment) if row else None


def _get(write: Write, project: str, name: str) -> Deployment:
    found = _find(write, project, name)
    if found is None:
        names = write.execute(
            select(tables.deployments.c.name).where(tables.deployments.c.project == project)
        )
        raise not_found(name, names.scalars())
    return found
