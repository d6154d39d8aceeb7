"""How a data set stands: what is staged, what waits, what changed in the folders it came from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, text

from visloop.data import catalog
from visloop.data.ingest.walk import clean, is_hidden, is_picture
from visloop.data.intake.reading import UNKNOWN_SIZE
from visloop.data.records import DataPorts
from visloop.data.tables import quarantine, roots, sources
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working
from visloop.events import Scope
from visloop.ids import digest_of

NAMED: Final = 10


@dataclass(frozen=True)
class StagedCounts:
    """Staged paths against the newest version."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    classes: bool = False

    @property
    def total(self) -> int:
        """How many paths a commit would change."""
        return self.added + self.changed + self.removed


@dataclass(frozen=True)
class FolderStatus:
    """A folder or file that was added from: what changed in it since, the first few named.

    `missing` when the folder itself is not there now (a disk that is not mounted): nothing in it
    is called deleted then.
    """

    root: str
    files: int = 0
    new: int = 0
    modified: int = 0
    deleted: int = 0
    missing: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """One data set: `clean` when nothing is staged and no folder changed."""

    dataset: str
    version: str | None
    samples: int
    staged: StagedCounts
    quarantined: int
    folders: tuple[FolderStatus, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether there is nothing to add and nothing to commit."""
        return (
            not self.staged.total
            and not self.staged.classes
            and not any(each.new or each.modified or each.deleted for each in self.folders)
        )


def status(ports: DataPorts, scope: Scope, dataset: str) -> Status:
    """What is not committed, what waits in quarantine, what changed in the folders added from.

    The folders are looked at by one scandir pass that compares size and time; a file is read only
    where those leave a doubt.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.read() as connection:
        state = catalog.state(connection, scope.project, dataset)
        over = Working.load(connection, Nodes(ports.blobs), state)
        staged = _staged(over)
        mine = (quarantine.c.project == scope.project) & (quarantine.c.dataset == dataset)
        waiting = connection.scalar(
            select(func.count())
            .select_from(quarantine)
            .where(mine, quarantine.c.state == "waiting")
        )
        folders = tuple(
            _folder_status(connection, scope.project, dataset, Path(os.fsdecode(raw)))
            for raw in connection.scalars(
                select(roots.c.raw)
                .where(roots.c.project == scope.project, roots.c.dataset == dataset)
                .order_by(roots.c.root)
            ).all()
        )
    return Status(
        dataset=dataset,
        version=over.head.name if over.head else None,
        samples=over.head.count if over.head else 0,
        staged=staged,
        quarantined=waiting or 0,
        folders=folders,
    )


def _staged(over: Working) -> StagedCounts:
    added = changed = removed = 0
    for path, entry in over.edits():
        committed = over.tree.get(path)
        if entry is None:
            removed += committed is not None
        elif committed is None:
            added += 1
        else:
            changed += entry != committed
    return StagedCounts(added, changed, removed, classes=over.state.classes is not None)


class KnownFile(NamedTuple):
    """What is remembered of a file that was read: enough to see that it is as it was."""

    size_bytes: int
    mtime_ns: int
    labels: str
    state: str


def known_files(
    connection: Connection, project: str, dataset: str, root: str
) -> dict[str, KnownFile]:
    """Every file remembered at or below `root`, by source."""
    query = text(
        "SELECT file, size, mtime_ns, labels, state FROM sources WHERE project = :project"
        " AND dataset = :dataset AND state <> 'moved'"
        " AND (file = :root OR (file > :low AND file < :high))"
    )
    low = root.rstrip("/") + "/"
    high = low[:-1] + chr(ord("/") + 1)
    bound = {"project": project, "dataset": dataset, "root": root, "low": low, "high": high}
    return {row[0]: KnownFile(*row[1:]) for row in connection.execute(query, bound)}


def _folder_status(connection: Connection, project: str, dataset: str, root: Path) -> FolderStatus:
    known = known_files(connection, project, dataset, clean(str(root)))
    files = len(known)
    if not root.exists():
        return FolderStatus(clean(str(root)), files, missing=True)
    new: list[str] = []
    doubtful: list[tuple[str, str]] = []
    modified: list[str] = []
    for file, size, mtime_ns in _files(root):
        source = file if file.isascii() else clean(file)
        remembered = known.pop(source, None)
        if remembered is None:
            if is_picture(file):
                new.append(source)
        elif remembered.size_bytes not in {size, UNKNOWN_SIZE}:
            modified.append(source)
        elif mtime_ns != remembered.mtime_ns and remembered.size_bytes != UNKNOWN_SIZE:
            doubtful.append((source, file))
    modified += _really_modified(connection, project, dataset, doubtful)
    named = [
        f"{kind}: {file}"
        for kind, listed in (("new", new), ("modified", modified), ("deleted", list(known)))
        for file in listed[:NAMED]
    ]
    return FolderStatus(
        clean(str(root)), files, len(new), len(modified), len(known), examples=tuple(named)
    )


def _files(root: Path) -> Iterator[tuple[str, int, int]]:
    """(path, size in bytes, mtime in ns) of every file that is not hidden, at or below `root`."""
    if root.is_file():
        found = root.stat()
        yield str(root), found.st_size, found.st_mtime_ns
        return
    waiting = [str(root)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as listing:
                entries = list(listing)
        except OSError:
            continue
        for entry in entries:
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file():
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns


def _really_modified(
    connection: Connection, project: str, dataset: str, doubtful: list[tuple[str, str]]
) -> Iterator[str]:
    """Files of the same size and another time whose bytes are other ones."""
    query = select(sources.c.file, sources.c.image).where(
        sources.c.project == project,
        sources.c.dataset == dataset,
        sources.c.file.in_(bindparam("files", expanding=True)),
    )
    for start in range(0, len(doubtful), 500):
        batch = dict(doubtful[start : start + 500])
        rows = connection.execute(query, {"files": list(batch)})
        images = {row.file: row.image for row in rows}
        for source, file in batch.items():
            try:
                same = digest_of(Path(file).read_bytes()) == images.get(source)
            except OSError:
                same = False
            if not same:
                yield source
