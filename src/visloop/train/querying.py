"""Runs as a relation: what can be asked of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from visloop.events import Scope
from visloop.ids import Ref
from visloop.query import Field, Relation, named, recorded
from visloop.train.records import RunLine, TrainPorts
from visloop.train.tracking.finding import list_runs

_STATES: Final = ("queued", "running", "lost", "done", "pruned", "failed")
_FIELDS: Final[tuple[Field, ...]] = (
    named("id", "text", "of the run", searched=True),
    named("status", "text", "where it stands", values=_STATES),
    named("recipe", "text", "how it trained", searched=True),
    named("data", "text", "what it read: line@v1:train", searched=True),
    named("dataset", "text", "the data set of that"),
    named("name", "text", "what it is called, else the model's name", searched=True),
    named("experiment", "text", "what it belongs to", searched=True),
    named("source", "text", "who ran it: a recipe, a script, MLflow's client, …"),
    named("parent", "text", "the run of which it is a trial"),
    named("model", "text", "the model version that it made: net@v2", searched=True),
    named("seed", "integer", "where randomness began"),
    named("created", "time", "when it was asked for"),
    named("started", "time", "when it began"),
    named("ended", "time", "when it ended"),
    named("seconds", "number", "from its beginning to its end", unit="s", units=("s",)),
    named("cpu_s", "number", "seconds of computing", unit="s", units=("s",)),
    named("actor", "text", "who ran it"),
)


def runs_relation(ports: TrainPorts, scope: Scope) -> Relation:
    """Every run of the project, newest first."""
    found = [_record(each) for each in list_runs(ports, scope, limit=None)]
    families = {
        "params": "a parameter of the recipe",
        "metrics": "what training measured",
        "tags": "a tag",
    }
    return recorded("run", "runs", _FIELDS, found, families)


def _record(line: RunLine) -> dict[str, Any]:
    ended, started = line.ended, line.started
    return {
        **asdict(line),
        "name": line.name or line.model_name,
        "dataset": Ref.parse(line.data).name if line.data else None,
        "seconds": (ended - started).total_seconds() if ended and started else None,
    }
