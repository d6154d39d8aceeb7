"""Removing data sets: into the trash, out of it again, or for good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from visloop import data
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.errors import Conflict

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


class DatasetNeeded(Conflict):
    """Models, deployments or people work with the data set."""

    code = "data.dataset_needed"


@dataclass(frozen=True)
class DatasetsRemove:
    """Put a data set into the trash, with its versions, staged changes and quarantine.

    Nothing is lost: `datasets restore` brings it back as it was. `gc` purges what has been in the
    trash for 30 days, but never a data set that a model was trained or judged on. Files that were
    left in place stay where they lie; facts stay.
    """

    dataset: str = arg("the data set")
    message: str = opt("why", default="", short="-m")
    force: bool = opt("also when models or people work with it", default=False)
    dry_run: bool = opt("only say what would go, and what needs it", default=False)


@dataclass(frozen=True)
class RemovedDataset:
    """What was, or would be, removed, restored or purged; `needed_by`: what works with it.

    `samples` are those of the newest version, `staged` the changes that no commit holds.
    """

    dataset: str
    versions: int
    samples: int
    staged: int
    quarantined: int
    needed_by: tuple[str, ...] = ()
    removed: str | None = None
    dry_run: bool = False


def _answer(found: data.Trashed) -> RemovedDataset:
    return RemovedDataset(
        dataset=found.name,
        versions=found.versions,
        samples=found.samples,
        staged=found.staged,
        quarantined=found.quarantined,
        removed=found.removed,
    )


@operation("datasets.remove", permission="data.remove")
def datasets_remove(ports: Ports, scope: Scope, ask: DatasetsRemove) -> RemovedDataset:
    """Refused while something works with it, unless --force."""
    found = _answer(data.contents(ports.data, scope, ask.dataset))
    needed = tuple(handlers.needs(ports, scope, ask.dataset))
    if ask.dry_run:
        return replace(found, needed_by=needed, dry_run=True)
    if needed and not ask.force:
        more = f" (and {len(needed) - 3} more: --dry-run)" if len(needed) > 3 else ""  # noqa: PLR2004 - as many as a line holds
        raise DatasetNeeded(
            f"data set {ask.dataset!r} is needed: {'; '.join(needed[:3])}{more}",
            fix=f"visloop datasets remove {ask.dataset} --force: it can be restored, and what models"
            " were trained or judged on is never purged",
        )
    gone = data.throw_away(ports.data, scope, ask.dataset, ask.message)
    return replace(_answer(gone), needed_by=needed)


@dataclass(frozen=True)
class DatasetsRestore:
    """Take a data set out of the trash: it is as it was."""

    dataset: str = arg("the data set")


@operation("datasets.restore", permission="data.remove")
def datasets_restore(ports: Ports, scope: Scope, ask: DatasetsRestore) -> RemovedDataset:
    """The undo of `datasets remove`."""
    handlers.free_for_data(ports, scope, ask.dataset)
    return _answer(data.take_out(ports.data, scope, ask.dataset))


@dataclass(frozen=True)
class DatasetsTrash:
    """List the data sets in the trash, those that were put there last first."""


@operation("datasets.trash", permission="data.read")
def datasets_trash(ports: Ports, scope: Scope, ask: DatasetsTrash) -> Rows:
    """Names, sizes, when they were removed, and which models need them."""
    del ask
    found = data.trash_list(ports.data, scope)
    return rows_of(
        replace(
            _answer(each),
            needed_by=tuple(handlers.models_that_need(ports, scope, each.name)),
        )
        for each in found
    )


@dataclass(frozen=True)
class DatasetsPurge:
    """Forget a data set of the trash for good; `gc` frees its bytes.

    Refused for what a model was trained or judged on: its evidence would be gone. The name is free
    again; numbers of versions go on where they ended, so that none ever means two things.
    """

    dataset: str = arg("the data set, in the trash")
    dry_run: bool = opt("only say what would go, and what needs it", default=False)


@operation("datasets.purge", permission="data.remove")
def datasets_purge(ports: Ports, scope: Scope, ask: DatasetsPurge) -> RemovedDataset:
    """Cannot be undone."""
    needed = tuple(handlers.models_that_need(ports, scope, ask.dataset))
    if ask.dry_run:
        found = data.in_trash(ports.data, scope, ask.dataset)
        return replace(_answer(found), needed_by=needed, dry_run=True)
    if needed:
        raise DatasetNeeded(
            f"data set {ask.dataset!r} cannot be purged: {'; '.join(needed[:3])}",
            fix="it may stay in the trash: it is in nobody's way there",
        )
    return _answer(handlers.purged(ports, scope, ask.dataset))
