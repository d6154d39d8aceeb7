"""Tags and branches: names of versions, and the branch that the working set belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from visloop.data import catalog, tables
from visloop.data.history.clean import forget_files, nothing_staged
from visloop.data.records import DataPorts, Version
from visloop.data.tables import branches, tags
from visloop.data.versions import ancestors, move_branch
from visloop.errors import Conflict, NotFound, Refused, UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import Ref, check_name
from visloop.store import Write, utc_text


class NameInUse(Conflict):
    """A tag or branch of that name is there already."""

    code = "data.name_in_use"


class TagNotFound(NotFound):
    """The data set has no such tag."""

    code = "data.tag_not_found"


class BranchNotFound(NotFound):
    """The data set has no such branch."""

    code = "data.branch_not_found"


class BranchKept(Refused):
    """The branch cannot be removed: the working set belongs to it, or it is `main`."""

    code = "data.branch_kept"


@dataclass(frozen=True)
class Tag:
    """A name that stays at one version."""

    name: str
    version: str
    time: str
    actor: str


@dataclass(frozen=True)
class Branch:
    """A line of versions: where it ends, what `main` does not have of it, whether work goes there."""

    name: str
    version: str
    samples: int
    ahead_of_main: int
    behind_main: int
    working: bool
    time: str


def tag(ports: DataPorts, scope: Scope, ref: Ref, name: str, *, move: bool = False) -> Tag:
    """Give a version a name that every reference may use.

    Raises:
        DatasetNotFound, VersionNotFound: the reference names no version.
        UsageError: `name` cannot be a tag.
        NameInUse: another version, or a branch, has that name, and `move` is not given.
    """
    check_free(name, "tag")
    with ports.ledger.write(scope) as write:
        version = _committed(write, ref)
        here = (write.connection, scope.project, ref.name)
        if name in catalog.branch_heads(*here):
            raise NameInUse(f"{name!r} is a branch of {ref.name!r}", fix="take another name")
        before = catalog.tagged(*here).get(name)
        if before not in {None, version.number} and not move:
            raise NameInUse(
                f"tag {name!r} is at v{before}",
                fix=f"take another name, or move it: visloop tag {version.ref} {name} --move",
            )
        if before != version.number:
            _drop_tag(write, ref.name, name)
            owner = {"project": scope.project, "dataset": ref.name}
            row = {"name": name, "number": version.number, "time": write.now}
            write.execute(insert(tags), {**owner, **row, "actor": str(scope.actor)})
            write.fact("data.tagged", version.ref, tag=name, was=before)
        time = utc_text(write.now)
    return Tag(name, version.name, time, str(scope.actor))


def _committed(write: Write, ref: Ref) -> Version:
    if ref.version == catalog.WORK:
        raise UsageError(f"{ref} is not committed", fix=f"first: visloop commit {ref.name} -m TEXT")
    return catalog.resolve(write.connection, write.scope.project, ref.name, ref.version)


def tag_list(ports: DataPorts, scope: Scope, dataset: str) -> list[Tag]:
    """The tags of a data set, by name.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.read() as connection:
        catalog.state(connection, scope.project, dataset)
        mine = (tags.c.project == scope.project) & (tags.c.dataset == dataset)
        rows = connection.execute(select(tags).where(mine).order_by(tags.c.name)).mappings().all()
    return [
        Tag(row["name"], f"v{row['number']}", utc_text(row["time"]), row["actor"]) for row in rows
    ]


def tag_remove(ports: DataPorts, scope: Scope, dataset: str, name: str) -> Tag:
    """Take a tag away; the version stays.

    Raises:
        DatasetNotFound, TagNotFound: there is no such data set or tag.
    """
    known = {each.name: each for each in tag_list(ports, scope, dataset)}
    with ports.ledger.write(scope) as write:
        if name not in known or not _drop_tag(write, dataset, name):
            raise TagNotFound(
                f"data set {dataset!r} has no tag {name!r}",
                fix=did_you_mean(name, known, otherwise=f"see: visloop tag list {dataset}"),
            )
        write.fact("data.tag_removed", f"{dataset}@{known[name].version}", tag=name)
    return known[name]


def _drop_tag(write: Write, dataset: str, name: str) -> int:
    mine = (tags.c.project == write.scope.project) & (tags.c.dataset == dataset)
    return write.execute(delete(tags).where(mine, tags.c.name == name)).rowcount


def branch(
    ports: DataPorts, scope: Scope, dataset: str, name: str, *, start: str | None = None
) -> Branch:
    """Begin a branch at a version (default: the newest of the working branch).

    Raises:
        DatasetNotFound, VersionNotFound: there is nothing to start from.
        UsageError: `name` cannot be a branch.
        NameInUse: a branch or tag has that name.
    """
    check_free(name, "branch")
    with ports.ledger.write(scope) as write:
        here = (write.connection, scope.project, dataset)
        state = catalog.state(*here)
        version = catalog.resolve(*here, start or state.branch)
        taken = "branch" if name in catalog.branch_heads(*here) else ""
        taken = taken or ("tag" if name in catalog.tagged(*here) else "")
        if taken or name == catalog.MAIN:
            raise NameInUse(
                f"{dataset!r} has a {taken or 'branch'} {name!r} already",
                fix=f"take another name, or go there: visloop switch {dataset} {name}"
                if taken != "tag"
                else "take another name",
            )
        move_branch(write, dataset, name, version.number)
        write.fact("data.branched", f"{dataset}@{name}", version=version.number)
    return _found(branch_list(ports, scope, dataset), dataset, name)


def branch_list(ports: DataPorts, scope: Scope, dataset: str) -> list[Branch]:
    """The branches of a data set, by name.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.read() as connection:
        here = (connection, scope.project, dataset)
        state = catalog.state(*here)
        heads = catalog.branch_heads(*here)
        history = catalog.history(*here)
    by_number = {each.number: each for each in history}
    main = ancestors(history, heads[catalog.MAIN]) if catalog.MAIN in heads else set[int]()
    found: list[Branch] = []
    for name, number in heads.items():
        last, inside = by_number[number], ancestors(history, number)
        counts = (last.count, len(inside - main), len(main - inside))
        found.append(Branch(name, last.name, *counts, name == state.branch, last.time))
    return found


def branch_remove(ports: DataPorts, scope: Scope, dataset: str, name: str) -> Branch:
    """Take a branch away; its versions stay, by their numbers.

    Raises:
        DatasetNotFound, BranchNotFound: there is no such data set or branch.
        BranchKept: it is `main`, or the working set belongs to it.
    """
    was = _found(branch_list(ports, scope, dataset), dataset, name)
    if name == catalog.MAIN:
        raise BranchKept(f"{name!r} cannot be removed", fix="every data set has it")
    with ports.ledger.write(scope) as write:
        if catalog.state(write.connection, scope.project, dataset).branch == name:
            raise BranchKept(
                f"the working set of {dataset!r} belongs to {name!r}",
                fix=f"first: visloop switch {dataset} {catalog.MAIN}",
            )
        mine = (branches.c.project == scope.project) & (branches.c.dataset == dataset)
        write.execute(delete(branches).where(mine, branches.c.name == name))
        write.fact("data.branch_removed", f"{dataset}@{name}", version=was.version)
    return was


def switch(ports: DataPorts, scope: Scope, dataset: str, name: str) -> Branch:
    """Let the working set belong to another branch: what is added and committed goes there.

    Raises:
        DatasetNotFound, BranchNotFound: there is no such data set or branch.
        StagedChanges: something is staged that no version holds.
        MergeWaits: a merge into the working branch is not finished.
    """
    found = branch_list(ports, scope, dataset)
    there = _found(found, dataset, name)
    with ports.ledger.write(scope) as write:
        state = catalog.state(write.connection, scope.project, dataset)
        if state.branch != name:
            nothing_staged(write.connection, state, f"switch to {name!r}")
            before = catalog.head(write.connection, scope.project, dataset)
            after = catalog.head(write.connection, scope.project, dataset, name)
            forget_files(write, ports.blobs, dataset, before, after)
            table = tables.datasets
            mine = (table.c.project == scope.project) & (table.c.dataset == dataset)
            write.execute(update(table).where(mine).values(branch=name))
            catalog.next_sequence(write, dataset)
            write.fact("data.switched", dataset, branch=name, was=state.branch)
    return _as_working(there)


def _as_working(there: Branch) -> Branch:
    rest = (there.samples, there.ahead_of_main, there.behind_main)
    return Branch(there.name, there.version, *rest, working=True, time=there.time)


def _found(known: list[Branch], dataset: str, name: str) -> Branch:
    for each in known:
        if each.name == name:
            return each
    raise BranchNotFound(
        f"data set {dataset!r} has no branch {name!r}",
        fix=did_you_mean(
            name,
            [each.name for each in known],
            otherwise=f"begin it: visloop branch {dataset} {name}",
        ),
    )


def check_free(name: str, what: str) -> None:
    """Refuse what cannot be a tag or branch, or would read as something else.

    Raises:
        UsageError: it cannot.
    """
    check_name(name, f"{what} name")
    if catalog.is_number(name) or name == catalog.WORK:
        raise UsageError(
            f"{name!r} cannot be a {what}: it names a version already",
            fix="take a word that is neither a number (v3, 3) nor 'work'",
        )
