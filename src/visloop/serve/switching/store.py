"""Rollouts in the ledger: read, written, and what their copies counted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from visloop.errors import did_you_mean
from visloop.serve import tables
from visloop.serve.switching.records import Copied, Kind, Rollout, RolloutNotFound

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.serve.ports import ServePorts
    from visloop.store import Write

_T = tables.rollouts
_COUNTS = tuple(Copied.__struct_fields__)


def running_rollouts(ports: ServePorts, scope: Scope) -> list[Rollout]:
    """Every candidate of the project that runs, canaries first."""
    with ports.ledger.read() as connection:
        return _select(connection, scope.project, _T.c.state == "running")


def rollouts(ports: ServePorts, scope: Scope, name: str, *, limit: int = 20) -> list[Rollout]:
    """The candidates of one deployment, newest first."""
    mine = (_T.c.project == scope.project, _T.c.deployment == name)
    query = select(_T).where(*mine).order_by(_T.c.generation.desc()).limit(limit)
    with ports.ledger.read() as connection:
        rows = connection.execute(query).mappings()
        return [tables.record(row, Rollout) for row in rows]


def rollout_by_id(ports: ServePorts, project: str, rollout: str) -> Rollout | None:
    """One candidate, running or not; None: the project has none by that id."""
    with ports.ledger.read() as connection:
        found = by_id(connection, rollout)
    return found if found is not None and found.project == project else None


def of(connection: Connection, project: str, name: str, kind: Kind) -> Rollout | None:
    """The candidate of that kind that runs beside a deployment's model, if one does."""
    mine = (_T.c.state == "running") & (_T.c.deployment == name) & (_T.c.kind == kind)
    return next(iter(_select(connection, project, mine)), None)


def by_id(connection: Connection, rollout: str) -> Rollout | None:
    """One candidate, running or not."""
    row = connection.execute(select(_T).where(_T.c.id == rollout)).mappings().one_or_none()
    return tables.record(row, Rollout) if row else None


def need(connection: Connection, project: str, name: str, kind: Kind) -> Rollout:
    """The candidate of that kind that runs.

    Raises:
        RolloutNotFound: there is none.
    """
    found = of(connection, project, name, kind)
    if found is None:
        query = select(_T.c.deployment).where(_T.c.project == project, _T.c.state == "running")
        names = list(connection.execute(query).scalars())
        flag = "--canary 10%" if kind == "canary" else "--shadow"
        raise RolloutNotFound(
            f"{name!r} has no {kind}",
            fix=did_you_mean(
                name, names, otherwise=f"begin one: visloop deploy MODEL --as {name} {flag}"
            ),
        )
    return found


def add(write: Write, rollout: Rollout) -> None:
    """A new row."""
    write.execute(insert(_T), _row(rollout))


def put(write: Write, rollout: Rollout) -> None:
    """The row as it is now."""
    write.execute(update(_T).where(_T.c.id == rollout.id), _row(rollout))


def copied(ports: ServePorts, rollout: str) -> Copied:
    """What became of the pictures offered to a candidate's copy, over all serving processes."""
    t = tables.copied
    sums = [func.coalesce(func.sum(t.c[name]), 0) for name in _COUNTS]
    with ports.ledger.read() as connection:
        row = connection.execute(select(*sums).where(t.c.rollout == rollout)).one()
    return Copied(**dict(zip(_COUNTS, row, strict=True)))


class CopiedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What another model said of a picture that a client had answered; `error` when it could not."""

    rollout: str
    model: str
    label: str | None
    confidence: float | None
    agrees: bool | None
    agreement: float | None
    score_difference: float | None
    latency_ms: float
    error: str | None
    time: datetime


def copied_answers(ports: ServePorts, prediction: str) -> list[CopiedAnswer]:
    """What other models said of the picture of an answer, in the order in which they did."""
    t = tables.copied_answers
    query = select(t).where(t.c.prediction == prediction).order_by(t.c.seq)
    with ports.ledger.read() as connection:
        rows = connection.execute(query).mappings()
        return [tables.record(row, CopiedAnswer) for row in rows]


def count(ports: ServePorts, server: str, counts: dict[str, Copied]) -> None:
    """A serving process tells its counts, rollout → counts; they replace those told before."""
    t = tables.copied
    with ports.ledger.telemetry() as connection:
        for rollout, counted in counts.items():
            mine = (t.c.rollout == rollout) & (t.c.server == server)
            values = msgspec.structs.asdict(counted)
            if not connection.execute(update(t).where(mine).values(**values)).rowcount:
                connection.execute(insert(t), {"rollout": rollout, "server": server, **values})


def _select(connection: Connection, project: str, where: object) -> list[Rollout]:
    query = select(_T).where(_T.c.project == project, where).order_by(_T.c.deployment, _T.c.kind)  # pyright: ignore[reportArgumentType]
    return [tables.record(row, Rollout) for row in connection.execute(query).mappings()]


def _row(rollout: Rollout) -> dict[str, object]:
    return msgspec.structs.asdict(rollout)
