"""Tables of evaluation: reports, assessments, verdicts, policies, whose bodies are blobs; incidents."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from visloop.store import Json, Sequence64, UtcDateTime, format_column, metadata

reports: Final = Table(
    "reports",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("model", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("package", String(64), nullable=False),
    Column("data", String, nullable=False),
    Column("root", String(64), nullable=False),
    Column("split", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("accuracy", Float),
    Column("task", String, nullable=False, server_default="classify"),
    Column("metrics", Json, nullable=False, server_default="{}"),
    Column("body", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
    UniqueConstraint("project", "package", "root", "split"),
    Index(None, "project", "model", "number"),
    sqlite_autoincrement=True,
)

assessments: Final = Table(
    "assessments",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False),
    Column("project", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("model", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("package", String(64), nullable=False),
    Column("data", String, nullable=False),
    Column("root", String(64), nullable=False),
    Column("settings", Json, nullable=False),
    Column("figures", Json, nullable=False),
    Column("body", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
    UniqueConstraint("project", "id"),
    Index(None, "project", "package"),
    sqlite_autoincrement=True,
)

verdicts: Final = Table(
    "verdicts",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("model", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("champion", String),
    Column("data", String, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("body", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
    Index(None, "project", "model", "number"),
    sqlite_autoincrement=True,
)

policies: Final = Table(
    "gate_policies",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("model", String, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
    Index(None, "project", "model"),
    sqlite_autoincrement=True,
)
"""The policies that were in force for a model, the newest row is the one that is."""

findings: Final = Table(  # what was found wrong with a data set when it was looked over last
    "findings",
    metadata,
    Column("project", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("body", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
)

incidents: Final = Table(
    "incidents",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False),
    Column("project", String, nullable=False),
    Column("model", String, nullable=False),
    Column("image", String(64), nullable=False),
    Column("expected", Json, nullable=False),
    Column("origin", Json, nullable=False),
    Column("state", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("opened", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("why", String, nullable=False),
    Column("history", Json, nullable=False),
    format_column(),
    UniqueConstraint("project", "id"),
    Index(None, "project", "model", "state"),
    Index(None, "project", "image"),
    sqlite_autoincrement=True,
)
