"""A run done again with something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import Ref
from visloop.train.records import Run, TrainPorts, TrainResult
from visloop.train.reproducing.code import require_code
from visloop.train.reproducing.differences import Difference
from visloop.train.tracking.finding import show_run
from visloop.train.tracking.scripts import annotate
from visloop.train.training import Order, carry_out, order_again, order_of

CLONED: Final = "cloned_from"
"""The tag that names the run."""


@dataclass(frozen=True)
class Changes:
    """What is to be otherwise; what is None or not named stays."""

    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: Ref | None = None
    seed: int | None = None
    threads: int | None = None
    model_name: str | None = None


def clone(
    ports: TrainPorts, scope: Scope, run: str, changes: Changes
) -> tuple[TrainResult, tuple[Difference, ...]]:
    """Train as a run did, but for the changes; also what these are, then and now.

    Raises:
        RunNotFound: there is no such run.
        CodeMissing: its recipe is not installed here.
        UsageError: an unknown parameter, a value that does not fit, or nothing that is otherwise.
        Refused: it is not the run of a recipe; or see `train`.
    """
    known = show_run(ports, scope, run, shown=1).run
    require_code(ports, scope, known)
    before = order_again(ports, scope, known)
    order = order_of(
        ports,
        scope,
        changes.data or Ref.parse(known.data),
        known.recipe,
        {**before.plan.params, **changes.params},
        changes.model_name or known.model_name,
        known.seed if changes.seed is None else changes.seed,
        changes.threads or known.threads,
    )
    changed = tuple(_changed(known, before, order))
    if not changed:
        raise UsageError(
            f"nothing would be otherwise than in {run}",
            fix="change something: --set NAME=VALUE, --on DATA, --seed N; or: visloop reproduce MODEL",
        )
    done = carry_out(ports, scope, order)
    annotate(ports, scope, done.run, tags={CLONED: known.id})
    return done, changed


def _changed(known: Run, before: Order, now: Order) -> list[Difference]:
    was, will = (msgspec.to_builtins(each.params) for each in (before, now))
    names = [name for name in will if was.get(name) != will[name]]
    found = [Difference(name, str(was.get(name)), str(will[name])) for name in names]
    for what, then in (("data", known.data), ("seed", known.seed), ("threads", known.threads)):
        if then != getattr(now.plan, what):
            found.append(Difference(what, str(then), str(getattr(now.plan, what))))
    return found
