"""Questions that were given a name."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, String, Table, Text

from visloop.store import UtcDateTime, format_column, metadata

saved_views: Final = Table(
    "saved_views",
    metadata,
    Column("project", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("of", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
)
