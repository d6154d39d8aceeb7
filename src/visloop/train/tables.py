"""Tables of training: runs, the curves that they report while they work (telemetry), their artifacts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

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
    Column("source", String, nullable=False, default="recipe", server_default="recipe"),
    Column("experiment", String, nullable=False, default="", server_default=""),
    Column("name", String, nullable=False, default="", server_default=""),
    Column("parent", String),
    Column("tags", Json, nullable=False, default={}, server_default="{}"),
    Column("notes", Text, nullable=False, default="", server_default=""),
    Column("latest", Json, nullable=False, default={}, server_default="{}"),
    Column("progress", Json),
    Column("cpu_s", Float),
    Column("alive_until", UtcDateTime),
    Column("removed", Boolean, nullable=False, default=False, server_default=false()),
    format_column(),
    UniqueConstraint("project", "key"),
    Index(None, "project", "status"),
    Index(None, "project", "parent"),
    sqlite_autoincrement=True,
)

"""`latest` holds the step and time of each number in `metrics`; `alive_until` is how long a run that
no lease protects is taken for running without a word of it."""

run_points: Final = Table(
    "run_points",
    metadata,
    Column("id", Sequence64, primary_key=True, autoincrement=True),
    Column("run", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("points", LargeBinary, nullable=False),
    format_column(),
    Index(None, "run", "key"),
)
"""A piece of a curve: `n` packed points (step int64, Unix time float64, value float64; little-endian)."""

run_artifacts: Final = Table(
    "run_artifacts",
    metadata,
    Column("id", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("run", String, nullable=False),
    Column("path", String, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", Sequence64, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    format_column(),
    UniqueConstraint("run", "path"),
)

experiments: Final = Table(
    "experiments",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("name", String, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("removed", Boolean, nullable=False, default=False, server_default=false()),
    format_column(),
    UniqueConstraint("project", "name"),
    sqlite_autoincrement=True,
)

logged_models: Final = Table(
    "logged_models",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("experiment", String, nullable=False),
    Column("run", String),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("params", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("updated", UtcDateTime, nullable=False),
    format_column(),
    sqlite_autoincrement=True,
)
"""Models as MLflow's client logs them: a folder of artifacts (under this id) and what is said of it."""
