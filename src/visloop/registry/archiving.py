"""Versions that are put away: kept with all their evidence, not to be used by accident."""

from __future__ import annotations

from sqlalchemy import and_, update

from visloop.errors import Conflict
from visloop.events import Scope
from visloop.registry import tables as t
from visloop.registry.lookup import find_here
from visloop.registry.records import ModelArchived, ModelVersion, RegistryPorts
from visloop.registry.rows import current_aliases


def archive(
    ports: RegistryPorts, scope: Scope, version: ModelVersion, *, undo: bool = False
) -> ModelVersion:
    """Put a version away, or take it back into use; again changes nothing.

    Raises:
        UsageError: the version lies in another project.
        Conflict: an alias points at it.
    """
    table = t.model_versions
    with ports.ledger.write(scope) as write:
        version = find_here(write.connection, scope.project, version)
        if (version.archived is None) == undo:
            return version
        named = current_aliases(write.connection, scope.project, version.model)
        held = [alias for alias, number in named.items() if number == version.number]
        if held and not undo:
            raise Conflict(
                f"{version.ref} is {', '.join(held)}",
                fix="let another version take its place first: visloop model promote, or alias",
            )
        mine = and_(
            table.c.project == version.project,
            table.c.model == version.model,
            table.c.number == version.number,
        )
        write.execute(update(table).where(mine).values(archived=None if undo else write.now))
        write.fact("model.unarchived" if undo else "model.archived", version.ref)
        return find_here(write.connection, scope.project, version)


def require_in_use(version: ModelVersion) -> None:
    """Refuse a version that was put away.

    Raises:
        ModelArchived: it was.
    """
    if version.archived is not None:
        raise ModelArchived(
            f"{version.ref} is archived", fix=f"visloop model archive {version.ref} --undo"
        )
