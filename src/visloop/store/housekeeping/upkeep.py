"""What is done to a whole store rather than to one blob: look, sweep, compact, mend."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blake3 import blake3

from visloop.errors import Conflict
from visloop.store.housekeeping import rows
from visloop.store.housekeeping.compacting import Compacted, compact, dead_bytes
from visloop.store.housekeeping.scrub import BlobProblem, problems
from visloop.store.housekeeping.sweeping import Needed, Swept, Unchanged, sweep
from visloop.store.packs import SUFFIX, PackWriter
from visloop.store.references import MAGIC, digests_in, parsed

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.store.index import Index

_SMALL: Final = (
    "SELECT digest, name, offset, length FROM blobs JOIN packs ON packs.number = pack"
    " WHERE length <= 4096 ORDER BY pack, offset"
)
"""Blobs that may be references: those are a line of JSON."""


@dataclass(frozen=True)
class StoreSize:
    """Blobs and their bytes; files they lie in, the space those take, and how much of it is dead."""

    blobs: int
    blob_bytes: int
    packs: int
    disk_bytes: int
    dead_bytes: int


class Upkeep:
    """The upkeep of one folder of packs.

    Args:
        folder: where the packs lie.
        index: where each blob is.
        let_go: makes the store flush and let go of the pack that it writes to.
        work: around a piece of work that puts, or relies on what is stored.
    """

    def __init__(
        self,
        folder: Path,
        index: Index,
        let_go: Callable[[], None],
        work: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._folder, self._index, self._let_go, self._work = folder, index, let_go, work

    def at_work(self) -> AbstractContextManager[None]:
        """While the block runs, nothing goes that this thread puts or finds stored.

        At its end all of that is named in the ledger, or will never be: a process that lives long
        holds up no collection between its pieces of work. What is done outside of such a block
        counts until the store is closed.
        """
        return self._work()

    def size(self) -> StoreSize:
        """How much there is."""
        living = rows.living(self._index).values()
        disk: list[int] = []
        for path in self._folder.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):
                disk.append(path.stat().st_size)
        blobs, used = sum(each[0] for each in living), sum(each[1] for each in living)
        return StoreSize(blobs, used, len(disk), sum(disk), dead_bytes(self._folder, self._index))

    def lengths(self) -> Iterator[tuple[bytes, int]]:
        """The key (a digest's bytes) and length in bytes of everything that was flushed."""
        return rows.lengths(self._index)

    def references(self, keys: Container[bytes]) -> Iterator[tuple[str, str]]:
        """(reference, digest that it leads to) of every reference among these blobs."""
        for name, group in groupby(self._index.rows(_SMALL), lambda row: row[1]):
            try:
                fd = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                for key, _, offset, length in group:
                    if key in keys and os.pread(fd, len(MAGIC), offset) == MAGIC:
                        says = parsed(os.pread(fd, length, offset))
                        for digest in digests_in(says):
                            yield key.hex(), digest
            finally:
                os.close(fd)

    @contextmanager
    def alone(self) -> Generator[None]:
        """No other process collects garbage while the block runs.

        Raises:
            Conflict: one does.
        """
        fd = os.open(self._folder / "gc", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Conflict(
                "another process is collecting garbage in this workspace",
                fix="wait until it has ended",
            ) from None
        finally:
            os.close(fd)

    def problems(self, progress: Progress, *, quick: bool = False) -> Iterator[BlobProblem]:
        """Read everything and name what is not as it was put; `quick` reads no bytes."""
        return problems(self._folder, self._index, progress, quick=quick)

    def sweep(
        self,
        needed: Needed,
        unchanged: Unchanged,
        *,
        now_s: float,
        grace_s: float,
        patience_s: float = 0.0,
        dry_run: bool = False,
    ) -> Swept:
        """Remove what nothing needs: in a moment when nobody writes, else after the grace time."""
        when = {"now_s": now_s, "grace_s": grace_s, "patience_s": patience_s}
        return sweep(self._folder, self._index, needed, unchanged, **when, dry_run=dry_run)

    def compact(self, progress: Progress) -> Compacted:
        """Write packs anew of which much is dead, and remove them."""
        self._let_go()
        return compact(self._folder, self._index, progress)

    def restore(self, payloads: Iterable[bytes]) -> int:
        """Store bytes again whose stored copies are damaged, durably; how many."""
        count, writer = 0, None
        try:
            for data in payloads:
                writer = writer or PackWriter.create(self._folder)
                record = writer.append(blake3(data).digest(), data)
                writer.sync()
                rows.replace(self._index, writer.name, record, writer.end)
                count += 1
        finally:
            if writer is not None:
                writer.close()
        return count
