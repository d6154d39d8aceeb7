"""Writes the next Alembic revision from the rooms' tables (see CONTRIBUTING.md).

python tools/migration.py 0002 "what changed"
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

import alembic.command
import alembic.config

ROOMS = Path(__file__).resolve().parent.parent / "src" / "visloop"


def main(revision: str, message: str) -> None:
    """Compare the tables with the ledger at head, and write the difference."""
    for tables in sorted(ROOMS.glob("*/tables.py")):
        importlib.import_module(f"visloop.{tables.parent.name}.tables")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        settings = alembic.config.Config()
        settings.set_main_option("script_location", str(ROOMS / "app" / "migrations"))
        settings.set_main_option("sqlalchemy.url", url)
        alembic.command.upgrade(settings, "head")
        alembic.command.revision(settings, message, autogenerate=True, rev_id=revision)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
