"""The prediction log, read back: by deployment, by id, with the picture while the spool has it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select

from visloop.errors import NotFound
from visloop.events import Scope
from visloop.serve import tables
from visloop.serve.journal.record import Captured
from visloop.serve.ports import ServePorts
from visloop.store import Spool, SpoolRef
from visloop.vision import Prediction


class PredictionNotFound(NotFound):
    """No answer by that id is in the log."""

    code = "serve.prediction_not_found"


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log; `seq` is the order in which rows were written, across all processes."""

    seq: int
    id: str
    project: str
    deployment: str
    model: str
    package: str
    contract: str
    image: str
    time: datetime
    label: str | None
    confidence: float | None
    latency_ms: float
    answer: Prediction
    spool: str | None
    server: str
    number: int
    rollout: str | None = None
    share: float | None = None


def predictions(
    ports: ServePorts,
    scope: Scope,
    name: str,
    *,
    after: int = 0,
    limit: int | None = 50,
    newest_first: bool = True,
) -> list[Logged]:
    """Answers of one deployment with a sequence number above `after`.

    To follow the log, ask with `newest_first=False` and the last `seq` seen: rows become visible
    in the order of their numbers.
    """
    table = tables.predictions
    order = table.c.seq.desc() if newest_first else table.c.seq
    mine = (table.c.project == scope.project) & (table.c.deployment == name)
    query = select(table).where(mine, table.c.seq > after).order_by(order).limit(limit)
    with ports.ledger.read() as connection:
        return [tables.record(row, Logged) for row in connection.execute(query).mappings()]


def prediction(ports: ServePorts, scope: Scope, prediction_id: str) -> Logged:
    """One answer by its id.

    Raises:
        PredictionNotFound: nothing by that id in the project.
    """
    table = tables.predictions
    query = select(table).where(table.c.id == prediction_id, table.c.project == scope.project)
    with ports.ledger.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise PredictionNotFound(
            f"no prediction is called {prediction_id!r}",
            fix="the log is a quarter of a second behind; list them: visloop predictions NAME",
        )
    return tables.record(row, Logged)


def captured(spool: Spool, logged: Logged) -> Captured | None:
    """The picture, statistics and embedding of an answer; None once the spool has let go of it."""
    if logged.spool is None:
        return None
    raw = spool.read(SpoolRef.parse(logged.spool))
    return None if raw is None else Captured.from_bytes(raw)
