"""Finding models: by reference, one in full, all in a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from visloop.errors import UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import Ref
from visloop.registry import tables as t
from visloop.registry.packages import manifest_of
from visloop.registry.records import (
    ModelDetail,
    ModelNotFound,
    ModelSummary,
    ModelVersion,
    RegistryPorts,
)
from visloop.registry.rows import approval_of, current_aliases, of_model, version_of
from visloop.store import Write

_NUMBERED = re.compile(r"v(\d{1,9})")


def resolve(ports: RegistryPorts, scope: Scope, ref: Ref) -> ModelVersion:
    """The version that `net@v2`, `net@champion` or bare `net` (the newest) means.

    Raises:
        ModelNotFound: no such model, version or alias.
    """
    with ports.ledger.read() as connection:
        return find(connection, ref.project or scope.project, ref)


def find(connection: Connection, project: str, ref: Ref) -> ModelVersion:
    """`resolve` inside an open transaction.

    Raises:
        ModelNotFound: no such model, version or alias.
    """
    table = t.model_versions
    query = select(table).where(of_model(project, ref.name)).order_by(table.c.number.desc())
    newest = connection.execute(query.limit(1)).one_or_none()
    if newest is None:
        names = connection.execute(
            select(t.models.c.name).where(t.models.c.project == project)
        ).scalars()
        raise ModelNotFound(
            f"there is no model {ref.name!r}",
            fix=did_you_mean(ref.name, names, otherwise="list them: visloop models"),
        )
    if ref.version is None:
        return version_of(newest)
    numbered = _NUMBERED.fullmatch(ref.version)
    number = (
        int(numbered[1])
        if numbered
        else current_aliases(connection, project, ref.name).get(ref.version)
    )
    found = connection.execute(query.where(table.c.number == number)).one_or_none()
    if found is None:
        raise _no_version(connection, project, ref)
    return version_of(found)


def find_here(write: Write, ref: Ref) -> ModelVersion:
    """The version that a change is about: it must lie in the project of whoever changes it.

    Raises:
        ModelNotFound: no such model, version or alias.
        UsageError: the reference names another project.
    """
    project = write.scope.project
    if ref.project not in (None, project):
        raise UsageError(
            f"{ref} lies in project {ref.project!r}, this is {project!r}",
            fix=f"say --project {ref.project}",
        )
    return find(write.connection, project, ref)


def _no_version(connection: Connection, project: str, ref: Ref) -> ModelNotFound:
    numbers = connection.execute(
        select(t.model_versions.c.number).where(of_model(project, ref.name))
    ).scalars()
    known = [*current_aliases(connection, project, ref.name), *(f"v{n}" for n in numbers)]
    wrong = ref.version or ""
    return ModelNotFound(
        f"model {ref.name!r} has no version or alias {wrong!r}",
        fix=did_you_mean(wrong, known, otherwise=f"see: visloop model show {ref.name}"),
    )


def show(ports: RegistryPorts, scope: Scope, ref: Ref) -> ModelDetail:
    """One version with its manifest, aliases and approvals.

    Raises:
        ModelNotFound: no such model, version or alias.
    """
    with ports.ledger.read() as connection:
        version = find(connection, ref.project or scope.project, ref)
        named = current_aliases(connection, version.project, version.model)
        table = t.approvals
        mine = and_(
            table.c.project == version.project,
            table.c.model == version.model,
            table.c.number == version.number,
        )
        decisions = connection.execute(select(table).where(mine).order_by(table.c.time)).all()
    return ModelDetail(
        version=version,
        manifest=manifest_of(ports, version),
        aliases=tuple(alias for alias, number in named.items() if number == version.number),
        approvals=tuple(approval_of(row) for row in decisions),
    )


def versions(ports: RegistryPorts, scope: Scope, name: str) -> list[ModelVersion]:
    """All versions of a model, newest first.

    Raises:
        ModelNotFound: no such model.
    """
    table = t.model_versions
    query = select(table).where(of_model(scope.project, name)).order_by(table.c.number.desc())
    with ports.ledger.read() as connection:
        rows = connection.execute(query).all()
        if not rows:
            find(connection, scope.project, Ref(name))
    return [version_of(row) for row in rows]


def list_models(ports: RegistryPorts, scope: Scope) -> list[ModelSummary]:
    """Every model of the project by name, with its newest version and its aliases."""
    table = t.model_versions
    with ports.ledger.read() as connection:
        names = connection.execute(
            select(t.models).where(t.models.c.project == scope.project).order_by(t.models.c.name)
        ).all()
        newest = (
            select(table.c.model, func.max(table.c.number).label("number"), func.count().label("n"))
            .where(table.c.project == scope.project)
            .group_by(table.c.model)
            .subquery()
        )
        same = and_(table.c.model == newest.c.model, table.c.number == newest.c.number)
        query = select(table, newest.c.n).join(newest, same).where(table.c.project == scope.project)
        rows = {row.model: row for row in connection.execute(query)}
        named = {row.name: current_aliases(connection, scope.project, row.name) for row in names}
    return [_summary(row, rows[row.name], named[row.name]) for row in names if row.name in rows]


def _summary(model: Row[Any], newest: Row[Any], aliases: Mapping[str, int]) -> ModelSummary:
    return ModelSummary(
        name=model.name,
        versions=int(newest.n),
        newest=version_of(newest),
        aliases=aliases,
        created=model.created,
    )
