"""Who needs how much: every stored blob counted once, at the first that leads to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from visloop.store.housekeeping.roots import Look, Roots

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store.bytes import Blobs
    from visloop.store.ledger import Ledger


class Share(NamedTuple):
    """What one thing (`of`, a data set's or model's name) of a room needs: blobs and their bytes."""

    room: str
    of: str
    blobs: int
    blob_bytes: int


def shares(
    ledger: Ledger, blobs: Blobs, roots: Sequence[Roots], progress: Progress
) -> tuple[list[Share], Share]:
    """What each needs, the most first, and what nothing needs (its room is empty).

    What several lead to is counted at the first of them, in the order of `roots`. Bytes that were
    left in place are not in the store, and not counted.

    Raises:
        StoreDamaged: something that is needed cannot be read, so nobody knows what it leads to.
    """
    left = dict(blobs.upkeep.lengths())
    owners: dict[bytes, tuple[str, str]] = {}
    with ledger.read() as connection:
        look = Look(connection, blobs)
        for each in roots:
            found = each.digests(look)
            for link in progress.track(found, doing=f"look at {each.room}", unit="blob"):
                owners.setdefault(bytes.fromhex(link.digest), (each.room, link.of))
    for name, digest in blobs.upkeep.references(owners):
        owners.setdefault(bytes.fromhex(digest), owners[bytes.fromhex(name)])
    counts: Counter[tuple[str, str]] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    for key, owner in owners.items():
        size = left.pop(key, None)
        if size is not None:
            counts[owner] += 1
            sizes[owner] += size
    found_shares = [Share(*owner, counts[owner], size) for owner, size in sizes.most_common()]
    return found_shares, Share("", "", len(left), sum(left.values()))
