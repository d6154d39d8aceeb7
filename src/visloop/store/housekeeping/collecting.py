"""`gc`: what every room keeps alive, put together; the rest is swept, and its space given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop.store.housekeeping.compacting import Compacted
from visloop.store.housekeeping.roots import Look, Roots, Seen
from visloop.store.housekeeping.sweeping import GRACE_S, PATIENCE_S, Swept

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store.bytes import Blobs
    from visloop.store.ledger import Ledger


@dataclass(frozen=True)
class Collected:
    """What was swept; `compacted` is None after a dry run."""

    swept: Swept
    compacted: Compacted | None


def collect(
    ledger: Ledger,
    blobs: Blobs,
    roots: Sequence[Roots],
    progress: Progress,
    *,
    grace_s: float = GRACE_S,
    patience_s: float = PATIENCE_S,
    dry_run: bool = False,
) -> Collected:
    """Remove every blob that nothing in the ledger leads to, and compact the packs.

    Args:
        ledger: read in one snapshot, again where it changed before anything is removed.
        blobs: the store.
        roots: of every room.
        progress: told what is looked at and compacted.
        grace_s: how long a blob that nothing needs is kept where others write meanwhile.
        patience_s: how long a moment in which nobody writes is waited for.
        dry_run: only look.

    Raises:
        StoreDamaged: something that is needed cannot be read, so nobody knows what it leads to.
        Conflict: another process collects garbage.
    """
    upkeep, needs = blobs.upkeep, _Needs(ledger, blobs, roots, progress)
    with upkeep.alone():
        swept = upkeep.sweep(
            needs.needed,
            needs.unchanged,
            now_s=ledger.clock.now().timestamp(),
            grace_s=grace_s,
            patience_s=patience_s,
            dry_run=dry_run,
        )
        return Collected(swept, None if dry_run else upkeep.compact(progress))


class _Needs:
    """What the ledger leads to, and whether it changed since it was asked.

    Asked again, only what is new is followed: what was needed before stays needed this time, and
    writers that wait for the answer do not wait long.
    """

    def __init__(
        self, ledger: Ledger, blobs: Blobs, roots: Sequence[Roots], progress: Progress
    ) -> None:
        self._ledger, self._blobs, self._roots, self._progress = ledger, blobs, roots, progress
        self._changes = -1
        self._keys: set[bytes] = set()
        self._seen = Seen()

    def needed(self) -> set[bytes]:
        """Keys of every blob that is needed."""
        self._changes = self._ledger.changes()
        new: set[bytes] = set() if self._keys else self._keys
        with self._ledger.read() as connection:
            look = Look(connection, self._blobs, seen=self._seen)
            for each in self._roots:
                links = each.digests(look)
                for link in self._progress.track(links, doing=f"look at {each.room}", unit="blob"):
                    if (key := bytes.fromhex(link.digest)) not in self._keys:
                        self._keys.add(key)
                        new.add(key)
        if new:
            below = [digest for _, digest in self._blobs.upkeep.references(new)]
            self._keys.update(map(bytes.fromhex, below))
        return self._keys

    def unchanged(self) -> bool:
        """Whether nobody wrote to the ledger since."""
        return self._ledger.changes() == self._changes
