"""Collecting garbage, and what lies on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from visloop import store
from visloop.app import handlers
from visloop.app.operation import operation, opt
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_TRASH_DAYS: Final = 30.0


@dataclass(frozen=True)
class Gc:
    """Remove bytes that nothing leads to any more, and give their space back.

    Every version, staged change, quarantined file, model, report, task and capture keeps what it
    needs. Safe beside commands that run: while others write, bytes that nothing needs are kept for
    the grace time first, and removed by a later gc. Data sets that have been in the trash for long
    are purged first, unless a model was trained or judged on them.
    """

    dry_run: bool = opt("only say what would go", default=False)
    trash_days: float = opt("days that data sets stay in the trash", default=_TRASH_DAYS)
    grace_s: float = opt("seconds that bytes are kept while others write", default=store.GRACE_S)


@dataclass(frozen=True)
class GcAnswer:
    """Counts of blobs and their bytes; `waiting` may go in `wait_s` seconds, by another gc.

    `freed_bytes` is what the disk got back, `dead_bytes` what packs hold in vain still. `purged` are
    data sets that left the trash for good; of a dry run those that would, their bytes not counted.
    """

    dry_run: bool
    removed: int
    removed_bytes: int
    waiting: int
    waiting_bytes: int
    wait_s: float
    kept: int
    kept_bytes: int
    packs_removed: int
    freed_bytes: int
    dead_bytes: int
    purged: tuple[str, ...]


@operation("gc", permission="store.gc")
def gc(ports: Ports, scope: Scope, ask: Gc) -> GcAnswer:
    """Empty the trash, look, sweep, compact."""
    if not ask.grace_s >= 0:
        raise UsageError(f"a grace of {ask.grace_s} s is none", fix="0 or more seconds")
    if not ask.trash_days >= 0:
        raise UsageError(f"{ask.trash_days} days in the trash are none", fix="0 or more days")
    purged = handlers.empty_trash(ports, scope, ask.trash_days, dry_run=ask.dry_run)
    done = store.collect(
        ports.ledger,
        ports.blobs,
        handlers.ROOTS,
        ports.progress,
        grace_s=ask.grace_s,
        dry_run=ask.dry_run,
    )
    swept, packs = done.swept, done.compacted
    if packs is not None and (swept.removed or packs.packs):
        said = {"removed": swept.removed, "removed_bytes": swept.removed_bytes}
        with ports.ledger.write(scope) as write:
            write.fact("store.collected", "blobs", freed_bytes=packs.freed_bytes, **said)
    return GcAnswer(
        dry_run=ask.dry_run,
        removed=swept.removed,
        removed_bytes=swept.removed_bytes,
        waiting=swept.waiting,
        waiting_bytes=swept.waiting_bytes,
        wait_s=round(swept.wait_s, 1),
        kept=swept.kept,
        kept_bytes=swept.kept_bytes,
        packs_removed=packs.packs if packs else 0,
        freed_bytes=packs.freed_bytes if packs else 0,
        dead_bytes=packs.dead_bytes if packs else ports.blobs.upkeep.size().dead_bytes,
        purged=tuple(purged),
    )


@dataclass(frozen=True)
class Storage:
    """How much is stored, when it was last verified and collected; --parts: what needs how much."""

    parts: bool = opt(
        "what each data set, model … needs: follows every link", default=False, short="-p"
    )


@dataclass(frozen=True)
class StoragePart:
    """What one kind of thing needs: `name` is the data set's or model's, where there is one.

    Bytes that several need are counted at the first. Of kind `nothing`: garbage, `gc` removes it.
    """

    kind: str
    name: str
    blobs: int
    blob_bytes: int


@dataclass(frozen=True)
class StoragePlace:
    """A part of the workspace, and what it takes on the disk."""

    name: str
    disk_bytes: int


@dataclass(frozen=True)
class StorageAnswer:
    """Blobs and their bytes, the packs that hold them; `verified`, `collected`: the last time."""

    blobs: int
    blob_bytes: int
    packs: int
    disk_bytes: int
    dead_bytes: int
    verified: dict[str, Any] | None
    collected: dict[str, Any] | None
    places: tuple[StoragePlace, ...]
    parts: tuple[StoragePart, ...] | None


@operation("storage", permission="store.read")
def storage(ports: Ports, scope: Scope, ask: Storage) -> StorageAnswer:
    """Counts, and two facts."""
    del scope
    size = ports.blobs.upkeep.size()
    return StorageAnswer(
        blobs=size.blobs,
        blob_bytes=size.blob_bytes,
        packs=size.packs,
        disk_bytes=size.disk_bytes,
        dead_bytes=size.dead_bytes,
        verified=_last(ports, "store.verified"),
        collected=_last(ports, "store.collected"),
        places=tuple(StoragePlace(*each) for each in handlers.places(ports).items()),
        parts=tuple(StoragePart(*each) for each in handlers.parts(ports)) if ask.parts else None,
    )


def _last(ports: Ports, kind: str) -> dict[str, Any] | None:
    for fact in ports.ledger.facts(kinds=[kind], limit=1, newest_first=True):
        return {"time": store.utc_text(fact.time), "actor": fact.actor, **fact.payload}
    return None
