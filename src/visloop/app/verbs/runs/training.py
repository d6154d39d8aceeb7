"""Verbs over training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import registry
from visloop import train as training
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.ids import Ref, check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Train:
    """Train a model on a data version; only its `train` split when it has splits."""

    ref: str = arg("for example photos@v1")
    recipe: str = opt(
        "classify-linear, classify-finetune, detect, segment, regress, transformers, or a plug-in's",
        default="classify-linear",
    )
    model: str = opt("name of the model; default: the data set's name and -model", default="")
    set: dict[str, str] = opt("a parameter of the recipe: --set folds=5", default={})
    seed: int = opt("where randomness begins", default=0)
    from_: str = opt("begin with this model's weights: reader@v1", default="", name="from")
    threads: int = opt("threads to use; default: as the recipe takes", default=0)
    preview: str | None = opt(
        "train nothing: draw how pictures are varied, as a PNG", default=None, path=True
    )


@dataclass(frozen=True)
class Trained:
    """The run, the model that it made, and what training measured; or the file of a preview.

    `started_from`: with `--from`, that `model`, how many `parts` of its network were taken over, of
    which of its `classes` each class has the row (none: it is new), and which were `left_behind`.
    """

    run: str
    model: str
    metrics: dict[str, float]
    preview: str | None = None
    started_from: dict[str, Any] | None = None


@operation("train", permission="train.run")
def train(ports: Ports, scope: Scope, ask: Train) -> Trained:
    """A tracked run."""
    ref = Ref.parse(ask.ref)
    wanted = check_name(ask.model or f"{ref.name}-model"[:63], "model name")
    name = handlers.free_for_model(ports, scope, wanted)
    params = dict(ask.set)
    if ask.from_:
        params["start"] = registry.resolve(ports.registry, scope, Ref.parse(ask.from_)).ref
    if ask.preview:
        drawn = training.preview(ports.train, scope, ref, ask.recipe, params=params, seed=ask.seed)
        Path(ask.preview).write_bytes(drawn)
        return Trained(run="", model="", metrics={}, preview=ask.preview)
    done = training.train(
        ports.train,
        scope,
        ref,
        ask.recipe,
        params=params,
        model_name=name,
        seed=ask.seed,
        threads=ask.threads or None,
    )
    start = handlers.start_of_run(ports, scope, done.run)
    return Trained(done.run, done.model, dict(done.metrics), started_from=start)


@dataclass(frozen=True)
class RunsResume:
    """Go on with a run that was killed or failed, from its last checkpoint."""

    run: str = arg("its id")


@dataclass(frozen=True)
class Resumed:
    """The run, the model that it made, and what training measured."""

    run: str
    model: str
    metrics: dict[str, float]


@operation("runs.resume", permission="train.run")
def runs_resume(ports: Ports, scope: Scope, ask: RunsResume) -> Resumed:
    """It ends with the same weights as if it had never been stopped."""
    done = training.resume(ports.train, scope, ask.run)
    return Resumed(run=done.run, model=done.model, metrics=dict(done.metrics))
