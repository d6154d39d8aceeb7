"""Finding models: by reference, one in full, all in a list."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import Connection, and_, select

from visloop.errors import UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import Ref
from visloop.registry import tables as t
from visloop.registry.packages import manifest_of
from visloop.registry.records import (
    CHAMPION,
    ModelDetail,
    ModelLine,
    ModelNotFound,
    ModelVersion,
    RegistryPorts,
    Stage,
)
from visloop.registry.rows import approval_of, current_aliases, of_model, version_of

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


def find_here(connection: Connection, project: str, version: ModelVersion) -> ModelVersion:
    """The version as it stands in this transaction.

    Raises:
        UsageError: it lies in another project than the one that is worked in.
    """
    if version.project != project:
        raise UsageError(
            f"{version.ref} lies in project {version.project!r}, this is {project!r}",
            fix=f"say --project {version.project}",
        )
    return find(connection, project, Ref(version.model, version.name))


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


def show(ports: RegistryPorts, scope: Scope, version: ModelVersion) -> ModelDetail:
    """One version with its manifest, aliases and approvals.

    Raises:
        UsageError: the version lies in another project.
    """
    table = t.approvals
    with ports.ledger.read() as connection:
        version = find_here(connection, scope.project, version)
        named = current_aliases(connection, version.project, version.model)
        mine = and_(
            table.c.project == version.project,
            table.c.model == version.model,
            table.c.number == version.number,
        )
        decisions = connection.execute(select(table).where(mine).order_by(table.c.time)).all()
    return ModelDetail(
        version=line_of(version, named),
        manifest=manifest_of(ports, version),
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


def list_models(ports: RegistryPorts, scope: Scope) -> list[ModelLine]:
    """Every version of every model of the project: by name, newest version first."""
    table = t.model_versions
    query = select(table).where(table.c.project == scope.project)
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(table.c.model, table.c.number.desc())).all()
        named = {
            name: current_aliases(connection, scope.project, name)
            for name in {row.model for row in rows}
        }
    return [line_of(version_of(row), named[row.model]) for row in rows]


def line_of(version: ModelVersion, aliases: Mapping[str, int]) -> ModelLine:
    """A version as a row of a list."""
    named = tuple(name for name, number in aliases.items() if number == version.number)
    return ModelLine(
        ref=version.ref,
        model=version.model,
        version=version.name,
        aliases=named,
        state=version.state,
        metrics=version.metrics,
        recipe=version.recipe,
        data=version.data,
        run=version.run,
        package=version.package,
        created=version.created,
        actor=version.actor,
        stage=_stage(version, named),
    )


def _stage(version: ModelVersion, aliases: tuple[str, ...]) -> Stage:
    if CHAMPION in aliases:
        return "Production"
    if version.archived is not None:
        return "Archived"
    return "Staging" if aliases or version.state in ("waiting", "approved") else "None"
