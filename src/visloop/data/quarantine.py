"""What was not taken: listed with its reason, tried again, or set aside for good by a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, RowMapping, bindparam, select, text

from visloop.data import catalog
from visloop.data.cameras.registry import stamp_of
from visloop.data.ingest.records import FILM, FRAME, Found
from visloop.data.intake.batch import Tally, plan, record, unpack_found
from visloop.data.intake.films import Films
from visloop.data.intake.memory import Remembered, remembered
from visloop.data.intake.reading import Outcome, labels_digest, read, refused
from visloop.data.media.keeping import Keeper
from visloop.data.origins.again import again
from visloop.data.origins.handed import was_handed
from visloop.data.privacy.guard import Guard, unsigned
from visloop.data.records import Added, DataPorts, Quarantined, Refusal
from visloop.data.tables import quarantine as table
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working, batches
from visloop.errors import NotFound, UsageError, did_you_mean
from visloop.events import Scope
from visloop.store import Write, utc_text

if TYPE_CHECKING:
    from visloop.data.formats import Item

_AT_ONCE: Final = 500


class QuarantinedNotFound(NotFound):
    """Nothing of that id waits in the data set's quarantine."""

    code = "data.quarantined_not_found"


def quarantine_list(
    ports: DataPorts, scope: Scope, dataset: str | None = None
) -> list[Quarantined]:
    """Refusals that wait for a person, by data set and path.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    with ports.ledger.read() as connection:
        if dataset is not None:
            catalog.state(connection, scope.project, dataset)
        live = {dataset} if dataset is not None else set(catalog.names(connection, scope.project))
        rows = _waiting(connection, scope.project, dataset)
        return [_record(row) for row in rows if row["dataset"] in live]


def quarantine_retry(
    ports: DataPorts, scope: Scope, dataset: str, ids: Collection[str] = ()
) -> Added:
    """Read the refused files again where they lie; what is good now is staged, the rest stays.

    A file that was sent lies nowhere: the bytes kept of it are read, and where none were kept it stays
    as it is, with a note that it must be sent again.

    Args:
        ports: where state and bytes live.
        scope: who asks.
        dataset: the data set.
        ids: only these; none means all of them.

    Raises:
        DatasetNotFound: there is no such data set.
        QuarantinedNotFound: one of the ids does not wait there.
        UnknownClass: a repaired file's label is no class of the data set.
    """
    with ports.ledger.read() as connection:
        catalog.state(connection, scope.project, dataset)
        rows = _chosen(connection, scope.project, dataset, ids)
        noted = remembered(connection, scope.project, dataset, [row["source"] for row in rows])
    total, nodes = Tally(), Nodes(ports.blobs)
    files = {row["source"]: _found(row) for row in rows}
    kept = {row["source"]: row["image"] for row in rows if was_handed(row["source"])}
    for source in [source for source, image in kept.items() if not image]:
        total.quarantined += 1
        total.notes.append(f"{files.pop(source).path}: no bytes of it were kept; send it again")
    offered = again(ports, files.values(), kept)
    track = ports.progress.track(offered, doing="retry", unit="file", total=len(files))
    guard = Guard(ports.privacy, ports.secret)
    sink = Keeper(ports.blobs, guard)
    with closing(Films(sink, ports.limits.frames_per_video)) as films:
        read_again = (
            each for item in track for each in _read_again(item, files, noted, sink, films, guard)
        )
        for outcomes in batches(read_again, _AT_ONCE):
            ports.blobs.flush()
            with ports.ledger.write(scope) as write:
                total.take(_staged(write, nodes, dataset, outcomes))
                sink.note(write)
    return total.answer()


def _staged(write: Write, nodes: Nodes, dataset: str, outcomes: Sequence[Outcome]) -> Tally:
    state = catalog.state(write.connection, write.scope.project, dataset)
    over = Working.load(write.connection, nodes, state)
    learning = state.learning or not over.classes.entries
    now, stamp = utc_text(write.now), stamp_of(write.connection, write.scope.project)
    decided = plan(over, outcomes, over.classes, {}, now, learning=learning, stamp=stamp)
    record(write, over, decided)
    counts = {"added": decided.tally.added, "quarantined": decided.tally.quarantined}
    write.fact("data.quarantine_retried", dataset, tried=len(outcomes), **counts)
    return decided.tally


def _read_again(
    item: Item,
    said_of: Mapping[str, Found],
    noted: Mapping[str, Remembered],
    sink: Keeper,
    films: Films,
    guard: Guard,
) -> Iterator[Outcome]:
    """What becomes of a file that was refused; of a film, of each of its frames too.

    `said_of` is what the scan once said: kept where the file still cannot be had. `guard` is the
    workspace's; wishes of the `add` that refused the file hold still.
    """
    before = noted.get(item.source)
    sink.guard = guard.again(said_of.get(item.source))
    if isinstance(item, Refusal):
        yield refused(item, said_of.get(item.source), before.labels if before else "")
        return
    said = before.labels if before is not None else labels_digest(item, {})
    labels = sink.guard.signed(unsigned(said))
    kind = item.part.kind if item.part is not None else ""
    if kind == FILM:
        every = films.outcomes(item, labels, lambda _found, _labels: False, {})
        yield from (outcome for outcome in every if outcome is not None)
    elif kind == FRAME:
        yield films.frame(item, labels)
    else:
        yield read(item, labels, sink)


def quarantine_remove(
    ports: DataPorts, scope: Scope, dataset: str, ids: Sequence[str], reason: str
) -> int:
    """Set refused files aside for good, saying why; `add` leaves them alone until they change.

    Raises:
        DatasetNotFound: there is no such data set.
        QuarantinedNotFound: one of the ids does not wait there.
        UsageError: no id, or no reason.
    """
    if not ids or not reason.strip():
        raise UsageError("say which and why", fix="give at least one id and a reason")
    owner = {"project": scope.project, "dataset": dataset}
    with ports.ledger.write(scope) as write:
        catalog.state(write.connection, scope.project, dataset)
        rows = _chosen(write.connection, scope.project, dataset, ids)
        chosen = owner | {"ids": [row["id"] for row in rows], "reason": reason}
        write.execute(_REMOVE, chosen)
        for part in batches((row["source"] for row in rows), _AT_ONCE):
            write.execute(_LEAVE, owner | {"files": part})
        write.fact("data.quarantine_removed", dataset, ids=[row["id"] for row in rows])
    return len(rows)


_REMOVE = text(
    "UPDATE quarantine SET state = 'removed', closed_because = :reason"
    " WHERE project = :project AND dataset = :dataset AND id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_LEAVE = text(
    "UPDATE sources SET state = 'removed' WHERE project = :project AND dataset = :dataset"
    " AND state = 'quarantined' AND file IN :files"
).bindparams(bindparam("files", expanding=True))


def _waiting(connection: Connection, project: str, dataset: str | None) -> Sequence[RowMapping]:
    query = select(table).where(table.c.project == project, table.c.state == "waiting")
    if dataset is not None:
        query = query.where(table.c.dataset == dataset)
    ordered = query.order_by(table.c.dataset, table.c.path, table.c.id)
    return connection.execute(ordered).mappings().all()


def _chosen(
    connection: Connection, project: str, dataset: str, ids: Collection[str]
) -> list[RowMapping]:
    rows = {row["id"]: row for row in _waiting(connection, project, dataset)}
    for wanted in ids:
        if wanted not in rows:
            raise QuarantinedNotFound(
                f"nothing with the id {wanted!r} waits in the quarantine of {dataset!r}",
                fix=did_you_mean(
                    wanted, rows, otherwise=f"see: visloop quarantine list --dataset {dataset}"
                ),
            )
    return [row for number, row in rows.items() if not ids or number in ids]


def _found(row: RowMapping) -> Found:
    if row["found"]:
        return unpack_found(row["found"])
    return Found(path=row["path"], file=row["source"], source=row["source"], split=row["split"])


def _record(row: RowMapping) -> Quarantined:
    return Quarantined(
        id=row["id"],
        dataset=row["dataset"],
        path=row["path"],
        source=row["source"],
        reason_code=row["reason_code"],
        reason=row["reason"],
        fix=row["fix"],
        image=row["image"],
        split=row["split"],
        time=utc_text(row["time"]),
    )
