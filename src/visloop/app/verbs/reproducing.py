"""Verbs that train once more: a killed run goes on, a model is made again and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import train as training
from visloop.app.operation import arg, operation
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


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


@dataclass(frozen=True)
class Reproduce:
    """Make a model again from what its run recorded, and compare; exit code 3 when it differs."""

    model: str = arg("for example reader@v1")


@dataclass(frozen=True)
class ReproducedDifference:
    """What is not as it was when the model was made."""

    what: str
    was: str
    now: str


@dataclass(frozen=True)
class Reproduced:
    """`equal`: the same bytes. Else of `tensors`, `changed` differ by at most `greatest`.

    `differs`: what in the surroundings is not as it was (packages, processor, threads, code).
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
    differs: tuple[ReproducedDifference, ...]


@operation("reproduce", permission="train.run", exit_code=lambda done: 0 if done.equal else 3)
def reproduce(ports: Ports, scope: Scope, ask: Reproduce) -> Reproduced:
    """The data version, recipe, parameters, seed and threads of the run; nothing is registered."""
    found = training.reproduce(ports.train, scope, Ref.parse(ask.model))
    differs = tuple(ReproducedDifference(d.what, d.was, d.now) for d in found.differs)
    return Reproduced(
        model=found.model,
        run=found.run,
        data=found.data,
        equal=found.equal,
        same_contract=found.same_contract,
        was=found.was,
        now=found.now,
        tensors=found.tensors,
        changed=found.changed,
        greatest=found.greatest,
        differs=differs,
    )
