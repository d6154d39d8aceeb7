"""Deployments and the prediction log as relations; answers beside what people saw there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from visloop import label
from visloop.query import Field, Level, Relation, Schema, named, recorded
from visloop.serve.rollout import deployments
from visloop.serve.tables import predictions as t

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.serve.ports import ServePorts

_DEPLOYMENT: Final[tuple[Field, ...]] = (
    named("name", "text", "as in its address", searched=True),
    named("model", "text", "that answers: net@v2", searched=True),
    named("previous", "text", "that answered before"),
    named("state", "text", "live, or stopped"),
    named("package", "text", "digest of the model's files"),
    named("answers", "integer", "how many are in the log"),
    named("last", "time", "of the newest answer"),
    named("created", "time", "when the name was first deployed"),
    named("changed", "time", "when its model changed"),
)
_LOGGED: Final[tuple[Field, ...]] = (
    named("id", "text", "of the answer"),
    named("deployment", "text", "that answered", searched=True),
    named("model", "text", "that answered: net@v2", searched=True),
    named("label", "text", "the class that it gave", searched=True),
    named("score", "number", "how sure it was, 0 to 1"),
    named("time", "time", "when it answered"),
    named("latency_ms", "number", "from the request to the answer", unit="ms", units=("ms",)),
    named("image", "text", "digest of the picture's bytes"),
    named("server", "text", "the process that answered"),
)
_REVIEW: Final[tuple[Field, ...]] = (
    named("truth", "text", "the class that a person saw there", searched=True),
    named("correct", "boolean", "whether that is the class given; of reviewed answers only"),
    named("review", "text", "where its picture stands on the queue", values=label.STATES),
    named("reasons", "text", "why a person should look", searched=True),
)


def deployments_relation(ports: ServePorts, scope: Scope) -> Relation:
    """Every deployment of the project by name, stopped ones too."""
    query = select(t.c.deployment, func.count(), func.max(t.c.time)).where(
        t.c.project == scope.project
    )
    with ports.ledger.read() as connection:
        rows = connection.execute(query.group_by(t.c.deployment)).all()
    logged = {name: (count, last) for name, count, last in rows}
    records = [
        {
            **{key: getattr(each, key) for key in ("name", "model", "previous", "state")},
            "package": each.package,
            "answers": logged.get(each.name, (0, None))[0],
            "last": logged.get(each.name, (0, None))[1],
            "created": each.created,
            "changed": each.changed,
        }
        for each in deployments(ports, scope)
    ]
    return recorded("deployment", "deployments", _DEPLOYMENT, records)


def predictions_relation(ports: ServePorts, scope: Scope) -> Relation:
    """Every answer in the log, newest first, joined with the queue: by its id, else by its picture."""
    columns = {
        each.key: t.c.confidence if each.key == "score" else t.c[each.key] for each in _LOGGED
    }
    query = select(*columns.values()).where(t.c.project == scope.project).order_by(t.c.seq.desc())
    with ports.ledger.read() as connection:
        rows = connection.execute(query).all()
        seen = label.reviewed(connection, scope.project)
    at = {key: place for place, key in enumerate(columns)}
    by_id = {each.prediction: each for each in seen if each.prediction}
    by_image = {each.image: each for each in seen}

    @cache
    def review(key: str) -> Sequence[Any]:
        met = [by_id.get(row[0]) or by_image.get(row[at["image"]]) for row in rows]
        told: Callable[[Any, Any], Any] = _TOLD[key]
        return [each and told(each, row[at["label"]]) for each, row in zip(met, rows, strict=True)]

    def values(key: str) -> Sequence[Any]:
        return review(key) if key in _TOLD else [row[at[key]] for row in rows]

    def shown(place: int) -> dict[str, Any]:
        row = rows[place]
        met = by_id.get(row[0]) or by_image.get(row[at["image"]])
        told = {key: met and tell(met, row[at["label"]]) for key, tell in _TOLD.items()}
        return {**{key: row[number] for key, number in at.items()}, **told}

    level = Level("prediction", "predictions", (*_LOGGED, *_REVIEW))
    return Relation(Schema(level, versioned=False), len(rows), values, shown)


_TOLD: Final[dict[str, Callable[[label.Reviewed, str | None], Any]]] = {
    "truth": lambda seen, _: seen.label if seen.state == "accepted" else None,
    "correct": lambda seen, given: seen.label == given if seen.state == "accepted" else None,
    "review": lambda seen, _: seen.state,
    "reasons": lambda seen, _: seen.reasons,
}
