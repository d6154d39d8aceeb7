"""The working state: what is staged over the head of a data set, read and written in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection, Select, TextClause, bindparam, func, select, text

from visloop.data import catalog
from visloop.data.fields.records import OwnFields
from visloop.data.records import ClassDictionary, DataPorts, Sample, Version
from visloop.data.tables import working
from visloop.data.tree.codec import Entry
from visloop.data.tree.edit import apply
from visloop.data.tree.nodes import Nodes, Tree
from visloop.errors import NotFound

_AT_ONCE: Final = 500
_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(Sample)
_IMAGE: Final = b"\xa5image\xd9\x40"
_BETWEEN: Final = text(
    "SELECT 1 FROM working WHERE project = :project AND dataset = :dataset"
    " AND path BETWEEN :first AND :last LIMIT 1"
)
T = TypeVar("T")


class SampleNotFound(NotFound):
    """The data set has no sample at that path."""

    code = "data.sample_not_found"


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


def nothing_between(
    connection: Connection, query: TextClause, keys: Collection[str], owner: Mapping[str, str]
) -> bool:
    """Whether a table holds no key from the least to the greatest of these, as in most imports.

    Args:
        connection: where to look.
        query: finds one row of `owner` with a key from `:first` to `:last`.
        keys: at least one.
        owner: further parameters of the query.
    """
    here = {**owner, "first": min(keys), "last": max(keys)}
    return connection.execute(query, here).first() is None


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
    fields: OwnFields

    @classmethod
    def load(
        cls,
        connection: Connection,
        nodes: Nodes,
        state: catalog.DatasetState,
        below: Version | None = None,
    ) -> Working:
        """Look up the head (or `below`) and its dictionary; nothing staged is read yet."""
        head = below or catalog.head(connection, state.project, state.name)
        if head is None:
            tree, known, own = Tree.nothing(nodes), ClassDictionary(), OwnFields()
        else:
            root = catalog.load_root(nodes.blobs, head.root)
            tree, known = Tree.open(nodes, root.tree), root.classes
            own = root.own_fields
        return cls(connection, state, head, tree, state.classes or known, state.fields or own)

    def get_many(self, paths: Collection[str]) -> dict[str, Sample]:
        """The samples at these paths, as staged or else as committed; absent ones are left out."""
        staged = self._staged_rows(paths)
        found: dict[str, Sample] = {}
        if not staged and not self.tree.count:
            return found
        for path in paths:
            if path in staged:
                raw = staged[path]
                if raw is not None:
                    found[path] = _decoder.decode(raw)
            elif (entry := self.tree.get(path)) is not None:
                found[path] = decode(entry)
        return found

    def _staged_rows(self, paths: Collection[str]) -> dict[str, bytes | None]:
        mine = {"project": self.state.project, "dataset": self.state.name}
        if not paths or nothing_between(self.connection, _BETWEEN, paths, mine):
            return {}
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

    def count_staged(self) -> int:
        """How many samples are staged to be put in."""
        mine = (working.c.project == self.state.project) & (working.c.dataset == self.state.name)
        query = select(func.count()).select_from(working).where(mine, working.c.sample.is_not(None))
        return self.connection.scalar(query) or 0

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


def staged_paths(project: str, dataset: str) -> Select[str]:
    """The paths that are staged, as a query to run or to build into another one."""
    return select(working.c.path).where(working.c.project == project, working.c.dataset == dataset)


def committed_at(
    ports: DataPorts, connection: Connection, project: str, dataset: str, path: str
) -> Sample | None:
    """The sample that the newest version has at that path; None when it has none there."""
    state = catalog.state_or_none(connection, project, dataset)
    if state is None:
        return None
    entry = Working.load(connection, Nodes(ports.blobs), state).tree.get(path)
    return None if entry is None else decode(entry)


def working_sample(
    ports: DataPorts, connection: Connection, project: str, dataset: str, path: str
) -> Sample:
    """The sample at that path, as staged or else as committed.

    Raises:
        DatasetNotFound: there is no such data set.
        SampleNotFound: it has no sample there.
    """
    state = catalog.state(connection, project, dataset)
    found = Working.load(connection, Nodes(ports.blobs), state).get_many([path]).get(path)
    if found is None:
        raise SampleNotFound(
            f"data set {dataset!r} has no sample {path!r}",
            fix=f"list them: visloop samples {dataset}@{catalog.WORK}",
        )
    return found


def working_samples(
    ports: DataPorts, connection: Connection, project: str, dataset: str, paths: Collection[str]
) -> dict[str, Sample]:
    """The samples at these paths, as staged or else as committed; absent ones are left out.

    Raises:
        DatasetNotFound: there is no such data set.
    """
    state = catalog.state(connection, project, dataset)
    return Working.load(connection, Nodes(ports.blobs), state).get_many(paths)


def images_held(ports: DataPorts, project: str, dataset: str, images: Collection[str]) -> set[str]:
    """Those of the pictures (by digest) that the data set holds, committed or staged.

    None of them when there is no such data set.
    """
    with ports.ledger.read() as connection:
        state = catalog.state_or_none(connection, project, dataset)
        if state is None or not images:
            return set()
        return Working.load(connection, Nodes(ports.blobs), state).images(images)
