"""The serving processes: who is alive, what each has loaded, what the log of the dead ones lost."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from visloop.events import Actor, Scope
from visloop.serve import tables
from visloop.serve.journal.counter import Counts, abandoned, forget, holds
from visloop.serve.ports import ServePorts

BEAT_S: Final = 5.0
STALE_S: Final = 20.0
PART: Final = Actor("part", "serve")


class Loaded(msgspec.Struct, frozen=True):
    """What a process serves under one name (generation 0: nothing yet).

    `error` says why generation `tried`, newer than the one served, is not there. `batch` pictures at most
    go through the network together, `because` of what was measured.
    """

    generation: int
    model: str
    error: str = ""
    tried: int = 0
    batch: int = 1
    because: str = ""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One serving process. `state` is `live`, `stopped` (ended well) or `dead` (killed)."""

    id: str
    project: str
    host: str
    pid: int
    url: str
    state: str
    started: datetime
    heartbeat: datetime
    loaded: dict[str, Loaded]
    answered: int = 0
    logged: int = 0
    dropped: int = 0
    lost: int = 0


class LogBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What ended processes answered, logged, dropped (queue full) and lost (killed)."""

    answered: int
    logged: int
    dropped: int
    lost: int
    killed: tuple[str, ...]


def register(ports: ServePorts, scope: Scope, server: str, url: str) -> None:
    """A process begins to serve at `url`."""
    with ports.ledger.write(scope) as write:
        write.execute(
            insert(tables.servers),
            {
                "id": server,
                "project": scope.project,
                "host": platform.node(),
                "pid": os.getpid(),
                "url": url,
                "state": "live",
                "started": write.now,
                "heartbeat": write.now,
                "loaded": {},
            },
        )


def beat(ports: ServePorts, scope: Scope, server: str, loaded: dict[str, Loaded]) -> None:
    """The process is alive and serves this."""
    with ports.ledger.write(scope) as write:
        write.execute(
            update(tables.servers).where(tables.servers.c.id == server),
            {"heartbeat": write.now, "loaded": loaded},
        )


def finish(ports: ServePorts, scope: Scope, server: str, counts: Counts) -> None:
    """The process ends well: its log is drained, the balance is final."""
    _close(ports, scope, server, counts, "stopped")


def servers(ports: ServePorts, scope: Scope, *, live_only: bool = False) -> list[Server]:
    """The processes, newest last; those killed a moment ago are not live."""
    query = select(tables.servers).where(tables.servers.c.project == scope.project)
    if live_only:
        query = query.where(tables.servers.c.state == "live")
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(tables.servers.c.started)).mappings()
        found = [tables.record(row, Server) for row in rows]
    return [one for one in found if not live_only or alive(ports, one)]


def alive(ports: ServePorts, server: Server) -> bool:
    """By its lock on this machine, by its heartbeat on another."""
    if server.state != "live":
        return False
    if server.host == platform.node():
        return holds(ports.counters, server.id)
    age = ports.ledger.clock.now() - server.heartbeat
    return age < timedelta(seconds=STALE_S)


def settle(ports: ServePorts, scope: Scope) -> list[str]:
    """Enter what killed processes lost; called by every process that starts. Their ids."""
    gone: list[str] = []
    for server, counts in abandoned(ports.counters):
        _close(ports, scope, server, counts, "dead")
        gone.append(server)
    return gone


def lost(ports: ServePorts, scope: Scope) -> LogBalance:
    """How many answers of ended processes are not in the prediction log, and why.

    Counts killed processes that nobody has settled yet as well.
    """
    unsettled = dict(abandoned(ports.counters))
    answered = logged = dropped = missing = 0
    killed: list[str] = []
    with ports.ledger.read() as connection:
        query = select(tables.servers).where(tables.servers.c.project == scope.project)
        for row in connection.execute(query.order_by(tables.servers.c.started)).mappings():
            server = tables.record(row, Server)
            counts = unsettled.get(server.id)
            if counts is not None:
                server = _balanced(connection, server, counts)
            if server.state == "dead":
                killed.append(server.id)
            answered += server.answered
            logged += server.logged
            dropped += server.dropped
            missing += server.lost
    return LogBalance(
        answered=answered, logged=logged, dropped=dropped, lost=missing, killed=tuple(killed)
    )


def _close(ports: ServePorts, scope: Scope, server: str, counts: Counts, state: str) -> None:
    with ports.ledger.write(scope) as write:
        logged = _logged(write.connection, server)
        write.execute(
            update(tables.servers).where(tables.servers.c.id == server),
            {"state": state, "loaded": {}, **_balance(counts, logged)},
        )
    forget(ports.counters, server)


def _balanced(connection: Connection, server: Server, counts: Counts) -> Server:
    figures = _balance(counts, _logged(connection, server.id))
    return msgspec.structs.replace(server, state="dead", **figures)


def _balance(counts: Counts, logged: int) -> dict[str, int]:
    return {
        "answered": counts.answered,
        "logged": logged,
        "dropped": counts.dropped,
        "lost": max(0, counts.answered - counts.dropped - logged),
    }


def _logged(connection: Connection, server: str) -> int:
    table = tables.predictions.c
    # the id is `pred-SERVER-NUMBER`: its index answers this without one of its own ('.' follows '-')
    mine = table.id.between(prediction_id(server, ""), f"pred-{_bare(server)}.")
    return connection.execute(select(func.count()).where(mine)).scalar_one()


def prediction_id(server: str, number: int | str) -> str:
    """`pred-SERVER-NUMBER`: unique without asking anybody, and it says who answered."""
    return f"pred-{_bare(server)}-{number}"


def _bare(server: str) -> str:
    return server.removeprefix("server-")
