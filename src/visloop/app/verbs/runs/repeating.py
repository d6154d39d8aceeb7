"""Verbs that do once more what a run did: the same, to compare; or with something changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from visloop import train as training
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import plain
from visloop.ids import Ref, check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Reproduce:
    """Make a model again from what its run recorded, and compare; exit code 3 when it differs.

    With `--environment fresh` in a process and a virtual environment of its own, in which pip has
    installed the packages that the run recorded; --dry-run tells which. The last two are kept in
    .visloop/cache/environments.
    """

    model: str = arg("for example reader@v1")
    environment: Literal["here", "fresh"] = opt(
        "train with the packages that are here, or with those that the run recorded",
        default="here",
    )
    threads: int = opt("another number of threads than the run had", default=0)
    dry_run: bool = opt("train nothing: show what --environment fresh would install", default=False)


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
    `environment` is the folder of a fresh environment. After a dry run nothing was compared, and
    `planned` has a row a package that would be installed.
    """

    model: str
    run: str
    data: str
    equal: bool = False
    same_contract: bool = False
    was: str = ""
    now: str = ""
    tensors: int = 0
    changed: int = 0
    greatest: float = 0.0
    differs: tuple[ReproducedDifference, ...] = ()
    environment: str = ""
    planned: tuple[dict[str, Any], ...] = ()


def _exit_code(done: Reproduced) -> int:
    return 0 if done.equal or done.planned else 3


@operation("reproduce", permission="train.run", exit_code=_exit_code)
def reproduce(ports: Ports, scope: Scope, ask: Reproduce) -> Reproduced:
    """The data version, recipe, parameters, seed and threads of the run; nothing is registered."""
    if ask.dry_run:
        told = handlers.plan_reproduction(ports, scope, ask.model)
    elif ask.environment == "fresh":
        told = handlers.reproduce_afresh(ports, scope, ask.model, ask.threads or None)
    else:
        told = handlers.reproduce_here(ports, scope, ask.model, ask.threads or None)
    differs = tuple(ReproducedDifference(**each) for each in told.pop("differs", ()))
    planned = tuple(told.pop("planned", ()))
    return Reproduced(**told, differs=differs, planned=planned)


@dataclass(frozen=True)
class RunsClone:
    """Train as a run did, with something changed; the new model is the next version of its model.

    What is not named stays: recipe, parameters, data version, seed, threads. `--on` takes other
    data, for example the version of today.
    """

    run: str = arg("its id")
    set: dict[str, str] = opt("another value of a parameter: --set epochs=20", default={})
    on: str = opt("train on this in place of the run's data: photos@v4", default="")
    seed: int | None = opt("another seed", default=None)
    threads: int = opt("another number of threads", default=0)
    model: str = opt("name of the model; default: as the run's", default="")


@dataclass(frozen=True)
class RunsCloned:
    """The new run, the model that it made, what was measured, and a row for each thing changed."""

    run: str
    model: str
    metrics: dict[str, float]
    changed: tuple[dict[str, Any], ...]


@operation("runs.clone", permission="train.run")
def runs_clone(ports: Ports, scope: Scope, ask: RunsClone) -> RunsCloned:
    """A tracked run of its own, tagged with the one that it was cloned from."""
    name = ask.model and handlers.free_for_model(ports, scope, check_name(ask.model, "model name"))
    done, changed = training.clone(
        ports.train,
        scope,
        ask.run,
        training.Changes(
            params=ask.set,
            data=Ref.parse(ask.on) if ask.on else None,
            seed=ask.seed,
            threads=ask.threads or None,
            model_name=name or None,
        ),
    )
    rows = tuple(plain(each) for each in changed)
    return RunsCloned(run=done.run, model=done.model, metrics=dict(done.metrics), changed=rows)
