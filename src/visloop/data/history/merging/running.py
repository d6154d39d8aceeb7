"""`merge` and `revert`, and what a person does while one of them waits."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from visloop.data import catalog
from visloop.data.history.clean import nothing_staged
from visloop.data.history.merging.conflicts import RULES, MergeConflict, Rule
from visloop.data.history.merging.settling import (
    ConflictNotFound,
    Merged,
    NothingToMerge,
    Settling,
)
from visloop.data.history.merging.sides import ThreeSamples, three_samples
from visloop.data.history.merging.waiting import Merging, forget
from visloop.data.records import DataPorts
from visloop.data.versions import ancestors
from visloop.errors import UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import Ref


def merge(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    other: str,
    *,
    rule: str | None = None,
    message: str = "",
    dry_run: bool = False,
) -> Merged:
    """Bring everything that another branch (or tag, or version) has into the working branch.

    Three-way, against the newest version that both come from: samples by id, objects by id, each
    field by itself. What only one side changed is taken; what both changed differently is a
    conflict. Without conflicts a version with two parents is recorded, with conflicts nothing is.

    Raises:
        DatasetNotFound, VersionNotFound: there is no such data set or branch.
        NothingToMerge: the working branch has it already.
        StagedChanges: something is staged that no version holds.
        MergeWaits: another merge is not finished.
        UsageError: there is no such rule.
        Conflict: others kept changing the data set.
    """
    asked = _rule(rule)
    with ports.ledger.read() as connection:
        here = (connection, scope.project, dataset)
        state = catalog.state(*here)
        nothing_staged(connection, state, f"merge {other!r}")
        theirs = catalog.resolve(*here, _version_of(other))
        head = catalog.head(*here)
        if head is None or theirs.number in ancestors(catalog.history(*here), head.number):
            raise NothingToMerge(
                f"{state.branch!r} of {dataset!r} has everything that {other!r} has",
                fix=f"see: visloop log {dataset} --branch {other}",
            )
    named = other if not catalog.is_number(other) else theirs.name
    merging = Merging("merge", named, theirs.number, asked, message)
    return Settling(ports, scope, dataset).begin(merging, dry_run=dry_run)


def revert(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    version: str,
    *,
    rule: str | None = None,
    message: str = "",
    dry_run: bool = False,
) -> Merged:
    """Take back what one version changed, as a new version of the working branch.

    What was changed again since is a conflict, as in `merge`: `theirs` is the state before that
    version. Of a merge everything that it brought in is taken back.

    Raises:
        DatasetNotFound, VersionNotFound: there is no such data set or version.
        NothingToMerge: the working branch does not hold that version, or nothing is left of it.
        StagedChanges: something is staged that no version holds.
        MergeWaits: another merge is not finished.
        UsageError: there is no such rule.
        Conflict: others kept changing the data set.
    """
    asked = _rule(rule)
    with ports.ledger.read() as connection:
        here = (connection, scope.project, dataset)
        state = catalog.state(*here)
        nothing_staged(connection, state, f"revert {version!r}")
        bad = catalog.resolve(*here, _version_of(version))
        head = catalog.head(*here)
        if head is None or bad.number not in ancestors(catalog.history(*here), head.number):
            raise NothingToMerge(
                f"{bad.name} is not part of {state.branch!r}",
                fix=f"see: visloop log {dataset} --branch {state.branch}",
            )
    merging = Merging("revert", bad.name, bad.number, asked, message)
    return Settling(ports, scope, dataset).begin(merging, dry_run=dry_run)


def merge_status(ports: DataPorts, scope: Scope, dataset: str) -> Merged:
    """The merge that waits, and its conflicts with what was taken for each.

    Raises:
        DatasetNotFound, NoMergeWaits: there is no such data set, or nothing waits in it.
    """
    return Settling(ports, scope, dataset).look()


def merge_resolve(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    conflicts: Collection[str],
    take: str | None = None,
    *,
    rule: str | None = None,
    hold: bool = False,
) -> Merged:
    """Decide conflicts: those named, or by a rule all that are left. The last one records the version.

    With `hold` nothing is recorded before `merge_finish`; a conflict that takes `open` is undecided
    again.

    Raises:
        DatasetNotFound, NoMergeWaits: there is no such data set, or nothing waits in it.
        ConflictNotFound: the merge has no such conflict.
        UsageError: nothing is taken that can be; `both` where only one value can be.
        StagedChanges: something is staged that no version holds.
        Conflict: others kept changing the data set.
    """
    return Settling(ports, scope, dataset).resolve(conflicts, take, _rule(rule), hold=hold)


def merge_finish(ports: DataPorts, scope: Scope, dataset: str) -> Merged:
    """Record the merge that waits, if no conflict is open; else those that are.

    Raises:
        DatasetNotFound, NoMergeWaits: there is no such data set, or nothing waits in it.
        StagedChanges: something is staged that no version holds.
        Conflict: others kept changing the data set.
    """
    return Settling(ports, scope, dataset).finish()


def merge_show(
    ports: DataPorts, scope: Scope, dataset: str, conflict: str
) -> tuple[MergeConflict, ThreeSamples]:
    """One conflict of the merge that waits, and its sample as base, ours and theirs have it.

    Raises:
        DatasetNotFound, NoMergeWaits: there is no such data set, or nothing waits in it.
        ConflictNotFound: the merge has no such conflict.
    """
    found = Settling(ports, scope, dataset).look()
    for each in found.conflicts:
        if each.id == conflict:
            return each, three_samples(ports.blobs, found.sides, each)
    raise ConflictNotFound(
        f"the merge has no conflict {conflict!r}",
        fix=did_you_mean(
            conflict,
            [each.id for each in found.conflicts],
            otherwise=f"see: visloop merge status {dataset}",
        ),
    )


def merge_abort(ports: DataPorts, scope: Scope, dataset: str) -> Merged:
    """Give up the merge that waits; nothing of it is kept.

    Raises:
        DatasetNotFound, NoMergeWaits: there is no such data set, or nothing waits in it.
    """
    run = Settling(ports, scope, dataset)
    found = run.look()
    with ports.ledger.write(scope) as write:
        forget(write, dataset)
        write.fact("data.merge_aborted", dataset, what=found.words)
    return found


def _version_of(text: str) -> str:
    """`photos@fix` and `fix` say the same here."""
    return Ref.parse(text).version or text if "@" in text else text


def _rule(rule: str | None) -> Rule | None:
    if rule is None or rule in RULES:
        return cast("Rule | None", rule)
    raise UsageError(
        f"there is no rule {rule!r}",
        fix=did_you_mean(rule, RULES, otherwise=f"one of: {', '.join(RULES)}"),
    )
