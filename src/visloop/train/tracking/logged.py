"""Models as MLflow's client logs them: a folder of files with an id, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from visloop.errors import NotFound
from visloop.events import Scope
from visloop.ids import new_id
from visloop.train import tables as t
from visloop.train.records import TrainPorts
from visloop.train.tracking.experiments import enter_experiment
from visloop.train.tracking.finding import find, require_run
from visloop.train.tracking.points import KEY_CHARACTERS
from visloop.train.tracking.scripts import check_text, checked

PREFIX: Final = "m"


class LoggedModelNotFound(NotFound):
    """No logged model of that id."""

    code = "train.logged_model_not_found"


@dataclass(frozen=True)
class LoggedModel:
    """What is said of a folder of files that is a model; `status` is MLflow's word."""

    id: str
    experiment: str
    run: str | None
    name: str
    kind: str
    status: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    created: datetime
    updated: datetime


def log_model(
    ports: TrainPorts,
    scope: Scope,
    *,
    name: str,
    experiment: str,
    run: str | None,
    kind: str = "",
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:
    """Begin a folder for a model's files.

    Raises:
        RunNotFound: the run that made it is not there.
        UsageError: a name or value that cannot be.
    """
    with ports.ledger.write(scope) as write:
        if run is not None:
            find(write.connection, scope, run)
        enter_experiment(write, experiment)
        values: dict[str, Any] = {
            "id": new_id(PREFIX),
            "experiment": experiment,
            "run": run,
            "name": check_text(name, KEY_CHARACTERS, "name"),
            "kind": check_text(kind, KEY_CHARACTERS, "type"),
            "status": "PENDING",
            "params": checked(params or {}),
            "tags": checked(tags or {}),
            "created": write.now,
            "updated": write.now,
        }
        write.execute(insert(t.logged_models), {**values, "project": scope.project})
        return LoggedModel(**values)


def find_logged(ports: TrainPorts, scope: Scope, model: str) -> LoggedModel:
    """One of them.

    Raises:
        LoggedModelNotFound: there is none of that id.
    """
    found = model_or_none(ports, scope, model)
    if found is None:
        raise LoggedModelNotFound(f"there is no logged model {model!r}", fix="log it again")
    return found


def model_or_none(ports: TrainPorts, scope: Scope, model: str) -> LoggedModel | None:
    """One of them, None where there is none of that id."""
    c = t.logged_models.c
    query = select(t.logged_models).where(c.project == scope.project, c.id == model)
    with ports.ledger.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _of(row)


def logged_models(
    ports: TrainPorts, scope: Scope, *, runs: Sequence[str] | None = None
) -> list[LoggedModel]:
    """All of them, or those of some runs, newest first."""
    c = t.logged_models.c
    query = select(t.logged_models).where(c.project == scope.project).order_by(c.seq.desc())
    with ports.ledger.read() as connection:
        found = [_of(row) for row in connection.execute(query)]
    return found if runs is None else [each for each in found if each.run in set(runs)]


def change_logged(
    ports: TrainPorts,
    scope: Scope,
    model: str,
    *,
    status: str = "",
    tags: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
) -> LoggedModel:
    """Say more of a logged model.

    Raises:
        LoggedModelNotFound: there is none of that id.
        UsageError: a value that cannot be.
    """
    known = find_logged(ports, scope, model)
    with ports.ledger.write(scope) as write:
        values = {
            "status": check_text(status, 40, "status") or known.status,
            "tags": {**known.tags, **checked(tags or {})},
            "params": {**known.params, **checked(params or {})},
            "updated": write.now,
        }
        change = update(t.logged_models).where(t.logged_models.c.id == model)
        write.execute(change.values(**values))
    return find_logged(ports, scope, model)


def require_owner(ports: TrainPorts, scope: Scope, owner: str) -> None:
    """Return when there is a run or a logged model of that id: only they may keep files.

    Raises:
        RunNotFound: there is neither.
    """
    if model_or_none(ports, scope, owner) is None:
        require_run(ports, scope, owner)


def _of(row: Row[Any]) -> LoggedModel:
    values: dict[str, Any] = {each.name: getattr(row, each.name) for each in fields(LoggedModel)}
    return LoggedModel(**values)
