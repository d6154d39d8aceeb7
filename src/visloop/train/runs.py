"""Runs: begun, resumed, finished or failed; who works on one holds its lease."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import Row, and_, insert, select, update

from visloop.errors import VisloopError, did_you_mean
from visloop.events import Scope
from visloop.ids import digest_of, new_id
from visloop.registry import ModelVersion
from visloop.store import Jobs, Ledger, Write
from visloop.train import tables as t
from visloop.train.records import (
    Metric,
    Run,
    RunDetail,
    RunKeyTaken,
    RunLine,
    RunNotFound,
    TrainPorts,
)

DUTY: Final = "train"
_ERROR_CHARACTERS = 2_000


@dataclass(frozen=True)
class Plan:
    """What a run is going to do."""

    recipe: str
    params: Mapping[str, Any]
    seed: int
    threads: int
    data: str
    data_root: str
    model_name: str


def run_id(project: str, key: str | None) -> str:
    """A fresh id, or the same one for the same key."""
    return f"run-{digest_of(project, key)[:16]}" if key is not None else new_id("run")


def begin(
    ledger: Ledger,
    scope: Scope,
    plan: Plan,
    *,
    run: str,
    key: str | None,
    about: Mapping[str, Any],
) -> Run:
    """Record that a run starts, or starts again after its process died or failed.

    A finished run is returned as it is. `about` holds `environment`, `commit` and `dirty`.

    Raises:
        RunKeyTaken: the key names a run that does something else.
    """
    with ledger.write(scope) as write:
        known = _row(write, run)
        if known is None:
            values: dict[str, Any] = {
                "id": run,
                "project": scope.project,
                "key": key,
                "status": "running",
                "attempt": 1,
                "created": write.now,
                "started": write.now,
                "pictures": {},
                "metrics": {},
                "actor": str(scope.actor),
                **{f.name: getattr(plan, f.name) for f in fields(plan)},
                **about,
            }
            write.execute(insert(t.runs), values)
            write.fact(
                "run.started", run, recipe=plan.recipe, data=plan.data, data_root=plan.data_root
            )
        else:
            _check_same(known, plan)
        if known is not None and known.status != "done":
            again = {"status": "running", "attempt": known.attempt + 1, "error": None, **about}
            change = update(t.runs).where(t.runs.c.id == run)
            write.execute(change.values(started=write.now, ended=None, **again))
            write.fact("run.resumed", run, attempt=known.attempt + 1)
        return run_of(write.execute(select(t.runs).where(t.runs.c.id == run)).one())


def finish(write: Write, run: str, model: ModelVersion, metrics: Mapping[str, float]) -> Run:
    """Record the end of a run in the transaction that registers its model."""
    change = update(t.runs).where(t.runs.c.id == run)
    write.execute(
        change.values(
            status="done", ended=write.now, metrics=dict(metrics), model=model.ref, error=None
        )
    )
    write.fact("run.finished", run, model=model.ref, package=model.package)
    return run_of(write.execute(select(t.runs).where(t.runs.c.id == run)).one())


def fail(write: Write, run: str, error: BaseException) -> None:
    """Record why a run ended without a model; the fact carries the code alone."""
    known = isinstance(error, VisloopError)
    code = error.code if known else type(error).__name__
    said = {
        "code": code,
        "what": (error.what if known else str(error))[:_ERROR_CHARACTERS],
        "fix": error.fix if known else "",
    }
    change = update(t.runs).where(t.runs.c.id == run, t.runs.c.status != "done")
    write.execute(change.values(status="failed", ended=write.now, error=said))
    write.fact("run.failed", run, code=code)


def note_pictures(write: Write, run: str, pictures: Mapping[str, int]) -> None:
    """Record how many pictures are used and left out."""
    write.execute(update(t.runs).where(t.runs.c.id == run).values(pictures=dict(pictures)))


def list_runs(
    ports: TrainPorts,
    scope: Scope,
    *,
    recipe: str | None = None,
    model: str | None = None,
    limit: int | None = 100,
) -> list[RunLine]:
    """Runs of the project, newest first: of one recipe or one model's name, where given."""
    query = select(*(t.runs.c[f.name] for f in fields(RunLine)))
    query = query.where(t.runs.c.project == scope.project)
    if recipe is not None:
        query = query.where(t.runs.c.recipe == recipe)
    if model is not None:
        query = query.where(t.runs.c.model_name == model)
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(t.runs.c.seq.desc()).limit(limit)).all()
    found = [RunLine(*row) for row in rows]
    lost = _lost(ports, [line.id for line in found if line.status == "running"])
    return [replace(line, status="lost") if line.id in lost else line for line in found]


def show_run(ports: TrainPorts, scope: Scope, run: str) -> RunDetail:
    """One run with every number of its last attempt.

    Raises:
        RunNotFound: no such run in the project.
    """
    mine = t.runs.c.project == scope.project
    with ports.ledger.read() as connection:
        row = connection.execute(select(t.runs).where(mine, t.runs.c.id == run)).one_or_none()
        if row is None:
            known = connection.execute(select(t.runs.c.id).where(mine)).scalars().all()
            fix = did_you_mean(run, known, otherwise="list them: visloop runs list")
            raise RunNotFound(f"there is no run {run!r}", fix=fix)
    found = run_of(row)
    if found.status == "running" and _lost(ports, [run]):
        found = replace(found, status="lost")
    table = t.run_metrics
    query = select(table).where(and_(table.c.run == run, table.c.attempt == found.attempt))
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(table.c.id)).all()
    return RunDetail(run=found, metrics=tuple(Metric(r.key, r.step, r.value, r.time) for r in rows))


def run_of(row: Row[Any]) -> Run:
    """A row of `runs`."""
    values: dict[str, Any] = {f.name: getattr(row, f.name) for f in fields(Run)}
    return Run(**values)


def _check_same(known: Row[Any], plan: Plan) -> None:
    for name in ("data_root", "data", "recipe", "params", "seed", "model_name"):
        before, now = getattr(known, name), getattr(plan, name)
        if before != now:
            raise RunKeyTaken(
                f"{known.id} was begun with {name} {before!r}, not {now!r}",
                fix=f"ask for the same again (data {known.data}), or choose another key",
            )


def _row(write: Write, run: str) -> Row[Any] | None:
    return write.execute(select(t.runs).where(t.runs.c.id == run)).one_or_none()


def _lost(ports: TrainPorts, running: Collection[str]) -> set[str]:
    """Those of the running runs that nobody works on any more."""
    if not running:
        return set()
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    now = ports.ledger.clock.now()
    held = {job.key for job in jobs.find(kinds=[DUTY]) if (job.lease_until or now) > now}
    return set(running) - held
