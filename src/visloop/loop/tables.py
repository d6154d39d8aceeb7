"""Loops that are switched on, and their cycles: one row each, moved on step by step."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, UniqueConstraint, text

from visloop.store import Json, UtcDateTime, format_column, metadata

loops = Table(
    "loops",
    metadata,
    Column("project", String, primary_key=True),
    Column("deployment", String, primary_key=True),
    Column("on", Boolean, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    format_column(),
)

cycles = Table(
    "cycles",
    metadata,
    Column("id", String, primary_key=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("because", Json, nullable=False),
    Column("facts", Json, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", String),
    Column("retry_at", UtcDateTime),
    Column("opened", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("ended", UtcDateTime),
    format_column(),
    UniqueConstraint("project", "deployment", "number"),
    Index("cycles_open", "project", "deployment", "ended"),
)
