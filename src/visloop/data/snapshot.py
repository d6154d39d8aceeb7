"""Reading a version, or the working state, without loading it: samples are decoded as they are used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from visloop.data import catalog
from visloop.data.fields.built_in import BUILT_IN
from visloop.data.fields.records import NO_FIELDS, Field, OwnFields
from visloop.data.records import ClassDictionary, DataPorts, Sample, Version
from visloop.data.tree.nodes import Nodes, Scratch, Tree
from visloop.data.working import Working, decode, image_of
from visloop.errors import NotFound, did_you_mean
from visloop.ids import DEFAULT_PROJECT, Ref
from visloop.store import utc_text


class SplitNotFound(NotFound):
    """The version has no sample in a split of that name."""

    code = "data.split_not_found"


@dataclass(frozen=True)
class Snapshot:
    """An immutable state of a data set; of one split only, when the reference named one.

    Of the working state (`cards@work`), `version` has number 0, the name `work` and no root.
    """

    version: Version
    classes: ClassDictionary
    tree: Tree
    split: str | None = None
    own_fields: OwnFields = NO_FIELDS

    @property
    def fields(self) -> dict[str, Field]:
        """Every metadata field that a sample may have, by name: the built-in ones and its own."""
        return {**BUILT_IN, **self.own_fields.by_name()}

    @property
    def state(self) -> str:
        """What its samples are, in a word: another one as soon as one of them is another."""
        return self.tree.digest[:16]

    @property
    def count(self) -> int:
        """How many samples it holds (in its split, if it has one)."""
        return self.tree.count if self.split is None else self.tree.tally.get(self.split, 0)

    @property
    def splits(self) -> dict[str, int]:
        """Split → number of samples, by name; samples without a split are not counted here."""
        return {name: number for name, number in sorted(self.tree.tally.items()) if name}

    @property
    def unsplit(self) -> int:
        """How many samples have no split."""
        return self.tree.tally.get("", 0)

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Samples in the order of their paths; memory stays that of a few chunks."""
        for entry in self.tree.entries(tag=split or self.split):
            yield decode(entry)

    def get(self, path: str) -> Sample | None:
        """The sample at that path; None when there is none (or it is in another split)."""
        entry = self.tree.get(path)
        if entry is None or (self.split is not None and entry.tag != self.split):
            return None
        return decode(entry)

    def page(self, offset: int, limit: int, split: str | None = None) -> list[Sample]:
        """`limit` samples from the `offset`-th on, found without reading those before."""
        entries = self.tree.page(max(offset, 0), max(limit, 0), split or self.split)
        return [decode(entry) for entry in entries]

    def with_image(self, image: str) -> list[Sample]:
        """The samples that show these bytes (by digest); reads everything, decodes only those."""
        entries = self.tree.entries(tag=self.split)
        return [decode(entry) for entry in entries if image_of(entry.value) == image]

    def with_id(self, sample: str) -> Sample | None:
        """The sample of that id; reads everything, decodes only what may be it."""
        wanted = sample.encode()
        entries = self.tree.entries(tag=self.split)
        found = (decode(entry) for entry in entries if wanted in entry.value)
        return next((each for each in found if each.id == sample), None)


def open_ref(ports: DataPorts, ref: Ref, project: str = DEFAULT_PROJECT) -> Snapshot:
    """The state that a reference names: `cards`, `cards@main`, `cards@v3:test`, `cards@work`.

    Args:
        ports: where state and bytes live.
        ref: without a version it means the newest of `main`; its project wins over `project`.
        project: the project of names that do not say theirs.

    Raises:
        DatasetNotFound: there is no such data set.
        VersionNotFound: it has no such version, or none yet.
        SplitNotFound: it has no sample in that split.
    """
    project = ref.project or project
    if ref.version == catalog.WORK:
        found = _working(ports, project, ref.name)
    else:
        with ports.ledger.read() as connection:
            version = catalog.resolve(connection, project, ref.name, ref.version)
        root = catalog.load_root(ports.blobs, version.root)
        tree = Tree.open(Nodes(ports.blobs), root.tree)
        found = Snapshot(version, root.classes, tree, own_fields=root.own_fields)
    if ref.split is None:
        return found
    if ref.split not in found.splits:
        raise SplitNotFound(
            f"{found.version.ref} has no split {ref.split!r}",
            fix=did_you_mean(
                ref.split,
                found.splits,
                otherwise=f"it has: {', '.join(found.splits) or 'none; make them: visloop split'}",
            ),
        )
    return Snapshot(found.version, found.classes, found.tree, ref.split, found.own_fields)


open = open_ref  # noqa: A001 - as people say it: data.open("cards@v3")


def _working(ports: DataPorts, project: str, name: str) -> Snapshot:
    """The head with everything staged; the chunks that this makes live in memory only."""
    nodes = Nodes(Scratch(ports.blobs))
    with ports.ledger.read() as connection:
        state = catalog.state(connection, project, name)
        over = Working.load(connection, nodes, state)
        tree = over.merged()
    version = Version(
        dataset=name,
        number=0,
        root="",
        parent=over.head.number if over.head else None,
        count=tree.count,
        time=utc_text(ports.ledger.clock.now()),
        actor="",
        message="",
        project=project,
    )
    return Snapshot(version, over.classes, tree, own_fields=over.fields)
