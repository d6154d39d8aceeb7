"""A person says yes or no to a version."""

from __future__ import annotations

from sqlalchemy import and_, insert, select, update

from visloop.events import Scope
from visloop.ids import Ref, new_id
from visloop.registry import tables as t
from visloop.registry.lookup import find, find_here
from visloop.registry.records import (
    Approval,
    ApprovalNeeded,
    Decision,
    ModelVersion,
    RegistryPorts,
    State,
)
from visloop.registry.rows import approval_of
from visloop.store import Write


def request_approval(ports: RegistryPorts, scope: Scope, version: ModelVersion) -> ModelVersion:
    """Let a version wait for a person; nothing happens when it waits or is decided already.

    Raises:
        UsageError: the version lies in another project.
    """
    with ports.ledger.write(scope) as write:
        version = find_here(write.connection, scope.project, version)
        if version.state == "registered":
            _set_state(write, version, "waiting")
            write.fact("model.approval_requested", version.ref, package=version.package)
        return find_here(write.connection, scope.project, version)


def approve(
    ports: RegistryPorts,
    scope: Scope,
    version: ModelVersion,
    *,
    reason: str = "",
    separate: bool = False,
) -> Approval:
    """Say yes; again changes nothing.

    Raises:
        UsageError: the version lies in another project.
        ApprovalNeeded: `separate`, and who says yes is who made the version.
    """
    if separate and str(scope.actor) == version.actor:
        raise ApprovalNeeded(
            f"{version.actor} made {version.ref} and may not approve it (gate.separation_of_duties)",
            fix="somebody else says yes: visloop user add NAME --role approver gives them a token",
        )
    return _decide(ports, scope, version, "approved", reason)


def reject(
    ports: RegistryPorts, scope: Scope, version: ModelVersion, *, reason: str = ""
) -> Approval:
    """Say no: it cannot be promoted, and a rollback passes it over; again changes nothing.

    Raises:
        UsageError: the version lies in another project.
    """
    return _decide(ports, scope, version, "rejected", reason)


def decision(ports: RegistryPorts, scope: Scope, version: ModelVersion) -> Decision | None:
    """What was decided about a version; None while nobody has."""
    with ports.ledger.read() as connection:
        state = find_here(connection, scope.project, version).state
    return state if state in ("approved", "rejected") else None


def waiting(ports: RegistryPorts, scope: Scope) -> list[ModelVersion]:
    """Versions that wait for a person, in the order in which they were made."""
    table = t.model_versions
    query = (
        select(table.c.model, table.c.number)
        .where(table.c.project == scope.project, table.c.state == "waiting")
        .order_by(table.c.created)
    )
    with ports.ledger.read() as connection:
        rows = connection.execute(query).all()
        return [find(connection, scope.project, Ref(r.model, f"v{r.number}")) for r in rows]


def _decide(
    ports: RegistryPorts, scope: Scope, version: ModelVersion, decision: Decision, reason: str
) -> Approval:
    table = t.approvals
    with ports.ledger.write(scope) as write:
        version = find_here(write.connection, scope.project, version)
        mine = and_(
            table.c.project == version.project,
            table.c.model == version.model,
            table.c.number == version.number,
        )
        newest = select(table).where(mine).order_by(table.c.time.desc(), table.c.id).limit(1)
        if version.state != decision:
            values = {
                "id": new_id("approval"),
                "project": version.project,
                "model": version.model,
                "number": version.number,
                "decision": decision,
                "actor": str(scope.actor),
                "reason": reason,
                "time": write.now,
            }
            write.execute(insert(table), values)
            _set_state(write, version, decision)
            write.fact(
                f"model.{decision}", version.ref, approval=values["id"], package=version.package
            )
            newest = select(table).where(table.c.id == values["id"])
        return approval_of(write.execute(newest).one())


def _set_state(write: Write, version: ModelVersion, state: State) -> None:
    table = t.model_versions
    mine = and_(
        table.c.project == version.project,
        table.c.model == version.model,
        table.c.number == version.number,
    )
    write.execute(update(table).where(mine).values(state=state))
