"""The working state: what is staged over the head of a data set, read and written in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Select, TextClause, bindparam, delete, select, text

from visloop.data import catalog, dictionary
from visloop.data.objects import carry_ids
from visloop.data.records import ClassDictionary, DataPorts, Sample, Version
from visloop.data.tables import working
from visloop.data.tree.edit import apply
from visloop.data.tree.nodes import Entry, Nodes, Tree
from visloop.errors import Refused
from visloop.store import Write

FROZEN_SPLITS: Final = frozenset({"test"})
_AT_ONCE: Final = 500
_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(Sample)
_IMAGE: Final = b"\xa5image\xd9\x40"
T = TypeVar("T")

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


def encode(sample: Sample) -> Entry:
    """A sample as an entry of a tree."""
    return Entry(sample.path, _encoder.encode(sample), sample.split or "")


def decode(entry: Entry) -> Sample:
    """The sample of an entry."""
    return _decoder.decode(entry.value)


def decode_value(raw: bytes) -> Sample:
    """The sample of an entry's value, or of a staged row."""
    return _decoder.decode(raw)


def image_of(raw: bytes) -> str:
    """The digest of the picture of an encoded sample, without decoding the rest.

    The mark cannot occur before its place: the fields before it hold UTF-8, which it is not.
    """
    at = raw.index(_IMAGE) + len(_IMAGE)
    return raw[at : at + 64].decode()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`; the last may be shorter."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


@dataclass(frozen=True)
class Working:
    """One data set inside one transaction: its head's tree below, what is staged above."""

    connection: Connection
    state: catalog.DatasetState
    head: Version | None
    tree: Tree
    classes: ClassDictionary

    @classmethod
    def load(cls, connection: Connection, nodes: Nodes, state: catalog.DatasetState) -> Working:
        """Look up the head and its dictionary; nothing staged is read yet."""
        head = catalog.head(connection, state.project, state.name)
        if head is None:
            tree, known = Tree.nothing(nodes), ClassDictionary()
        else:
            root = catalog.load_root(nodes.blobs, head.root)
            tree, known = Tree.open(nodes, root.tree), root.classes
        return cls(connection, state, head, tree, state.classes or known)

    def get_many(self, paths: Collection[str]) -> dict[str, Sample]:
        """The samples at these paths, as staged or else as committed; absent ones are left out."""
        staged = self._staged_rows(paths)
        found: dict[str, Sample] = {}
        for path in paths:
            if path in staged:
                raw = staged[path]
                if raw is not None:
                    found[path] = _decoder.decode(raw)
            elif (entry := self.tree.get(path)) is not None:
                found[path] = decode(entry)
        return found

    def _staged_rows(self, paths: Collection[str]) -> dict[str, bytes | None]:
        query = select(working.c.path, working.c.sample).where(
            working.c.project == self.state.project,
            working.c.dataset == self.state.name,
            working.c.path.in_(bindparam("paths", expanding=True)),
        )
        return {
            path: raw
            for batch in batches(paths, _AT_ONCE)
            for path, raw in self.connection.execute(query, {"paths": batch})
        }

    def edits(self) -> Iterator[tuple[str, Entry | None]]:
        """Everything staged, by path: what `apply` takes; rows are read as they are used."""
        query = (
            select(working.c.path, working.c.split, working.c.sample)
            .where(working.c.project == self.state.project, working.c.dataset == self.state.name)
            .order_by(working.c.path)
            .execution_options(yield_per=1000)
        )
        for path, split, raw in self.connection.execute(query):
            yield path, None if raw is None else Entry(path, raw, split)

    def images(self, wanted: Collection[str]) -> set[str]:
        """Those of the wanted pictures (by digest) that a sample holds, staged or committed."""
        found: set[str] = set()
        staged: set[str] = set()
        for path, entry in self.edits():
            staged.add(path)
            if entry is not None:
                found.add(image_of(entry.value))
        for entry in self.tree.entries():
            if entry.key not in staged:
                found.add(image_of(entry.value))
        return found.intersection(wanted)

    def merged(self) -> Tree:
        """The tree with everything staged worked in; its new nodes go where the old ones are."""
        return apply(self.tree, self.edits())


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
    known = _with_ids(over, dictionary.checked(samples, over.classes, dataset))
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


def staged_paths(project: str, dataset: str) -> Select[str]:
    """The paths that are staged, as a query to run or to build into another one."""
    return select(working.c.path).where(working.c.project == project, working.c.dataset == dataset)


def images_held(ports: DataPorts, project: str, dataset: str, images: Collection[str]) -> set[str]:
    """Those of the pictures (by digest) that the data set holds, committed or staged.

    None of them when there is no such data set.
    """
    with ports.ledger.read() as connection:
        state = catalog.state_or_none(connection, project, dataset)
        if state is None or not images:
            return set()
        return Working.load(connection, Nodes(ports.blobs), state).images(images)


def _with_ids(over: Working, samples: list[Sample]) -> list[Sample]:
    """Every object named: as the same object of the sample that is there, else afresh."""
    nameless = {
        s.path for s in samples if len({a.id for a in s.annotations} - {""}) < len(s.annotations)
    }
    before = over.get_many(nameless) if nameless else {}
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
