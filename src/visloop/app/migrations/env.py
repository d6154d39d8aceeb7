"""Alembic's entry: runs the revisions in one transaction, so that a killed upgrade has done nothing."""

from __future__ import annotations

import sqlite3
from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool

from visloop.store import metadata


def run() -> None:
    """Upgrade the ledger that the caller named."""
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url, poolclass=pool.NullPool)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    with engine.begin() as connection:
        context.configure(connection=connection, target_metadata=metadata, render_item=_plain_types)
        context.run_migrations()


def _on_connect(dbapi: sqlite3.Connection, _record: object) -> None:
    dbapi.isolation_level = None  # or the driver commits before every CREATE TABLE


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _plain_types(kind: str, value: object, _context: object) -> str | Literal[False]:
    """Revisions know nothing of our code: a decorated type is written as what lies under it."""
    under = getattr(value, "impl", None)
    return f"sa.{under!r}" if kind == "type" and under is not None else False


run()
