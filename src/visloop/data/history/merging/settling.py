"""A merge worked out against the head as it is, recorded when nothing is open, else kept waiting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from visloop.data import catalog
from visloop.data.history.clean import forget_files, nothing_staged, only_staged
from visloop.data.history.merging.conflicts import Choice, MergeConflict, Rule, Take
from visloop.data.history.merging.plan import MergePlan, merge_plan
from visloop.data.history.merging.waiting import Merging, forget, note, waiting
from visloop.data.history.merging.waiting import take as note_taken
from visloop.data.history.walking import common, later_side
from visloop.data.records import DataPorts, Version
from visloop.data.tree.nodes import Scratch
from visloop.data.versions import Proposal, record
from visloop.errors import Conflict, NotFound, Refused, UsageError, did_you_mean
from visloop.events import Scope
from visloop.store import Write

_TRIES: Final = 8
Sides: TypeAlias = tuple[Version | None, Version | None, Version | None]


class NothingToMerge(Refused):
    """The working branch has everything already."""

    code = "data.nothing_to_merge"


class ConflictNotFound(NotFound):
    """The merge has no such conflict."""

    code = "data.conflict_not_found"


@dataclass(frozen=True)
class Merged:
    """What came of it: a version, or conflicts that wait; of a dry run neither is kept.

    `samples` counts samples that differ from the version merged into, `sides` are base, ours, theirs.
    """

    words: str
    version: Version | None
    samples: int
    conflicts: tuple[MergeConflict, ...]
    dry_run: bool = False
    sides: Sides = (None, None, None)

    @property
    def open(self) -> tuple[MergeConflict, ...]:
        """Conflicts that wait."""
        return tuple(each for each in self.conflicts if each.take is None)


class Settling:
    """One data set's merge: worked out against the head as it is, as often as need be."""

    def __init__(self, ports: DataPorts, scope: Scope, dataset: str) -> None:
        self._ports, self._scope, self._dataset = ports, scope, dataset

    def begin(self, merging: Merging, *, dry_run: bool) -> Merged:
        """Record it, or let it wait."""
        return self._settle(merging, {}, dry_run=dry_run, waits=False)

    def look(self) -> Merged:
        """The one that waits, worked out against the head as it is now."""
        with self._ports.ledger.read() as connection:
            merging, taken = waiting(connection, self._scope.project, self._dataset)
        found = self._settle(merging, taken, dry_run=True, waits=True)
        return replace(found, dry_run=False)  # it is no rehearsal: it waits

    def finish(self) -> Merged:
        """Record the version, unless something is open."""
        with self._ports.ledger.read() as connection:
            merging, taken = waiting(connection, self._scope.project, self._dataset)
        return self._settle(merging, taken, dry_run=False, waits=True)

    def resolve(
        self, conflicts: Collection[str], take: str | None, rule: Rule | None, *, hold: bool
    ) -> Merged:
        """Note what is taken, and record the version when nothing is open (not if it is to `hold`)."""
        if (take is None) == (rule is None) or bool(conflicts) == (take is None):
            raise UsageError(
                "say which conflicts and what to take, or a rule for all that are left",
                fix=f"visloop merge resolve {self._dataset} ID --take theirs   or: --rule theirs",
            )
        found = self.look()
        known = {each.id: each for each in found.conflicts}
        for each in conflicts:
            self._check(each, known, take)
        with self._ports.ledger.write(self._scope) as write:
            merging, _ = waiting(write.connection, self._scope.project, self._dataset)
            if rule is not None:
                merging = replace(merging, rule=rule)
                note(write, self._dataset, merging)
            note_taken(write, self._dataset, dict.fromkeys(conflicts, take or ""))
        return self.look() if hold else self.finish()

    def _check(self, name: str, known: Mapping[str, MergeConflict], take: str | None) -> None:
        if name not in known:
            raise ConflictNotFound(
                f"the merge has no conflict {name!r}",
                fix=did_you_mean(
                    name, known, otherwise=f"see: visloop merge status {self._dataset}"
                ),
            )
        can = ("ours", "theirs", "base", *(("both",) if known[name].both else ()), "open")
        if take not in can:
            raise UsageError(
                f"conflict {name} ({known[name].field}) cannot take {take!r}",
                fix=f"one of: {', '.join(can)}",
            )

    def _settle(
        self, merging: Merging, taken: Mapping[str, Choice], *, dry_run: bool, waits: bool
    ) -> Merged:
        """Until nobody was faster."""
        for _ in range(_TRIES):
            state, base, ours, theirs, plan = self._worked_out(merging, taken, dry_run=dry_run)
            words = merging.words(state.branch)
            sides = (base, ours, theirs)
            done = Merged(words, None, plan.samples, plan.conflicts, dry_run, sides)
            if merging.kind == "revert" and not plan.conflicts and plan.root == ours.root:
                raise NothingToMerge(
                    f"nothing of {merging.named} is left in {state.branch!r}",
                    fix=f"see: visloop log {self._dataset} --branch {state.branch}",
                )
            if dry_run:
                return done
            if not plan.open:
                self._ports.blobs.flush()
            with self._ports.ledger.write(self._scope) as write:
                here = (write.connection, self._scope.project, self._dataset)
                check = only_staged if waits else nothing_staged
                check(write.connection, catalog.state(*here), f"finish this {merging.kind}")
                if catalog.head(*here) != ours or catalog.state(*here) != state:
                    continue
                if plan.open:
                    if not waits:
                        note(write, self._dataset, merging)
                        subject = f"{self._dataset}@{merging.named}"
                        write.fact("data.merge_waits", subject, conflicts=len(plan.open))
                    return done
                number = theirs.number if theirs is not None and merging.kind == "merge" else None
                proposal = Proposal(ours, plan.root, plan.count, state.sequence, 0, number)
                message = merging.message.strip() or words
                version = record(write, self._dataset, proposal, message)
                forget_files(write, self._ports.blobs, self._dataset, ours, version)
                forget(write, self._dataset)
                self._fact(write, merging, version, base, plan)
            return Merged(words, version, plan.samples, plan.conflicts, sides=sides)
        raise Conflict(f"others kept changing {self._dataset!r} first", fix="run the same again")

    def _worked_out(
        self, merging: Merging, taken: Mapping[str, Choice], *, dry_run: bool
    ) -> tuple[catalog.DatasetState, Version | None, Version, Version | None, MergePlan]:
        """The data set, the three versions, and what comes of them."""
        with self._ports.ledger.read() as connection:
            here = (connection, self._scope.project, self._dataset)
            state, ours = catalog.state(*here), catalog.head(*here)
            history = catalog.history(*here)
        by_number = {each.number: each for each in history}
        named = by_number[merging.number]
        assert ours is not None
        if merging.kind == "merge":
            theirs: Version | None = named
            base = by_number.get(common(history, ours.number, named.number))
        else:
            base, theirs = named, by_number.get(named.parent or 0)

        def newest(path: str) -> Take:
            return later_side(self._ports.blobs, by_number, (base, ours, theirs), path)

        blobs = Scratch(self._ports.blobs) if dry_run else self._ports.blobs
        plan = merge_plan(
            blobs, base, ours, theirs, rule=merging.rule, choices=taken, newest=newest
        )
        return state, base, ours, theirs, plan

    def _fact(
        self,
        write: Write,
        merging: Merging,
        version: Version,
        base: Version | None,
        plan: MergePlan,
    ) -> None:
        kind = "data.merged" if merging.kind == "merge" else "data.reverted"
        write.fact(
            kind,
            version.ref,
            named=merging.named,
            version=merging.number,
            base=base.number if base else None,
            samples=plan.samples,
            conflicts=len(plan.conflicts),
            rule=merging.rule or "",
        )
