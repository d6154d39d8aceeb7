"""Files that somebody is about to hand over: which of them need not be sent, for they are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from visloop.data.intake.noting import noting
from visloop.data.intake.reading import labels_digest
from visloop.data.origins.handed import Handed
from visloop.data.privacy.guard import Guard
from visloop.data.records import AddOptions, DataPorts
from visloop.data.tables import sources
from visloop.data.working import batches
from visloop.events import Scope

_AT_ONCE = 500
_HERE = ("sample", "removed", "opened")


@dataclass(frozen=True)
class Promised:
    """A file by what is known of it before its bytes are: as `Handed`, with its size."""

    path: str
    size_bytes: int
    modified_ns: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    """`missing` are places in the list that was promised; the others came before.

    A file that was refused is missing: it is sent again, and told with its reason.
    """

    missing: tuple[int, ...]
    unchanged: int


def missing(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    promised: Sequence[Promised],
    options: AddOptions,
) -> Missing:
    """Which of these files `hand_over` has not taken yet with the same size, time and labels.

    Raises:
        As `hand_over`, of the options.
    """
    noted, guard = noting(ports, scope, dataset, options), _guard(ports, options)
    said: list[tuple[str, tuple[int, int, str]]] = []
    for each in promised:
        handed = Handed(b"", each.path, labels=each.labels)
        found = guard.on(noted.on(handed.found("", options)))
        labels = guard.signed(labels_digest(found, options.class_map))
        said.append((found.source, (each.size_bytes, each.modified_ns, labels)))
    known = _known(ports, scope, dataset, [source for source, _ in said])
    away = tuple(k for k, (source, seen) in enumerate(said) if known.get(source) != seen)
    return Missing(away, len(said) - len(away))


def _guard(ports: DataPorts, options: AddOptions) -> Guard:
    policy = ports.privacy.tightened(options.privacy)
    return Guard(policy, ports.secret, options.deep, options.privacy)


def _known(
    ports: DataPorts, scope: Scope, dataset: str, files: Sequence[str]
) -> dict[str, tuple[int, int, str]]:
    """(size, mtime in ns, labels) of what is noted of them, by source."""
    table = sources.c
    query = select(table.file, table.size, table.mtime_ns, table.labels).where(
        table.project == scope.project,
        table.dataset == dataset,
        table.state.in_(_HERE),
        table.file.in_(bindparam("files", expanding=True)),
    )
    with ports.ledger.read() as connection:
        return {
            row[0]: (row[1], row[2], row[3])
            for part in batches(files, _AT_ONCE)
            for row in connection.execute(query, {"files": part})
        }
