"""Connections to the ledger's SQLite file: how they are opened, and how their transactions begin."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event

from visloop.errors import Unavailable

BUSY_S: Final = 30.0

Mode = Literal["read", "write", "append"]
"""One snapshot; a durable write; a write that the death of this process cannot undo, a power cut may."""

_OPENING: Final[Mapping[str, tuple[str, ...]]] = {
    "read": ("PRAGMA query_only=1", "BEGIN"),
    "write": ("PRAGMA query_only=0", "PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"),
    "append": ("PRAGMA query_only=0", "PRAGMA synchronous=NORMAL", "BEGIN IMMEDIATE"),
}


class LedgerBusy(Unavailable):
    """Another writer kept the ledger to itself for too long."""

    code = "store.ledger_busy"


def busy() -> LedgerBusy:
    """The error after `BUSY_S` seconds of waiting."""
    return LedgerBusy(
        f"the ledger was busy for {BUSY_S:.0f} s", fix="look for a process that hangs, then retry"
    )


def open_engine(url: URL) -> Engine:
    """An engine whose connections begin transactions by `execution_options(visloop_mode=…)`."""
    # as many connections as threads ask for: they are cheap, and waiting for one may be a deadlock
    engine = create_engine(url, pool_size=8, max_overflow=-1)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(dbapi: sqlite3.Connection, _record: object) -> None:
    dbapi.isolation_level = None  # the driver must not open transactions by itself
    dbapi.execute(f"PRAGMA busy_timeout={BUSY_S * 1000:.0f}")
    dbapi.execute("PRAGMA foreign_keys=1")
    deadline = time.monotonic() + BUSY_S
    while dbapi.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # switching needs the file alone for a moment, and does not wait for it by itself
        with suppress(sqlite3.OperationalError):
            dbapi.execute("PRAGMA journal_mode=WAL")
        if time.monotonic() > deadline:
            raise busy()
        time.sleep(0.005)


def _on_begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("visloop_mode", "read")
    dbapi: Any = connection.connection.dbapi_connection
    try:
        for statement in _OPENING[mode]:
            dbapi.execute(statement)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise busy() from error
        raise
