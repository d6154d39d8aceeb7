"""Tables of the registry: names, versions, aliases with their past, approvals."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from visloop.store import Json, Sequence64, UtcDateTime, format_column, metadata

models: Final = Table(
    "models",
    metadata,
    Column("project", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
)

model_versions: Final = Table(
    "model_versions",
    metadata,
    Column("project", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("package", String(64), nullable=False),
    Column("onnx", String(64), nullable=False),
    Column("contract", String(64), nullable=False),
    Column("run", String, nullable=False),
    Column("data", String, nullable=False),
    Column("recipe", String, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("state", String, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("archived", UtcDateTime),
    format_column(),
    ForeignKeyConstraint(["project", "model"], ["models.project", "models.name"]),
    UniqueConstraint("project", "run"),
    Index(None, "project", "onnx"),
)

alias_moves: Final = Table(
    "model_alias_moves",
    metadata,
    Column("id", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("model", String, nullable=False),
    Column("alias", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("beneath", Sequence64),
    Column("time", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
    Index(None, "project", "model", "alias"),
    sqlite_autoincrement=True,
)
"""Every setting of an alias; `beneath` is the move that a rollback goes back to."""

aliases: Final = Table(
    "model_aliases",
    metadata,
    Column("project", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("alias", String, primary_key=True),
    Column("move", Sequence64, nullable=False),
    format_column(),
    ForeignKeyConstraint(["move"], ["model_alias_moves.id"]),
)

approvals: Final = Table(
    "model_approvals",
    metadata,
    Column("id", String, primary_key=True),
    Column("project", String, nullable=False),
    Column("model", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("decision", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    format_column(),
    Index(None, "project", "model", "number"),
)
