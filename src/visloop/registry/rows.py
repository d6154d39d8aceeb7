"""Rows of the registry's tables as records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from visloop.registry import tables as t
from visloop.registry.records import Approval, ModelVersion


def version_of(row: Row[Any]) -> ModelVersion:
    """A row of `model_versions`."""
    return ModelVersion(
        model=row.model,
        number=row.number,
        project=row.project,
        package=row.package,
        onnx=row.onnx,
        contract=row.contract,
        run=row.run,
        data=row.data,
        recipe=row.recipe,
        metrics=row.metrics,
        state=row.state,
        created=row.created,
        actor=row.actor,
        archived=row.archived,
    )


def approval_of(row: Row[Any]) -> Approval:
    """A row of `model_approvals`."""
    return Approval(
        id=row.id,
        model=row.model,
        number=row.number,
        decision=row.decision,
        actor=row.actor,
        reason=row.reason,
        time=row.time,
    )


def current_aliases(connection: Connection, project: str, model: str) -> dict[str, int]:
    """Alias → version number, as it is now."""
    mine = and_(t.aliases.c.project == project, t.aliases.c.model == model)
    query = (
        select(t.aliases.c.alias, t.alias_moves.c.number)
        .join(t.alias_moves, t.alias_moves.c.id == t.aliases.c.move)
        .where(mine)
        .order_by(t.aliases.c.alias)
    )
    return {row.alias: int(row.number) for row in connection.execute(query)}


def of_model(project: str, name: str) -> ColumnElement[bool]:
    """All versions of one model."""
    return and_(t.model_versions.c.project == project, t.model_versions.c.model == name)
