"""The migrations make exactly the tables that the rooms declare."""

from __future__ import annotations

import importlib
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import visloop
from visloop import app
from visloop.app import schema
from visloop.store import metadata

ROOMS = Path(visloop.__file__).parent


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    for tables in sorted(ROOMS.glob("*/tables.py")):
        importlib.import_module(f"visloop.{tables.parent.name}.tables")
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    app.upgrade(url)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert not differences, "run: python tools/migration.py NUMBER 'what changed'"


def test_head_is_the_newest_revision() -> None:
    scripts = ScriptDirectory(str(ROOMS / "app" / "migrations"))
    assert scripts.get_current_head() == app.HEAD


def test_upgrade_again_changes_nothing(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    app.upgrade(f"sqlite:///{ledger}")
    before = ledger.read_bytes()
    assert schema.is_current(ledger)
    app.upgrade(f"sqlite:///{ledger}")
    assert ledger.read_bytes() == before
