"""Hands that do the trials of a search: processes that take them from one study, one at a time.

The lease of the search is its leader's; each other process holds one of its own, so that the trials
of a process that died are told from those that somebody works on.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, select

from visloop.errors import LeaseLost, UsageError, VisloopError
from visloop.events import Scope
from visloop.store import Claim, Job, Jobs, worker_name
from visloop.train import runs, training
from visloop.train import tables as t
from visloop.train.lease import held
from visloop.train.records import Pruned, TrainPorts
from visloop.train.tracking import scripts
from visloop.train.tracking.points import Point
from visloop.train.tracking.recorder import progress_of
from visloop.train.tuning import trials as trying
from visloop.train.tuning.plan import Plan
from visloop.train.tuning.study import Study, Trial

_POLL_S: Final = 0.3
_LEADER: Final = "leader "
_ENOUGH: Final = 3
_WORDS: Final = 500


@contextmanager
def lent(ports: TrainPorts, scope: Scope, run: str) -> Generator[str]:
    """A lease for one who does not lead; its key names whom a trial is with."""
    hand = f"{run} {worker_name()}"
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    with held(jobs, hand, scope.project, ports.lease_s):
        yield hand


def leader(claim: Claim) -> str:
    """The name of who leads a search; each time that somebody takes over it is another."""
    return f"{claim.key} {_LEADER}{claim.token}"


def is_carried_on(ports: TrainPorts, run: str) -> bool:
    """Whether a process leads the search."""
    return bool(_live(ports, {run}))


def _alive(ports: TrainPorts, run: str, hands: set[str]) -> set[str]:
    """Those hands that still work."""
    leading = {f"{run} {_LEADER}{job.token}" for job in _live(ports, {run})}
    return hands & (leading | {job.key for job in _live(ports, hands)})


def _live(ports: TrainPorts, keys: set[str]) -> list[Job]:
    now = ports.ledger.clock.now()
    jobs = Jobs(ports.ledger, ports.ledger.clock).find(kinds=[runs.DUTY], keys=keys)
    return [job for job in jobs if job.lease_until is not None and job.lease_until > now]


@dataclass
class Hand:
    """One process at work on a search; who `leads` waits for the others and tells how it goes."""

    ports: TrainPorts
    scope: Scope
    run: str
    plan: Plan
    study: Study
    name: str
    until: float | None
    leads: bool = True
    _told: set[int] = field(default_factory=set[int])
    _done: int = 0

    def work(self) -> int:
        """Do trials until none is left; how many."""
        self._told |= {each.number for each in self.study.trials() if each.ended is not None}
        self._began = time.monotonic()
        self._had = len(self._told)
        while (trial := self._next()) is not None:
            try:
                self._try(trial)
            finally:
                self._tell()
            self._done += 1
        self._tell()
        return self._done

    def _next(self) -> Trial | None:
        """The next trial, or None when all are done (for who does not lead: all are given out)."""
        jobs = Jobs(self.ports.ledger, self.ports.ledger.clock)
        while self.leads or is_carried_on(self.ports, self.run):
            with held(jobs, f"{self.run} next", self.scope.project, self.ports.lease_s):
                busy = self._sweep()
                known = [each for each in self.study.trials() if each.state != "lost"]
                waiting = any(each.state == "waiting" for each in known)
                late = self.until is not None and time.monotonic() > self.until and len(known) > 0
                if not late and (waiting or len(known) < self.plan.wanted.trials):
                    return self._named(self.study.ask(self.plan.spaces, self.name))
            if not busy or not self.leads:
                return None
            self._tell()
            time.sleep(_POLL_S)
        return None

    def _named(self, trial: Trial) -> Trial:
        """The trial with its run: a new one, or the one that its dead predecessor left."""
        run = trial.run or runs.run_id(self.scope.project, f"{self.run} {trial.number}")
        self.study.note(trial.number, run=run)
        return Trial(
            trial.number, trial.state, trial.recipe, trial.params, curve=trial.curve, run=run
        )

    def _sweep(self) -> bool:
        """Queue again what dead processes left; whether somebody else is at work."""
        running = [each for each in self.study.trials() if each.state == "running"]
        hands = {each.hand for each in running}
        alive = _alive(self.ports, self.run, hands) if running else hands
        for each in running:
            if each.hand not in alive:
                self.study.again(each.number)
        return any(each.hand in alive for each in running)

    def _try(self, trial: Trial) -> None:
        """Do one trial; what goes wrong in it is its own end, unless nothing has gone well yet."""
        try:
            value = trying.carry_out(self.ports, self.scope, self.plan, self.study, trial, self.run)
        except Pruned:
            self.study.tell(trial.number, "pruned", None)
            return
        except LeaseLost:  # the machine stood still for longer than the lease of its run
            self.study.again(trial.number)
            return
        except Exception as error:
            said = error.what if isinstance(error, VisloopError) else repr(error)
            self.study.note(trial.number, why=said[:_WORDS])
            self.study.tell(trial.number, "failed", None)
            if isinstance(error, UsageError) or self._is_hopeless():
                raise
            return
        self.study.tell(trial.number, "done", value)
        self._let_go_of_others()

    def _is_hopeless(self) -> bool:
        """Whether several trials failed before a first one went well."""
        states = [each.state for each in self.study.trials()]
        went_well = "done" in states or "pruned" in states
        return not went_well and states.count("failed") >= _ENOUGH

    def _let_go_of_others(self) -> None:
        """The model of the best trial is kept, no other."""
        best = trying.best_of(self.plan, list(self.study.trials()))
        assert best is not None
        c = t.run_artifacts.c
        others = select(t.runs.c.id).where(t.runs.c.parent == self.run, t.runs.c.id != best.run)
        old = c.run.in_(others) & c.path.startswith(f"{training.PACKAGE}/")
        with self.ports.ledger.write(self.scope) as write:
            write.execute(delete(t.run_artifacts).where(old))

    def _tell(self) -> None:
        """News of trials that ended, of all hands: a line each, and points of the search's curves."""
        if not self.leads:
            return
        found = list(self.study.trials())
        total, ended = self.plan.wanted.trials, [e for e in found if e.ended and e.state != "lost"]
        points: list[Point] = []
        for each in ended:
            if each.number in self._told:
                continue
            self._told.add(each.number)
            so_far = [e for e in ended if e.number in self._told]
            best = trying.best_of(self.plan, so_far)
            self.ports.progress.note(_line(self.plan, each, best, len(so_far), total))
            points += self._points(each, best)
        if points or not ended:
            fresh = len(ended) - self._had
            spent = time.monotonic() - self._began
            said = progress_of("search", "trial", len(ended), total, 0.0)
            if fresh > 0:
                left = max(0, total - len(ended)) * spent / fresh
                said |= {"per_s": fresh / spent, "left_s": left}
            report = scripts.Report(points=points, progress=said)
            scripts.report(self.ports, self.scope, self.run, report)

    def _points(self, trial: Trial, best: Trial | None) -> list[Point]:
        now = self.ports.ledger.clock.now().timestamp()
        told = {self.plan.metric: trial.value, "best": best and best.value}
        if trial.state != "done":
            del told[self.plan.metric]
        return [Point(k, v, trial.number, now) for k, v in told.items() if v is not None]


def _line(plan: Plan, trial: Trial, best: Trial | None, n: int, total: int) -> str:
    """`trial 7 of 20: accuracy 0.912 with c=0.01 (best 0.934, trial 3)`."""
    given = ", ".join(f"{key}={_short(value)}" for key, value in trial.params.items())
    given = f"{trial.recipe} {given}" if len(plan.searched) > 1 else given
    match trial.state:
        case "done":
            came = f"{plan.metric} {trial.value:.4g}"
        case "failed":
            came = f"failed ({trial.why})"
        case _:
            came = "stopped early"
    record = "" if best is None else f"  best {best.value:.4g}, trial {best.number}"
    return f"{n} of {total}  trial {trial.number}: {came}  with {given}{record}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
