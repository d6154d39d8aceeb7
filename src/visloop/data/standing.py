"""How a data set stands: what is staged, what waits, what changed in the folders it came from."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from blake3 import blake3
from sqlalchemy import Connection, bindparam, func, select

from visloop.data import catalog
from visloop.data.ingest.walk import clean, is_hidden, is_picture
from visloop.data.intake.memory import SeenRow, seen_rows
from visloop.data.intake.reading import UNKNOWN_SIZE
from visloop.data.media.keeping import files_in_place
from visloop.data.privacy.policy import marked
from visloop.data.records import DataPorts
from visloop.data.tables import quarantine, roots, sources
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working, batches
from visloop.events import Scope

NAMED: Final = 10
_CHUNK: Final = 4 << 20


@dataclass(frozen=True)
class StagedCounts:
    """Staged paths against the newest version."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    classes: bool = False
    fields: bool = False

    @property
    def total(self) -> int:
        """How many paths a commit would change."""
        return self.added + self.changed + self.removed


@dataclass(frozen=True)
class FolderStatus:
    """A folder or file that was added from: what changed in it since, the first few named.

    `missing` when the folder itself is not there now (a disk that is not mounted): nothing in it
    is called deleted then. Of `in_place` files the store holds no copy: where one was modified or
    deleted, its old bytes are kept nowhere. A `remote` one (a bucket) is not looked at: `add` it again.
    """

    root: str
    files: int = 0
    new: int = 0
    modified: int = 0
    deleted: int = 0
    missing: bool = False
    in_place: int = 0
    remote: bool = False
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
            and not self.staged.fields
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
            _folder_status(connection, ports.secret, scope.project, dataset, os.fsdecode(raw))
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
    if not over.tree.count:
        added = over.count_staged()
        return StagedCounts(added, classes=over.state.classes is not None)
    for path, entry in over.edits():
        committed = over.tree.get(path)
        if entry is None:
            removed += committed is not None
        elif committed is None:
            added += 1
        else:
            changed += entry != committed
    return StagedCounts(
        added,
        changed,
        removed,
        classes=over.state.classes is not None,
        fields=over.state.fields is not None,
    )


def _folder_status(
    connection: Connection, secret: str, project: str, dataset: str, raw: str
) -> FolderStatus:
    name, root = clean(raw), Path(raw)
    known = {row[0]: row for row in seen_rows(connection, project, dataset, name)}
    if opened := {file for file, _, _, state in known.values() if state == "opened"}:
        known = {file: row for file, row in known.items() if opened.isdisjoint(_above(file))}
    files = len(known)
    left = sum(1 for file in files_in_place(connection, name) if file in known)
    if "://" in raw:
        return FolderStatus(name, files, remote=True)
    if not root.exists():
        return FolderStatus(name, files, missing=True, in_place=left)
    new: list[str] = []
    doubtful: list[str] = []
    for file, stat in _unlike(known, root):
        source = file if file.isascii() else clean(file)
        before = known.pop(source, None)
        if before is None:
            if is_picture(file) and not is_hidden(Path(file).name):
                new.append(source)
        elif before[1] != UNKNOWN_SIZE and before[1:3] != (stat.st_size, stat.st_mtime_ns):
            doubtful.append(file)
    modified = list(_really_modified(connection, secret, project, dataset, doubtful))
    named = [
        f"{kind}: {file}"
        for kind, listed in (("new", new), ("modified", modified), ("deleted", list(known)))
        for file in listed[:NAMED]
    ]
    counts = (len(new), len(modified), len(known))
    return FolderStatus(name, files, *counts, in_place=left, examples=tuple(named))


def _above(file: str) -> Iterator[str]:
    """The paths that `file` lies below: parts of a file lie below the file."""
    while (file := file.rpartition("/")[0]) != "":
        yield file


def _unlike(known: dict[str, SeenRow], root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files at or below `root` that are not as they were; those that are leave `known`."""
    if root.is_file():
        yield str(root), root.stat()
        return
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        with suppress(OSError), _listing(folder) as entries:
            yield from _unlike_here(known, folder.rstrip("/") + "/", entries, waiting)


def _unlike_here(
    known: dict[str, SeenRow], folder: str, entries: Iterable[os.DirEntry[str]], inner: list[str]
) -> Iterator[tuple[str, os.stat_result]]:
    """The same of one folder (ends with a slash), whose folders go to `inner`."""
    take = known.pop
    for entry in entries:  # a tight loop: it runs once for every file there is
        path = folder + entry.name
        before = take(path, None)
        if before is not None:
            try:
                stat = entry.stat()
            except FileNotFoundError:  # gone this very moment
                known[path] = before
                continue
            if stat.st_size != before[1] or stat.st_mtime_ns != before[2]:
                known[path] = before
                yield path, stat
        elif entry.is_dir(follow_symlinks=False):
            if not is_hidden(entry.name):
                inner.append(path)
        elif entry.is_file():
            yield path, entry.stat()


@contextmanager
def _listing(folder: str) -> Generator[Iterator[os.DirEntry[str]]]:
    """What lies in a folder. Relative to its open handle, `stat` need not look up the whole path."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir(handle) as entries:
            yield entries
    finally:
        os.close(handle)


def _really_modified(
    connection: Connection, secret: str, project: str, dataset: str, doubtful: list[str]
) -> Iterator[str]:
    """Of files with another size or time, those whose bytes are other ones."""
    query = select(sources.c.file, sources.c.image, sources.c.original, sources.c.size).where(
        sources.c.project == project,
        sources.c.dataset == dataset,
        sources.c.file.in_(bindparam("files", expanding=True)),
    )
    for part in batches(doubtful, 500):
        files = {clean(file): file for file in part}
        for source, image, original, size_bytes in connection.execute(
            query, {"files": list(files)}
        ):
            file = Path(files[source])
            same = False
            with suppress(OSError):
                if file.stat().st_size == size_bytes and (original or image):
                    digest = _digest(file)
                    same = marked(secret, digest) == original if original else digest == image
            if not same:
                yield source


def _digest(file: Path) -> str:
    hasher = blake3()
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            hasher.update(piece)
    return hasher.hexdigest()
