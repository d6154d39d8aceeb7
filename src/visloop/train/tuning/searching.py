"""A search: begun as a run, carried out until its budget is spent, its best model registered."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update

from visloop.errors import LeaseLost, Refused, UsageError
from visloop.events import Scope
from visloop.ids import Ref
from visloop.registry import ModelVersion
from visloop.store import Jobs
from visloop.train import runs, training
from visloop.train import tables as t
from visloop.train.lease import held
from visloop.train.records import Run, TrainPorts
from visloop.train.tracking import scripts
from visloop.train.tracking.finding import show_run
from visloop.train.tuning import trials as trying
from visloop.train.tuning.hands import Hand, is_carried_on, leader, lent
from visloop.train.tuning.plan import Plan, Wanted, plan_of, reread
from visloop.train.tuning.study import Study, Trial, library

SOURCE: Final = "tune"
FOLDER: Final = "tune"
_POLL_S: Final = 0.3


@dataclass(frozen=True)
class Outcome:
    """How a search ended: its run, its best trial, and the model that this made."""

    run: str
    best: Trial
    model: ModelVersion


def check(ports: TrainPorts, scope: Scope, wanted: Wanted) -> Plan:
    """The search as it would be; nothing is begun.

    Raises:
        UsageError, MissingExtra: see `plan_of`; or Optuna is not installed.
        FrozenSplit: a test split was asked for.
        Refused: the data is not committed.
        VersionNotFound: there is no such data.
    """
    library()
    plan = plan_of(wanted)
    for name, each in plan.searched.items():
        training.order_of(
            ports,
            scope,
            Ref.parse(wanted.ref),
            name,
            each.fixed,
            wanted.model_name or None,
            wanted.seed,
            wanted.threads,
        )
    return plan


def begin(ports: TrainPorts, scope: Scope, wanted: Wanted) -> str:
    """Record that a search begins; the id of its run, by which `carry_on` does the work.

    Raises:
        see `check`.
    """
    plan = check(ports, scope, wanted)
    (name, first), *_ = plan.searched.items()
    order = training.order_of(
        ports, scope, Ref.parse(wanted.ref), name, first.fixed, wanted.model_name or None, 0, None
    )
    about = scripts.about_here(ports)
    opening = scripts.Opening(
        source=SOURCE,
        name=f"search {', '.join(plan.searched)}",
        data=order.plan.data,
        seed=wanted.seed,
        model_name=order.plan.model_name,
        params=plan.written(),
        environment=about.environment,
        commit=about.commit,
        dirty=about.dirty,
        alive_s=None,
    )
    return scripts.start(ports, scope, opening).id


def file_of(ports: TrainPorts, run: str) -> Path:
    """Where the study of a search is kept: a SQLite file that `optuna-dashboard` opens.

    Raises:
        Refused: the workspace has no folder for it.
    """
    if ports.scratch is None:
        raise Refused("a search keeps its study in a workspace", fix="visloop init .")
    return ports.scratch.parent / FOLDER / f"{run}.db"


@contextmanager
def studied(ports: TrainPorts, run: str, plan: Plan) -> Generator[Study]:
    """The study of a search, open."""
    study = library()(file_of(ports, run), plan.beginning)
    try:
        yield study
    finally:
        study.close()


def search_run(ports: TrainPorts, scope: Scope, run: str) -> Run:
    """The run of a search.

    Raises:
        RunNotFound: no such run.
        UsageError: it is no search.
    """
    found = show_run(ports, scope, run, shown=1).run
    if found.source != SOURCE:
        raise UsageError(
            f"{run} is no search", fix="list them: visloop runs list --where 'source = tune'"
        )
    return found


def carry_on(
    ports: TrainPorts, scope: Scope, run: str, *, trials: int | None = None, timeout_s: float = 0
) -> Outcome:
    """Work on a search until its budget is spent, and register its best model.

    Killed and asked again, it goes on: trials that ended are kept, those that were under way are
    done again from their last checkpoint.

    Args:
        ports: where state and bytes live.
        scope: who searches.
        run: the search.
        trials: a new budget; None: the one that it has.
        timeout_s: begin no trial after so many seconds; 0: no limit.

    Raises:
        RunNotFound, UsageError: there is no such search.
        RunBusy: another process is carrying it out.
        Refused: not one trial ended well.
    """
    found = search_run(ports, scope, run)
    plan = reread(found)
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    with held(jobs, run, scope.project, ports.lease_s) as claim:
        plan = _go_on(ports, scope, found, plan, trials)
        try:
            with studied(ports, run, plan) as study:
                until = time.monotonic() + timeout_s if timeout_s else None
                Hand(ports, scope, run, plan, study, leader(claim), until).work()
                return _finish(ports, scope, run, plan, study)
        except BaseException as error:
            with suppress(LeaseLost), ports.ledger.write(scope, fence=claim) as write:
                runs.fail(write, run, error)
            raise


def lend_a_hand(ports: TrainPorts, scope: Scope, run: str) -> int:
    """Do trials of a search that another process carries on, for as long as it does; how many.

    Raises:
        RunNotFound, UsageError: there is no such search.
        Refused: nobody carries it on.
    """
    found = search_run(ports, scope, run)
    plan = reread(found)
    patience = time.monotonic() + (0 if found.ended else 2 * ports.lease_s)
    while not is_carried_on(ports, run) and time.monotonic() < patience:
        time.sleep(_POLL_S)  # who leads it may wait for the lease of one that was killed
    if not is_carried_on(ports, run):
        raise Refused(f"nobody works on {run}", fix=f"visloop tune resume {run}")
    with studied(ports, run, plan) as study, lent(ports, scope, run) as hand:
        return Hand(ports, scope, run, plan, study, hand, None, leads=False).work()


def _go_on(ports: TrainPorts, scope: Scope, run: Run, plan: Plan, trials: int | None) -> Plan:
    """The search's run at work again, with the budget that counts from now on."""
    with ports.ledger.write(scope) as write:
        values: dict[str, Any] = {"status": "running", "ended": None, "error": None}
        if trials is not None:
            values["params"] = {**run.params, "trials": str(trials)}
        if run.ended is not None or run.status == "lost":
            write.fact("run.resumed", run.id, attempt=run.attempt)
        write.execute(update(t.runs).where(t.runs.c.id == run.id).values(**values))
    return plan if trials is None else reread(show_run(ports, scope, run.id, shown=1).run)


def _finish(ports: TrainPorts, scope: Scope, run: str, plan: Plan, study: Study) -> Outcome:
    """Register the best trial's model and end the search, in one transaction."""
    trials = list(study.trials())
    best = trying.best_of(plan, trials)
    if best is None or best.value is None:
        why = next((each.why for each in trials if each.why), "all were stopped early")
        raise Refused(f"not one trial ended well: {why}", fix="--prune none, or a narrower space")
    made = show_run(ports, scope, best.run, shown=1).run
    counted = {s: float(sum(e.state == s for e in trials)) for s in ("done", "pruned", "failed")}
    figures = {plan.metric: best.value, "best": best.value, "best.trial": float(best.number)}
    with ports.ledger.write(scope) as write:
        version = trying.register_best(ports, write, made, plan.wanted.model_name)
        cost = select(t.runs.c.cpu_s).where(t.runs.c.parent == run)
        cpu_s = sum(each or 0.0 for each in write.execute(cost).scalars())
        told = figures | {f"trials.{name}": n for name, n in counted.items()}
        runs.finish(write, run, version, told, cpu_s)
    return Outcome(run, best, version)
