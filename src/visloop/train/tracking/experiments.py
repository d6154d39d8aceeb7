"""Experiments: names under which runs are gathered; the empty name is that of runs without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, update

from visloop.errors import NotFound, UsageError
from visloop.events import Scope
from visloop.store import Write
from visloop.train import tables as t
from visloop.train.records import TrainPorts

_LONGEST: Final = 250
PER_PROJECT: Final = 10_000


class ExperimentNotFound(NotFound):
    """No experiment of that name."""

    code = "train.experiment_not_found"


@dataclass(frozen=True)
class Experiment:
    """A name for runs that belong together; `number` is how MLflow's client calls it."""

    number: int
    name: str
    runs: int
    created: datetime | None
    newest: datetime | None
    tags: Mapping[str, str]
    removed: bool


def enter_experiment(write: Write, name: str) -> None:
    """Make the experiment when it is new; again changes nothing.

    Raises:
        UsageError: the name cannot be one, or there are too many.
    """
    if not name:
        return
    if len(name) > _LONGEST or not name.isprintable() or name != name.strip():
        raise UsageError(
            f"{name[:60]!r} cannot name an experiment",
            fix=f"at most {_LONGEST} printable characters, no spaces around them",
        )
    c, project = t.experiments.c, write.scope.project
    mine = c.project == project
    if write.execute(select(c.seq).where(mine, c.name == name)).first() is not None:
        return
    if write.execute(select(func.count()).where(mine)).scalar_one() >= PER_PROJECT:
        raise UsageError(f"more than {PER_PROJECT} experiments", fix="use tags")
    row = {"project": project, "name": name, "tags": {}, "created": write.now}
    write.execute(insert(t.experiments), row)


def list_experiments(ports: TrainPorts, scope: Scope, *, removed: bool = False) -> list[Experiment]:
    """Every experiment with what it holds; that of runs without one first."""
    c, r = t.experiments.c, t.runs.c
    counted = select(r.experiment, func.count(), func.max(r.created))
    counted = counted.where(r.project == scope.project, r.removed.is_(False))
    rows = select(t.experiments).where(c.project == scope.project).order_by(c.seq)
    with ports.ledger.read() as connection:
        held = {name: (n, at) for name, n, at in connection.execute(counted.group_by(r.experiment))}
        known = connection.execute(rows).all()
    none = Experiment(
        0, "", *held.get("", (0, None))[:1], None, held.get("", (0, None))[1], {}, False
    )
    return [none, *(_of(row, held) for row in known if removed or not row.removed)]


def _of(row: Row[Any], held: Mapping[str, tuple[int, datetime]]) -> Experiment:
    runs, newest = held.get(row.name, (0, None))
    return Experiment(row.seq, row.name, runs, row.created, newest, row.tags, row.removed)


def make_experiment(ports: TrainPorts, scope: Scope, name: str) -> Experiment:
    """The experiment of that name, made when it is new.

    Raises:
        UsageError: the name cannot be one.
    """
    with ports.ledger.write(scope) as write:
        enter_experiment(write, name)
    return find_experiment(ports, scope, name=name)


def find_experiment(
    ports: TrainPorts, scope: Scope, *, name: str | None = None, number: int | None = None
) -> Experiment:
    """By name or by number.

    Raises:
        ExperimentNotFound: there is none.
    """
    if name == "" or number == 0:
        return Experiment(0, "", 0, None, None, {}, removed=False)
    c = t.experiments.c
    query = select(t.experiments).where(c.project == scope.project)
    query = query.where(c.name == name if number is None else c.seq == number)
    with ports.ledger.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise ExperimentNotFound(
            f"there is no experiment {name if number is None else number!r}",
            fix="list them: visloop runs experiments",
        )
    return _of(row, {})


def change_experiment(
    ports: TrainPorts,
    scope: Scope,
    number: int,
    *,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    removed: bool | None = None,
) -> None:
    """Rename, tag, remove or bring back; the runs go along.

    Raises:
        ExperimentNotFound: there is none of that number.
        UsageError: the new name is taken or cannot be one, or it is that of runs without one.
    """
    known = find_experiment(ports, scope, number=number)
    if not known.number:
        raise UsageError("the experiment of runs without one stays", fix="name an experiment")
    c, r = t.experiments.c, t.runs.c
    mine = (c.project == scope.project, c.seq == number)
    with ports.ledger.write(scope) as write:
        values: dict[str, Any] = {"tags": {**known.tags, **(tags or {})}}
        if removed is not None:
            values["removed"] = removed
        if name is not None and name != known.name:
            same = (c.project == scope.project, c.name == name)
            if write.execute(select(c.seq).where(*same)).first() is not None:
                raise UsageError(f"there is an experiment {name!r} already", fix="another name")
            values["name"] = name
            moved = update(t.runs).where(r.project == scope.project, r.experiment == known.name)
            write.execute(moved.values(experiment=name))
        write.execute(update(t.experiments).where(*mine).values(**values))
