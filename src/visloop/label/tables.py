"""The label room's tables: pictures that wait, people's answers, open windows, edits that were taken."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, String, Table, UniqueConstraint

from visloop.store import Json, Sequence64, UtcDateTime, format_column, metadata

tasks: Final = Table(
    "label_tasks",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("image", String(64), nullable=False),
    Column("path", String, nullable=False),
    Column("candidate", Json, nullable=False),
    Column("proposed", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("priority", Float, nullable=False),
    Column("prediction", String),
    Column("model", String),
    Column("state", String, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("decided_by", String),
    Column("decided", UtcDateTime),
    Column("final", Json),
    Column("split", String),
    Column("agreed", Boolean),
    Column("batch", String, nullable=False, server_default=""),
    Column("rules", Json),
    Column("base", Json),
    Column("control", Json),
    Column("score", Float),
    Column("prior", String),
    format_column(),
    UniqueConstraint("project", "dataset", "image", "batch"),
    Index(None, "project", "state", "dataset", "priority"),
    Index(None, "project", "dataset", "path"),
    Index(None, "project", "prediction"),
    sqlite_autoincrement=True,
)

answers: Final = Table(
    "label_answers",
    metadata,
    Column("project", String, primary_key=True),
    Column("task", String, primary_key=True),
    Column("actor", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("state", String, nullable=False),
    Column("annotations", Json),
    Column("labelled", Boolean, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),
    Column("assigned", UtcDateTime, nullable=False),
    Column("given", UtcDateTime),
    Column("comment", String, nullable=False, server_default=""),
    Column("returned_by", String, nullable=False, server_default=""),
    format_column(),
    Index(None, "project", "actor", "state"),
)

editors: Final = Table(
    "label_editors",
    metadata,
    Column("project", String, primary_key=True),
    Column("tab", String, primary_key=True),
    Column("actor", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("path", String, nullable=False),
    Column("seen", UtcDateTime, nullable=False),
    format_column(),
)

edits_taken: Final = Table(
    "label_edits_taken",
    metadata,
    Column("project", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("taken", UtcDateTime, nullable=False, index=True),
    format_column(),
)
