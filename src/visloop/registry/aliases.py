"""Aliases: which version is `champion`, how it got there, and the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, insert, select, update

from visloop.errors import Conflict, UsageError
from visloop.events import Scope
from visloop.ids import Ref, check_name
from visloop.registry import tables as t
from visloop.registry.archiving import require_in_use
from visloop.registry.lookup import find, find_here
from visloop.registry.records import (
    CHAMPION,
    ApprovalNeeded,
    ModelVersion,
    Promotion,
    RegistryPorts,
)
from visloop.store import Claim, Write

_TAKEN = re.compile(r"v\d+")


def set_alias(ports: RegistryPorts, scope: Scope, version: ModelVersion, alias: str) -> Promotion:
    """Let `alias` mean this version; again on the same version changes nothing.

    Raises:
        UsageError: the version lies in another project.
        UsageError: `alias` reads like a version, or is no name.
        ModelArchived: it was put away.
    """
    _check_alias(alias)
    with ports.ledger.write(scope) as write:
        version = find_here(write.connection, scope.project, version)
        require_in_use(version)
        return _move(write, version, alias, "model.alias_set")


def promote(
    ports: RegistryPorts,
    scope: Scope,
    version: ModelVersion,
    *,
    needs_approval: bool = False,
    alias: str = CHAMPION,
    fence: Claim | None = None,
) -> Promotion:
    """Make this version champion; the one before is remembered for `rollback`.

    Again on the champion itself changes nothing.

    Raises:
        UsageError: the version lies in another project.
        ModelArchived: it was put away.
        ApprovalNeeded: nobody approved it yet and `needs_approval`, or somebody rejected it.
        LeaseLost: `fence` was taken over.
    """
    _check_alias(alias)
    with ports.ledger.write(scope, fence=fence) as write:
        version = find_here(write.connection, scope.project, version)
        require_in_use(version)
        if version.state == "rejected":
            raise ApprovalNeeded(
                f"{version.ref} was rejected",
                fix=f"visloop model approve {version.ref}   (if that was a mistake)",
            )
        if needs_approval and version.state != "approved":
            raise ApprovalNeeded(
                f"{version.ref} must be approved by a person before it is promoted",
                fix=f"visloop model approve {version.ref}",
            )
        return _move(write, version, alias, "model.promoted")


def rollback(
    ports: RegistryPorts,
    scope: Scope,
    name: str,
    *,
    alias: str = CHAMPION,
    leaving: int | None = None,
) -> Promotion:
    """Go back to the champion before this one; again goes back further. Rejected and archived ones
    are passed over.

    Args:
        ports: ledger and blobs.
        scope: who does it, where.
        name: the model.
        alias: which alias goes back.
        leaving: only go back from this version number: a repeated request changes nothing.

    Raises:
        ModelNotFound: no such model, or the alias was never set.
        Conflict: there is no earlier one.
    """
    with ports.ledger.write(scope) as write:
        now = find(write.connection, scope.project, Ref(name, alias))
        if leaving is not None and now.number != leaving:
            return Promotion(now.ref, None, alias)
        earlier = _earlier(write, name, alias)
        if earlier is None:
            raise Conflict(
                f"{now.ref} is the first {alias} of {name!r}: there is none to go back to",
                fix=f"promote another version: visloop model promote {name}@v…",
            )
        move, version = earlier
        write.execute(update(t.aliases).where(_named(write, name, alias)).values(move=move.id))
        write.fact("model.rolled_back", version.ref, alias=alias, previous=now.name)
        return Promotion(version.ref, now.ref, alias)


def champion(
    ports: RegistryPorts, scope: Scope, name: str, alias: str = CHAMPION
) -> ModelVersion | None:
    """The version that the alias means, None where it was never set."""
    with ports.ledger.read() as connection:
        query = select(t.aliases).where(
            t.aliases.c.project == scope.project,
            t.aliases.c.model == name,
            t.aliases.c.alias == alias,
        )
        if connection.execute(query).first() is None:
            return None
        return find(connection, scope.project, Ref(name, alias))


def _check_alias(alias: str) -> None:
    check_name(alias, "alias")
    if _TAKEN.fullmatch(alias):
        raise UsageError(
            f"{alias!r} reads like a version number", fix="choose a word: champion, challenger"
        )


def _named(write: Write, name: str, alias: str) -> ColumnElement[bool]:
    return and_(
        t.aliases.c.project == write.scope.project,
        t.aliases.c.model == name,
        t.aliases.c.alias == alias,
    )


@dataclass(frozen=True)
class _Move:
    """One setting of an alias; `beneath` is the one that a rollback goes back to."""

    id: int
    number: int
    beneath: int | None


def _current(write: Write, name: str, alias: str) -> _Move | None:
    query = select(t.aliases.c.move).where(_named(write, name, alias))
    return _read_move(write, write.execute(query).scalar_one_or_none())


def _read_move(write: Write, number: int | None) -> _Move | None:
    moves = t.alias_moves
    query = select(moves.c.id, moves.c.number, moves.c.beneath).where(moves.c.id == number)
    row = write.execute(query).one_or_none()
    return None if row is None else _Move(row.id, row.number, row.beneath)


def _earlier(write: Write, name: str, alias: str) -> tuple[_Move, ModelVersion] | None:
    """The newest move beneath the current one that leads to another version that may be used."""
    now = move = _current(write, name, alias)
    while move is not None and now is not None:
        move = _read_move(write, move.beneath)
        if move is not None and move.number != now.number:
            version = find(write.connection, write.scope.project, Ref(name, f"v{move.number}"))
            if version.state != "rejected" and version.archived is None:
                return move, version
    return None


def _move(write: Write, version: ModelVersion, alias: str, kind: str) -> Promotion:
    before = _current(write, version.model, alias)
    if before is not None and before.number == version.number:
        return Promotion(version.ref, None, alias)
    values = {
        "project": write.scope.project,
        "model": version.model,
        "alias": alias,
        "number": version.number,
        "beneath": None if before is None else before.id,
        "time": write.now,
        "actor": str(write.scope.actor),
    }
    move = write.execute(insert(t.alias_moves), values).inserted_primary_key
    assert move is not None
    if before is None:
        row = {key: values[key] for key in ("project", "model", "alias")}
        write.execute(insert(t.aliases), row | {"move": move[0]})
    else:
        change = update(t.aliases).where(_named(write, version.model, alias))
        write.execute(change.values(move=move[0]))
    previous = None if before is None else f"v{before.number}"
    write.fact(kind, version.ref, alias=alias, previous=previous, package=version.package)
    return Promotion(version.ref, previous and f"{version.model}@{previous}", alias)
