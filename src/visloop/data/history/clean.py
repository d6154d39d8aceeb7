"""Moving the working set under what was read: only when nothing is staged, and files looked at anew."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select

from visloop.data import catalog
from visloop.data.records import Version
from visloop.data.tables import merges, sources, working
from visloop.data.tree.edit import differences
from visloop.data.tree.nodes import Bytes, Nodes, Tree
from visloop.data.working import batches
from visloop.errors import Refused
from visloop.store import Write

_AT_ONCE: Final = 500
_MANY: Final = 10_000


class StagedChanges(Refused):
    """Changes that no version holds yet would be lost or mixed with others."""

    code = "data.staged_changes"


class MergeWaits(Refused):
    """A merge or revert has conflicts that nobody resolved yet."""

    code = "data.merge_waits"


def nothing_staged(connection: Connection, state: catalog.DatasetState, to_do: str) -> None:
    """Check that the working set is as the newest version and that no merge waits.

    Raises:
        StagedChanges, MergeWaits: it is not so.
    """
    name = state.name
    mine = (merges.c.project == state.project) & (merges.c.dataset == name)
    if connection.scalar(select(merges.c.named).where(mine)) is not None:
        raise MergeWaits(
            f"a merge into {state.branch!r} of {name!r} is not finished",
            fix=f"see: visloop merge status {name}   or give it up: visloop merge abort {name}",
        )
    only_staged(connection, state, to_do)


def only_staged(connection: Connection, state: catalog.DatasetState, to_do: str) -> None:
    """Check that the working set is as the newest version.

    Raises:
        StagedChanges: it is not so.
    """
    name = state.name
    mine = (working.c.project == state.project) & (working.c.dataset == name)
    staged = connection.scalar(select(func.count()).select_from(working).where(mine)) or 0
    if staged or state.classes is not None or state.fields is not None:
        what = f"changes to {staged:,} samples" if staged else "changes to its classes or fields"
        raise StagedChanges(
            f"{name!r} has {what} that no version holds yet: cannot {to_do}",
            fix=f"first: visloop commit {name} -m TEXT   or take them back: visloop unstage {name}",
        )


def tree_of(blobs: Bytes, version: Version | None) -> Tree:
    """The samples of a version; of none, nothing."""
    nodes = Nodes(blobs)
    if version is None:
        return Tree.nothing(nodes)
    return Tree.open(nodes, catalog.load_root(blobs, version.root).tree)


def forget_files(
    write: Write, blobs: Bytes, dataset: str, before: Version | None, after: Version | None
) -> None:
    """Let the next `add` look anew at the files of every sample that differs between two versions."""
    paths: set[str] = set()
    for was, now in differences(tree_of(blobs, before), tree_of(blobs, after)):
        paths.update(each.key for each in (was, now) if each is not None)
    if not paths:
        return
    table = sources.c
    mine = (table.project == write.scope.project) & (table.dataset == dataset)
    write.execute(delete(sources).where(mine, table.state.in_(("labels", "opened"))))
    if len(paths) > _MANY:
        write.execute(delete(sources).where(mine, table.state.in_(("sample", "moved"))))
        return
    statement = delete(sources).where(mine, table.path.in_(bindparam("paths", expanding=True)))
    for part in batches(sorted(paths), _AT_ONCE):
        write.execute(statement, {"paths": part})
