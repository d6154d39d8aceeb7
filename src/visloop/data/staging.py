"""Staging: samples put into the working set or taken out of it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import TextClause, bindparam, delete, text

from visloop.data import catalog, dictionary
from visloop.data.fields import own
from visloop.data.objects import carry_ids
from visloop.data.records import DataPorts, Sample
from visloop.data.tables import working
from visloop.data.tree.codec import Entry
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working, batches, decode, encode
from visloop.errors import Refused
from visloop.store import Write

FROZEN_SPLITS: Final = frozenset({"test"})
_AT_ONCE: Final = 500

_UPSERT = text(
    "INSERT INTO working (project, dataset, path, seq, split, sample, format)"
    " VALUES (:project, :dataset, :path, :seq, :split, :sample, 1)"
    " ON CONFLICT (project, dataset, path)"
    " DO UPDATE SET seq = excluded.seq, split = excluded.split, sample = excluded.sample"
)


class FrozenSplit(Refused):
    """A committed test sample would leave its test split."""

    code = "data.frozen_split"


@dataclass(frozen=True)
class Staged:
    """What `stage` wrote: samples put, samples taken out, and the number of the change."""

    changed: int
    removed: int
    sequence: int


def stage(
    ports: DataPorts,
    write: Write,
    dataset: str,
    samples: Sequence[Sample],
    *,
    removed: Collection[str] = (),
    unfreeze: bool = False,
) -> Staged:
    """Put samples into the working set, and take paths out of it, in the caller's transaction.

    The data set is made when there is none. Objects without an id get one; aliases become class
    names. A sample that equals the committed one is no change and takes back what was staged. The
    caller flushes blobs before the transaction and records the fact.

    Raises:
        UnknownClass: a label is not in the dictionary.
        WrongMetadata: a value is not of its field's type.
        FrozenSplit: a committed test sample would leave `test`, and `unfreeze` is not given.
    """
    state = catalog.ensure(write, dataset)
    return stage_over(
        write,
        Working.load(write.connection, Nodes(ports.blobs), state),
        samples,
        removed=removed,
        unfreeze=unfreeze,
    )


def stage_over(
    write: Write,
    over: Working,
    samples: Sequence[Sample],
    *,
    removed: Collection[str] = (),
    unfreeze: bool = False,
) -> Staged:
    """As `stage`, over a working state that is loaded already in the same transaction."""
    dataset = over.state.name
    fit = own.enforced(write, over, dictionary.checked(samples, over.classes, dataset))
    known = _with_ids(over, fit)
    put = {sample.path: encode(sample) for sample in known}
    committed = {path: over.tree.get(path) for path in (*put, *removed)}
    if not unfreeze:
        _check_frozen({sample.id: sample for sample in known}, committed, dataset)
    sequence = catalog.next_sequence(write, dataset)
    edits: dict[str, Entry | None] = dict.fromkeys(removed) | put
    changed = {path: entry for path, entry in edits.items() if entry != committed[path]}
    drop(write, dataset, [path for path in edits if path not in changed])
    write_many(write, _UPSERT, _rows(write.scope.project, dataset, sequence, changed))
    gone = sum(1 for entry in changed.values() if entry is None)
    return Staged(changed=len(changed) - gone, removed=gone, sequence=sequence)


def _with_ids(over: Working, samples: list[Sample]) -> list[Sample]:
    """Every object named: as the same object of the sample that is there, else afresh."""
    nameless = {
        s.path for s in samples if len({a.id for a in s.annotations} - {""}) < len(s.annotations)
    }
    before = over.get_many(nameless) if nameless else {}
    for path in nameless - before.keys():  # taken out, not committed so: it comes back
        if (committed := over.tree.get(path)) is not None:
            before[path] = decode(committed)
    named: list[Sample] = []
    for sample in samples:
        if sample.path not in nameless:
            named.append(sample)
            continue
        was = before.get(sample.path)
        old = was.annotations if was is not None and was.id == sample.id else ()
        objects = carry_ids(sample.id, old, sample.annotations)
        named.append(msgspec.structs.replace(sample, annotations=objects))
    return named


def _rows(
    project: str, dataset: str, sequence: int, edits: Mapping[str, Entry | None]
) -> list[tuple[Any, ...]]:
    return [
        (project, dataset, path, sequence, entry.tag, entry.value)
        if entry
        else (project, dataset, path, sequence, "", None)
        for path, entry in edits.items()
    ]


def write_many(write: Write, statement: TextClause, rows: list[tuple[Any, ...]]) -> None:
    """Run one statement for many rows, whose values come in the order of its parameters.

    Goes past SQLAlchemy's handling of each row, which costs as much as the insert itself.
    """
    if not rows:
        return
    compiled = statement.compile(dialect=write.connection.dialect)
    names = compiled.positiontup
    if names is None:  # a driver that takes parameters by name
        by_name = [dict(zip(compiled.params, row, strict=True)) for row in rows]
        write.connection.exec_driver_sql(str(compiled), by_name)
    else:
        write.connection.exec_driver_sql(str(compiled), rows)


def drop(write: Write, dataset: str, paths: Collection[str]) -> int:
    """Forget what is staged at these paths; how many there were."""
    table = working.c
    statement = delete(working).where(
        table.project == write.scope.project,
        table.dataset == dataset,
        table.path.in_(bindparam("paths", expanding=True)),
    )
    return sum(
        write.execute(statement, {"paths": batch}).rowcount for batch in batches(paths, _AT_ONCE)
    )


def _check_frozen(
    samples: Mapping[str, Sample], committed: Mapping[str, Entry | None], dataset: str
) -> None:
    """Refuse to let a sample leave the test split that a version holds it in."""
    for entry in committed.values():
        if entry is None or entry.tag not in FROZEN_SPLITS:
            continue
        now = samples.get(decode(entry).id)
        if now is not None and now.split != entry.tag:
            raise FrozenSplit(
                f"{entry.key!r} is in the committed {entry.tag!r} split of {dataset!r}"
                f" and cannot move to {now.split or 'no split'!r}",
                fix="leave it there: a test set that training has seen tests nothing"
                "   (to move it all the same: visloop split … --unfreeze)",
            )
