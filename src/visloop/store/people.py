"""Who may do what: roles are sets of permissions, given to actors per project.

A permission is `room.verb` (`data.write`); a role lists patterns (`data.*`, `*.read`, `*`).
Named parts of the system have roles of their own, so that a fault in one of them cannot do the
work of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from sqlalchemy import Table, insert, select

from visloop.errors import Forbidden
from visloop.events import OWNER, Actor, Scope
from visloop.ids import DEFAULT_PROJECT, check_name
from visloop.store.ledger import Ledger, Write
from visloop.store.tables import actors, projects

EVERY_PROJECT: Final = "*"

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "owner": frozenset({"*"}),
    "viewer": frozenset({"*.read"}),
    "serve": frozenset({"registry.read", "serve.*"}),
    "observe": frozenset({"*.read", "observe.*", "label.queue"}),
    "loop": frozenset(
        {
            "*.read",
            "data.commit",
            "data.write",
            "evaluate.*",
            "label.*",
            "loop.*",
            "registry.promote",  # never registry.approve: that is a person's
            "registry.write",
            "serve.*",
            "train.*",
        }
    ),
    "worker": frozenset({"*.read", "data.write", "evaluate.*", "jobs.*", "train.*"}),
}

PARTS: Final[Mapping[str, str]] = {name: name for name in ("serve", "observe", "loop", "worker")}
"""Built-in parts of the system (`part:loop`) and their roles: they need no row."""


def role_of(ledger: Ledger, actor: Actor, project: str) -> str | None:
    """The actor's role in that project: its own there, else the one for every project."""
    if actor.kind == "part" and actor.id in PARTS:
        return PARTS[actor.id]
    query = (
        select(actors.c.role)
        .where(actors.c.kind == actor.kind, actors.c.id == actor.id)
        .where(actors.c.project.in_((project, EVERY_PROJECT)))
        .order_by(actors.c.project == EVERY_PROJECT)
    )
    with ledger.read() as connection:
        return connection.execute(query).scalars().first()


def authorise(ledger: Ledger, scope: Scope, permission: str) -> None:
    """Return when the actor may do this in the project.

    Raises:
        Forbidden: it may not; the fix names the permission that is missing.
    """
    role = role_of(ledger, scope.actor, scope.project)
    if any(fnmatchcase(permission, pattern) for pattern in ROLES.get(role or "", ())):
        return
    known = f"has role {role!r}, which does not include" if role else "is not known here and lacks"
    raise Forbidden(
        f"{scope.actor} {known} {permission!r} in project {scope.project!r}",
        fix=f"an owner of {scope.project!r} gives it a role with {permission!r}",
    )


def ensure_owner(write: Write) -> None:
    """The one local owner and the default project; once, however often it is called."""
    row = {"kind": OWNER.kind, "id": OWNER.id, "project": EVERY_PROJECT, "role": "owner"}
    _ensure(write, actors, row)
    ensure_project(write, DEFAULT_PROJECT)


def ensure_project(write: Write, name: str) -> None:
    """The project, made when it is new.

    Raises:
        UsageError: the name cannot be a project's.
    """
    row = {"name": check_name(name, "project"), "created": write.now}
    _ensure(write, projects, row)


def _ensure(write: Write, table: Table, row: Mapping[str, Any]) -> None:
    """Insert the row unless its key is there; the write lock makes the two steps one."""
    keys = [column == row[column.name] for column in table.primary_key.columns]
    if write.execute(select(*table.primary_key.columns).where(*keys)).first() is None:
        write.execute(insert(table), row)
