"""Which data sets and versions there are: rows read and written inside the caller's transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, text, update

from visloop.data import dates
from visloop.data.fields.records import OwnFields
from visloop.data.records import ClassDictionary, Version
from visloop.data.tables import branches, datasets, tags, versions
from visloop.data.tree.nodes import Bytes
from visloop.errors import Corrupt, NotFound, did_you_mean
from visloop.ids import FORMAT, check_name
from visloop.store import Write, utc_text

MAIN: Final = "main"
WORK: Final = "work"
LIVE: Final = "live"
IN_TRASH: Final = "trash"
PURGED: Final = "purged"
_NUMBER = re.compile(r"v?([1-9][0-9]{0,9})")


class DatasetNotFound(NotFound):
    """The project has no data set of that name."""

    code = "data.dataset_not_found"


class DatasetInTrash(DatasetNotFound):
    """A data set of that name was removed, and lies in the trash."""

    code = "data.dataset_in_trash"


class VersionNotFound(NotFound):
    """The data set has no such version."""

    code = "data.version_not_found"


class RootObject(msgspec.Struct, frozen=True, kw_only=True):
    """What a version's root digest names: the tree of samples, and what is versioned beside it.

    `fields` is left out where a data set has none of its own: then the object is, byte for byte,
    what it was before there were fields.
    """

    tree: str
    count: int
    classes: ClassDictionary
    class_digest: str
    format: int = FORMAT
    fields: OwnFields | msgspec.UnsetType = msgspec.UNSET

    @property
    def own_fields(self) -> OwnFields:
        """The fields of metadata that the data set declared or learnt."""
        return OwnFields() if self.fields is msgspec.UNSET else self.fields


def store_root(
    blobs: Bytes, tree: str, count: int, classes: ClassDictionary, fields: OwnFields
) -> str:
    """Keep a root object; its digest. Equal samples, classes and fields give an equal digest."""
    root = RootObject(
        tree=tree,
        count=count,
        classes=classes,
        class_digest=classes.digest,
        fields=fields if fields.entries else msgspec.UNSET,
    )
    return blobs.put(msgspec.msgpack.encode(root))


def load_root(blobs: Bytes, digest: str) -> RootObject:
    """The root object of that digest.

    Raises:
        Corrupt: the blob is something else.
    """
    try:
        return msgspec.msgpack.decode(blobs.get(digest), type=RootObject)
    except msgspec.MsgspecError as broken:
        raise Corrupt(f"{digest[:12]} is not the root of a version: {broken}") from broken


@dataclass(frozen=True)
class DatasetState:
    """A data set's row: its working dictionary and fields (None: the head's), its change counter.

    `branch` is the one that the working set belongs to.
    """

    project: str
    name: str
    sequence: int
    classes: ClassDictionary | None
    classes_seq: int
    learning: bool
    fields: OwnFields | None = None
    branch: str = MAIN


def names(connection: Connection, project: str) -> list[str]:
    """Names of the project's data sets, sorted."""
    live = (datasets.c.project == project) & (datasets.c.state == LIVE)
    query = select(datasets.c.dataset).where(live)
    return list(connection.scalars(query.order_by(datasets.c.dataset)))


def state_or_none(connection: Connection, project: str, name: str) -> DatasetState | None:
    """The data set's row, if there is one.

    Raises:
        DatasetInTrash: it was removed.
    """
    table = datasets.c
    query = select(datasets).where(table.project == project, table.dataset == name)
    row = connection.execute(query).mappings().first()
    if row is None or row["state"] == PURGED:
        return None
    if row["state"] == IN_TRASH:
        raise DatasetInTrash(
            f"the data set {name!r} is in the trash since {utc_text(row['removed'])[:10]}",
            fix=f"take it out: visloop datasets restore {name}   "
            f"(or free the name, for good: visloop datasets purge {name})",
        )
    raw = row["classes"]
    return DatasetState(
        project=project,
        name=name,
        sequence=row["sequence"],
        classes=msgspec.msgpack.decode(raw, type=ClassDictionary) if raw else None,
        classes_seq=row["classes_seq"],
        learning=bool(row["learning"]),
        fields=msgspec.msgpack.decode(row["fields"], type=OwnFields) if row["fields"] else None,
        branch=row["branch"],
    )


def state(connection: Connection, project: str, name: str) -> DatasetState:
    """The data set's row.

    Raises:
        DatasetNotFound: there is none by that name in the project.
    """
    found = state_or_none(connection, project, name)
    if found is not None:
        return found
    known = names(connection, project)
    otherwise = (
        f"there are: {', '.join(known[:8])}" if known else f"make it: visloop add PATH --to {name}"
    )
    raise DatasetNotFound(
        f"project {project!r} has no data set {name!r}",
        fix=did_you_mean(name, known, otherwise=otherwise),
    )


def ensure(write: Write, name: str) -> DatasetState:
    """The data set's row, made when there is none (with the fact `data.dataset_created`).

    Raises:
        UsageError: `name` cannot be a name.
        DatasetInTrash: one of that name was removed.
    """
    found = state_or_none(write.connection, write.scope.project, name)
    if found is not None:
        return found
    check_name(name, "data set name")
    mine = {"project": write.scope.project, "dataset": name}
    again = (datasets.c.project == write.scope.project) & (datasets.c.dataset == name)
    fresh = {"created": write.now, "state": LIVE, "removed": None}
    if not write.execute(update(datasets).where(again).values(**fresh)).rowcount:
        write.execute(insert(datasets), mine | fresh)
    write.fact("data.dataset_created", name)
    return state(write.connection, write.scope.project, name)


def next_sequence(write: Write, name: str) -> int:
    """Take the next number of the data set's change counter."""
    bump = text(
        "UPDATE datasets SET sequence = sequence + 1 WHERE project = :project AND dataset = :name"
        " RETURNING sequence"
    )
    taken = write.execute(bump, {"project": write.scope.project, "name": name})
    return int(taken.scalar_one())


def version_of(row: RowMapping) -> Version:
    """A row of `versions` as the record."""
    return Version(
        dataset=row["dataset"],
        number=row["number"],
        root=row["root"],
        parent=row["parent"],
        count=row["count"],
        time=utc_text(row["time"]),
        actor=row["actor"],
        message=row["message"],
        project=row["project"],
        merged=row["merged"],
        branch=row["branch"],
    )


def history(connection: Connection, project: str, name: str) -> list[Version]:
    """The versions of a data set, newest first."""
    query = select(versions).where(versions.c.project == project, versions.c.dataset == name)
    rows = connection.execute(query.order_by(versions.c.number.desc())).mappings()
    return [version_of(row) for row in rows]


def head(
    connection: Connection, project: str, name: str, branch: str | None = None
) -> Version | None:
    """The newest version of a branch (None: the working branch); None before the first commit."""
    query = select(versions).join(
        branches,
        (branches.c.project == versions.c.project)
        & (branches.c.dataset == versions.c.dataset)
        & (branches.c.head == versions.c.number),
    )
    if branch is None:
        query = query.join(
            datasets,
            (datasets.c.project == branches.c.project)
            & (datasets.c.dataset == branches.c.dataset)
            & (datasets.c.branch == branches.c.name),
        )
    else:
        query = query.where(branches.c.name == branch)
    mine = (versions.c.project == project) & (versions.c.dataset == name)
    row = connection.execute(query.where(mine)).mappings().first()
    return None if row is None else version_of(row)


def numbered(connection: Connection, project: str, name: str, number: int) -> Version | None:
    """The version of that number."""
    table = versions.c
    query = select(versions).where(
        table.project == project, table.dataset == name, table.number == number
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else version_of(row)


def last_number(connection: Connection, project: str, name: str) -> int:
    """The greatest number that a version has or had, on whatever branch; 0 before the first."""
    table, owner = versions.c, datasets.c
    query = select(func.max(table.number)).where(table.project == project, table.dataset == name)
    given = select(owner.given).where(owner.project == project, owner.dataset == name)
    return connection.scalar(query) or connection.scalar(given) or 0


def tagged(connection: Connection, project: str, name: str) -> dict[str, int]:
    """Tag → number of its version, by name."""
    query = select(tags.c.name, tags.c.number).where(
        tags.c.project == project, tags.c.dataset == name
    )
    return {row[0]: row[1] for row in connection.execute(query.order_by(tags.c.name))}


def branch_heads(connection: Connection, project: str, name: str) -> dict[str, int]:
    """Branch → number of its newest version, by name."""
    query = select(branches.c.name, branches.c.head).where(
        branches.c.project == project, branches.c.dataset == name
    )
    return {row[0]: row[1] for row in connection.execute(query.order_by(branches.c.name))}


def is_number(name: str) -> bool:
    """Whether it reads as a version's number: `v3`, `3`."""
    return _NUMBER.fullmatch(name) is not None


def resolve(connection: Connection, project: str, name: str, version: str | None) -> Version:
    """The version that `main` (or nothing), `v3`, `3`, a branch, a tag or a date names.

    Raises:
        DatasetNotFound: there is no such data set.
        VersionNotFound: it has no such version, or had none yet at that date.
    """
    state(connection, project, name)
    number = _NUMBER.fullmatch(version or "")
    if number:
        found = numbered(connection, project, name, int(number[1]))
    else:
        found = head(connection, project, name, version or MAIN)
        tag = tagged(connection, project, name).get(version or "") if found is None else None
        if tag is not None:
            found = numbered(connection, project, name, tag)
        elif found is None and (end := dates.end_of(version or "")):
            found = _as_of(connection, project, name, version or "", end)
    if found is None:
        raise _no_such_version(connection, project, name, version)
    return found


def _as_of(
    connection: Connection, project: str, name: str, said: str, end: datetime
) -> Version | None:
    """What main was just before `end`; None where there is no version at all."""
    found = head(connection, project, name, MAIN)
    while found is not None and datetime.fromisoformat(found.time) >= end:
        first = found
        found = numbered(connection, project, name, found.parent) if found.parent else None
        if found is None:
            raise VersionNotFound(
                f"data set {name!r} had no version on main yet at {said} (UTC)",
                fix=f"its first was made {first.time[:16].replace('T', ' ')}: {name}@{first.name}",
            )
    return found


def _no_such_version(
    connection: Connection, project: str, name: str, version: str | None
) -> VersionNotFound:
    table = versions.c
    query = select(table.number).where(table.project == project, table.dataset == name)
    numbers = connection.scalars(query.order_by(table.number.desc()).limit(1000)).all()
    if not numbers:
        return VersionNotFound(
            f"data set {name!r} has no version yet",
            fix=f"visloop commit {name} -m TEXT   (or look at what is not committed: {name}@{WORK})",
        )
    named = [*branch_heads(connection, project, name), *tagged(connection, project, name)]
    known = [MAIN, WORK, *named, *(f"v{number}" for number in numbers)]
    return VersionNotFound(
        f"data set {name!r} has no version {version!r}",
        fix=did_you_mean(version or "", known, otherwise=f"see: visloop log {name}"),
    )
