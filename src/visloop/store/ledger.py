"""The ledger: state and facts in one transaction, telemetry beside it, facts sealed into a chain.

SQLite in WAL mode, one file, any number of processes and threads. Readers see one snapshot and
never wait. A writer starts with BEGIN IMMEDIATE, so it never loses its work half-way to another,
and its commit is on the disk before it returns. Order comes from sequence numbers: they are given
inside the write transaction, so a reader that tails `facts(after=…)` misses none.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, CursorResult, Executable, Table, insert, make_url, select
from sqlalchemy.exc import OperationalError

from visloop.errors import ConfigError, NotFound
from visloop.events import Clock, Fact, Scope
from visloop.store import seals
from visloop.store.claims import Claim, check_fence
from visloop.store.engine import BUSY_S, LedgerBusy, Mode, busy, open_engine
from visloop.store.forks import survives_forks
from visloop.store.seals import Seal, Verified
from visloop.store.tables import facts as facts_table
from visloop.store.tables import seq_before

FULL_EVERY_S: Final = 1.0


class LedgerNotFound(NotFound):
    """The folder that should hold the ledger does not exist."""

    code = "store.ledger_not_found"


class Write:
    """An open write transaction: state and the facts about it, together or not at all."""

    def __init__(self, scope: Scope, connection: Connection, now: datetime) -> None:
        self.scope = scope
        self.connection = connection
        self.now = now

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run one statement inside the transaction."""
        return self.connection.execute(statement, parameters)  # type: ignore[return-value]

    def fact(self, kind: str, subject: str, **payload: Any) -> int:
        """Record that something happened, in the same transaction as the state; its sequence number.

        `payload` holds ids and numbers, no personal text: facts are never erased.
        """
        row = {
            "time": self.now,
            "project": self.scope.project,
            "actor": str(self.scope.actor),
            "kind": kind,
            "subject": subject,
            "payload": payload,
        }
        done = self.connection.execute(insert(facts_table), row)
        return int(done.inserted_primary_key[0])  # type: ignore[index]


class Ledger:
    """The workspace's SQL file. Safe to share between threads; a forked child gets its own connections."""

    def __init__(self, url: URL, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self._engine = open_engine(url)
        self._begin()
        survives_forks(self)

    @classmethod
    def open(cls, url: str, *, clock: Clock) -> Ledger:
        """Open `sqlite:///path/ledger.db`; the file may be new, its tables are made by migrations.

        Raises:
            ConfigError: not the address of an SQLite file.
            LedgerNotFound: its folder does not exist.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
            raise ConfigError(
                f"{url!r} is not a ledger", fix="write sqlite:///PATH, the address of a file"
            )
        folder = Path(parsed.database or "").parent
        if not folder.is_dir():
            raise LedgerNotFound(
                f"the folder {str(folder)!r} does not exist", fix="make a workspace: visloop init"
            )
        return cls(
            parsed.set(database=str(folder.absolute() / Path(parsed.database or "").name)), clock
        )

    @contextmanager
    def read(self) -> Generator[Connection]:
        """One snapshot of everything committed; writing through it is refused by the database."""
        with self._transaction("read") as connection:
            yield connection

    @contextmanager
    def write(self, scope: Scope, *, fence: Claim | None = None) -> Generator[Write]:
        """One write transaction: committed and on the disk at the end, or rolled back by an exception.

        With `fence`, the claim must still hold inside the transaction.

        Raises:
            LeaseLost: `fence` was taken over, is finished, or has run out.
            LedgerBusy: another writer did not finish in 30 s.
        """
        with self._transaction("write") as connection:
            now = self.clock.now()
            if fence is not None:
                check_fence(connection, fence, now)
            yield Write(scope, connection, now)

    def append(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store a batch of telemetry in one transaction, without a fact.

        Survives the death of this process; a power cut may take at most the last second of it.

        Raises:
            LedgerBusy: another writer did not finish in 30 s.
        """
        if rows:
            with self.telemetry() as connection:
                connection.execute(insert(table), [dict(row) for row in rows])

    @contextmanager
    def telemetry(self) -> Generator[Connection]:
        """A transaction for telemetry, without facts; as durable as `append`.

        Raises:
            LedgerBusy: another writer did not finish in 30 s.
        """
        moment = time.monotonic()
        durable = moment - self._durable_at >= FULL_EVERY_S
        with self._transaction("write" if durable else "append") as connection:
            yield connection
        if durable:
            self._durable_at = moment

    def facts(
        self,
        *,
        after: int = 0,
        kinds: Collection[str] = (),
        project: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Fact]:
        """Facts with a sequence number above `after`, in order (or newest first).

        With `actor` and `since` those of one person (`user:ana`) from then on.
        """
        table = facts_table.c
        query = select(facts_table).where(table.seq > after).limit(limit)
        query = query.order_by(table.seq.desc() if newest_first else table.seq)
        if kinds:
            query = query.where(table.kind.in_(sorted(kinds)))
        if project is not None:
            query = query.where(table.project == project)
        if subject is not None:
            query = query.where(table.subject == subject)
        if actor is not None:
            query = query.where(table.actor == actor)
        with self.read() as connection:
            if since is not None:
                query = query.where(table.seq > seq_before(connection, since), table.time >= since)
            return [Fact(*row) for row in connection.execute(query)]

    def seal(self) -> Seal | None:
        """Chain all facts that are not sealed yet; the newest link made, None when there were none.

        Hashing happens outside the write lock; of two processes that seal at once one wins and
        the other goes on behind it. Needs no disk flush: a seal lost to a power cut is made again.
        """
        newest = None
        while True:
            with self.read() as connection:
                seal = seals.propose(connection, self.clock.now())
            if seal is None:
                return newest
            with self._transaction("append") as connection:
                newest = seal if seals.store(connection, seal) else newest

    def verify(self, head: str | None = None) -> Verified:
        """Recompute the chain and name the first broken place, if there is one.

        Args:
            head: a digest noted earlier (`Verified.head`), which the chain must still contain.
        """
        with self.read() as connection:
            return seals.verify(connection, head)

    def changes(self, *, telemetry: bool = True) -> int:
        """A number that differs whenever anything was committed since the last call, by anybody.

        Without `telemetry` it is the newest fact's number: it differs only when something was decided.
        """
        with self._watch_lock:
            if not telemetry:
                return self._watched("SELECT coalesce(max(seq), 0) FROM facts")
            version = self._watched("PRAGMA data_version")
            self._changes = self._watch_from + version
            return self._changes

    def close(self) -> None:
        """Seal what is not sealed and let go of the file; the ledger may be used again."""
        # a ledger that is busy, read-only or has no tables yet is sealed by whoever comes next
        with suppress(LedgerBusy, OperationalError):
            self.seal()
        with self._watch_lock:
            self._let_go()

    def before_fork(self) -> None:
        """Close the connections, unless one is in the middle of a transaction."""
        self._watch_lock.acquire()
        self._gate.acquire()
        if self._open == 0:
            self._let_go()

    def after_fork(self, *, in_child: bool) -> None:
        """Connections are opened again when they are needed; in a child only if that is safe."""
        if in_child:
            torn = self._torn or self._open > 0
            self._begin()
            self._torn = torn
        else:
            self._gate.release()
            self._watch_lock.release()

    def _watched(self, question: str) -> int:
        """A number by a connection of its own, without the cost of a transaction; under the lock."""
        if self._watch is None:
            path = self.url.database or ""
            self._watch = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False)
            self._watch_from = self._changes + 1  # each connection counts from its own start
        return int(self._watch.execute(question).fetchone()[0])

    @contextmanager
    def _transaction(self, mode: Mode) -> Generator[Connection]:
        with self._turn(mode), self._counted(), self._engine.connect() as connection:
            connection.execution_options(visloop_mode=mode)
            with connection.begin():
                yield connection

    @contextmanager
    def _counted(self) -> Generator[None]:
        """A fork must know of transactions that are open, and none may open while it happens."""
        with self._gate:
            if self._torn:
                raise RuntimeError(
                    "this process was forked in the middle of a transaction of its parent and "
                    "cannot use the ledger: start it with spawn, or fork between transactions"
                )
            self._open += 1
        try:
            yield
        finally:
            with self._gate:
                self._open -= 1

    @contextmanager
    def _turn(self, mode: Mode) -> Generator[None]:
        """Writers of this process queue here, fairly; those of other processes at the database."""
        if mode == "read":
            yield
            return
        if self._writer == threading.get_ident():
            raise RuntimeError("a write inside a write of the same thread can never start")
        if not self._write_lock.acquire(timeout=BUSY_S):
            raise busy()
        self._writer = threading.get_ident()
        try:
            yield
        finally:
            self._writer = None
            self._write_lock.release()

    def _begin(self) -> None:
        self._write_lock = threading.Lock()
        self._writer: int | None = None
        self._gate = threading.Lock()
        self._open = 0
        self._torn = False
        self._watch_lock = threading.Lock()
        self._watch: sqlite3.Connection | None = None
        self._watch_from = 0
        self._changes = 0
        self._durable_at = 0.0

    def _let_go(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self._engine.dispose()
