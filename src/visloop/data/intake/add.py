"""`add`: everything that some paths offer goes into the working set, or into quarantine with a reason.

Pictures are read, stored and staged in batches, each batch one transaction, after its bytes are on
the disk. A killed `add` is run again: what was staged is recognised by size and time and skipped.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from visloop.data import catalog, dictionary
from visloop.data.fields.records import NO_FIELDS
from visloop.data.ingest.records import FILM, Found
from visloop.data.ingest.wording import counted
from visloop.data.intake.batch import Plan, Tally, plan, record
from visloop.data.intake.films import Films
from visloop.data.intake.helpers import Helpers
from visloop.data.intake.memory import KnownFile, holder, known_files, remembered
from visloop.data.intake.noting import Noting, noting
from visloop.data.intake.reading import (
    UNKNOWN_SIZE,
    Outcome,
    labels_digest,
    read,
    refused,
    sealed,
    seen_ahead,
)
from visloop.data.intake.renames import Renames
from visloop.data.media.keeping import Keeper, Nowhere, files_in_place
from visloop.data.ontology import rules
from visloop.data.origins.choosing import origins
from visloop.data.origins.handed import Handed, HandedOver
from visloop.data.origins.records import Offered, Opened, Origin, Seal
from visloop.data.origins.remote.ahead import Wanted, fetched_ahead
from visloop.data.privacy.guard import Guard
from visloop.data.records import (
    Added,
    AddOptions,
    ClassDictionary,
    DataPorts,
    Refusal,
)
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import check_name
from visloop.store import utc_text

BATCH: Final = 2000
_COUNTS: Final = ("added", "updated", "unchanged", "quarantined", "left_out")

_UPSERT_ROOT = text(
    "INSERT INTO source_roots (project, dataset, root, raw, added, format)"
    " VALUES (:project, :dataset, :root, :raw, :added, 1)"
    " ON CONFLICT (project, dataset, root) DO NOTHING"
)


def add(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    paths: Sequence[str | Path],
    options: AddOptions | None = None,
) -> Added:
    """Stage every picture that the paths offer; refused files go into quarantine.

    Files known by size, time and labels are not opened. A file that changed keeps its sample's id;
    one that moved inside its folder does too. The first import into a data set teaches it its
    classes; later ones must know them.

    Raises:
        SourceNotFound: a path is not there.
        UnknownClass: a label is no class of the data set; nothing of its batch is staged.
        CameraNotFound: the options name a camera that is not in the registry.
        WrongMetadata: the options say a value that does not fit its field.
        UsageError: `dataset` cannot be a name, no path is given, or the format is not known.
    """
    options = options or AddOptions()
    check_name(dataset, "data set name")
    if not paths:
        raise UsageError("nothing to add", fix=f"visloop add PATH… --to {dataset}")
    kind = _Rehearsal if options.dry_run else _Addition
    noted = noting(ports, scope, dataset, options)
    return kind(ports, scope, dataset, options, noted).run(origins(paths, options))


def hand_over(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    handed: Sequence[Handed],
    options: AddOptions | None = None,
) -> Added:
    """As `add`, of bytes instead of files; when it returns they are on the disk.

    Raises:
        As `add`, and UsageError for a path that is none.
    """
    options = options or AddOptions()
    check_name(dataset, "data set name")
    origin = HandedOver(handed, options)
    noted = noting(ports, scope, dataset, options)
    return _Addition(ports, scope, dataset, options, noted).run([origin])


class _Addition:
    """One call of `add`."""

    def __init__(
        self, ports: DataPorts, scope: Scope, dataset: str, options: AddOptions, noted: Noting
    ) -> None:
        self._ports, self._scope, self._dataset, self._options = ports, scope, dataset, options
        self._noted = noted
        self._nodes = Nodes(ports.blobs)
        policy = ports.privacy.tightened(options.privacy)
        if options.in_place and policy.active:
            raise UsageError(
                "files left in place keep all they show: the policy of privacy cannot be kept",
                fix="leave --in-place away, or add to a workspace without a privacy section",
            )
        self._guard = Guard(policy, ports.secret, options.deep, options.privacy)
        self._sink: Keeper | Nowhere = (
            Nowhere(self._guard) if options.dry_run else Keeper(ports.blobs, self._guard)
        )
        self._helpers = Helpers()
        self._films = Films(self._sink, ports.limits.frames_per_video)
        self._tally = Tally(notes=list(noted.notes))
        self._learning = options.add_classes
        self._renames = Renames(options.class_map)
        self._known: dict[str, KnownFile] = {}
        self._parts: dict[str, list[str]] = {}

    def run(self, chosen: Sequence[Origin]) -> Added:
        """One origin after the other, to the closing fact; all of them are one import."""
        batch: list[Outcome] = []
        notes: list[str] = []
        with self._helpers:
            for origin in chosen:
                self._look(origin)
                if self._is_as_it_was(origin.seal):
                    continue
                with origin.open(self._ports, self._known) as opened, closing(self._films):
                    self._begin(opened.found, origin)
                    for outcome in self._outcomes(opened, origin.seal):
                        batch.append(outcome)
                        if len(batch) == BATCH:
                            self._stage(batch, closing=False)
                            batch = []
                    notes += opened.found.notes()
        self._stage(batch, closing=True)
        if not (self._tally.unchanged or self._tally.quarantined):
            notes += self._renames.idle()
        done = self._tally.answer(notes)
        if not (done.added or done.updated or done.unchanged or done.quarantined):
            done = replace(done, notes=(*done.notes, "nothing was found to add"))
        return done

    def _look(self, origin: Origin) -> None:
        """What earlier calls noted of files there."""
        owner = (self._scope.project, self._dataset)
        self._known, self._parts = {}, {}
        with self._ports.ledger.read() as connection:
            for root, _ in origin.roots:
                self._known |= known_files(connection, *owner, root)
                if not self._options.in_place:
                    self._doubt(files_in_place(connection, root))

    def _is_as_it_was(self, seal: Seal | None) -> bool:
        """Whether an archive need not be opened: all in it was noted, and it has not changed."""
        before = self._known.get(seal.source) if seal is not None else None
        if seal is None or before is None or not seal.suffices or self._noted.values:
            return False
        labels = self._sink.guard.signed(seal.labels)
        if before != (seal.size_bytes, seal.mtime_ns, labels, "opened"):
            return False
        for source, file in self._known.items():
            if source != seal.source:
                self._count_untouched(file)
        return True

    def _doubt(self, files: Collection[str]) -> None:
        """Files that were left in place are read again, to be stored this time."""
        if files:
            for source, file in self._known.items():
                if source in files or source.rpartition("/")[0] in files:
                    self._known[source] = file._replace(size_bytes=UNKNOWN_SIZE)

    def _begin(self, found: Offered, origin: Origin) -> None:
        """Make the data set, remember where it comes from, take declared classes while learning."""
        dataset = self._dataset
        with self._ports.ledger.write(self._scope) as write:
            state = catalog.ensure(write, dataset)
            known = dictionary.current(write, self._ports.blobs, state)
            if state.learning or not known.entries:
                self._learning = True
                dictionary.set_learning(write, dataset, learning=True)
            self._noted.declare(write, self._ports, state)
            grown = self._with_declared(known, found)
            if grown is not known:
                dictionary.put(write, dataset, grown, catalog.next_sequence(write, dataset))
            for root, raw in origin.roots:
                row = {"root": root, "raw": raw, "added": utc_text(write.now)}
                owner = {"project": self._scope.project, "dataset": dataset}
                write.execute(_UPSERT_ROOT, owner | row)

    def _with_declared(self, known: ClassDictionary, found: Offered) -> ClassDictionary:
        grown = rules.with_new(known, self._options.new_classes)
        if self._learning:
            grown = dictionary.with_entries(grown, found.classes, self._options.class_map)
        self._tally.classes_added += grown.names[len(known.names) :]
        self._renames.met(each.name for each in found.classes)
        return grown

    def _outcomes(self, opened: Opened, seal: Seal | None) -> Iterator[Outcome]:
        """What became of every file that is not as it was; new ones last, where some are gone."""
        late = list[Wanted]()
        sealed_before = None if seal is None else self._known.pop(seal.source, None)
        again = bool(self._known) or sealed_before is not None
        yield from self._read(self._changed(opened.found, late if again else None), opened)
        if again:
            yield from self._late(late, opened)
        if seal is not None:
            yield sealed(seal, self._sink.guard.signed(seal.labels), self._guard)

    def _changed(self, found: Offered, late: list[Wanted] | None) -> Iterator[Outcome | Wanted]:
        """What must be read, and what was refused; new files go to `late` where there is one."""
        known, renames = self._known, self._options.class_map
        track, guard = self._ports.progress.track, self._sink.guard
        for item in track(found, doing="add", unit="picture", total=found.total):
            before = known.pop(item.source, None)
            if isinstance(item, Refusal):
                yield refused(item, self._guard.unread(item))
                continue
            item = self._guard.on(self._noted.on(item))  # noqa: PLW2901 - with more said of it
            labels = guard.signed(labels_digest(item, renames))
            if before is not None and not guard.deep and _untouched(item, labels, before):
                self._count_untouched(before)
                if item.part is not None and item.part.kind == FILM:
                    for source in self._below(item.source):
                        if (frame := known.pop(source, None)) is not None:
                            self._count_untouched(frame)
            elif before is None and late is not None:
                late.append(Wanted(item, labels))
            else:
                same = before is not None and before.labels == labels and not guard.deep
                yield Wanted(item, labels, before if same else None)

    def _count_untouched(self, before: KnownFile) -> None:
        self._tally.quarantined += before.state == "quarantined"
        self._tally.unchanged += before.state not in {"quarantined", "opened"}

    def _read(self, wanted: Iterable[Outcome | Wanted], opened: Opened) -> Iterator[Outcome]:
        """Each picture read where it lies, or once it is fetched."""
        if opened.fetcher is None:
            yield from self._read_here(wanted)
            return
        at_once = self._ports.limits.fetch_at_once
        for each, fetched in fetched_ahead(wanted, opened.fetcher, at_once):
            if not isinstance(each, Wanted):
                yield each
            elif isinstance(fetched, Refusal):
                yield refused(fetched, each.found, each.labels)
            elif each.known is not None and fetched == "as it was":
                self._count_untouched(each.known)
            else:
                yield from self._opened(each.found, each.labels)

    def _read_here(self, wanted: Iterable[Outcome | Wanted]) -> Iterator[Outcome]:
        """Pictures that lie here; helpers look at them first, where nothing is done to their bytes."""
        guard, sink = self._sink.guard, self._sink
        if guard.deep or guard.policy.active:
            looked = ((each, None) for each in wanted)
        else:
            looked = self._helpers.ahead(wanted, keep=not self._options.in_place)
        for each, look in looked:
            if not isinstance(each, Wanted):
                yield each
            elif look is not None:
                yield seen_ahead(each.found, each.labels, sink, look)
            else:
                yield from self._opened(each.found, each.labels)

    def _opened(self, item: Found, labels: str) -> Iterator[Outcome]:
        """What became of a file; of a film, of each frame that is taken and then of itself."""
        if item.part is None or item.part.kind != FILM:
            yield read(item, labels, self._sink)
            return
        every = self._films.outcomes(item, labels, self._same, self._options.class_map)
        for outcome in self._ports.progress.track(every, doing="decode", unit="frame"):
            if outcome is not None:
                yield outcome
        frame = msgspec.structs.replace(item, part=None)
        stay = [self._known[each] for each in self._below(item.source) if each in self._known]
        if left := sum(not _untouched(frame, each.labels, each) for each in stay):
            self._tally.notes.append(
                f"{item.path}: {left} frames were taken before it changed; they stay"
            )

    def _same(self, frame: Found, labels: str) -> bool:
        before = self._known.pop(frame.source, None)
        if before is None or self._sink.guard.deep or not _untouched(frame, labels, before):
            return False
        self._count_untouched(before)
        return True

    def _below(self, film: str) -> list[str]:
        """What is known of the frames of a film."""
        if not self._parts:
            for source in self._known:
                self._parts.setdefault(source.rpartition("/")[0], []).append(source)
        return self._parts.get(film, [])

    def _late(self, late: list[Wanted], opened: Opened) -> Iterator[Outcome]:
        """New files in a folder added before: those with the bytes of a file that is gone moved."""
        gone = self._gone(listed=opened.complete)
        for outcome in self._read(late, opened):
            candidate = outcome.candidate
            if candidate is None or not (from_here := gone.get(candidate.image)):
                yield outcome
                continue
            source, path = from_here.pop()
            yield msgspec.structs.replace(outcome, moved_from=path, moved_source=source)
        if left := sum(map(len, gone.values())):
            self._tally.notes.append(
                counted("{n} files are gone from where they were; samples stay", left)
            )

    def _gone(self, *, listed: bool) -> dict[str, list[tuple[str, str]]]:
        """Image → (source, path) of samples whose files the scan did not meet and that are gone.

        `listed`: the scan met all there is (an archive), so what it did not meet is gone.
        """
        missing = [
            source
            for source, file in self._known.items()
            if file.state == "sample" and (listed or holder(source) is None)
        ]
        gone: dict[str, list[tuple[str, str]]] = {}
        with self._ports.ledger.read() as connection:
            noted = remembered(connection, self._scope.project, self._dataset, sorted(missing))
        for source, file in sorted(noted.items(), reverse=True):
            gone.setdefault(file.image, []).append((source, file.path))
        return gone

    def _stage(self, batch: list[Outcome], *, closing: bool) -> None:
        """One batch in one transaction, after its bytes are on the disk."""
        self._ports.blobs.flush()
        with self._ports.ledger.write(self._scope) as write:
            state = catalog.state(write.connection, self._scope.project, self._dataset)
            over = Working.load(write.connection, self._nodes, state)
            decided = self._plan(over, batch, over.classes, utc_text(write.now))
            record(write, over, decided, self._options.class_map)
            self._sink.note(write)
            self._tally.take(decided.tally)
            counts = {name: getattr(self._tally, name) for name in _COUNTS}
            if closing:
                if state.learning:
                    dictionary.set_learning(write, self._dataset, learning=False)
                write.fact("data.added", self._dataset, **counts)
            else:
                write.fact("data.staged", self._dataset, **counts)

    def _plan(self, over: Working, batch: list[Outcome], known: ClassDictionary, now: str) -> Plan:
        self._renames.met_in(batch)
        stamp, blobs = self._noted.stamp, self._ports.blobs
        return plan(
            over,
            batch,
            known,
            self._options.class_map,
            now,
            learning=self._learning,
            stamp=stamp,
            blobs=blobs,
        )


class _Rehearsal(_Addition):
    """The same, without writing anything: what would happen."""

    def __init__(
        self, ports: DataPorts, scope: Scope, dataset: str, options: AddOptions, noted: Noting
    ) -> None:
        super().__init__(ports, scope, dataset, options, noted)
        self._fields = NO_FIELDS
        self._classes = ClassDictionary()

    def _begin(self, found: Offered, origin: Origin) -> None:
        del origin
        with self._ports.ledger.read() as connection:
            over = self._load(connection)
            self._learning |= over.state.learning or not over.classes.entries
            known = self._classes if self._classes.entries else over.classes
            self._classes = self._with_declared(known, found)
            self._fields = self._fields if self._fields.entries else over.fields
            for each in self._noted.fields:
                self._fields = self._fields.with_field(each)

    def _stage(self, batch: list[Outcome], *, closing: bool) -> None:
        del closing
        with self._ports.ledger.read() as connection:
            now = utc_text(self._ports.ledger.clock.now())
            over = replace(self._load(connection), fields=self._fields)
            decided = self._plan(over, batch, self._classes, now)
        self._classes, self._fields = decided.classes, decided.fields
        self._tally.take(decided.tally)

    def _load(self, connection: Connection) -> Working:
        owner = (self._scope.project, self._dataset)
        state = catalog.state_or_none(connection, *owner)
        if state is None:
            state = catalog.DatasetState(*owner, 0, None, 0, learning=False)
        return Working.load(connection, self._nodes, state)


def _untouched(item: Found, labels: str, before: KnownFile) -> bool:
    """Whether size, time and labels are those of last time."""
    if labels != before.labels:
        return False
    try:
        stat = os.stat(item.file)  # noqa: PTH116 - once per file: a Path costs as much as the call
    except OSError:
        return False
    return stat.st_size == before.size_bytes and stat.st_mtime_ns == before.mtime_ns
