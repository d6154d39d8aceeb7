"""Finding runs: listed, filtered, sorted; one of them with its curves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, select

from visloop.errors import did_you_mean
from visloop.events import Scope
from visloop.store import Jobs
from visloop.train import tables as t
from visloop.train.records import Metric, Run, RunDetail, RunLine, RunNotFound, TrainPorts
from visloop.train.runs import DUTY, run_of
from visloop.train.tracking import points
from visloop.train.tracking.points import Curve, Point
from visloop.train.tracking.where import Condition, Name, text_of

SHOWN: Final = 500
Heard: TypeAlias = Mapping[Any, Any]
"""`id`, `status`, `source` and `alive_until` of a run."""
_AT_ONCE: Final = 500
_LEASED: Final = ("recipe", "tune")
_LINE: Final = tuple(each.name for each in fields(RunLine))


@dataclass(frozen=True)
class Order:
    """Sorted by `name`; runs that lack it come last."""

    name: Name
    descending: bool = False


@dataclass(frozen=True)
class Search:
    """Which runs, in which order: newest first where `order` says nothing."""

    where: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = 100
    offset: int = 0
    recipe: str | None = None
    model: str | None = None
    parent: str | None = None
    experiments: tuple[str, ...] | None = None
    removed: Literal["no", "only", "all"] = "no"


@dataclass(frozen=True)
class Found:
    """A page of runs, and how many there are in all."""

    total: int
    runs: tuple[RunLine, ...]


def list_runs(
    ports: TrainPorts,
    scope: Scope,
    *,
    recipe: str | None = None,
    model: str | None = None,
    limit: int | None = 100,
) -> list[RunLine]:
    """Runs of the project, newest first: of one recipe or one model's name, where given."""
    return list(search(ports, scope, Search(recipe=recipe, model=model, limit=limit)).runs)


def search(ports: TrainPorts, scope: Scope, ask: Search) -> Found:
    """The runs for which every condition holds."""
    wanted = _wanted(scope, ask)
    needed = {each.name for each in ask.where} | {each.name for each in ask.order}
    columns = sorted({each.key if each.kind == "run" else each.kind for each in needed})
    status = ("status", "source", "alive_until") if "status" in columns else ()
    names = dict.fromkeys(("seq", "id", *columns, *status))
    query = select(*(t.runs.c[name] for name in names)).where(*wanted)
    with ports.ledger.read() as connection:
        rows: list[dict[str, Any]] = [
            dict(zip(names, row, strict=True))
            for row in connection.execute(query.order_by(t.runs.c.seq.desc()))
        ]
        if status:
            lost = lost_among(ports, rows)
            rows = [{**row, "status": "lost"} if row["id"] in lost else row for row in rows]
        rows = [row for row in rows if all(each.holds(row) for each in ask.where)]
        for each in reversed(ask.order):
            rows = _sorted(rows, each)
        last = None if ask.limit is None else ask.offset + ask.limit
        lines = _lines(connection, [row["seq"] for row in rows[ask.offset : last]])
    lost = lost_among(ports, lines)
    found = [RunLine(*(line[name] for name in _LINE)) for line in lines]
    marked = (replace(each, status="lost") if each.id in lost else each for each in found)
    return Found(len(rows), tuple(marked))


def _wanted(scope: Scope, ask: Search) -> list[ColumnElement[bool]]:
    c = t.runs.c
    wanted: list[ColumnElement[bool]] = [c.project == scope.project]
    if ask.removed != "all":
        wanted.append(c.removed == (ask.removed == "only"))
    for column, value in (
        (c.recipe, ask.recipe),
        (c.model_name, ask.model),
        (c.parent, ask.parent),
    ):
        if value is not None:
            wanted.append(column == value)
    if ask.experiments is not None:
        wanted.append(c.experiment.in_(ask.experiments))
    return wanted


def _sorted(rows: list[dict[str, Any]], order: Order) -> list[dict[str, Any]]:
    having = [row for row in rows if order.name.of(row) is not None]
    lacking = [row for row in rows if order.name.of(row) is None]
    key = _sort_key([order.name.of(row) for row in having])
    return (
        sorted(having, key=lambda row: key(order.name.of(row)), reverse=order.descending) + lacking
    )


def _sort_key(values: Sequence[Any]) -> Callable[[Any], Any]:
    """As numbers when all of them read as such, else as text."""
    try:
        _ = [float(value) for value in values]
    except (TypeError, ValueError):
        return text_of
    return float


def _lines(connection: Connection, seqs: Sequence[int]) -> list[RowMapping]:
    """Rows of a list, in the order of `seqs`."""
    columns = [t.runs.c[name] for name in _LINE]
    by_seq: dict[int, RowMapping] = {}
    for at in range(0, len(seqs), _AT_ONCE):
        some = seqs[at : at + _AT_ONCE]
        query = select(*columns, t.runs.c.seq, t.runs.c.alive_until).where(t.runs.c.seq.in_(some))
        by_seq |= {row["seq"]: row for row in connection.execute(query).mappings()}
    return [by_seq[seq] for seq in seqs]


def show_run(ports: TrainPorts, scope: Scope, run: str, *, shown: int = SHOWN) -> RunDetail:
    """One run with its curves, each thinned out to about `shown` points.

    Raises:
        RunNotFound: no such run in the project.
    """
    with ports.ledger.read() as connection:
        row = find(connection, scope, run)
        found = run_of(row)
        drawn = points.read(connection, [run], points=shown)
    if lost_among(ports, [_heard_of(row)]):
        found = replace(found, status="lost")
    metrics = (
        Metric(curve.key, step, value, points.moment(time))
        for curve in drawn
        for step, value, time in zip(curve.steps, curve.values, curve.times_s, strict=True)
    )
    return RunDetail(run=found, metrics=tuple(metrics))


def curves(
    ports: TrainPorts,
    scope: Scope,
    runs: Sequence[str],
    *,
    keys: Collection[str] = (),
    shown: int | None = SHOWN,
) -> list[Curve]:
    """Curves of several runs, each thinned out to about `shown` points (None: all).

    Raises:
        RunNotFound: one of them is not in the project.
    """
    with ports.ledger.read() as connection:
        for run in runs:
            find(connection, scope, run)
        return points.read(connection, runs, keys=keys, points=shown)


def newest(ports: TrainPorts, scope: Scope, runs: Sequence[str]) -> list[tuple[Run, list[Point]]]:
    """Each run with the newest number under each of its keys; no curve is read.

    Raises:
        RunNotFound: one of them is not in the project.
    """
    rows: dict[str, Row[Any]] = {}
    with ports.ledger.read() as connection:
        for at in range(0, len(runs), _AT_ONCE):
            some = t.runs.c.id.in_(runs[at : at + _AT_ONCE])
            query = select(t.runs).where(t.runs.c.project == scope.project, some)
            rows |= {row.id: row for row in connection.execute(query)}
        for run in runs:
            if run not in rows:
                find(connection, scope, run)
    lost = lost_among(ports, [_heard_of(row) for row in rows.values()])
    found = ((run_of(rows[run]), _newest(rows[run])) for run in runs)
    return [(replace(run, status="lost") if run.id in lost else run, told) for run, told in found]


def _newest(row: Row[Any]) -> list[Point]:
    now = (row.ended or row.started or row.created).timestamp()
    told: list[Point] = []
    for key, value in row.metrics.items():
        step, time, *odd = row.latest.get(key, (0, now))
        told.append(Point(key, float(odd[0] if odd else value), step, time))
    return told


def require_run(ports: TrainPorts, scope: Scope, run: str) -> None:
    """Return when the run is there.

    Raises:
        RunNotFound: no such run in the project.
    """
    with ports.ledger.read() as connection:
        find(connection, scope, run)


def find(connection: Connection, scope: Scope, run: str) -> Row[Any]:
    """The row of a run.

    Raises:
        RunNotFound: no such run in the project.
    """
    mine = t.runs.c.project == scope.project
    row = connection.execute(select(t.runs).where(mine, t.runs.c.id == run)).one_or_none()
    if row is None:
        newest = select(t.runs.c.id).where(mine).order_by(t.runs.c.seq.desc()).limit(_AT_ONCE)
        known = connection.execute(newest).scalars().all()
        fix = did_you_mean(run, known, otherwise="list them: visloop runs list")
        raise RunNotFound(f"there is no run {run!r}", fix=fix)
    return row


def lost_among(ports: TrainPorts, rows: Sequence[Heard]) -> set[str]:
    """Those of the running runs of which nobody has been heard for too long."""
    now = ports.ledger.clock.now()
    running = [row for row in rows if row["status"] == "running"]
    recipes = {row["id"] for row in running if row["source"] in _LEASED}
    silent = {row["id"] for row in running if _is_silent(row["alive_until"], now)} - recipes
    if not recipes:
        return silent
    jobs = Jobs(ports.ledger, ports.ledger.clock).find(kinds=[DUTY], keys=recipes)
    return silent | (recipes - {job.key for job in jobs if (job.lease_until or now) > now})


def _heard_of(row: Row[Any]) -> Heard:
    return {name: getattr(row, name) for name in ("id", "status", "source", "alive_until")}


def _is_silent(alive_until: datetime | None, now: datetime) -> bool:
    return alive_until is not None and alive_until <= now
