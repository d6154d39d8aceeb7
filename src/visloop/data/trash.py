"""A data set put into the trash, taken out of it again, or purged: rows only, gc frees the bytes.

In the trash nothing of a data set is lost; nobody sees it, and nobody else takes its name. Purging
forgets its versions for good. Facts stay, and so does the greatest number that a version of it had:
a data set of the same name goes on from there, so that `photos@v3` never means two things.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Table, delete, func, select, update

from visloop.data import catalog
from visloop.data.records import DataPorts
from visloop.data.tables import (
    branches,
    bulk_changes,
    choices,
    datasets,
    merges,
    picks,
    quarantine,
    roots,
    sources,
    tags,
    versions,
    working,
)
from visloop.errors import NotFound
from visloop.events import Scope
from visloop.store import Write, utc_text

_ALL: Final = (
    versions, branches, tags, merges, choices, working, sources, roots, quarantine,
    picks, bulk_changes,
)  # fmt: skip


class NotInTrash(NotFound):
    """The trash holds no data set of that name."""

    code = "data.not_in_trash"


@dataclass(frozen=True)
class Trashed:
    """What was, or would be, put into the trash, taken out of it, or purged.

    `samples` are those of the newest version, `staged` the changes that no commit holds.
    """

    name: str
    project: str
    versions: int
    samples: int
    staged: int
    quarantined: int
    removed: str | None = None


def contents(ports: DataPorts, scope: Scope, dataset: str) -> Trashed:
    """What a data set that is not in the trash holds.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.read() as connection:
        catalog.state(connection, scope.project, dataset)
        return _about(connection, scope.project, dataset, None)


def trash_list(ports: DataPorts, scope: Scope) -> list[Trashed]:
    """The project's data sets in the trash, those that were put there last first."""
    table = datasets.c
    query = select(table.dataset, table.removed).where(
        table.project == scope.project, table.state == catalog.IN_TRASH
    )
    with ports.ledger.read() as connection:
        rows = connection.execute(query.order_by(table.removed.desc())).all()
        return [_about(connection, scope.project, *row) for row in rows]


def in_trash(ports: DataPorts, scope: Scope, dataset: str) -> Trashed:
    """What a data set in the trash holds.

    Raises:
        NotInTrash: it is not there.
    """
    with ports.ledger.read() as connection:
        return _found(connection, scope.project, dataset)


def throw_away(ports: DataPorts, scope: Scope, dataset: str, reason: str = "") -> Trashed:
    """Put a data set into the trash.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.write(scope) as write:
        catalog.state(write.connection, scope.project, dataset)
        found = _about(write.connection, scope.project, dataset, write.now)
        _set(write, dataset, state=catalog.IN_TRASH, removed=write.now)
        said = {"versions": found.versions, "samples": found.samples}
        write.fact("data.dataset_removed", dataset, reason=reason, **said)
    return found


def take_out(ports: DataPorts, scope: Scope, dataset: str) -> Trashed:
    """Take a data set out of the trash: it is as it was.

    Raises:
        NotInTrash: it is not there.
    """
    with ports.ledger.write(scope) as write:
        found = _found(write.connection, scope.project, dataset)
        _set(write, dataset, state=catalog.LIVE, removed=None)
        write.fact("data.dataset_restored", dataset, versions=found.versions)
    return found


def purge(ports: DataPorts, scope: Scope, dataset: str) -> Trashed:
    """Forget a data set of the trash for good: what only it needed is garbage now.

    Raises:
        NotInTrash: it is not there.
    """
    with ports.ledger.write(scope) as write:
        found = _found(write.connection, scope.project, dataset)
        given = catalog.last_number(write.connection, scope.project, dataset)
        for table in _ALL:
            mine = (table.c.project == scope.project) & (table.c.dataset == dataset)
            write.execute(delete(table).where(mine))
        forgotten = {"classes": None, "fields": None, "learning": False, "branch": catalog.MAIN}
        _set(write, dataset, state=catalog.PURGED, given=given, **forgotten)
        write.fact("data.dataset_purged", dataset, versions=found.versions)
    return found


def overdue(ports: DataPorts, days: float) -> list[tuple[str, str]]:
    """(project, data set) of what has been in the trash for at least so many days."""
    since = ports.ledger.clock.now() - timedelta(days=days)
    table = datasets.c
    query = select(table.project, table.dataset).where(
        table.state == catalog.IN_TRASH, table.removed <= since
    )
    with ports.ledger.read() as connection:
        return [(row[0], row[1]) for row in connection.execute(query)]


def _found(connection: Connection, project: str, dataset: str) -> Trashed:
    table = datasets.c
    query = select(table.removed).where(
        table.project == project, table.dataset == dataset, table.state == catalog.IN_TRASH
    )
    removed = connection.scalar(query)
    if removed is None:
        raise NotInTrash(
            f"the trash of project {project!r} holds no data set {dataset!r}",
            fix="see what it holds: visloop datasets trash",
        )
    return _about(connection, project, dataset, removed)


def _set(write: Write, dataset: str, **values: object) -> None:
    mine = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    write.execute(update(datasets).where(mine).values(**values))


def _about(connection: Connection, project: str, dataset: str, removed: datetime | None) -> Trashed:
    def count(table: Table) -> int:
        mine = (table.c.project == project) & (table.c.dataset == dataset)
        if table is quarantine:
            mine &= table.c.state == "waiting"
        return connection.scalar(select(func.count()).select_from(table).where(mine)) or 0

    head = catalog.head(connection, project, dataset)
    return Trashed(
        name=dataset,
        project=project,
        versions=count(versions),
        samples=head.count if head else 0,
        staged=count(working),
        quarantined=count(quarantine),
        removed=None if removed is None else utc_text(removed),
    )
