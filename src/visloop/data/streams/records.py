"""How long and how something is watched, and what came of it."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from visloop.data.committing import NothingToCommit, commit
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.data.records import Added, DataPorts
    from visloop.events import Scope

_COMMITS: Final = re.compile(r"(?P<number>\d{1,9})(?P<unit>s|min|h)?")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600}
_NOTES: Final = 100


@dataclass(frozen=True)
class Watch:
    """`once`: what is there, then end. `for_s`: end after so many seconds (None: never).

    `settle_s` is how long a file must be left alone before it is taken, `every_s` how often a
    folder is looked through even if the system told of no change. A version is committed after
    `commit_samples` new samples or `commit_s` seconds (0: never).
    """

    once: bool = False
    for_s: float | None = None
    settle_s: float = 1.0
    every_s: float = 60.0
    commit_samples: int = 0
    commit_s: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Watched:
    """What came in while it was watched, the versions that were committed, the last notes."""

    added: int = 0
    updated: int = 0
    quarantined: int = 0
    versions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_commits(text: str) -> tuple[int, float]:
    """`100` → after so many samples, `60s`, `5min`, `1h` → after that time; (0, 0): never.

    Raises:
        UsageError: it says neither.
    """
    if not text:
        return 0, 0.0
    found = _COMMITS.fullmatch(text.strip())
    if found is None or not int(found["number"]):
        raise UsageError(
            f"{text!r} does not say when to commit", fix="a number of samples (100) or a time (60s)"
        )
    number = int(found["number"])
    return (0, float(number * _SECONDS[found["unit"]])) if found["unit"] else (number, 0.0)


class Keeping:
    """Counts what comes in and commits it as was asked."""

    def __init__(self, ports: DataPorts, scope: Scope, dataset: str, watch: Watch) -> None:
        self._ports, self._scope, self._dataset, self.watch = ports, scope, dataset, watch
        self._started = self._committed = time.monotonic()
        self._waiting = self._added = self._updated = self._quarantined = 0
        self._versions: list[str] = []
        self._notes: deque[str] = deque(maxlen=_NOTES)

    @property
    def over(self) -> bool:
        """Whether it is time to end."""
        limit_s = self.watch.for_s
        passed_s = time.monotonic() - self._started
        return self.watch.stop.is_set() or (limit_s is not None and passed_s >= limit_s)

    def came(self, done: Added) -> None:
        """Something was brought in."""
        changed = done.added + done.updated
        self._added += done.added
        self._updated += done.updated
        self._quarantined = max(self._quarantined, done.quarantined)
        self._waiting += changed
        self._notes.extend(done.notes)
        if changed:
            self._ports.progress.note(
                f"{self._dataset}: {done.added} added, {done.updated} updated"
                f" ({self._added + self._updated} since the start)"
            )

    def say(self, text: str) -> None:
        """A remark, told at once and in the answer."""
        self._notes.append(text)
        self._ports.progress.note(text)

    def commit_if_due(self) -> None:
        """Commit where enough came in, or enough time has passed."""
        watch, passed_s = self.watch, time.monotonic() - self._committed
        enough = watch.commit_samples and self._waiting >= watch.commit_samples
        if enough or (watch.commit_s and passed_s >= watch.commit_s):
            self.commit()

    def commit(self) -> None:
        """Commit what waits, if anything does and versions are wanted."""
        self._committed = time.monotonic()
        if not self._waiting or not (self.watch.commit_samples or self.watch.commit_s):
            return
        try:
            made = commit(
                self._ports, self._scope, self._dataset, f"watch: {self._waiting} samples"
            )
        except NothingToCommit:
            return
        finally:
            self._waiting = 0
        self._versions.append(made.ref)
        self._ports.progress.note(f"{made.ref} committed")

    def answer(self) -> Watched:
        """Commit the rest, and say what came in."""
        self.commit()
        return Watched(
            self._added,
            self._updated,
            self._quarantined,
            tuple(self._versions),
            tuple(self._notes),
        )
