"""Tables of training: runs, and the numbers that they report while they work (telemetry)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, UniqueConstraint

from visloop.store import Json, Sequence64, UtcDateTime, format_column, metadata

runs: Final = Table(
    "runs",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("key", String),
    Column("recipe", String, nullable=False),
    Column("params", Json, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("threads", Integer, nullable=False),
    Column("data", String, nullable=False),
    Column("data_root", String, nullable=False),
    Column("model_name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("started", UtcDateTime),
    Column("ended", UtcDateTime),
    Column("commit", String),
    Column("dirty", Boolean),
    Column("environment", Json, nullable=False),
    Column("pictures", Json, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("model", String),
    Column("error", Json),
    Column("actor", String, nullable=False),
    format_column(),
    UniqueConstraint("project", "key"),
    Index(None, "project", "status"),
    sqlite_autoincrement=True,
)

run_metrics: Final = Table(
    "run_metrics",
    metadata,
    Column("id", Sequence64, primary_key=True, autoincrement=True),
    Column("run", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("value", Float, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    format_column(),
    Index(None, "run", "attempt"),
)
