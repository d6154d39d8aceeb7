"""Runs of scripts and of other tools: begun, reported on and ended from outside, over any face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import insert, select, update

from visloop import data
from visloop.errors import Conflict, UsageError
from visloop.events import Scope
from visloop.ids import Ref, new_id
from visloop.store import Write
from visloop.train import tables as t
from visloop.train.environment import About, about
from visloop.train.records import Run, TrainPorts
from visloop.train.runs import run_of
from visloop.train.tracking import points
from visloop.train.tracking.experiments import enter_experiment
from visloop.train.tracking.finding import find
from visloop.train.tracking.points import Point

Source = Literal["recipe", "script", "mlflow", "tensorboard", "tune"]
Ending = Literal["done", "failed"]

VALUE_CHARACTERS: Final = 8_000
NAMES_PER_RUN: Final = 2_000
NOTES_CHARACTERS: Final = 100_000
ALIVE_S: Final = 30.0


class RunEnded(Conflict):
    """The run has ended, and this changes what it reported."""

    code = "train.run_ended"


@dataclass(frozen=True)
class Opening:
    """What a new run says of itself; `alive_s` None: it is never taken for lost."""

    source: Source = "script"
    name: str = ""
    experiment: str = ""
    parent: str | None = None
    recipe: str = ""
    data: str = ""
    seed: int = 0
    model_name: str = ""
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict[str, Any])
    commit: str | None = None
    dirty: bool | None = None
    alive_s: float | None = ALIVE_S
    started: datetime | None = None


@dataclass(frozen=True)
class Report:
    """What a run says while it works; whatever is left out stays as it was.

    With `once` a parameter that is known may not become another.
    """

    points: Sequence[Point] = ()
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    progress: Mapping[str, Any] | None = None
    alive_s: float | None = None
    once: bool = False


def start(ports: TrainPorts, scope: Scope, opening: Opening) -> Run:
    """Begin a run.

    Raises:
        UsageError: a name, parameter or tag that cannot be.
        NotFound: `data` names a version that is not there.
        RunNotFound: `parent` is no run.
    """
    version = _version(ports, scope, opening.data)
    with ports.ledger.write(scope) as write:
        if opening.parent is not None:
            find(write.connection, scope, opening.parent)
        enter_experiment(write, opening.experiment)
        run = new_id("run")
        write.execute(insert(t.runs), _values(write, run, opening, version))
        write.fact("run.started", run, source=opening.source, data=version[0])
        return run_of(find(write.connection, scope, run))


def about_here(ports: TrainPorts) -> About:
    """The environment of this process, and the code that `ports` name."""
    return about(ports.code or Path.cwd())


def _version(ports: TrainPorts, scope: Scope, ref: str) -> tuple[str, str]:
    """(the version as it is recorded, its digest)."""
    if not ref:
        return "", ""
    named = Ref.parse(ref)
    whole = Ref(named.name, named.version, project=named.project)
    version = data.open(ports.data, whole, scope.project).version
    return version.ref + (f":{named.split}" if named.split else ""), version.root or ""


def _values(write: Write, run: str, opening: Opening, version: tuple[str, str]) -> dict[str, Any]:
    now = write.now
    alive = None if opening.alive_s is None else now + timedelta(seconds=opening.alive_s)
    return {
        "id": run,
        "project": write.scope.project,
        "recipe": opening.recipe,
        "params": checked(opening.params),
        "seed": opening.seed,
        "threads": 0,
        "data": version[0],
        "data_root": version[1],
        "model_name": opening.model_name,
        "status": "running",
        "attempt": 1,
        "created": now,
        "started": opening.started or now,
        "commit": opening.commit,
        "dirty": opening.dirty,
        "environment": dict(opening.environment),
        "pictures": {},
        "metrics": {},
        "actor": str(write.scope.actor),
        "source": opening.source,
        "experiment": opening.experiment,
        "name": check_text(opening.name, points.KEY_CHARACTERS, "name"),
        "parent": opening.parent,
        "tags": checked(opening.tags),
        "notes": check_text(opening.notes, NOTES_CHARACTERS, "note"),
        "latest": {},
        "alive_until": alive,
    }


def report(ports: TrainPorts, scope: Scope, run: str, said: Report) -> None:
    """Add to a run: numbers, parameters, tags, how far it is; with nothing, that it lives.

    Raises:
        RunNotFound: no such run.
        RunEnded: numbers or parameters for a recipe's run, which reports by itself.
        UsageError: a name or value that cannot be.
    """
    c = t.runs.c
    with ports.ledger.telemetry() as connection:
        known = select(
            c.source, c.status, *((c.params, c.tags) if said.params or said.tags else ())
        )
        row = connection.execute(known.where(c.project == scope.project, c.id == run)).first()
        if row is None:
            row = find(connection, scope, run)
        if row.source == "recipe" and (said.points or said.params or said.progress is not None):
            raise RunEnded(
                f"{run} is a recipe's run: it reports by itself", fix="tags and notes may be added"
            )
        values: dict[str, Any] = {}
        if said.params:
            params = checked(said.params)
            if said.once:
                _check_once(row.params, params)
            values["params"] = _joined(row.params, params)
        if said.tags:
            values["tags"] = _joined(row.tags, checked(said.tags))
        if said.progress is not None:
            values["progress"] = dict(said.progress)
        if said.alive_s is not None and row.status == "running":
            now = ports.ledger.clock.now()
            values["alive_until"] = now + timedelta(seconds=said.alive_s)
        if values:
            connection.execute(update(t.runs).where(t.runs.c.id == run).values(**values))
        points.append(connection, run, said.points)


def _check_once(known: Mapping[str, Any], given: Mapping[str, str]) -> None:
    for key, value in given.items():
        if str(known.get(key, value)) != value:
            raise UsageError(
                f"parameter {key!r} is {known[key]!r} already, not {value[:60]!r}",
                fix="a parameter is said once; begin another run",
            )


def end(
    ports: TrainPorts,
    scope: Scope,
    run: str,
    status: Ending,
    *,
    error: Mapping[str, str] | None = None,
    cpu_s: float | None = None,
    ended: datetime | None = None,
) -> Run:
    """End a run; one that has ended keeps what it was, and learns what was not known of it.

    Raises:
        RunNotFound: no such run.
        RunEnded: it is a recipe's run.
    """
    with ports.ledger.write(scope) as write:
        row = find(write.connection, scope, run)
        if row.source == "recipe":
            raise RunEnded(f"{run} is a recipe's run: it ends by itself", fix="visloop runs show")
        values: dict[str, Any] = {} if cpu_s is None else {"cpu_s": cpu_s}
        if row.status == "running":
            said = None if error is None else {k: v[:2_000] for k, v in error.items()}
            values |= {"status": status, "ended": ended or write.now, "error": said}
            values |= {"progress": None}
            points.merge(write.connection, run)
            told = {"code": said.get("code", "")} if said else {}
            write.fact("run.finished" if status == "done" else "run.failed", run, **told)
        if values:
            write.execute(update(t.runs).where(t.runs.c.id == run).values(**values))
        return run_of(find(write.connection, scope, run))


def reopen(ports: TrainPorts, scope: Scope, run: str, alive_s: float | None) -> Run:
    """Go on with a run that has ended: what it reports from now on joins what it has.

    Raises:
        RunNotFound: no such run.
        RunEnded: it is a recipe's run, which `train` with its key goes on with.
    """
    with ports.ledger.write(scope) as write:
        row = find(write.connection, scope, run)
        if row.source == "recipe":
            raise RunEnded(f"{run} is a recipe's run", fix=f"visloop runs resume {run}")
        alive = None if alive_s is None else write.now + timedelta(seconds=alive_s)
        values = {"status": "running", "ended": None, "error": None, "alive_until": alive}
        if row.status != "running":
            write.fact("run.resumed", run, attempt=row.attempt)
        write.execute(update(t.runs).where(t.runs.c.id == run).values(**values))
        return run_of(find(write.connection, scope, run))


def annotate(
    ports: TrainPorts,
    scope: Scope,
    run: str,
    *,
    name: str | None = None,
    notes: str | None = None,
    tags: Mapping[str, str] | None = None,
    untag: Sequence[str] = (),
    removed: bool | None = None,
) -> Run:
    """Change what people say of a run: its name, notes, tags, whether it is shown in lists.

    Raises:
        RunNotFound: no such run.
        UsageError: a name or value that cannot be.
    """
    with ports.ledger.write(scope) as write:
        row = find(write.connection, scope, run)
        kept = {key: value for key, value in row.tags.items() if key not in set(untag)}
        values: dict[str, Any] = {"tags": _joined(kept, checked(tags or {}))}
        if name is not None:
            values["name"] = check_text(name, points.KEY_CHARACTERS, "name")
        if notes is not None:
            values["notes"] = check_text(notes, NOTES_CHARACTERS, "note")
        if removed is not None and removed != row.removed:
            values["removed"] = removed
            write.fact("run.removed" if removed else "run.restored", run)
        write.execute(update(t.runs).where(t.runs.c.id == run).values(**values))
        return run_of(find(write.connection, scope, run))


def checked(given: Mapping[str, Any]) -> dict[str, str]:
    """Parameters or tags as they may be kept: text under printable names.

    Raises:
        UsageError: a name or a value is too long.
    """
    return {
        points.check_key(key): check_text(str(value), VALUE_CHARACTERS, f"value of {key!r}")
        for key, value in given.items()
    }


def check_text(text: str, longest: int, what: str) -> str:
    """The text, when it is not too long.

    Raises:
        UsageError: it is.
    """
    if len(text) > longest:
        raise UsageError(
            f"a {what} of {len(text):,} characters", fix=f"at most {longest:,}; keep it as a file"
        )
    return text


def _joined(known: Mapping[str, Any], more: Mapping[str, str]) -> dict[str, Any]:
    joined = {**known, **more}
    if len(joined) > NAMES_PER_RUN:
        raise UsageError(
            f"more than {NAMES_PER_RUN} parameters or tags on one run", fix="keep them as a file"
        )
    return joined
