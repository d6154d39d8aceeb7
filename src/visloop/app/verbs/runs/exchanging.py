"""Verbs that bring runs and models to other trackers, and runs from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from visloop import registry
from visloop import train as training
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True, kw_only=True)
class RunsPush:
    """Push runs to an MLflow server: parameters, metrics with their history, tags, files, the data.

    Pushing again brings them up to date; nothing is doubled (the tag `visloop.run` is the link). Who
    you are there is read from MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD.
    """

    runs: tuple[str, ...] = arg("their ids", default=())
    to: str = opt("the server: http://127.0.0.1:5000")
    experiment: str | None = opt("all runs of this experiment too", default=None)
    dry_run: bool = opt("only say what would be sent", default=False)


@operation("runs.push", permission="train.run")
def runs_push(ports: Ports, scope: Scope, ask: RunsPush) -> Rows:
    """One row a run."""
    runs = list(ask.runs)
    if ask.experiment is not None:
        training.find_experiment(ports.train, scope, name=ask.experiment)
        search = training.Search(experiments=(ask.experiment,), limit=None)
        runs += [each.id for each in training.search(ports.train, scope, search).runs]
    if not runs and ask.experiment is None:
        raise UsageError("no run is named", fix="visloop runs push RUN… --to URI, or --experiment")
    with training.Server(ask.to) as server:
        server.check()
        done = training.push_runs(ports.train, scope, runs, server, dry_run=ask.dry_run)
    return rows_of(done)


@dataclass(frozen=True)
class ModelPush:
    """Push a model version to an MLflow server's registry, with its run, aliases and card.

    There it loads with `mlflow.pyfunc` (pictures in, answers out: visloop must be installed) and
    with `mlflow.onnx` (the bare network). Pushing again moves aliases; no version is doubled.
    """

    ref: str = arg("for example reader@v2")
    to: str = opt("the server: http://127.0.0.1:5000")
    as_: str = opt("its name there; default: the same", default="", name="as")
    dry_run: bool = opt("only say what would be sent", default=False)


@dataclass(frozen=True)
class ModelPushed:
    """The version there: `done` is created, updated (aliases moved) or unchanged."""

    model: str
    name: str
    version: str
    run: str
    url: str
    done: str
    aliases: tuple[str, ...]
    files: int
    bytes: int
    left_out: tuple[str, ...]


@operation("model.push", permission="registry.write")
def model_push(ports: Ports, scope: Scope, ask: ModelPush) -> ModelPushed:
    """A registered model, a version, its aliases."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    name = ask.as_ or version.model
    with training.Server(ask.to) as server:
        server.check()
        done = training.push_model(
            ports.train, scope, version, server, name=name, dry_run=ask.dry_run
        )
    return ModelPushed(**vars(done))


@dataclass(frozen=True)
class RunsImport:
    """Make runs of TensorBoard's event files: every folder that holds some is a run.

    Scalars and hyperparameters are read; again, and what was added since joins its run. A file that is
    cut off or damaged gives what can be read of it; `left_out` names the rest, and other values.
    """

    directory: str = arg("the folder that TensorBoard reads", path=True)
    experiment: str = opt("the experiment that they belong to", default="")
    format: Literal["tensorboard"] = opt("whose files", default="tensorboard")
    dry_run: bool = opt("only say what would come", default=False)


@operation("runs.import", permission="train.run")
def runs_import(ports: Ports, scope: Scope, ask: RunsImport) -> Rows:
    """One row a run."""
    found = training.import_events(
        ports.train,
        scope,
        Path(ask.directory),
        experiment=ask.experiment,
        dry_run=ask.dry_run,
    )
    return rows_of(found)


@dataclass(frozen=True)
class RunsExport:
    """Write the curves and parameters of a run for TensorBoard: one event file in a folder."""

    run: str = arg("its id")
    directory: str = arg("where to; made when it is not there", path=True)
    format: Literal["tensorboard"] = opt("for whom", default="tensorboard")


@dataclass(frozen=True)
class RunExported:
    """The file, and how much it holds."""

    run: str
    file: str
    points: int
    curves: int


@operation("runs.export", permission="train.export")
def runs_export(ports: Ports, scope: Scope, ask: RunsExport) -> RunExported:
    """The same file again replaces itself."""
    done = training.export_events(ports.train, scope, ask.run, Path(ask.directory))
    return RunExported(**vars(done))
