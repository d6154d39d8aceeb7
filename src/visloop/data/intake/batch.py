"""One batch of an `add`: what it would do is planned from reads alone, then written in one go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, text

from visloop.data import catalog, dictionary
from visloop.data.cameras.stamping import Stamp
from visloop.data.fields.checking import Checked, checked
from visloop.data.fields.records import OwnFields
from visloop.data.ingest.records import Found
from visloop.data.intake.memory import Noted, Remembered, remember, remembered
from visloop.data.intake.merging import Placing
from visloop.data.intake.reading import Outcome
from visloop.data.records import Added, ClassDictionary, Refusal, Sample
from visloop.data.staging import stage_over
from visloop.data.working import Working, batches
from visloop.ids import digest_of
from visloop.store import Blobs, Write, utc_text

_AT_ONCE: Final = 500

_UPSERT_QUARANTINE = text(
    "INSERT INTO quarantine (project, dataset, id, path, source, reason_code, reason, fix, image,"
    " split, time, found, state, closed_because, format) VALUES (:project, :dataset, :id, :path,"
    " :source, :reason_code, :reason, :fix, :image, :split, :time, :found, 'waiting', '', 1)"
    " ON CONFLICT (project, dataset, id) DO UPDATE SET reason = excluded.reason,"
    " fix = excluded.fix, image = excluded.image, time = excluded.time, found = excluded.found,"
    " state = 'waiting', closed_because = ''"
)
_REPAIRED = text(
    "UPDATE quarantine SET state = 'repaired', closed_because = 'read again and found good'"
    " WHERE project = :project AND dataset = :dataset AND source IN :sources"
    " AND state = 'waiting' AND id NOT IN :still"
).bindparams(bindparam("sources", expanding=True), bindparam("still", expanding=True))


@dataclass
class Tally:
    """Counts and notes of an `add`, growing batch by batch."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    left_out: int = 0
    classes_added: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def take(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.quarantined += other.quarantined
        self.left_out += other.left_out
        self.classes_added += other.classes_added
        self.notes += other.notes

    def answer(self, more_notes: Sequence[str] = ()) -> Added:
        """What the caller is told."""
        return Added(
            added=self.added,
            updated=self.updated,
            unchanged=self.unchanged,
            quarantined=self.quarantined,
            left_out=self.left_out,
            classes_added=tuple(self.classes_added),
            notes=(*self.notes, *more_notes),
        )


@dataclass(frozen=True)
class Plan:
    """What a batch does to the data set; `reread` are the files that an earlier `add` met too."""

    samples: list[Sample]
    removed: list[str]
    classes: ClassDictionary
    rows: list[Noted]
    reread: list[str]
    tally: Tally
    fields: OwnFields


def plan(
    over: Working,
    outcomes: Sequence[Outcome],
    known: ClassDictionary,
    class_map: Mapping[str, str],
    now: str,
    *,
    learning: bool,
    stamp: Stamp | None = None,
    blobs: Blobs | None = None,
) -> Plan:
    """Decide what each outcome means for the data set; reads only.

    A metadata value that does not fit its field is left out with a refusal. `stamp` notes on each
    sample which camera shot it and when.

    Raises:
        UnknownClass: a label is no class, and `learning` is off.
    """
    tally = Tally()
    good = [each for each in outcomes if each.candidate is not None]
    grown = _grown(known, good, class_map) if learning else known
    tally.classes_added += grown.names[len(known.names) :]
    memory = remembered(
        over.connection, over.state.project, over.state.name, [each.source for each in outcomes]
    )
    placing = Placing(over, grown, class_map, now, stamp or Stamp(()), blobs)
    paths = {each.path for each in good} | {each.path for each in memory.values()}
    placing.look_up(paths | {each.moved_from for each in good if each.moved_from is not None})
    samples: list[Sample] = []
    of: list[int] = []  # the row of each sample
    rows = [_bad(each, memory.get(each.source)) for each in outcomes if each.candidate is None]
    for outcome in good:
        sample, was = placing.place(outcome, memory.get(outcome.source))
        rows.append(Noted(outcome, sample.path, "sample"))
        if sample == was:
            tally.unchanged += 1
            continue
        samples.append(sample)
        of.append(len(rows) - 1)
        tally.added += was is None
        tally.updated += was is not None
    fit = _fitting(dictionary.checked(samples, grown, over.state.name), over, rows, of)
    removed = [each.moved_from for each in good if each.moved_from is not None]
    tally.quarantined += sum(1 for row in rows if row.state == "quarantined")
    tally.unchanged += sum(1 for row in rows if row.state == "removed")
    refused = _refusals(rows)
    tally.left_out += sum(1 for each, _ in refused if each.candidate is not None)
    tally.notes += fit.notes
    tally.notes += placing.notes + [_told(refusal, each) for each, refusal in refused]
    return Plan(fit.samples, removed, grown, rows, list(memory), tally, fit.fields)


def _fitting(samples: list[Sample], over: Working, rows: list[Noted], of: Sequence[int]) -> Checked:
    """The samples with metadata that fit; what does not is told among its row's refusals."""
    fit = checked(samples, over.fields, over.state.name, leave_out=True)
    for at, error in fit.left_out:
        row = rows[of[at]]
        refusal = Refusal(
            path=row.path,
            source=row.outcome.source,
            reason_code="wrong_metadata",
            reason=error.what.removeprefix(f"{row.path}: "),
            fix=error.fix,
        )
        told = (*row.outcome.refusals, refusal)
        rows[of[at]] = row._replace(outcome=msgspec.structs.replace(row.outcome, refusals=told))
    return fit


def _grown(
    known: ClassDictionary, outcomes: Iterable[Outcome], class_map: Mapping[str, str]
) -> ClassDictionary:
    used = dictionary.labels_of(
        each.candidate.annotations or () for each in outcomes if each.candidate is not None
    )
    return known.with_added(class_map.get(name, name) for name in used)


def _bad(outcome: Outcome, before: Remembered | None) -> Noted:
    """A refused file waits in quarantine, unless a person has set these very bytes aside.

    A file of which nothing was refused was opened: its parts have outcomes of their own.
    """
    if not outcome.refusals:
        return Noted(outcome, outcome.path, "opened")
    aside = before is not None and before.state == "removed" and before.image == outcome.image
    return Noted(outcome, outcome.path, "removed" if aside else "quarantined")


def _refusals(rows: Iterable[Noted]) -> list[tuple[Outcome, Refusal]]:
    return [
        (row.outcome, refusal)
        for row in rows
        if row.state != "removed"
        for refusal in row.outcome.refusals
    ]


def _told(refusal: Refusal, outcome: Outcome) -> str:
    how = "quarantined" if outcome.candidate is None else "left out"
    return f"{refusal.path}: {how}, {refusal.reason} ({refusal.reason_code})"


def record(
    write: Write, over: Working, decided: Plan, class_map: Mapping[str, str] | None = None
) -> None:
    """Write a plan: staged samples, remembered files, quarantine; all in the caller's transaction.

    Labels of refused files are kept under the names of `class_map`, so that a retry needs no map.
    """
    dataset = over.state.name
    if decided.classes is not over.classes:
        dictionary.put(write, dataset, decided.classes, catalog.next_sequence(write, dataset))
    if decided.samples or decided.removed:
        grown = replace(over, classes=decided.classes)
        stage_over(write, grown, decided.samples, removed=decided.removed)
    remember(write, dataset, decided.rows)
    _quarantine(write, dataset, decided, class_map or {})


def _quarantine(write: Write, dataset: str, decided: Plan, class_map: Mapping[str, str]) -> None:
    """Keep the refusals; those of the same files that no longer hold are closed as repaired."""
    owner = {"project": write.scope.project, "dataset": dataset}
    rows = {
        row["id"]: row
        for outcome, refusal in _refusals(decided.rows)
        for row in [owner | _refusal_row(dataset, outcome, refusal, class_map)]
    }
    for row in rows.values():
        row["time"] = utc_text(write.now)
    for part in batches(decided.reread, _AT_ONCE):
        write.execute(_REPAIRED, {**owner, "sources": part, "still": list(rows)})
    if rows:
        write.execute(_UPSERT_QUARANTINE, list(rows.values()))


def _refusal_row(
    dataset: str, outcome: Outcome, refusal: Refusal, class_map: Mapping[str, str]
) -> dict[str, Any]:
    parts = (dataset, outcome.source, refusal.path, refusal.reason_code)
    ordinal = () if outcome.candidate is None else (refusal.reason,)
    return {
        "id": digest_of(*parts, *ordinal)[:16],
        "path": refusal.path,
        "source": outcome.source,
        "reason_code": refusal.reason_code,
        "reason": refusal.reason,
        "fix": refusal.fix,
        "image": refusal.image,
        "split": outcome.found.split if outcome.found else None,
        "found": _packed(outcome.found, class_map) if outcome.found else None,
    }


def _packed(found: Found, class_map: Mapping[str, str]) -> bytes:
    """What the scan said of a file, to try it again later; its name as the system's bytes."""
    labels = found.annotations and dictionary.renamed(found.annotations, class_map)
    plain = msgspec.structs.replace(found, file="", annotations=labels)
    return msgspec.msgpack.encode((os.fsencode(found.file), plain))


def unpack_found(raw: bytes) -> Found:
    """What the scan had said of a refused file, as it was kept."""
    file, plain = msgspec.msgpack.decode(raw, type=tuple[bytes, Found])
    return msgspec.structs.replace(plain, file=os.fsdecode(file))
