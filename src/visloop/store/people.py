"""Who may do what: roles are sets of permissions, given to actors per project.

A permission is `room.verb` (`data.write`); a role lists patterns (`data.*`, `*.read`, `*`).
Named parts of the system have roles of their own, so that a fault in one of them cannot do the
work of another. A person shows a token instead of a password; only its digest is kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from sqlalchemy import Table, delete, insert, select

from visloop.errors import Forbidden, UsageError, did_you_mean
from visloop.events import OWNER, Actor, Scope
from visloop.ids import DEFAULT_PROJECT, check_name, digest_of
from visloop.store.ledger import Ledger, Write
from visloop.store.tables import actors, facts, projects, tokens

EVERY_PROJECT: Final = "*"

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "owner": frozenset({"*"}),
    "annotator": frozenset({"*.read", "incident.add", "label.write"}),
    "approver": frozenset({"*.read", "incident.*", "policy.approve", "registry.approve"}),
    "auditor": frozenset({"*.read"}),
    "data-engineer": frozenset({"*.read", "data.*", "label.*"}),
    "data-scientist": frozenset(
        {
            "*.read",
            "data.*",
            "evaluate.*",
            "incident.add",  # never incident.close: nobody takes out the test that stops their model
            "label.*",
            "registry.export",
            "registry.write",
            "serve.predict",
            "train.*",
        }
    ),
    "operator": frozenset(
        {
            "*.read",
            "incident.add",
            "loop.*",
            "observe.*",
            "registry.export",
            "registry.promote",
            "serve.*",
            "store.*",
        }
    ),
    "reviewer": frozenset({"*.read", "incident.add", "label.review", "label.write"}),
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

FOR_PEOPLE: Final = (
    *("annotator", "approver", "auditor", "data-engineer", "data-scientist", "operator"),
    *("owner", "reviewer", "viewer"),
)
"""The roles that a person may be given; the others are those of the system's own parts."""

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


def permits(role: str | None, permission: str) -> bool:
    """Whether the role includes the permission."""
    return any(fnmatchcase(permission, pattern) for pattern in ROLES.get(role or "", ()))


def authorise(ledger: Ledger, scope: Scope, permission: str) -> None:
    """Return when the actor may do this in the project.

    Raises:
        Forbidden: it may not; the fix names the permission that is missing.
    """
    role = role_of(ledger, scope.actor, scope.project)
    if permits(role, permission):
        return
    known = f"has role {role!r}, which does not include" if role else "is not known here and lacks"
    raise Forbidden(
        f"{scope.actor} {known} {permission!r} in project {scope.project!r}",
        fix=f"an owner of {scope.project!r} gives it a role with {permission!r}",
    )


@dataclass(frozen=True)
class Person:
    """A user and the role that they have in a project (`*`: in every one)."""

    user: str
    role: str
    project: str


def list_people(ledger: Ledger) -> list[Person]:
    """All users and their roles, by name."""
    query = select(actors.c.id, actors.c.role, actors.c.project).where(actors.c.kind == "user")
    with ledger.read() as connection:
        rows = connection.execute(query.order_by(actors.c.id, actors.c.project)).all()
    return [Person(*row) for row in rows]


def give_role(write: Write, actor: Actor, role: str, project: str) -> None:
    """Let the actor have this role in the project, instead of the one that it had there.

    Raises:
        UsageError: no such role for people, or the local owner would lose theirs.
    """
    if role not in FOR_PEOPLE:
        raise UsageError(
            f"there is no role {role!r}",
            fix=did_you_mean(role, FOR_PEOPLE, otherwise=f"one of {', '.join(FOR_PEOPLE)}"),
        )
    take_roles(write, actor, project)
    row = {"kind": actor.kind, "id": actor.id, "project": project, "role": role}
    write.execute(insert(actors), row)


def take_roles(write: Write, actor: Actor, project: str | None = None) -> int:
    """How many roles the actor lost: those in the project, or all.

    Raises:
        UsageError: it is the local owner, who would lock everybody out.
    """
    if actor == OWNER:
        raise UsageError("the local owner keeps the role of owner", fix="name another user")
    mine = [actors.c.kind == actor.kind, actors.c.id == actor.id]
    if project is not None:
        mine.append(actors.c.project == project)
    return write.execute(delete(actors).where(*mine)).rowcount


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


def projects_in_use(ledger: Ledger) -> list[str]:
    """Names of the projects in which anything ever happened, sorted."""
    with ledger.read() as connection:
        return sorted(connection.scalars(select(facts.c.project).distinct()))


def _ensure(write: Write, table: Table, row: Mapping[str, Any]) -> None:
    """Insert the row unless its key is there; the write lock makes the two steps one."""
    keys = [column == row[column.name] for column in table.primary_key.columns]
    if write.execute(select(*table.primary_key.columns).where(*keys)).first() is None:
        write.execute(insert(table), row)


def issue_token(write: Write, actor: Actor) -> str:
    """A new token of the actor, 256 random bits; the earlier ones end with it."""
    revoke_tokens(write, actor)
    token = secrets.token_urlsafe(32)
    row = {"digest": digest_of(token), "kind": actor.kind, "id": actor.id, "created": write.now}
    write.execute(insert(tokens), row)
    return token


def revoke_tokens(write: Write, actor: Actor) -> int:
    """How many tokens of the actor ended."""
    mine = (tokens.c.kind == actor.kind, tokens.c.id == actor.id)
    return write.execute(delete(tokens).where(*mine)).rowcount


def token_holder(ledger: Ledger, token: str) -> Actor | None:
    """Whose token it is; None when it is nobody's, or has ended."""
    query = select(tokens.c.kind, tokens.c.id).where(tokens.c.digest == digest_of(token))
    with ledger.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Actor(row.kind, row.id)
