"""Runs: begun, resumed, finished or failed; who works on one holds its lease."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from visloop.errors import VisloopError
from visloop.events import Scope
from visloop.ids import digest_of, new_id
from visloop.registry import ModelVersion
from visloop.store import Ledger, Write
from visloop.train import tables as t
from visloop.train.records import Pruned, Run, RunKeyTaken
from visloop.train.tracking import points

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
            again |= {"latest": {}, "cpu_s": None}
            change = update(t.runs).where(t.runs.c.id == run)
            write.execute(change.values(started=write.now, ended=None, **again))
            write.fact("run.resumed", run, attempt=known.attempt + 1)
        return run_of(write.execute(select(t.runs).where(t.runs.c.id == run)).one())


def finish(
    write: Write,
    run: str,
    model: ModelVersion | None,
    metrics: Mapping[str, float],
    cpu_s: float | None = None,
) -> Run:
    """Record the end of a run in the transaction that registers its model."""
    points.merge(write.connection, run)
    values = {"status": "done", "ended": write.now, "metrics": dict(metrics), "error": None}
    values |= {"model": model and model.ref, "cpu_s": cpu_s, "progress": None}
    write.execute(update(t.runs).where(t.runs.c.id == run).values(**values))
    made = {} if model is None else {"model": model.ref, "package": model.package}
    write.fact("run.finished", run, **made)
    return run_of(write.execute(select(t.runs).where(t.runs.c.id == run)).one())


def fail(write: Write, run: str, error: BaseException, cpu_s: float | None = None) -> None:
    """Record why a run ended without a model; the fact carries the code alone."""
    known = isinstance(error, VisloopError)
    code = error.code if known else type(error).__name__
    said = {
        "code": code,
        "what": (error.what if known else str(error))[:_ERROR_CHARACTERS],
        "fix": error.fix if known else "",
    }
    points.merge(write.connection, run)
    change = update(t.runs).where(t.runs.c.id == run, t.runs.c.status != "done")
    status = "pruned" if isinstance(error, Pruned) else "failed"
    values = {"status": status, "ended": write.now, "error": said, "cpu_s": cpu_s, "progress": None}
    write.execute(change.values(**values))
    write.fact(f"run.{status}", run, code=code)


def note_model(write: Write, run: str, model: str) -> None:
    """Record which model version a run has come to."""
    write.execute(update(t.runs).where(t.runs.c.id == run).values(model=model))


def note_pictures(write: Write, run: str, pictures: Mapping[str, int]) -> None:
    """Record how many pictures are used and left out."""
    write.execute(update(t.runs).where(t.runs.c.id == run).values(pictures=dict(pictures)))


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
