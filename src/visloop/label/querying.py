"""The labelling queue as a relation, and what its decisions say about predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select

from visloop.label.records import STATES
from visloop.label.tables import tasks as t
from visloop.query import Field, Relation, named, recorded

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.label.records import LabelPorts

_FIELDS: Final[tuple[Field, ...]] = (
    named("id", "text", "of the task"),
    named("dataset", "text", "whose queue", searched=True),
    named("path", "text", "where the picture will be", searched=True),
    named("image", "text", "digest of its bytes"),
    named("state", "text", "where it stands", values=STATES),
    named("priority", "number", "the higher the sooner"),
    named("reasons", "text", "why a person should look", searched=True),
    named("proposed", "text", "the model's class, or classes", searched=True),
    named("label", "text", "the person's class, or classes", searched=True),
    named("agreed", "boolean", "the person said what the model had proposed"),
    named("model", "text", "that proposed it"),
    named("prediction", "text", "the answer that it comes from"),
    named("split", "text", "where the sample went"),
    named("created", "time", "when it was put on the queue"),
    named("decided", "time", "when a person decided"),
    named("decided_by", "text", "who decided"),
)


@dataclass(frozen=True)
class Reviewed:
    """What became of a picture on a queue: `label` is what a person saw there, if one has decided."""

    image: str
    prediction: str | None
    state: str
    label: str | None
    reasons: str


def reviewed(connection: Connection, project: str) -> list[Reviewed]:
    """Every picture that was put on a queue of the project, in that order."""
    columns = (t.c.image, t.c.prediction, t.c.state, t.c.final, t.c.reasons)
    rows = connection.execute(
        select(*columns).where(t.c.project == project, t.c.control.is_(None)).order_by(t.c.seq)
    )
    return [
        Reviewed(image, prediction, state, classes(final), ", ".join(reasons))
        for image, prediction, state, final, reasons in rows
    ]


def tasks_relation(ports: LabelPorts, scope: Scope) -> Relation:
    """Every picture of every queue of the project, newest first."""
    columns = [t.c[each.key] for each in _FIELDS if each.key != "label"]
    query = select(*columns, t.c.final).where(t.c.project == scope.project, t.c.control.is_(None))
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(t.c.seq.desc())).mappings().all()
    return recorded("task", "tasks", _FIELDS, [_record(dict(row)) for row in rows])


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: value for key, value in row.items() if key != "final"},
        "reasons": ", ".join(row["reasons"]),
        "proposed": classes(row["proposed"]),
        "label": classes(row["final"]),
    }


def classes(annotations: Sequence[dict[str, Any]] | None) -> str | None:
    """The classes that stand in a picture, each once, in their order; None: nobody has said."""
    if annotations is None:
        return None
    return ", ".join(dict.fromkeys(each["label"] for each in annotations if each.get("label")))
