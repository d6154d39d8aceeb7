"""Training as a tracked run: recorded when it starts, registered and finished in one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from visloop import data, registry
from visloop.data import Snapshot
from visloop.errors import LeaseLost, Refused
from visloop.events import Scope
from visloop.ids import Ref, check_name
from visloop.registry import Manifest, ModelVersion
from visloop.store import Claim, Jobs, Write
from visloop.train import lessons, runs
from visloop.train.bench import Bench, Watch
from visloop.train.environment import code_of, describe_environment
from visloop.train.lease import held
from visloop.train.recipe import Fitted, Lesson, Recipe, find_recipe, settled
from visloop.train.records import Run, TrainPorts, TrainResult
from visloop.train.reproducing import code
from visloop.train.tracking import artifacts, surroundings
from visloop.train.tracking.finding import show_run
from visloop.train.truth import training_split

PACKAGE: Final = "package"
MANIFEST: Final = f"{PACKAGE}/manifest.json"
_FILES: Final = {
    "onnx": "model.onnx",
    "contract": "contract.json",
    "card": "card.md",
    "reference": "reference",
}


@dataclass(frozen=True)
class Order:
    """Everything decided before work starts: what, by which recipe, on which state of the data."""

    plan: runs.Plan
    recipe: Recipe
    params: msgspec.Struct
    snapshot: Snapshot
    split: str | None


@dataclass(frozen=True)
class Part:
    """What makes a run a trial of a search: the run that it is part of, who sees its numbers, and
    whether, by its figures, its model is kept; it is not registered.
    """

    parent: str
    name: str
    watch: Watch
    keep: Callable[[Mapping[str, float]], bool]


def train(
    ports: TrainPorts,
    scope: Scope,
    ref: Ref,
    recipe: str = "classify-linear",
    *,
    params: Mapping[str, Any] | None = None,
    model_name: str | None = None,
    seed: int = 0,
    key: str | None = None,
    threads: int | None = None,
) -> TrainResult:
    """Train a model on a data version and register it.

    Args:
        ports: where state and bytes live.
        scope: who trains, in which project.
        ref: a data version or a split of it; of a version with splits only `train` is read.
        recipe: how.
        params: the recipe's parameters; text is read as their type.
        model_name: default: the data set's name and `-model`.
        seed: where randomness begins; the same data, seed and threads give the same model.
        key: names this run: asked for again it is finished once, after whatever interruption.
        threads: how many to use; default: the recipe's own number, or the cores.

    Raises:
        UsageError: an unknown recipe or parameter, or a name that cannot be.
        FrozenSplit: a test split was asked for.
        Refused: uncommitted data, or too few classes or pictures.
        RunBusy: another process is working on the run of this key.
        RunKeyTaken: the key names a run that does something else.
    """
    order = order_of(ports, scope, ref, recipe, params or {}, model_name, seed, threads)
    return carry_out(ports, scope, order, key)


def carry_out(ports: TrainPorts, scope: Scope, order: Order, key: str | None = None) -> TrainResult:
    """Do what an order says as a new run, or as the run of the key; see `train`."""
    return _result(_carry_out(ports, scope, order, runs.run_id(scope.project, key), key))


def resume(ports: TrainPorts, scope: Scope, run: str) -> TrainResult:
    """Go on with a run that was killed, or failed; a finished one is answered as it is.

    Raises:
        RunNotFound: no such run.
        RunBusy: another process is working on it.
        Refused: it is not of a recipe, so nobody here knows how to go on.
    """
    known = show_run(ports, scope, run).run
    order = order_again(ports, scope, known)
    return _result(_carry_out(ports, scope, order, known.id, known.key))


def try_out(ports: TrainPorts, scope: Scope, order: Order, run: str, part: Part) -> Run:
    """Train without registering: a trial of a search. The same `run` again goes on with it.

    Raises:
        Pruned: `part.watch` stopped it.
        Refused: too few classes or pictures.
        RunBusy: another process is working on it.
    """
    return _carry_out(ports, scope, order, run, None, part)


def order_again(ports: TrainPorts, scope: Scope, run: Run) -> Order:
    """What a run did, to be done once more: the same data, recipe, parameters, seed and threads.

    Raises:
        Refused: it is not the run of a recipe.
        NotFound: its data is gone.
    """
    if not run.recipe or not run.data:
        raise Refused(f"{run.id} is not the run of a recipe", fix="run its script again")
    recipe, params = settled(find_recipe(run.recipe), run.recipe, run.params)
    ref = Ref.parse(run.data)
    snapshot = data.open(ports.data, Ref(ref.name, ref.version, project=ref.project), scope.project)
    plan = runs.Plan(
        recipe=run.recipe,
        params=run.params,
        seed=run.seed,
        threads=run.threads,
        data=run.data,
        data_root=run.data_root,
        model_name=run.model_name,
    )
    return Order(plan, recipe, params, snapshot, ref.split)


def _carry_out(
    ports: TrainPorts,
    scope: Scope,
    order: Order,
    run: str,
    key: str | None,
    part: Part | None = None,
) -> Run:
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    with held(jobs, run, scope.project, ports.lease_s) as claim:
        about = _about(ports, order)
        if part is not None:
            about |= {"parent": part.parent, "name": part.name}
        begun = runs.begin(ports.ledger, scope, order.plan, run=run, key=key, about=about)
        if begun.status == "done":
            return begun
        spent = _cpu_seconds()
        try:
            keep_surroundings(ports, scope, begun, claim)
            return _work(ports, scope, order, begun, claim, part)
        except BaseException as error:
            with suppress(LeaseLost), ports.ledger.write(scope, fence=claim) as write:
                runs.fail(write, run, error, cpu_s=_cpu_seconds() - spent)
            raise


def order_of(
    ports: TrainPorts,
    scope: Scope,
    ref: Ref,
    recipe: str,
    params: Mapping[str, Any],
    model_name: str | None,
    seed: int,
    threads: int | None,
) -> Order:
    """What `train` is asked for, checked and looked up; see there."""
    found, read = settled(find_recipe(recipe), recipe, params)
    name = check_name(model_name or f"{ref.name}-model"[:63], "model name")
    whole = Ref(ref.name, ref.version, project=ref.project)
    snapshot = data.open(ports.data, whole, scope.project)
    if not snapshot.version.root:
        raise Refused(
            f"{ref} is not committed, so a run on it could not be repeated",
            fix=f"visloop commit {ref.name} -m '…'",
        )
    split = training_split(ref, snapshot.splits)
    plan = runs.Plan(
        recipe=recipe,
        params=msgspec.to_builtins(read),
        seed=seed,
        threads=threads or found.threads or os.cpu_count() or 1,
        data=snapshot.version.ref + (f":{split}" if split else ""),
        data_root=snapshot.version.root,
        model_name=name,
    )
    return Order(plan, found, read, snapshot, split)


def _about(ports: TrainPorts, order: Order) -> dict[str, Any]:
    git = code_of(ports.code or Path.cwd())
    environment = {**describe_environment(), code.CODE: code.describe_code(order.plan.recipe)}
    return {"environment": environment, "commit": git.commit, "dirty": git.dirty}


def _cpu_seconds() -> float:
    """What this process and its children that ended have computed so far."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def keep_surroundings(ports: TrainPorts, scope: Scope, run: Run, claim: Claim) -> None:
    """Keep the environment in full, what was changed in the code, and an own recipe's code, as files."""
    files = {"environment.json": surroundings.environment_file(), **code.files_to_keep(run.recipe)}
    if patch := surroundings.code_diff(ports.code or Path.cwd()):
        files["code.diff"] = patch
    digests = {name: ports.blobs.put(raw) for name, raw in files.items()}
    ports.blobs.flush()
    with ports.ledger.write(scope, fence=claim) as write:
        for name, raw in files.items():
            artifacts.enter(write, run.id, name, digests[name], len(raw))


def _result(run: Run) -> TrainResult:
    if run.model is None:
        raise Refused(
            f"{run.id} is a trial whose model was not kept: another one was better",
            fix=f"train again with its parameters: visloop runs show {run.id}",
        )
    return TrainResult(run=run.id, model=run.model, metrics=run.metrics)


def _work(
    ports: TrainPorts, scope: Scope, order: Order, begun: Run, claim: Claim, part: Part | None
) -> Run:
    spent = _cpu_seconds()
    bench = Bench(ports, scope, begun.id, begun.attempt, claim, watch=part and part.watch)
    with closing(bench):
        with bench.stage("total"):
            material = lessons.choose_pictures(order.snapshot, order.split, order.recipe.task)
            with ports.ledger.write(scope, fence=claim) as write:
                runs.note_pictures(write, begun.id, material.counts)
            start = lessons.start_of(ports.registry, scope, order.params, material.classes)
            lesson = lessons.lesson_of(order.plan, order.params, order.recipe.task, material, start)
            fitted = order.recipe.fit(lesson, bench)
        metrics = _metrics(fitted, bench, len(material.pictures))
    manifest = None
    if part is None or part.keep(metrics):
        manifest = _store(ports, order, begun.id, lesson, material, fitted)
    with ports.ledger.write(scope, fence=claim) as write:
        version = None
        if part is None and manifest is not None:
            version = registry.enter(write, order.plan.model_name, manifest)
        elif manifest is not None:
            _keep_package(write, begun.id, manifest)
        done = runs.finish(write, begun.id, version, metrics, _cpu_seconds() - spent)
    bench.checkpoints.clear()
    return done


def _keep_package(write: Write, run: str, manifest: Manifest) -> None:
    """Keep a model that is not registered as files of its run."""
    digests = {name: getattr(manifest, name) for name in manifest.sizes}
    for name, digest in digests.items():
        artifacts.enter(write, run, f"{PACKAGE}/{_FILES[name]}", digest, manifest.sizes[name])
    artifacts.enter(write, run, MANIFEST, manifest.digest, len(manifest.to_json()))


def note_model(write: Write, run: str, version: ModelVersion) -> None:
    """The model of a trial is registered: the run knows it, and its files are those of the registry."""
    runs.note_model(write, run, version.ref)
    artifacts.drop_artifacts(write, run, PACKAGE)


def _metrics(fitted: Fitted, bench: Bench, pictures: int) -> dict[str, float]:
    times = {f"time.{name}_s": spent for name, spent in bench.seconds.items()}
    speed = pictures / max(1e-9, bench.seconds["total"])
    found = {**fitted.metrics, **times, "images_per_s": speed}
    for name in sorted(set(fitted.metrics) - bench.logged):  # what has a curve is told already
        bench.log(name, fitted.metrics[name])
    bench.log("images_per_s", speed)
    return found


def _store(
    ports: TrainPorts,
    order: Order,
    run: str,
    lesson: Lesson,
    material: lessons.Material,
    fitted: Fitted,
) -> Manifest:
    counts, plan = material.per_class, order.plan
    card = registry.write_card(
        registry.CardFacts(
            name=plan.model_name,
            recipe=plan.recipe,
            run=run,
            data=plan.data,
            data_root=plan.data_root,
            contract=fitted.contract,
            classes={name: counts[name] for name in lesson.classes},
            left_out=material.left_out,
            pictures=len(material.pictures),
            metrics=fitted.metrics,
            parameters={**plan.params, "seed": plan.seed, "threads": plan.threads},
            limits=fitted.limits,
        )
    )
    package = registry.Package(
        onnx=fitted.onnx,
        contract=fitted.contract,
        reference=fitted.reference.to_bytes() if fitted.reference else None,
        card=card,
        metrics=fitted.metrics,
        data=plan.data,
        data_root=plan.data_root,
        recipe=plan.recipe,
    )
    return registry.store_package(ports.registry, package, run=run)
