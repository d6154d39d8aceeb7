"""Alembic's entry: runs the revisions, each in its own transaction."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import create_engine, pool

from visloop.store import metadata


def run() -> None:
    """Upgrade the ledger that the caller named."""
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            render_item=_plain_types,
        )
        with context.begin_transaction():
            context.run_migrations()


def _plain_types(kind: str, value: object, _context: object) -> str | Literal[False]:
    """Revisions know nothing of our code: a decorated type is written as what lies under it."""
    under = getattr(value, "impl", None)
    return f"sa.{under!r}" if kind == "type" and under is not None else False


run()
