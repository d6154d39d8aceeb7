"""Verbs by which scripts report: begin a run, log to it, keep files, end it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from visloop import train as training
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_ALIVE_S = 30.0
_POINTS = 100_000
_Points = list[tuple[str, float | str | None, int, float]]


@dataclass(frozen=True)
class RunsStart:
    """Begin a run that a script reports to; `visloop track -- COMMAND` does all of it."""

    name: str = opt("a name for people", default="")
    experiment: str = opt("the experiment that it belongs to", default="")
    parent: str | None = opt("the run of which it is a part", default=None)
    data: str = opt("the data version that it reads: photos@v3:train", default="")
    seed: int = opt("where its randomness begins", default=0)
    params: dict[str, str] = opt("a parameter", default={}, name="param")
    tags: dict[str, str] = opt("a tag", default={}, name="tag")
    notes: str = opt("what it is for", default="", short="-m")
    alive_s: float = opt("lost when nothing is heard for so long; 0: never", default=_ALIVE_S)
    about: str = opt("environment, commit and dirty as JSON; default: of this process", default="")


@dataclass(frozen=True)
class RunNamed:
    """The run, and where it stands."""

    run: str
    status: str


@operation("runs.start", permission="train.run")
def runs_start(ports: Ports, scope: Scope, ask: RunsStart) -> RunNamed:
    """A run in the state `running`."""
    about = _about(ask.about) if ask.about else training.about_here(ports.train)
    opening = training.Opening(
        name=ask.name,
        experiment=ask.experiment,
        parent=ask.parent,
        data=ask.data,
        seed=ask.seed,
        params=ask.params,
        tags=ask.tags,
        notes=ask.notes,
        alive_s=ask.alive_s or None,
        environment=about.environment,
        commit=about.commit,
        dirty=about.dirty,
    )
    run = training.start(ports.train, scope, opening)
    return RunNamed(run=run.id, status=run.status)


def _about(text: str) -> training.About:
    try:
        return msgspec.json.decode(text, type=training.About)
    except msgspec.DecodeError as error:
        raise UsageError(f"about: {error}", fix="environment, commit, dirty as JSON") from error


@dataclass(frozen=True)
class RunsLog:
    """Report numbers, parameters and tags to a run; with nothing, that it is alive."""

    run: str = arg("its id")
    metrics: dict[str, float] = opt("a number: --metric loss=0.3", default={}, name="metric")
    step: int = opt("the step of these numbers", default=0)
    params: dict[str, str] = opt("a parameter", default={}, name="param")
    tags: dict[str, str] = opt("a tag", default={}, name="tag")
    done: float | None = opt("how far the work is", default=None)
    total: float | None = opt("of how much", default=None)
    unit: str = opt("counted in", default="step")
    points: str = opt("many numbers: [[key, value, step, Unix time], …] as JSON", default="")
    alive_s: float = opt("lost when nothing is heard for so long", default=_ALIVE_S)


@dataclass(frozen=True)
class RunLogged:
    """How many numbers were taken."""

    run: str
    points: int


@operation("runs.log", permission="train.run")
def runs_log(ports: Ports, scope: Scope, ask: RunsLog) -> RunLogged:
    """Telemetry, stored when it returns."""
    now = ports.clock.now().timestamp()
    points = [training.Point(key, value, ask.step, now) for key, value in ask.metrics.items()]
    points += _points(ask.points) if ask.points else []
    progress = None
    if ask.done is not None:
        progress = handlers.run_progress(ports, scope, ask.run, ask.done, ask.total, ask.unit)
    said = training.Report(
        points=points,
        params=ask.params,
        tags=ask.tags,
        progress=progress,
        alive_s=ask.alive_s or None,
    )
    training.report(ports.train, scope, ask.run, said)
    return RunLogged(run=ask.run, points=len(points))


def _points(text: str) -> list[training.Point]:
    try:
        rows = msgspec.json.decode(text, type=_Points)
        if len(rows) > _POINTS:
            raise UsageError(f"{len(rows)} points at once", fix=f"at most {_POINTS} in one call")
        return [
            training.Point(key, math.nan if value is None else float(value), step, time)
            for key, value, step, time in rows
        ]
    except (msgspec.DecodeError, ValueError) as error:
        raise UsageError(f"points: {error}", fix="[[key, value, step, time], …]") from error


@dataclass(frozen=True)
class RunsEnd:
    """End a run; one that has ended keeps what it was."""

    run: str = arg("its id")
    status: Literal["done", "failed"] = opt("how it ended", default="done")
    code: str = opt("of the failure: the exception's name", default="")
    what: str = opt("what happened", default="")
    cpu_s: float | None = opt("seconds of computing that it cost", default=None)


@operation("runs.end", permission="train.run")
def runs_end(ports: Ports, scope: Scope, ask: RunsEnd) -> RunNamed:
    """A fact."""
    error = {"code": ask.code, "what": ask.what, "fix": ""} if ask.code or ask.what else None
    run = training.end(ports.train, scope, ask.run, ask.status, error=error, cpu_s=ask.cpu_s)
    return RunNamed(run=run.id, status=run.status)


@dataclass(frozen=True)
class RunsSave:
    """Keep files and folders with a run; the same path again replaces what it kept."""

    run: str = arg("its id")
    files: tuple[str, ...] = arg("files and folders", path=True)
    to: str = opt("under this path of the run", default="")


@operation("runs.save", permission="train.run")
def runs_save(ports: Ports, scope: Scope, ask: RunsSave) -> Rows:
    """One row a file kept."""
    found = (Path(each) for each in ask.files)
    return rows_of(handlers.keep_files(ports, scope, ask.run, tuple(found), ask.to))


@dataclass(frozen=True)
class RunsNote:
    """Say something of a run: a name, notes, tags."""

    run: str = arg("its id")
    name: str | None = opt("a name for people", default=None)
    notes: str | None = opt("notes, Markdown", default=None, short="-m")
    tags: dict[str, str] = opt("a tag", default={}, name="tag")
    untag: tuple[str, ...] = opt("take a tag away", default=())


@dataclass(frozen=True)
class RunNoted:
    """What is said of the run now."""

    run: str
    name: str
    notes: str
    tags: dict[str, Any]


@operation("runs.note", permission="train.run")
def runs_note(ports: Ports, scope: Scope, ask: RunsNote) -> RunNoted:
    """What the run says of itself stays."""
    run = training.annotate(
        ports.train, scope, ask.run, name=ask.name, notes=ask.notes, tags=ask.tags, untag=ask.untag
    )
    return RunNoted(run=run.id, name=run.name, notes=run.notes, tags=dict(run.tags))


@dataclass(frozen=True)
class RunsRemove:
    """Take a run out of the lists; nothing is lost, --undo brings it back."""

    run: str = arg("its id")
    undo: bool = opt("bring it back", default=False)


@operation("runs.remove", permission="train.run")
def runs_remove(ports: Ports, scope: Scope, ask: RunsRemove) -> RunNamed:
    """A fact."""
    run = training.annotate(ports.train, scope, ask.run, removed=not ask.undo)
    return RunNamed(run=run.id, status="removed" if run.removed else run.status)
