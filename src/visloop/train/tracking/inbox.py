"""Single numbers that come one call at a time: taken at once, stored twice a second together.

A number is taken when it stands in a file of this process: a kill loses none, what is found in the
file of a process that is gone goes into the ledger at the next start. A power cut may take what the
system had not written yet; a line that it tore is counted.
"""

from __future__ import annotations

import fcntl
import logging
import math
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from visloop.errors import Unavailable, UsageError, VisloopError
from visloop.events import Scope
from visloop.store import Ledger
from visloop.train.tracking import points
from visloop.train.tracking.points import Point

EVERY_S: Final = 0.5
TRUSTED_S: Final = 5.0
_NAMES: Final = 100_000
_SUFFIX: Final = ".points"
_STEPS: Final = 2**63 - 1
_log = logging.getLogger("visloop.train")


class _Line(msgspec.Struct, frozen=True, array_like=True):
    """One number as it stands in the file; `value` as text, because JSON knows no NaN."""

    run: str
    key: str
    value: str
    step: int
    time: float

    @property
    def point(self) -> Point:
        return Point(self.key, float(self.value), self.step, self.time)


@dataclass(frozen=True)
class Recovered:
    """What files of processes that are gone held: stored now, there already, not to be read."""

    stored: int = 0
    known: int = 0
    lost: int = 0


class Inbox:
    """Takes numbers from any thread; `close` (and the end of its context) stores what is left.

    It takes a number only of a name that was reported in the slow way (`report`) just before, so that
    whoever reports a wrong run, name or permission is told so at once.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger, self._folder = ledger, folder
        self._lock, self._storing = threading.Lock(), threading.Lock()
        self._waiting: list[_Line] = []
        self._fd = -1
        self._path = folder
        self._full: list[tuple[int, Path]] = []
        self._trusted: dict[tuple[str, str, str, str], float] = {}
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> bool:
        """Whether something is not in the ledger yet."""
        return bool(self._waiting)

    def trust(self, scope: Scope, run: str, key: str) -> None:
        """A number of that name was reported in the slow way, by this actor: the next ones may be taken."""
        if len(self._trusted) >= _NAMES:
            self._trusted.clear()
        self._trusted[scope.project, str(scope.actor), run, key] = time.monotonic() + TRUSTED_S

    def take(self, scope: Scope, run: str, point: Point) -> bool:
        """Take the number; False where it has to be reported in the slow way."""
        name = (scope.project, str(scope.actor), run, point.key)
        if self._trusted.get(name, 0.0) < time.monotonic():
            return False
        if not -_STEPS <= point.step <= _STEPS:
            raise UsageError(f"{point.step} is no step", fix="a whole number of 64 bits")
        line = _Line(run, point.key, repr(point.value), point.step, point.time)
        raw = msgspec.json.encode(line) + b"\n"
        with self._lock:
            try:
                if self._fd < 0:
                    self._open()
                if os.write(self._fd, raw) != len(raw):
                    return False
            except OSError:  # a full disk: the ledger says so in the slow way
                return False
            self._waiting.append(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="inbox", daemon=True)
                self._thread.start()
        return True

    def flush(self) -> None:
        """Store what waits; when it returns, everybody sees it.

        Raises:
            LedgerBusy: another writer did not finish in 30 s; nothing is lost.
        """
        with self._storing:
            with self._lock:
                lines, self._waiting = self._waiting, []
                if self._fd >= 0:
                    self._full.append((self._fd, self._path))
                    self._fd = -1
            try:
                self._store(lines)
            except BaseException:
                with self._lock:
                    self._waiting = lines + self._waiting
                raise
            for fd, path in self._full:
                path.unlink(missing_ok=True)
                os.close(fd)
            self._full = []

    def recover(self) -> Recovered:
        """Store what processes that are gone had taken."""
        stored = known = lost = 0
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                read = list(_read(file.read()))
                lines = [each for each in read if each is not None]
                fresh = self._fresh(lines)
                self._store(fresh)
                path.unlink(missing_ok=True)
            stored, known = stored + len(fresh), known + len(lines) - len(fresh)
            lost += len(read) - len(lines)
        found = Recovered(stored, known, lost)
        if found != Recovered():
            _log.warning("tracking.recovered", extra=vars(found))
        return found

    def close(self) -> None:
        """Store what is left, and end the thread that stores."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _keep(self) -> None:
        while not self._done.wait(EVERY_S):
            try:
                self.flush()
            except Unavailable as error:
                _log.warning("tracking.not_stored", extra={"error": error.what})

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path = self._folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}{_SUFFIX}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        fd = os.open(self._path, flags, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._fd = fd

    def _store(self, lines: Iterable[_Line]) -> None:
        by_run: dict[str, list[Point]] = {}
        for each in lines:
            by_run.setdefault(each.run, []).append(each.point)
        if not by_run:
            return
        with self._ledger.telemetry() as connection:
            for run, some in by_run.items():
                try:
                    points.append(connection, run, some)
                except VisloopError as error:  # the run is gone, or has too many names by now
                    told = {"run": run, "points": len(some), "error": error.what}
                    _log.warning("tracking.lost", extra=told)

    def _fresh(self, lines: list[_Line]) -> list[_Line]:
        """Those that are not in the ledger: a process may be killed between storing and saying so."""
        with self._ledger.read() as connection:
            known = points.known_runs(connection, {each.run for each in lines})
            curves = points.read(connection, known)
        seen = {
            (curve.run, curve.key, step, time_s, _told(value))
            for curve in curves
            for step, time_s, value in zip(curve.steps, curve.times_s, curve.values, strict=True)
        }
        return [
            each
            for each in lines
            if each.run in known
            and (each.run, each.key, each.step, each.time, _told(float(each.value))) not in seen
        ]


def _told(value: float) -> str:
    return "nan" if math.isnan(value) else repr(value)


def _read(raw: bytes) -> Iterator[_Line | None]:
    """The lines of a file, None for each that cannot be read."""
    for line in raw.split(b"\n"):
        if line:
            try:
                yield msgspec.json.decode(line, type=_Line)
            except (msgspec.DecodeError, ValueError):
                yield None
