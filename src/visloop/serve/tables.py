"""What serving stores: deployments are state, servers and predictions are telemetry."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from sqlalchemy import BigInteger, Column, Float, Index, Integer, RowMapping, String, Table

from visloop.store import Json, Sequence64, UtcDateTime, format_column, metadata

T = TypeVar("T")

deployments: Final = Table(
    "deployments",
    metadata,
    Column("project", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("previous", String),
    Column("previous_package", String(64)),
    Column("state", String, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    format_column(),
)

servers: Final = Table(
    "servers",
    metadata,
    Column("id", String, primary_key=True),
    Column("project", String, nullable=False),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("url", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started", UtcDateTime, nullable=False),
    Column("heartbeat", UtcDateTime, nullable=False),
    Column("loaded", Json, nullable=False),
    Column("answered", BigInteger, nullable=False, default=0),
    Column("logged", BigInteger, nullable=False, default=0),
    Column("dropped", BigInteger, nullable=False, default=0),
    Column("lost", BigInteger, nullable=False, default=0),
    format_column(),
    Index(None, "project", "state"),
)

predictions: Final = Table(
    "predictions",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("contract", String(64), nullable=False),
    Column("image", String(64), nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("label", String),
    Column("confidence", Float),
    Column("latency_ms", Float, nullable=False),
    Column("answer", Json, nullable=False),
    Column("spool", String),
    Column("server", String, nullable=False),
    Column("number", BigInteger, nullable=False),
    format_column(),
    Index(None, "project", "deployment", "seq"),
    sqlite_autoincrement=True,
)


def record(row: RowMapping, kind: type[T]) -> T:
    """`row` as a `kind`, a Struct whose fields are named like the columns; other columns are left out."""
    # SQLAlchemy's column names are a subclass of str, which msgspec does not take for keys
    return msgspec.convert({str(key): value for key, value in row.items()}, kind)
