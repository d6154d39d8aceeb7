"""Versions as rows: one recorded with its branch, lists of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, text, update

from visloop.data import catalog, tables
from visloop.data.records import DataPorts, Version
from visloop.data.tables import merges, quarantine, versions, working
from visloop.events import Scope
from visloop.store import Write, utc_text


@dataclass(frozen=True)
class DatasetSummary:
    """One line of a list of data sets: the newest version, and how much waits beside it.

    `staged` counts changed paths that no commit holds yet, `quarantined` refused files. `branch` is
    worked on; `merging` says whether a merge into it waits for a person.
    """

    name: str
    version: str | None
    samples: int
    staged: int
    quarantined: int
    time: str | None
    branch: str
    merging: bool


@dataclass(frozen=True)
class Proposal:
    """A version ready to be recorded: its blobs are on the disk, its number is not taken yet.

    `merged` is the number of the other version that a merge brings in. `branch` is a new one that
    the version begins; empty: the working branch.
    """

    base: Version | None
    root: str
    count: int
    sequence: int
    staged: int
    merged: int | None = None
    branch: str = ""


def record(write: Write, dataset: str, proposal: Proposal, message: str) -> Version:
    """Add the version, move the head, take what it holds off the staging; in the caller's transaction."""
    base = proposal.base
    here = (write.connection, write.scope.project, dataset)
    version = Version(
        dataset=dataset,
        number=catalog.last_number(*here) + 1,
        root=proposal.root,
        parent=base.number if base else None,
        count=proposal.count,
        time=utc_text(write.now),
        actor=str(write.scope.actor),
        message=message,
        project=write.scope.project,
        merged=proposal.merged,
        branch=proposal.branch or catalog.state(*here).branch,
    )
    _insert(write, version)
    _unstage_committed(write, dataset, proposal.sequence)
    write.fact(
        "data.committed",
        f"{dataset}@{version.name}",
        root=version.root,
        parent=version.parent,
        count=version.count,
    )
    return version


def _insert(write: Write, version: Version) -> None:
    owner = {"project": version.project, "dataset": version.dataset}
    write.execute(
        insert(versions),
        {
            **owner,
            "number": version.number,
            "root": version.root,
            "parent": version.parent,
            "count": version.count,
            "time": write.now,
            "actor": version.actor,
            "message": version.message,
            "merged": version.merged,
            "branch": version.branch,
        },
    )
    move_branch(write, version.dataset, version.branch, version.number)


def move_branch(write: Write, dataset: str, branch: str, number: int) -> None:
    """Let a branch, made when there is none, end at that version."""
    move = text(
        "INSERT INTO branches (project, dataset, name, head, format)"
        " VALUES (:project, :dataset, :name, :head, 1)"
        " ON CONFLICT (project, dataset, name) DO UPDATE SET head = excluded.head"
    )
    owner = {"project": write.scope.project, "dataset": dataset}
    write.execute(move, {**owner, "name": branch, "head": number})


def _unstage_committed(write: Write, dataset: str, sequence: int) -> None:
    """Take off the staging what the version holds; later changes stay."""
    mine = (working.c.project == write.scope.project) & (working.c.dataset == dataset)
    write.execute(delete(working).where(mine, working.c.seq <= sequence))
    table = tables.datasets
    here = (table.c.project == write.scope.project) & (table.c.dataset == dataset)
    settled = table.c.classes_seq <= sequence
    write.execute(update(table).where(here, settled).values(classes=None))
    settled = table.c.fields_seq <= sequence
    write.execute(update(table).where(here, settled).values(fields=None))
    write.execute(update(table).where(here).values(learning=False))


def log(ports: DataPorts, scope: Scope, dataset: str, branch: str | None = None) -> list[Version]:
    """The versions of a data set, newest first; of a branch (or tag, or version) and before it only.

    Raises:
        DatasetNotFound, VersionNotFound: there is no such data set or branch.
    """
    with ports.ledger.read() as connection:
        catalog.state(connection, scope.project, dataset)
        found = catalog.history(connection, scope.project, dataset)
        if branch is None:
            return found
        last = catalog.resolve(connection, scope.project, dataset, branch)
    inside = ancestors(found, last.number)
    return [each for each in found if each.number in inside]


def ancestors(history: Iterable[Version], number: int) -> set[int]:
    """The numbers of a version and of all that it was made from."""
    parents = {each.number: each.parents for each in history}
    found: set[int] = set()
    waiting = [number]
    while waiting:
        if (each := waiting.pop()) not in found:
            found.add(each)
            waiting += parents.get(each, ())
    return found


def names(ports: DataPorts, scope: Scope) -> list[str]:
    """Names of the project's data sets, sorted."""
    with ports.ledger.read() as connection:
        return catalog.names(connection, scope.project)


def datasets(ports: DataPorts, scope: Scope) -> list[DatasetSummary]:
    """The project's data sets with their newest versions, by name."""
    with ports.ledger.read() as connection:
        staged = _counted(connection, working, scope.project)
        waiting = _counted(connection, quarantine, scope.project, quarantine.c.state == "waiting")
        merging = _counted(connection, merges, scope.project)
        names = catalog.names(connection, scope.project)
        heads = {name: catalog.head(connection, scope.project, name) for name in names}
        branches = {name: catalog.state(connection, scope.project, name).branch for name in names}
    return [
        DatasetSummary(
            name=name,
            version=head.name if head else None,
            samples=head.count if head else 0,
            staged=staged.get(name, 0),
            quarantined=waiting.get(name, 0),
            time=head.time if head else None,
            branch=branches[name],
            merging=name in merging,
        )
        for name, head in heads.items()
    ]


def _counted(
    connection: Connection, table: Table, project: str, *where: ColumnElement[bool]
) -> dict[str, int]:
    """Data set → number of its rows in a table."""
    query = (
        select(table.c.dataset, func.count())
        .where(table.c.project == project, *where)
        .group_by(table.c.dataset)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
