"""The prediction log: written behind the answer, in batches, by a thread of its own.

A full queue drops rows and counts them; serving never waits. A batch that the ledger refuses is
kept and tried again. What a killed process loses is at most what it answered since the last batch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from visloop.errors import VisloopError
from visloop.serve import tables
from visloop.serve.journal.counter import Counter
from visloop.serve.journal.entry import Entry
from visloop.serve.journal.record import Captured
from visloop.store import Ledger, Spool

log = logging.getLogger("visloop.serve")

EVERY_S: Final = 0.25
RETRY_S: Final = 1.0
BATCH_ROWS: Final = 1024


class PredictionLog:
    """Takes entries from any thread; `start` begins to write, `close` drains."""

    def __init__(
        self, ledger: Ledger, spool: Spool, counter: Counter, *, max_rows: int, max_bytes: int
    ) -> None:
        self._ledger = ledger
        self._spool = spool
        self._counter = counter
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._queue: deque[Entry] = deque()
        self._bytes = 0
        self._taken: deque[Entry] = deque()
        self._ready: list[dict[str, Any]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self.written = 0

    @property
    def waiting(self) -> int:
        """Entries not yet in the ledger."""
        return len(self._queue) + len(self._taken) + len(self._ready)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def add(self, entry: Entry) -> None:
        """Queue an entry, or drop and count it when the queue is full."""
        size = len(entry.image)
        with self._lock:
            full = self.waiting >= self._max_rows or self._bytes + size > self._max_bytes
            if not full:
                self._queue.append(entry)
                self._bytes += size
        if full:
            self._counter.drop()

    def close(self, timeout_s: float) -> None:
        """Write what is queued and stop; what cannot be written in time is counted as dropped."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self.waiting:
            log.error("serve.log_not_drained", extra={"rows": self.waiting})
            self._counter.drop(self.waiting)

    def _run(self) -> None:
        while True:
            closing = self._closing.wait(EVERY_S)
            while self.waiting:
                if not self._write_some():
                    time.sleep(RETRY_S)
            if closing and not self.waiting:
                return

    def _write_some(self) -> bool:
        try:
            if not self._ready:
                self._take()
            while self._taken:  # what fails here is tried again, and counts as waiting until then
                entry = self._taken[0]
                self._ready.append(entry.row(self._keep(entry.captured())))
                self._taken.popleft()
            self._spool.flush()  # other processes must find what the ledger will name
            self._ledger.append(tables.predictions, self._ready)
        except (VisloopError, SQLAlchemyError, OSError) as error:
            log.warning("serve.log_write_failed", extra={"error": str(error)})
            return False
        self.written += len(self._ready)
        self._ready = []
        return True

    def _take(self) -> None:
        with self._lock:
            while self._queue and len(self._taken) < BATCH_ROWS:
                self._taken.append(self._queue.popleft())
                self._bytes -= len(self._taken[-1].image)

    def _keep(self, captured: Captured) -> str | None:
        try:
            return str(self._spool.append(captured.to_bytes()))
        except VisloopError as error:  # larger than the whole spool: the row is kept without it
            log.warning("serve.not_spooled", extra={"error": str(error)})
            return None
