"""What earlier `add`s noted of files, so that the next one need not open them again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, TextClause, bindparam, select, text

from visloop.data.intake.looking import RACY
from visloop.data.intake.reading import UNKNOWN_SIZE, Outcome
from visloop.data.staging import write_many
from visloop.data.tables import sources
from visloop.data.working import batches, nothing_between
from visloop.store import Write

_AT_ONCE: Final = 500

_HERE: Final = (
    "SELECT file, size, mtime_ns, labels, state FROM sources WHERE project = :project"
    " AND dataset = :dataset AND state <> 'moved' AND "
)
# one query of each range: of two joined by OR the index is of no use
_BELOW: Final = f"{_HERE} file = :root UNION ALL {_HERE} file > :low AND file < :high"
_KNOWN = text(_BELOW)
_SEEN = text(_BELOW.replace("labels, state", "state"))
_BETWEEN = text(
    "SELECT 1 FROM sources WHERE project = :project AND dataset = :dataset"
    " AND file BETWEEN :first AND :last LIMIT 1"
)
_UPSERT = text(
    "INSERT INTO sources (project, dataset, file, size, mtime_ns, labels, state, path, image,"
    " original, format) VALUES (:project, :dataset, :file, :size, :mtime_ns, :labels, :state, :path,"
    " :image, :original, 1) ON CONFLICT (project, dataset, file) DO UPDATE SET size = excluded.size,"
    " mtime_ns = excluded.mtime_ns, labels = excluded.labels, state = excluded.state,"
    " path = excluded.path, image = excluded.image, original = excluded.original"
)


SeenRow: TypeAlias = tuple[str, int, int, str]
"""A source, its size in bytes, its mtime in ns, what became of it."""


class KnownFile(NamedTuple):
    """Enough to see that a file is as it was; `state` is sample, quarantined, removed or opened."""

    size_bytes: int
    mtime_ns: int
    labels: str
    state: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What became of a file; `state` is sample, quarantined, removed, moved, or opened.

    A file that was opened is no picture itself: its parts (the frames of a film) have rows of their
    own, below its path.
    """

    state: str
    path: str
    labels: str
    image: str


def holder(source: str) -> Path | None:
    """The file on the disk that `source` names, or that the part lies in; None: it is gone."""
    path = Path(source)
    if path.exists():
        return path
    above = next((each for each in path.parents if each.exists()), None)
    return above if above is not None and above.is_file() else None


def known_rows(
    connection: Connection, project: str, dataset: str, root: str
) -> Sequence[tuple[str, int, int, str, str]]:
    """(source, size in bytes, mtime in ns, labels, state) of every file noted at or below `root`."""
    return _rows(connection, _KNOWN, project, dataset, root)


def seen_rows(connection: Connection, project: str, dataset: str, root: str) -> Sequence[SeenRow]:
    """The same without labels."""
    return _rows(connection, _SEEN, project, dataset, root)


def _rows(
    connection: Connection, query: TextClause, project: str, dataset: str, root: str
) -> Sequence[Any]:
    low = root.rstrip("/") + "/"
    high = low[:-1] + chr(ord("/") + 1)
    bound = {"project": project, "dataset": dataset, "root": root, "low": low, "high": high}
    cursor: Any = connection.execute(query, bound).cursor
    return cursor.fetchall()  # plain tuples: rows of SQLAlchemy cost more than reading them


def known_files(
    connection: Connection, project: str, dataset: str, root: str
) -> dict[str, KnownFile]:
    """Every file noted at or below `root`, by source."""
    rows = known_rows(connection, project, dataset, root)
    make = KnownFile._make
    return {row[0]: make(row[1:]) for row in rows}


def remembered(
    connection: Connection, project: str, dataset: str, files: Collection[str]
) -> dict[str, Remembered]:
    """What became of these files, by source."""
    mine = {"project": project, "dataset": dataset}
    if not files or nothing_between(connection, _BETWEEN, files, mine):
        return {}
    table = sources.c
    query = select(table.file, table.state, table.path, table.labels, table.image).where(
        table.project == project,
        table.dataset == dataset,
        table.file.in_(bindparam("files", expanding=True)),
    )
    return {
        row[0]: Remembered(*row[1:])
        for part in batches(files, _AT_ONCE)
        for row in connection.execute(query, {"files": part})
    }


class Noted(NamedTuple):
    """What is to be noted of a file: `path` is that of its sample in the data set."""

    outcome: Outcome
    path: str
    state: str


def remember(write: Write, dataset: str, rows: Iterable[Noted]) -> None:
    """Note what became of files, and which samples have no file any more because it moved."""
    owner = (write.scope.project, dataset)
    noted: list[tuple[Any, ...]] = []
    for each, path, state in rows:
        seen = (each.size_bytes, each.mtime_ns, each.labels)
        noted.append((*owner, each.source, *seen, state, path, each.image, each.original))
        if each.moved_source is not None:
            moved = (UNKNOWN_SIZE, RACY, each.labels, "moved", path, each.image, "")
            noted.append((*owner, each.moved_source, *moved))
    write_many(write, _UPSERT, noted)
