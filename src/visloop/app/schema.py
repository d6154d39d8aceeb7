"""The ledger's tables, brought to the newest revision by Alembic."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

HEAD: Final = "0022"
_MIGRATIONS = Path(__file__).with_name("migrations")


def is_current(ledger: Path) -> bool:
    """Whether the ledger stands at `HEAD`, asked without loading Alembic."""
    if not ledger.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return False
    return row is not None and row[0] == HEAD


def upgrade(url: str) -> None:
    """Bring the ledger at `url` to `HEAD`; nothing happens when it is there."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and is_current(path):
        return
    import alembic.command  # noqa: PLC0415 - a quarter of a second, needed once in a workspace's life
    import alembic.config  # noqa: PLC0415

    settings = alembic.config.Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    alembic.command.upgrade(settings, "head")
