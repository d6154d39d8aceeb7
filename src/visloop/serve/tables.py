"""What serving stores: deployments are state, servers and predictions are telemetry.

Keys and quotas are state, what is asked by them telemetry.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    func,
    select,
    text,
)

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
    Column("limits", Json),
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
    # while a canary runs: which, the share that it had, and a digest of the request's key
    Column("rollout", String),
    Column("share", Float),
    Column("key", String(16)),
    format_column(),
    Index(None, "project", "deployment", "seq"),
    sqlite_autoincrement=True,
)

rollouts: Final = Table(
    "rollouts",
    metadata,
    Column("id", String, primary_key=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("against", String, nullable=False),
    Column("against_package", String(64), nullable=False),
    Column("share", Float, nullable=False),
    Column("state", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("because", Text, nullable=False),
    Column("policy", Json, nullable=False),
    Column("evidence", Json, nullable=False),
    # what was looked at of predictions, failures and copied_answers
    Column("cursors", Json, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("opened", UtcDateTime, nullable=False),
    Column("stepped", UtcDateTime, nullable=False),
    Column("ended", UtcDateTime),
    format_column(),
    # at most one canary and one shadow at a time
    Index(
        "uq_rollouts_running",
        "project",
        "deployment",
        "kind",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

failures: Final = Table(
    "failures",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("rollout", String, nullable=False),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("share", Float, nullable=False),
    Column("key", String(16)),
    Column("server", String, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("error", Text, nullable=False),
    format_column(),
    Index(None, "rollout", "seq"),
    sqlite_autoincrement=True,
)

copied_answers: Final = Table(
    "copied_answers",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("rollout", String, nullable=False),
    # the answer that the client got, to the same picture
    Column("prediction", String, nullable=False),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("label", String),
    Column("confidence", Float),
    Column("agrees", Boolean),
    Column("agreement", Float),
    Column("score_difference", Float),
    Column("latency_ms", Float, nullable=False),
    Column("error", Text),
    Column("answer", Json),
    format_column(),
    Index(None, "rollout", "seq"),
    Index(None, "prediction"),
    sqlite_autoincrement=True,
)

copied: Final = Table(
    "copied",
    metadata,
    Column("rollout", String, primary_key=True),
    Column("server", String, primary_key=True),
    Column("offered", BigInteger, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("dropped", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("hung", BigInteger, nullable=False),
    Column("crashed", BigInteger, nullable=False),
    format_column(),
)


def newest(connection: Connection) -> int:
    """The sequence number of the newest prediction, 0 before the first."""
    return connection.execute(select(func.coalesce(func.max(predictions.c.seq), 0))).scalar_one()


serve_keys: Final = Table(
    "serve_keys",
    metadata,
    Column("project", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("hint", String, nullable=False),
    Column("per_minute", Integer),
    Column("per_day", Integer),
    Column("deployments", Json, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    format_column(),
)

serve_key_usage: Final = Table(
    "serve_key_usage",
    metadata,
    Column("project", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("server", String, primary_key=True),
    Column("asked", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("looked_at", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),
    Column("near", BigInteger, nullable=False),
    Column("unsure", BigInteger, nullable=False),
    Column("entropy", Float, nullable=False),
    format_column(),
)


def record(row: RowMapping, kind: type[T]) -> T:
    """`row` as a `kind`, a Struct whose fields are named like the columns; other columns are left out."""
    # SQLAlchemy's column names are a subclass of str, which msgspec does not take for keys
    return msgspec.convert({str(key): value for key, value in row.items()}, kind)
