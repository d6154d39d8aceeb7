"""Who may do what: users, their roles, their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import store
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.errors import NotFound, did_you_mean
from visloop.events import Actor
from visloop.ids import check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class UserAdd:
    """Let a person in, with a role; prints a token, once.

    Roles: annotator, approver, auditor, data-engineer, data-scientist, operator, owner,
    reviewer, viewer. Again for the same user changes the role and gives a new token; the old one ends.
    """

    user: str = arg("the user's name: letters, digits, dots, dashes")
    role: str = opt("what the user may do")
    everywhere: bool = opt("in every project, not in this one only", default=False)


@dataclass(frozen=True)
class UserAdded:
    """The user, the role, the project (`*`: every one), and the token to hand over."""

    user: str
    role: str
    project: str
    secret: str


@operation("user.add", permission="people.write")
def user_add(ports: Ports, scope: Scope, ask: UserAdd) -> UserAdded:
    """Recorded as a fact, without the token: only its digest is kept."""
    actor = Actor("user", check_name(ask.user, "user"))
    project = store.EVERY_PROJECT if ask.everywhere else scope.project
    with ports.ledger.write(scope) as write:
        store.give_role(write, actor, ask.role, project)
        token = store.issue_token(write, actor)
        write.fact("user.added", ask.user, role=ask.role, project=project)
    return UserAdded(user=ask.user, role=ask.role, project=project, secret=token)


@dataclass(frozen=True)
class UserMe:
    """Say who you are here, and what you may do."""


@dataclass(frozen=True)
class Me:
    """The user, the role, the project, and what the role includes: `label.review`, `data.*`, `*.read`."""

    user: str
    role: str
    project: str
    permissions: tuple[str, ...]


@operation("user.me", permission="people.read")
def user_me(ports: Ports, scope: Scope, ask: UserMe) -> Me:
    """Of who asks."""
    del ask
    role = store.role_of(ports.ledger, scope.actor, scope.project) or ""
    may = tuple(sorted(store.ROLES.get(role, ())))
    return Me(user=scope.actor.id, role=role, project=scope.project, permissions=may)


@dataclass(frozen=True)
class UserList:
    """List the users and their roles."""

    may: str = opt("only those who may do this here: label.write", default="")


@operation("user.list", permission="people.read")
def user_list(ports: Ports, scope: Scope, ask: UserList) -> Rows:
    """By name; a project of `*` means every one."""
    found = store.list_people(ports.ledger)
    if not ask.may:
        return rows_of(found)
    roles = {p.user: p.role for p in found if p.project == store.EVERY_PROJECT}
    roles |= {p.user: p.role for p in found if p.project == scope.project}
    able = {user for user, role in roles.items() if store.permits(role, ask.may)}
    here = (scope.project, store.EVERY_PROJECT)
    return rows_of(p for p in found if p.user in able and p.project in here)


@dataclass(frozen=True)
class UserRemove:
    """End a user's roles and tokens; what they did stays theirs in the audit."""

    user: str = arg("the user's name")


@dataclass(frozen=True)
class UserRemoved:
    """Who was let go."""

    user: str


@operation("user.remove", permission="people.write")
def user_remove(ports: Ports, scope: Scope, ask: UserRemove) -> UserRemoved:
    """Recorded as a fact."""
    actor = Actor("user", ask.user)
    with ports.ledger.write(scope) as write:
        if not store.take_roles(write, actor):
            known = [each.user for each in store.list_people(ports.ledger)]
            raise NotFound(
                f"there is no user {ask.user!r}",
                fix=did_you_mean(ask.user, known, otherwise="list them: visloop user list"),
            )
        store.revoke_tokens(write, actor)
        write.fact("user.removed", ask.user)
    return UserRemoved(user=ask.user)
