"""Reports as a relation: which model was judged on what, and how it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from visloop.evaluate.tables import reports as t
from visloop.evaluate.tables import verdicts
from visloop.query import Field, Relation, named, recorded

if TYPE_CHECKING:
    from visloop.evaluate.ports import EvaluatePorts
    from visloop.events import Scope

_FIELDS: Final[tuple[Field, ...]] = (
    named("id", "text", "of the report"),
    named("ref", "text", "the model version: net@v2", searched=True),
    named("model", "text", "its name", searched=True),
    named("data", "text", "what it was judged on: line@v1:test", searched=True),
    named("split", "text", "the split of that"),
    named("n", "integer", "how many pictures"),
    named("task", "text", "what was asked", values=("classify", "detect", "segment", "regress")),
    named("accuracy", "number", "share of right answers; of classifiers"),
    named("created", "time", "when it was made"),
    named("actor", "text", "who asked"),
)


def reports_relation(ports: EvaluatePorts, scope: Scope) -> Relation:
    """Every report of the project, newest first."""
    columns = [t.c[each.key] for each in _FIELDS if each.key != "ref"]
    query = select(*columns, t.c.number, t.c.metrics).where(t.c.project == scope.project)
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(t.c.seq.desc())).mappings().all()
    records = [
        {"id": row["id"], "ref": f"{row['model']}@v{row['number']}"}
        | {str(key): value or None for key, value in row.items() if key not in {"id", "number"}}
        for row in rows
    ]
    return recorded("report", "reports", _FIELDS, records, {"metrics": "what was measured"})


def judged(ports: EvaluatePorts, scope: Scope) -> list[tuple[str, str]]:
    """(model version, data) of every report and verdict of the project."""
    with ports.ledger.read() as connection:
        rows = [
            row
            for table in (t, verdicts)
            for row in connection.execute(
                select(table.c.model, table.c.number, table.c.data)
                .where(table.c.project == scope.project)
                .distinct()
            )
        ]
    return [(f"{model}@v{number}", data) for model, number, data in rows]
