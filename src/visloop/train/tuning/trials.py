"""One trial: an ordinary run whose numbers are watched, and whose model is kept while it is the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from visloop import registry
from visloop.errors import Refused
from visloop.events import Scope
from visloop.ids import Ref
from visloop.registry import Manifest, ModelVersion
from visloop.store import Write
from visloop.train import training
from visloop.train.records import Pruned, Run, TrainPorts
from visloop.train.tracking import artifacts
from visloop.train.tuning.aims import figure_of
from visloop.train.tuning.plan import Plan
from visloop.train.tuning.study import Study, Trial


@dataclass
class Watcher:
    """Sees every number that a trial logs, and stops it when it is hopeless.

    Raises:
        Pruned: it is.
    """

    plan: Plan
    study: Study
    trial: Trial
    _seen: set[int] = field(default_factory=set[int])

    def __call__(self, key: str, value: float, step: int) -> None:
        """A number of the watched curve, which counts epochs from 1, goes to the study."""
        watched = self.plan.searched[self.trial.recipe].watched
        if key != watched or step < 1 or step in self._seen or not math.isfinite(value):
            return
        self._seen.add(step)
        if step in self.trial.curve:
            return
        turned = self.plan.as_watched(self.trial.recipe, value)
        if self.study.report(self.trial.number, step, turned):
            raise Pruned(
                f"stopped at step {step}: {watched} {value:.4g} is worse than that of others by then",
                fix="to finish it all the same: visloop runs resume RUN",
            )


def best_of(plan: Plan, trials: list[Trial]) -> Trial | None:
    """The best of those that ended; among equals the first."""
    best: Trial | None = None
    for each in trials:
        if each.state != "done" or each.value is None:
            continue
        if best is None or best.value is None or plan.better(each.value, best.value):
            best = each
    return best


def carry_out(
    ports: TrainPorts, scope: Scope, plan: Plan, study: Study, trial: Trial, search: str
) -> float:
    """Train once; the figure by which the trial is judged.

    Raises:
        Pruned: it was stopped early.
        VisloopError: training had something to say.
    """
    wanted, searched = plan.wanted, plan.searched[trial.recipe]
    order = training.order_of(
        ports,
        scope,
        Ref.parse(wanted.ref),
        trial.recipe,
        {**searched.fixed, **trial.params},
        wanted.model_name,
        wanted.seed,
        wanted.threads,
    )
    part = training.Part(
        parent=search,
        name=f"trial {trial.number}",
        watch=Watcher(plan, study, trial),
        keep=lambda metrics: _is_best(plan, study, metrics),
    )
    return _figure(plan, training.try_out(ports, scope, order, trial.run, part).metrics)


def _figure(plan: Plan, metrics: Mapping[str, float]) -> float:
    figure = figure_of(metrics, plan.metric)
    if not math.isfinite(figure):
        raise Refused(f"{plan.metric} came out as {figure}", fix="narrow the space")
    return figure


def _is_best(plan: Plan, study: Study, metrics: Mapping[str, float]) -> bool:
    best = best_of(plan, list(study.trials()))
    if best is None or best.value is None:
        _figure(plan, metrics)
        return True
    return not plan.better(best.value, _figure(plan, metrics))


def register_best(ports: TrainPorts, write: Write, best: Run, name: str) -> ModelVersion:
    """Make the best trial's model a version, once, in the caller's transaction."""
    if best.model is not None:
        return registry.resolve(ports.registry, write.scope, Ref.parse(best.model))
    kept = artifacts.artifact_of(ports.ledger, write.scope, best.id, training.MANIFEST)
    manifest = Manifest.from_json(ports.blobs.get(kept.digest))
    version = registry.enter(write, name, manifest)
    training.note_model(write, best.id, version)
    return version
