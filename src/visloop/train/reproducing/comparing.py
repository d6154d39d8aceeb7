"""A model made again from what its run recorded, and compared with itself byte by byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from onnx import numpy_helper

from visloop import infer, registry
from visloop.events import Scope
from visloop.ids import Ref, digest_of
from visloop.store import Jobs
from visloop.train import lessons
from visloop.train.bench import Bench
from visloop.train.lease import held
from visloop.train.recipe import Start
from visloop.train.records import TrainPorts
from visloop.train.reproducing.code import require_code
from visloop.train.reproducing.differences import Difference, surroundings
from visloop.train.tracking.finding import show_run
from visloop.train.training import order_again

T = TypeVar("T")


@dataclass(frozen=True)
class Reproduction:
    """How a second training compares with the first.

    `equal`: the network's file is the same, byte for byte; `same_contract` likewise. Of the `tensors`
    that both files have, `changed` differ, by at most `greatest`. `differs` is what in the surroundings
    is not as it was: packages, processor, threads, code.
    """

    model: str
    run: str
    data: str
    equal: bool
    same_contract: bool
    was: str
    now: str
    tensors: int
    changed: int
    greatest: float
    differs: tuple[Difference, ...]


class _Rehearsal(Bench):
    """A bench whose numbers nobody keeps: the run has told its own."""

    def log(self, key: str, value: float, step: int = 0) -> None:
        """Drop the number."""

    def started(self, start: Start, parts: int, rows: Mapping[str, str | None]) -> None:
        """Keep nothing: the run did."""

    def track(self, items: Iterable[T], *, doing: str, unit: str, total: int) -> Iterator[T]:
        """Show progress over `items`, here only."""
        yield from self.ports.progress.track(items, doing=doing, unit=unit, total=total)


def reproduce(
    ports: TrainPorts, scope: Scope, model: Ref, *, threads: int | None = None
) -> Reproduction:
    """Train once more with the data, recipe, parameters, seed and threads of the model's run.

    Nothing is registered. Killed and asked again, it goes on where it was.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        model: the model version.
        threads: another number than the run had.

    Raises:
        NotFound: there is no such model, or its run or data is gone.
        CodeMissing: its recipe is not installed here.
        Refused: it was imported, or made by a script: there is no recipe to repeat.
        RunBusy: somebody is reproducing it already.
    """
    version = registry.resolve(ports.registry, scope, model)
    run = show_run(ports, scope, version.run).run
    require_code(ports, scope, run)
    order = order_again(ports, scope, run)
    if threads is not None:
        order = replace(order, plan=replace(order.plan, threads=threads))
    package = registry.load(ports.registry, version)
    name = f"reproduce-{version.run}"
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    with held(jobs, name, scope.project, ports.lease_s) as claim:
        bench = _Rehearsal(ports, scope, name, 1, claim)
        material = lessons.choose_pictures(order.snapshot, order.split, order.recipe.task)
        start = lessons.start_of(ports.registry, scope, order.params, material.classes)
        lesson = lessons.lesson_of(order.plan, order.params, order.recipe.task, material, start)
        fitted = order.recipe.fit(lesson, bench)
        bench.checkpoints.clear()
    tensors, changed, greatest = _apart(package.onnx, fitted.onnx)
    code = ports.code or Path.cwd()
    return Reproduction(
        model=version.ref,
        run=run.id,
        data=run.data,
        equal=fitted.onnx == package.onnx,
        same_contract=fitted.contract.digest == package.contract.digest,
        was=version.onnx,
        now=digest_of(fitted.onnx),
        tensors=tensors,
        changed=changed,
        greatest=greatest,
        differs=(*_threads(run.threads, order.plan.threads), *surroundings(run, code)),
    )


def _threads(was: int, now: int) -> list[Difference]:
    return [] if was == now else [Difference("threads of the training", str(was), str(now))]


def _apart(was: bytes, now: bytes) -> tuple[int, int, float]:
    """Tensors of the same name and shape, how many of them differ, and by how much at most."""
    first, second = (
        {each.name: each for each in infer.check_model(raw).graph.initializer} for raw in (was, now)
    )
    both = [name for name in first if name in second]
    changed, greatest = 0, 0.0
    for name in both:
        a, b = numpy_helper.to_array(first[name]), numpy_helper.to_array(second[name])
        if a.shape == b.shape and a.tobytes() == b.tobytes():
            continue
        changed += 1
        if a.shape == b.shape and np.issubdtype(a.dtype, np.floating):
            greatest = max(greatest, float(np.max(np.abs(a - b), initial=0.0)))
    return len(both), changed, greatest
