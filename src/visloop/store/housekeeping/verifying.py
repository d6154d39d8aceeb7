"""`verify`: every byte read again, every link followed, the chain of facts recomputed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from visloop.store.housekeeping.roots import Link, Look, Roots

if TYPE_CHECKING:
    from visloop.errors import VisloopError
    from visloop.progress import Progress
    from visloop.store.bytes import Blobs
    from visloop.store.ledger import Ledger
    from visloop.store.seals import Verified

Elsewhere = Callable[[str], str | None]
"""A digest that the store does not hold → what is wrong with the file that was left in place; empty:
nothing; None: there is none."""


@dataclass
class Findings:
    """What is wrong.

    `bad` are digests of blobs that are missing or damaged, with what is wrong; `owners` says what
    needs each (the first few of them); `unneeded` are damaged blobs that nothing is known to need,
    which says little where the walk was `cut_off`: what leads to others could not be read itself.
    """

    facts: Verified
    ledger: str = ""
    blobs: int = 0
    blob_bytes: int = 0
    links: int = 0
    cut_off: bool = False
    bad: dict[str, str] = field(default_factory=dict[str, str])
    owners: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    @property
    def unneeded(self) -> list[str]:
        """Damaged blobs that nothing is known to need."""
        return sorted(self.bad.keys() - self.owners.keys())


def check(
    ledger: Ledger,
    blobs: Blobs,
    roots: Sequence[Roots],
    elsewhere: Elsewhere,
    progress: Progress,
    *,
    quick: bool = False,
) -> Findings:
    """Read everything again; `quick`: all but the bytes themselves."""
    progress.note("the chain of facts")
    found = Findings(ledger.verify(), _integrity(ledger))
    for problem in blobs.upkeep.problems(progress, quick=quick):
        found.bad[problem.digest] = problem.what
    stored: set[bytes] = set()
    for key, length in blobs.upkeep.lengths():
        stored.add(key)
        found.blob_bytes += length
    found.blobs = len(stored)
    _check_references(blobs, stored, elsewhere, found)
    with ledger.read() as connection:
        look = Look(connection, blobs, damaged=lambda link, why: _note(found, link, why))
        links = (link for each in roots for link in each.digests(look))
        for link in progress.track(links, doing="follow", unit="link"):
            _follow(link, stored, elsewhere, found)
    return found


def _integrity(ledger: Ledger) -> str:
    """What the database says of its own file; empty where all is well."""
    with ledger.read() as connection:
        if connection.dialect.name != "sqlite":
            return ""
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    return "" if said == "ok" else str(said)


def _check_references(
    blobs: Blobs, stored: set[bytes], elsewhere: Elsewhere, found: Findings
) -> None:
    """A reference is as good as what it leads to."""
    for name, digest in blobs.upkeep.references(frozenset(stored)):
        what = found.bad.get(digest) or _missing(digest, stored, elsewhere)
        if what and name not in found.bad:
            found.bad[name] = f"it leads to {digest[:12]}…: {what}"
            found.owners.setdefault(digest, set()).add(f"reference {name[:12]}…")


def _missing(digest: str, stored: set[bytes], elsewhere: Elsewhere) -> str:
    """What is wrong where a digest is not stored; empty where it is, or lies elsewhere."""
    if bytes.fromhex(digest) in stored:
        return ""
    what = elsewhere(digest)
    return "its bytes are not stored" if what is None else what


def _follow(link: Link, stored: set[bytes], elsewhere: Elsewhere, found: Findings) -> None:
    found.links += 1
    if link.digest not in found.bad and (what := _missing(link.digest, stored, elsewhere)):
        found.bad[link.digest] = what
    if link.digest in found.bad:
        found.owners.setdefault(link.digest, set()).add(link.owner)


def _note(found: Findings, link: Link, why: VisloopError) -> None:
    found.cut_off = True
    found.bad.setdefault(link.digest, why.what)
    found.owners.setdefault(link.digest, set()).add(link.owner)
