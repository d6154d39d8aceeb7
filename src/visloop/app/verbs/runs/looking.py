"""Verbs that look at runs: lists, one of them, curves, comparisons, files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import store
from visloop import train as training
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_SHOWN = 500


@dataclass(frozen=True)
class RunsList:
    """List runs, newest first, or by a metric: those for which a condition holds.

    A condition: `metrics.accuracy >= 0.9 and params.c = 1 and status = done`.
    """

    limit: int = opt("at most so many", default=50)
    where: str = opt("a condition on metrics, params, tags and fields", default="")
    sort: str = opt("by what: metrics.loss; with - before it from high to low", default="")
    experiment: str | None = opt("of this experiment only", default=None)
    parent: str | None = opt("trials and parts of this run only", default=None)
    offset: int = opt("leave out the first so many", default=0)
    removed: bool = opt("the removed ones", default=False)


@dataclass(frozen=True)
class RunRows:
    """A page of runs, and how many there are in all."""

    count: int
    total: int
    rows: tuple[dict[str, Any], ...]


@operation("runs.list", permission="train.read")
def runs_list(ports: Ports, scope: Scope, ask: RunsList) -> RunRows:
    """One row a run."""
    if ask.limit < 0 or ask.offset < 0:
        raise UsageError("limit and offset count runs", fix="0 or more")
    found = training.search(
        ports.train,
        scope,
        training.Search(
            where=training.parse_where(ask.where),
            order=_order(ask.sort.strip()),
            limit=ask.limit,
            offset=ask.offset,
            parent=ask.parent,
            experiments=None if ask.experiment is None else (ask.experiment,),
            removed="only" if ask.removed else "no",
        ),
    )
    rows = tuple(plain(each) for each in found.runs)
    return RunRows(count=len(rows), total=found.total, rows=rows)


def _order(text: str) -> tuple[training.Order, ...]:
    if not text:
        return ()
    return (training.Order(training.parse_name(text.lstrip("-+")), text.startswith("-")),)


@dataclass(frozen=True)
class RunsShow:
    """Show a run: parameters, metrics, environment, data version, code, cost."""

    run: str = arg("its id")
    points: int = opt("of each curve at most about so many", default=_SHOWN)


@dataclass(frozen=True)
class RunAnswer:
    """Everything recorded about a run; long curves thinned out, their extremes kept.

    `predictions`: paths of the run's pictures of what it said while it learnt, the truth among them.
    """

    run: dict[str, Any]
    metrics: tuple[dict[str, Any], ...]
    predictions: tuple[str, ...]


@operation("runs.show", permission="train.read")
def runs_show(ports: Ports, scope: Scope, ask: RunsShow) -> RunAnswer:
    """The run and its metrics."""
    found = training.show_run(ports.train, scope, ask.run, shown=_points(ask.points))
    metrics = tuple(plain(each) for each in found.metrics)
    drawn = training.artifacts_of(ports.ledger, scope, found.run.id, training.PREDICTIONS)
    return RunAnswer(
        run=plain(found.run), metrics=metrics, predictions=tuple(each.path for each in drawn)
    )


@dataclass(frozen=True)
class RunsCurves:
    """The curves of one or several runs, thinned out for a plot, extremes kept."""

    runs: tuple[str, ...] = arg("their ids")
    key: tuple[str, ...] = opt("only these metrics", default=())
    points: int = opt("of each curve at most about so many; 0: all", default=_SHOWN)


@operation("runs.curves", permission="train.read")
def runs_curves(ports: Ports, scope: Scope, ask: RunsCurves) -> Rows:
    """One row a curve."""
    shown = _points(ask.points) if ask.points else None
    return rows_of(training.curves(ports.train, scope, ask.runs, keys=ask.key, shown=shown))


def _points(points: int) -> int:
    if points < 1:
        raise UsageError(f"{points} points are no curve", fix="1 or more")
    return points


@dataclass(frozen=True)
class RunsCompare:
    """Compare runs side by side: what differs first, then what is the same.

    With `--html` also as one file that holds its own curves and needs no server.
    """

    runs: tuple[str, ...] = arg("two or more ids")
    html: str | None = opt(
        "write a page of tables and curves to this file", default=None, path=True
    )


@dataclass(frozen=True)
class RunsCompared:
    """A row a parameter, metric or setting, with a value a run; those that differ first."""

    runs: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    same: tuple[dict[str, Any], ...]
    html: str | None


@operation("runs.compare", permission="train.read")
def runs_compare(ports: Ports, scope: Scope, ask: RunsCompare) -> RunsCompared:
    """Parameters, metrics, data, code and environment."""
    done = handlers.compare_runs(ports, scope, ask.runs)
    if ask.html is not None:
        store.authorise(ports.ledger, scope, "train.export")
        curves = training.curves(ports.train, scope, ask.runs)
        Path(ask.html).write_text(handlers.comparison_page(done, curves), "utf-8")
    return RunsCompared(runs=ask.runs, rows=done.differing, same=done.same, html=ask.html)


@dataclass(frozen=True)
class RunsArtifacts:
    """List the files that a run keeps."""

    run: str = arg("its id")
    path: str = arg("only in this folder", default="")


@operation("runs.artifacts", permission="train.read")
def runs_artifacts(ports: Ports, scope: Scope, ask: RunsArtifacts) -> Rows:
    """One row a file."""
    training.require_run(ports.train, scope, ask.run)
    return rows_of(training.artifacts_of(ports.ledger, scope, ask.run, ask.path))


@dataclass(frozen=True)
class RunsFetch:
    """Write files of a run into a folder: one, those of a folder of it, or all."""

    run: str = arg("its id")
    directory: str = arg("where to; made when it is not there", path=True)
    path: str = opt("only this file or folder", default="")


@operation("runs.fetch", permission="train.export")
def runs_fetch(ports: Ports, scope: Scope, ask: RunsFetch) -> Rows:
    """One row a file written."""
    return rows_of(handlers.fetch_artifacts(ports, scope, ask.run, ask.path, Path(ask.directory)))


@dataclass(frozen=True)
class RunsExperiments:
    """List the experiments: names under which runs are gathered."""


@operation("runs.experiments", permission="train.read")
def runs_experiments(ports: Ports, scope: Scope, ask: RunsExperiments) -> Rows:
    """One row an experiment, that of runs without one first."""
    del ask
    return rows_of(training.list_experiments(ports.train, scope))
