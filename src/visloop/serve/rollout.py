"""Deployments: a name in a URL, and the model behind it. Changing one is a fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select, update

from visloop.errors import Conflict, did_you_mean
from visloop.events import Scope
from visloop.ids import check_name
from visloop.registry import ApprovalNeeded, ModelVersion, require_in_use
from visloop.serve import tables
from visloop.serve.errors import DeploymentNotFound
from visloop.serve.limits import FREE, DeploymentLimits
from visloop.serve.ports import ServePorts
from visloop.serve.processes import servers
from visloop.serve.switching import ending, store
from visloop.store import Claim, Write

DEFAULT_URL: Final = "http://127.0.0.1:8484"


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """Which model answers under `name`; `generation` grows with every change of anything served.

    `limits`: its own, where it has some.
    """

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
    limits: DeploymentLimits | None = None


class NothingToRollBackTo(Conflict):
    """The deployment has served one model only."""

    code = "serve.nothing_to_roll_back_to"


def deploy(
    ports: ServePorts,
    scope: Scope,
    name: str,
    model: ModelVersion,
    *,
    limits: Sequence[str] = (),
    fence: Claim | None = None,
) -> Deployment:
    """Let `model` answer under `name`; serving processes switch within a second.

    Deploying what is deployed already changes nothing and records no fact. A deployment keeps its limits
    but for those given (`body_mb=2`), whatever model is next.

    Raises:
        UsageError: `name` cannot stand in a URL, or something is no limit.
        ApprovalNeeded: a person rejected this version.
        ModelArchived: it was put away.
        LeaseLost: `fence` was taken over.
    """
    check_name(name, "deployment")
    require_servable(model)
    with ports.ledger.write(scope, fence=fence) as write:
        before = _find(write, scope.project, name)
        had = before.limits if before and before.limits else FREE
        wanted = had.changed(limits)
        here = (before.model, before.package, before.state) if before else None
        if before and here == (model.ref, model.package, "live"):
            return before if wanted == had else _limited(write, before, wanted)
        after = change(write, name, model.ref, model.package, before, reason="deploy")
        return after if wanted == had else _limited(write, after, wanted)


def _limited(write: Write, before: Deployment, limits: DeploymentLimits) -> Deployment:
    """The same model under other limits."""
    generation = write.fact("deployment.limited", before.name, limits=limits.told())
    after = msgspec.structs.replace(before, limits=limits, generation=generation, changed=write.now)
    _store(write, before, after)
    return after


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

    While a canary runs that is the change to undo: it ends, and its champion has all the traffic.

    Raises:
        DeploymentNotFound: no such name.
        NothingToRollBackTo: it is the first model under that name.
    """
    with ports.ledger.write(scope) as write:
        before = _get(write, scope.project, name)
        canary = store.of(write.connection, scope.project, name, "canary")
        if canary is not None:
            ended = ending.end(write, canary, "stopped", f"rolled back by {scope.actor}")
            return msgspec.structs.replace(before, generation=ended.generation)
        if before.previous is None or before.previous_package is None:
            raise NothingToRollBackTo(
                f"{before.model} is the only model that {name!r} has served",
                fix=f"deploy another one: visloop deploy MODEL --as {name}",
            )
        return change(
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
        ending.end_all(write, name, "the deployment was stopped")
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


def not_found(name: str, known: Any) -> DeploymentNotFound:
    """The error for a name that nobody deployed."""
    return DeploymentNotFound(
        f"no deployment is called {name!r}",
        fix=did_you_mean(name, known, otherwise="see them all: visloop deployments"),
    )


def change(
    write: Write, name: str, model: str, package: str, before: Deployment | None, *, reason: str
) -> Deployment:
    """Another model answers under `name`, inside a transaction; candidates beside the old one end."""
    ending.end_all(write, name, f"{model} was deployed")
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
        limits=before.limits if before else None,
    )
    _store(write, before, after)
    return after


def live(write: Write, name: str) -> Deployment:
    """The deployment that answers under `name`, inside a transaction.

    Raises:
        DeploymentNotFound: no such name, or it was stopped.
    """
    found = _get(write, write.scope.project, name)
    if found.state != "live":
        raise DeploymentNotFound(
            f"{name!r} was stopped", fix=f"deploy a model first: visloop deploy MODEL --as {name}"
        )
    return found


def revert(ports: ServePorts, scope: Scope, wanted: Deployment, because: str) -> bool:
    """What was deployed cannot be loaded: the model before it is the deployment again.

    Returns:
        False when something else was deployed since, or no model stood there before.
    """
    with ports.ledger.write(scope) as write:
        before = _find(write, scope.project, wanted.name)
        if (
            before is None
            or before.generation != wanted.generation
            or before.previous is None
            or before.previous_package is None
        ):
            return False
        ending.end_all(write, wanted.name, f"{wanted.model} was taken back")
        generation = write.fact(
            "deployment.reverted",
            wanted.name,
            model=before.previous,
            package=before.previous_package,
            failed=wanted.model,
            because=because,
            instead_of=wanted.generation,
        )
        after = msgspec.structs.replace(
            before,
            model=before.previous,
            package=before.previous_package,
            previous=None,
            previous_package=None,
            generation=generation,
            changed=write.now,
        )
        _store(write, before, after)
        return True


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
