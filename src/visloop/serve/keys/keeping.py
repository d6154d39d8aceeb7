"""Keys as an operator sees them: added, listed with their use, removed."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete, func, insert, select

from visloop.errors import Conflict, NotFound, UsageError, did_you_mean
from visloop.ids import check_name, digest_of
from visloop.serve.tables import serve_key_usage as use
from visloop.serve.tables import serve_keys as t

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.serve.ports import ServePorts

PREFIX: Final = "vlk_"
_HINT: Final = 4
COUNTS: Final = ("asked", "refused", "looked_at", "repeated", "near", "unsure")


class KeyExists(Conflict):
    """A key by that name is there already."""

    code = "serve.key_exists"


class KeyNotFound(NotFound):
    """No key by that name."""

    code = "serve.key_not_found"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask: `hint` ends the secret, quotas are None where there is none, no deployments means all."""

    name: str
    hint: str
    per_minute: int | None
    per_day: int | None
    deployments: tuple[str, ...]
    created: datetime


class KeyUse(Key, frozen=True, kw_only=True):
    """A key with what was asked by it today.

    `looked_at` answers were compared with the 64 before them: `repeated` showed the same picture again,
    `near` almost the same (a search for the model's borders, or for its training pictures), `unsure` had
    two classes closer than a tenth. `entropy` is their answers' mean, as a share of the most possible.
    """

    asked: int = 0
    refused: int = 0
    looked_at: int = 0
    repeated: int = 0
    near: int = 0
    unsure: int = 0
    entropy: float | None = None


def add_key(
    ports: ServePorts,
    scope: Scope,
    name: str,
    *,
    per_minute: int | None = None,
    per_day: int | None = None,
    deployments: tuple[str, ...] = (),
) -> tuple[Key, str]:
    """A new key and its secret, of which only the digest is kept; it holds within a second.

    The digest is BLAKE3 of 256 random bits: nothing to guess, so nothing to slow a guesser down.

    Raises:
        KeyExists: the name is taken.
        UsageError: a quota below 1, or no name.
    """
    check_name(name, "key")
    if any(quota is not None and quota < 1 for quota in (per_minute, per_day)):
        raise UsageError("a quota is 1 or more", fix="leave it out for none")
    secret = PREFIX + secrets.token_urlsafe(32)
    with ports.ledger.write(scope) as write:
        mine = (t.c.project == scope.project) & (t.c.name == name)
        if write.execute(select(t.c.name).where(mine)).first() is not None:
            raise KeyExists(
                f"a key is called {name!r} already",
                fix=f"visloop key remove {name}, or another name",
            )
        key = Key(
            name=name,
            hint=secret[-_HINT:],
            per_minute=per_minute,
            per_day=per_day,
            deployments=deployments,
            created=write.now,
        )
        row = {**msgspec.structs.asdict(key), "deployments": list(deployments)}
        write.execute(insert(t), {**row, "project": scope.project, "digest": digest_of(secret)})
        write.fact("key.added", name, per_minute=per_minute, per_day=per_day)
    return key, secret


def remove_key(ports: ServePorts, scope: Scope, name: str) -> None:
    """The key ends; serving processes refuse it within a second.

    Raises:
        KeyNotFound: no such name.
    """
    with ports.ledger.write(scope) as write:
        mine = (t.c.project == scope.project) & (t.c.name == name)
        if not write.execute(delete(t).where(mine)).rowcount:
            known = write.execute(select(t.c.name).where(t.c.project == scope.project)).scalars()
            raise KeyNotFound(
                f"no key is called {name!r}",
                fix=did_you_mean(name, known, otherwise="see them all: visloop key list"),
            )
        write.fact("key.removed", name)


def list_keys(ports: ServePorts, scope: Scope) -> list[KeyUse]:
    """Every key by name, with its use today (UTC)."""
    used = usage(ports, scope, ports.ledger.clock.now().date())
    with ports.ledger.read() as connection:
        query = select(t).where(t.c.project == scope.project).order_by(t.c.name)
        rows = connection.execute(query).mappings().all()
    return [
        msgspec.convert(
            {**{str(k): v for k, v in row.items()}, **used.get(row["name"], {})}, KeyUse
        )
        for row in rows
    ]


def usage(
    ports: ServePorts, scope: Scope, day: date, *, but: str = ""
) -> dict[str, dict[str, Any]]:
    """Name → counts of that day, over all servers except `but`."""
    sums = [func.sum(use.c[name]).label(name) for name in (*COUNTS, "entropy")]
    query = (
        select(use.c.name, *sums)
        .where(use.c.project == scope.project, use.c.day == day, use.c.server != but)
        .group_by(use.c.name)
    )
    with ports.ledger.read() as connection:
        rows = connection.execute(query).mappings().all()
    return {row["name"]: _counted(dict(row)) for row in rows}


def _counted(row: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {name: int(row[name]) for name in COUNTS}
    looked = told["looked_at"]
    return told | {"entropy": round(float(row["entropy"]) / looked, 4) if looked else None}
