"""Runs and experiments in MLflow's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from visloop import train
from visloop.errors import Conflict, UsageError
from visloop.faces.web.mlflow import wire
from visloop.faces.web.mlflow.telling import (
    COMMIT,
    DEFAULT,
    NAME,
    NOTE,
    PARENT,
    STATUS,
    told_run,
    told_runs,
)
from visloop.faces.web.mlflow.wire import Call, Pair

_METRICS_AT_ONCE: Final = 1_000
_NAMES_AT_ONCE: Final = 100


class ExperimentAsk(msgspec.Struct, frozen=True):
    """What requests about experiments say."""

    experiment_id: str = ""
    experiment_name: str = ""
    name: str = ""
    new_name: str = ""
    key: str = ""
    value: str = ""
    tags: list[Pair] = []
    view_type: str = "ACTIVE_ONLY"
    filter: str = ""
    max_results: int = wire.PAGE
    page_token: str = ""


class RunAsk(msgspec.Struct, frozen=True):
    """What requests about one run say."""

    run_id: str = ""
    run_uuid: str = ""
    experiment_id: str = "0"
    run_name: str = ""
    status: str = ""
    start_time: int | None = None
    end_time: int | None = None
    tags: list[Pair] = []
    key: str = ""
    value: str = ""
    metric_key: str = ""
    max_results: int = wire.LARGEST_PAGE
    page_token: str = ""
    model_json: str = ""

    @property
    def run(self) -> str:
        """The run that is meant."""
        return self.run_id or self.run_uuid


class Metric(msgspec.Struct, frozen=True):
    """One number."""

    key: str
    value: float | str
    timestamp: int = 0
    step: int = 0
    run_id: str = ""
    run_uuid: str = ""

    @property
    def point(self) -> train.Point:
        """As it is kept.

        Raises:
            UsageError: the value is no number.
        """
        try:
            value = float(self.value)
        except ValueError as error:
            raise UsageError(
                f"{self.value!r} is no number", fix="a float, NaN, Infinity"
            ) from error
        return train.Point(self.key, value, self.step, self.timestamp / 1000)


class Batch(msgspec.Struct, frozen=True):
    """Several numbers, parameters, tags of one run."""

    run_id: str
    metrics: list[Metric] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class SearchAsk(msgspec.Struct, frozen=True):
    """A search over runs."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str = "ACTIVE_ONLY"
    max_results: int = wire.PAGE
    order_by: list[str] = []
    page_token: str = ""


def experiment_of(call: Call, number: str) -> train.Experiment:
    """The experiment of an id on the wire.

    Raises:
        UsageError: no number.
        ExperimentNotFound: none has it.
    """
    if not number.isdecimal():
        raise UsageError(f"{number[:40]!r} is no experiment id", fix="a number")
    return train.find_experiment(call.ports.train, call.scope, number=int(number))


def told_experiment(found: train.Experiment) -> dict[str, Any]:
    """An experiment as MLflow's message."""
    return {
        "experiment_id": str(found.number),
        "name": found.name or DEFAULT,
        "artifact_location": f"mlflow-artifacts:/{found.number}",
        "lifecycle_stage": "deleted" if found.removed else "active",
        "creation_time": wire.ms(found.created),
        "last_update_time": wire.ms(found.newest or found.created),
        "tags": wire.listed(found.tags),
    }


def create_experiment(call: Call) -> dict[str, Any]:
    """Make one.

    Raises:
        Conflict: the name is taken.
    """
    ask = call.read(ExperimentAsk)
    known = train.list_experiments(call.ports.train, call.scope, removed=True)
    if ask.name in {DEFAULT, *(each.name for each in known)} or not ask.name:
        raise Conflict(f"there is an experiment {ask.name!r} already", fix="another name")
    made = train.make_experiment(call.ports.train, call.scope, ask.name)
    if ask.tags:
        tags = wire.pairs(ask.tags)
        train.change_experiment(call.ports.train, call.scope, made.number, tags=tags)
    return {"experiment_id": str(made.number)}


def get_experiment(call: Call) -> dict[str, Any]:
    """By id."""
    return {
        "experiment": told_experiment(experiment_of(call, call.read(ExperimentAsk).experiment_id))
    }


def get_experiment_by_name(call: Call) -> dict[str, Any]:
    """By name."""
    name = call.read(ExperimentAsk).experiment_name
    ours = "" if name == DEFAULT else name
    if not name:
        raise UsageError("an experiment has a name", fix="experiment_name")
    found = train.find_experiment(call.ports.train, call.scope, name=ours)
    return {"experiment": told_experiment(found)}


def search_experiments(call: Call) -> dict[str, Any]:
    """Pages of them, newest first; of filters only those on the name."""
    ask = call.read(ExperimentAsk)
    offset, size = wire.page(ask.page_token, ask.max_results)
    known = train.list_experiments(call.ports.train, call.scope, removed=True)
    wanted = {"ACTIVE_ONLY": (False,), "DELETED_ONLY": (True,)}.get(ask.view_type, (False, True))
    holds = train.parse_where(ask.filter)
    rows = [
        each
        for each in reversed(known)
        if each.removed in wanted and all(c.holds(_experiment_row(each)) for c in holds)
    ]
    told = [told_experiment(each) for each in rows[offset : offset + size]]
    return {"experiments": told, **wire.next_page(offset, size, len(rows))}


def _experiment_row(found: train.Experiment) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(train.RUN_FIELDS)
    return row | {"name": found.name or DEFAULT, "tags": found.tags, "metrics": {}, "params": {}}


def change_experiment(call: Call, **change: Any) -> dict[str, Any]:
    """Rename, remove, restore, tag."""
    ask = call.read(ExperimentAsk)
    number = experiment_of(call, ask.experiment_id).number
    if ask.new_name:
        change["name"] = ask.new_name
    if ask.key:
        change["tags"] = {ask.key: ask.value}
    train.change_experiment(call.ports.train, call.scope, number, **change)
    return {}


def create_run(call: Call) -> dict[str, Any]:
    """Begin one; it lives until the client ends it."""
    ask = call.read(RunAsk)
    tags = wire.pairs(ask.tags)
    opening = train.Opening(
        source="mlflow",
        name=ask.run_name or tags.get(NAME, ""),
        experiment=experiment_of(call, ask.experiment_id).name,
        parent=tags.get(PARENT),
        notes=tags.get(NOTE, ""),
        tags=tags,
        commit=tags.get(COMMIT),
        alive_s=None,
        started=wire.moment(ask.start_time),
    )
    return {"run": told_run(call, train.start(call.ports.train, call.scope, opening).id)}


def get_run(call: Call) -> dict[str, Any]:
    """One run."""
    return {"run": told_run(call, call.read(RunAsk).run)}


def update_run(call: Call) -> dict[str, Any]:
    """Its status, end and name. The run of `visloop track` ends with its command, not before."""
    ask = call.read(RunAsk)
    ports, scope = call.ports.train, call.scope
    if ask.run_name:
        train.annotate(ports, scope, ask.run, name=ask.run_name, tags={NAME: ask.run_name})
    run = train.show_run(ports, scope, ask.run, shown=1).run
    if ask.status in ("RUNNING", "SCHEDULED") and run.status != "running":
        train.reopen(ports, scope, ask.run, None)
    elif ask.status in ("FAILED", "KILLED"):
        said = {"code": ask.status.lower(), "what": "MLflow's client said so", "fix": ""}
        ended = wire.moment(ask.end_time)
        train.end(ports, scope, ask.run, "failed", error=said, ended=ended)
    elif ask.status == "FINISHED" and run.source != "script":
        train.end(ports, scope, ask.run, "done", ended=wire.moment(ask.end_time))
    return {"run_info": told_run(call, ask.run)["info"]}


def remove_run(call: Call, *, removed: bool) -> dict[str, Any]:
    """Out of the lists, or back."""
    train.annotate(call.ports.train, call.scope, call.read(RunAsk).run, removed=removed)
    return {}


def take_metric(call: Call, inbox: train.Inbox) -> bool:
    """One number, taken without waiting for the ledger; False: `log_metric` has to do it."""
    ask = call.read(Metric)
    return inbox.take(call.scope, ask.run_id or ask.run_uuid, ask.point)


def log_metric(call: Call, inbox: train.Inbox) -> dict[str, Any]:
    """One number, in the ledger when it returns: the first of its name, and one every few seconds."""
    ask = call.read(Metric)
    run = ask.run_id or ask.run_uuid
    train.report(call.ports.train, call.scope, run, train.Report(points=[ask.point]))
    inbox.trust(call.scope, run, ask.key)
    return {}


def log_batch(call: Call) -> dict[str, Any]:
    """Many.

    Raises:
        UsageError: too many.
    """
    ask = call.read(Batch)
    if len(ask.metrics) > _METRICS_AT_ONCE or max(len(ask.params), len(ask.tags)) > _NAMES_AT_ONCE:
        raise UsageError(
            f"{len(ask.metrics)} metrics, {len(ask.params)} params, {len(ask.tags)} tags at once",
            fix=f"at most {_METRICS_AT_ONCE}, {_NAMES_AT_ONCE} and {_NAMES_AT_ONCE}",
        )
    said = train.Report(
        points=[each.point for each in ask.metrics],
        params=wire.pairs(ask.params),
        tags=wire.pairs(ask.tags),
        once=True,
    )
    train.report(call.ports.train, call.scope, ask.run_id, said)
    return {}


def log_parameter(call: Call) -> dict[str, Any]:
    """One parameter."""
    ask = call.read(RunAsk)
    said = train.Report(params={ask.key: ask.value}, once=True)
    train.report(call.ports.train, call.scope, ask.run, said)
    return {}


def set_tag(call: Call) -> dict[str, Any]:
    """One tag; those that mean a name or a note are that too."""
    ask = call.read(RunAsk)
    train.annotate(
        call.ports.train,
        call.scope,
        ask.run,
        tags={ask.key: ask.value},
        name=ask.value if ask.key == NAME else None,
        notes=ask.value if ask.key == NOTE else None,
    )
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    """One tag."""
    ask = call.read(RunAsk)
    train.annotate(call.ports.train, call.scope, ask.run, untag=[ask.key])
    return {}


def get_history(call: Call) -> dict[str, Any]:
    """Every number of one curve, in pages."""
    ask = call.read(RunAsk)
    offset, size = wire.page(ask.page_token, ask.max_results)
    found = train.curves(call.ports.train, call.scope, [ask.run], keys=[ask.metric_key], shown=None)
    if not found:
        return {"metrics": []}
    (curve,) = found
    rows = zip(curve.steps, curve.times_s, curve.values, strict=True)
    told = [
        {
            "key": curve.key,
            "value": wire.number(value),
            "timestamp": round(time * 1000),
            "step": step,
            "run_id": ask.run,
        }
        for step, time, value in list(rows)[offset : offset + size]
    ]
    return {"metrics": told, **wire.next_page(offset, size, curve.n)}


def search_runs(call: Call) -> dict[str, Any]:
    """Runs of some experiments by conditions."""
    ask = call.read(SearchAsk)
    offset, size = wire.page(ask.page_token, ask.max_results)
    views: Mapping[str, Any] = {"ACTIVE_ONLY": "no", "DELETED_ONLY": "only", "ALL": "all"}
    found = train.search(
        call.ports.train,
        call.scope,
        train.Search(
            where=tuple(map(_ours, train.parse_where(_fields(ask.filter)))),
            order=tuple(map(_order, ask.order_by)),
            limit=size,
            offset=offset,
            experiments=tuple(experiment_of(call, each).name for each in ask.experiment_ids),
            removed=views.get(ask.run_view_type, "no"),
        ),
    )
    told = told_runs(call, [line.id for line in found.runs])
    return {"runs": told, **wire.next_page(offset, size, found.total)}


_WORDS: Final = {
    "run_name": "name",
    "run_id": "id",
    "start_time": "started",
    "end_time": "ended",
    "user_id": "actor",
    "Created": "created",
}


def _fields(text: str) -> str:
    """MLflow's names of a run's fields as ours; text within quotes stays."""
    parts = text.split("'")
    for place in range(0, len(parts), 2):
        for theirs, ours in _WORDS.items():
            parts[place] = parts[place].replace(f"attributes.{theirs}", f"run.{ours}")
            parts[place] = parts[place].replace(f"attribute.{theirs}", f"run.{ours}")
            parts[place] = parts[place].replace(f"run.{theirs}", f"run.{ours}")
            if parts[place].strip().startswith(theirs):
                parts[place] = parts[place].replace(theirs, ours, 1)
    return "'".join(parts)


def _ours(condition: train.Condition) -> train.Condition:
    """MLflow's states and times as ours."""
    if condition.name.kind != "run":
        return condition
    if condition.name.key == "status":
        known = {theirs: ours for ours, theirs in STATUS.items() if ours != "lost"}
        known |= {"RUNNING": "running", "KILLED": "failed"}
        value = condition.value
        if isinstance(value, tuple):
            return replace(condition, value=tuple(known.get(str(each), each) for each in value))
        return replace(condition, value=known.get(str(value), value))
    if condition.name.key in ("started", "ended", "created") and isinstance(condition.value, float):
        return replace(condition, value=wire.moment(int(condition.value)) or condition.value)
    return condition


def _order(text: str) -> train.Order:
    words = _fields(text).strip()
    head, _, last = words.rpartition(" ")
    if last.upper() in ("ASC", "DESC"):
        return train.Order(train.parse_name(head.strip()), last.upper() == "DESC")
    return train.Order(train.parse_name(words))


class Inputs(msgspec.Struct, frozen=True):
    """The data sets that a run reads, as MLflow's client says them."""

    run_id: str
    datasets: list[dict[str, Any]] = []
    models: list[dict[str, Any]] = []


def log_inputs(call: Call) -> dict[str, Any]:
    """Kept as tags: name and digest of each data set, by its context."""
    ask = call.read(Inputs)
    tags: dict[str, str] = {}
    for place, each in enumerate(ask.datasets):
        said, marks = each.get("dataset", {}), each.get("tags", [])
        context = next((mark["value"] for mark in marks if "context" in mark.get("key", "")), "")
        name = f"dataset.{context or place}"
        tags[name] = f"{said.get('name', '')} {said.get('digest', '')}".strip()
    train.annotate(call.ports.train, call.scope, ask.run_id, tags=tags)
    return {}


def log_model(call: Call) -> dict[str, Any]:
    """What older clients say of a model that they keep as files: a tag."""
    ask = call.read(RunAsk)
    tags = {"mlflow.log-model.history": f"[{ask.model_json}]"}
    train.annotate(call.ports.train, call.scope, ask.run, tags=tags)
    return {}


def log_outputs(call: Call) -> dict[str, Any]:
    """The models of a run are known by their own record; the run must be there."""
    train.require_run(call.ports.train, call.scope, call.read(Inputs).run_id)
    return {}
