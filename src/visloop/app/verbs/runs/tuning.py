"""Verbs of the search over parameters and recipes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from visloop import store
from visloop import train as training
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.errors import UsageError
from visloop.ids import Ref, check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_HANDS = 64


@dataclass(frozen=True)
class Tune:
    """Search over a recipe's parameters, or over recipes: many trainings, the best one registered.

    Each trial is a run; the search goes on after a kill (`tune resume`). Test splits are never read.
    """

    ref: str = arg("for example photos@v1")
    recipe: str = opt("one, or several with commas between", default="classify-linear")
    space: dict[str, str] = opt(
        "what is searched: --space rate=1e-4..1e-2:log --space depth=2,4,8; "
        "default: what the recipe says",
        default={},
    )
    set: dict[str, str] = opt("a parameter that stays as it is: --set epochs=10", default={})
    trials: int = opt("how many trainings", default=20)
    workers: int = opt("processes that train side by side", default=1)
    metric: str = opt("the figure to make best; default: what the recipe says", default="")
    direction: Literal["", "maximize", "minimize"] = opt(
        "which way; default: losses and errors down, all else up", default=""
    )
    prune: Literal["auto", "median", "hyperband", "none"] = opt(
        "how hopeless trainings are stopped early", default="auto"
    )
    model: str = opt("name of the model; default: the data set's name and -model", default="")
    seed: int = opt("where randomness begins", default=0)
    threads: int = opt("threads of each training; default: as the recipe takes", default=0)
    timeout: float = opt("begin no training after so many seconds; 0: no limit", default=0.0)
    dry_run: bool = opt("show space and budget, train nothing", default=False)


@dataclass(frozen=True)
class Tuned:
    """The search, its best trial and the model that this made; counts of trials by how they ended.

    `space` has a row a parameter; `combinations` is how many there are, None where they have no end.
    `value` is the best of many on one and the same held-out set, and so too good: `evaluate` the
    model on pictures that the search never saw.
    """

    run: str
    model: str
    metric: str
    direction: str
    prune: str
    data: str
    value: float | None
    trial: dict[str, Any] | None
    trials: dict[str, int]
    budget: int
    workers: int
    space: tuple[dict[str, Any], ...]
    combinations: int | None
    dry_run: bool = False


@operation("tune", permission="train.run")
def tune(ports: Ports, scope: Scope, ask: Tune) -> Tuned:
    """A study of Optuna, kept in the workspace."""
    ref = Ref.parse(ask.ref)
    wanted = check_name(ask.model or f"{ref.name}-model"[:63], "model name")
    search = training.Wanted(
        ref=ask.ref,
        recipes=tuple(each.strip() for each in ask.recipe.split(",") if each.strip()),
        space=ask.space,
        fixed=ask.set,
        trials=ask.trials,
        metric=ask.metric,
        direction=ask.direction,
        pruning=ask.prune,
        seed=ask.seed,
        threads=ask.threads or None,
        model_name=handlers.free_for_model(ports, scope, wanted),
    )
    _check(ask.workers, ask.timeout)
    if ask.dry_run:
        plan = training.check(ports.train, scope, search)
        return Tuned(**handlers.planned(plan), workers=ask.workers, dry_run=True)
    run = training.begin(ports.train, scope, search)
    return _carried_on(ports, scope, run, ask.workers, None, ask.timeout)


def _check(workers: int, timeout: float) -> None:
    if not 1 <= workers <= _HANDS:
        raise UsageError(f"{workers} workers", fix=f"--workers 1 to {_HANDS}")
    if timeout < 0:
        raise UsageError(f"a timeout of {timeout} s", fix="seconds; 0: no limit")


def _carried_on(
    ports: Ports, scope: Scope, run: str, workers: int, trials: int | None, timeout: float
) -> Tuned:
    ports.progress.note(f"search {run}   (killed? visloop tune resume {run})")
    with ExitStack() as stack:
        stack.enter_context(handlers.more_hands(ports, scope, run, workers - 1))
        training.carry_on(ports.train, scope, run, trials=trials, timeout_s=timeout)
    shape = training.shape_of(ports.train, scope, run, by="none")
    return Tuned(**handlers.searched(shape), workers=workers)


@dataclass(frozen=True)
class TuneResume:
    """Go on with a search that was killed, or give one that has ended more trials.

    Trials that ended are kept; those that were under way are done again, from their last checkpoint.
    """

    run: str = arg("the search's id")
    trials: int = opt("how many trainings in all; default: as many as were asked for", default=0)
    workers: int = opt("processes that train side by side", default=1)
    timeout: float = opt("begin no training after so many seconds; 0: no limit", default=0.0)


@operation("tune.resume", permission="train.run")
def tune_resume(ports: Ports, scope: Scope, ask: TuneResume) -> Tuned:
    """The same study goes on."""
    _check(ask.workers, ask.timeout)
    return _carried_on(ports, scope, ask.run, ask.workers, ask.trials or None, ask.timeout)


@dataclass(frozen=True)
class TuneJoin:
    """Do trials of a search that another process leads, until it ends: one more worker."""

    run: str = arg("the search's id")


@dataclass(frozen=True)
class TuneJoined:
    """How many trials this process did."""

    run: str
    trials: int


@operation("tune.join", permission="train.run")
def tune_join(ports: Ports, scope: Scope, ask: TuneJoin) -> TuneJoined:
    """What `--workers` starts."""
    return TuneJoined(ask.run, training.lend_a_hand(ports.train, scope, ask.run))


@dataclass(frozen=True)
class TuneShow:
    """Show a search: the best so far, which parameters mattered, every trial."""

    run: str = arg("the search's id")
    importance: Literal["fanova", "ped-anova", "none"] = opt(
        "how the importance of parameters is found", default="fanova"
    )
    html: str | None = opt("write a page of plots and tables to this file", default=None, path=True)


@dataclass(frozen=True)
class TuneAnswer:
    """A search as it stands.

    A row of `rows` is a trial: `number`, `state`, `value`, `so_far` (the best by then), `params`,
    `recipe`, `run`, `took_s`, `steps` and `curve` (what it reported on the way), `why` it failed.
    `importance` has rows of recipe ("" for the choice between recipes), parameter and share.
    """

    run: str
    status: str
    model: str | None
    metric: str
    direction: str
    prune: str
    data: str
    value: float | None
    trial: dict[str, Any] | None
    trials: dict[str, int]
    budget: int
    space: tuple[dict[str, Any], ...]
    combinations: int | None
    rows: tuple[dict[str, Any], ...]
    importance: tuple[dict[str, Any], ...]
    file: str
    html: str | None = None


@operation("tune.show", permission="train.read")
def tune_show(ports: Ports, scope: Scope, ask: TuneShow) -> TuneAnswer:
    """From the study's own storage."""
    shape = training.shape_of(ports.train, scope, ask.run, by=ask.importance)
    if ask.html is not None:
        store.authorise(ports.ledger, scope, "train.export")
        Path(ask.html).write_text(handlers.search_page(shape), "utf-8")
    return TuneAnswer(
        **handlers.searched(shape),
        status=shape.run.status,
        rows=handlers.trial_rows(shape),
        importance=handlers.importance_rows(shape),
        file=str(training.file_of(ports.train, ask.run)),
        html=ask.html,
    )
