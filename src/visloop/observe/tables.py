"""The observe room's tables: monitors and alerts are state, windows and captures what they saw."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from visloop.store import Json, Sequence64, UtcDateTime, format_column, metadata

monitors: Final = Table(
    "monitors",
    metadata,
    Column("project", String, primary_key=True),
    Column("deployment", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    # blob of the reference profile; NULL: the model brought none
    Column("profile", String(64)),
    Column("because", String, nullable=False),
    # predictions up to here were looked at for capture; up to `tested` they are in windows
    Column("cursor", BigInteger, nullable=False, default=0),
    Column("tested", BigInteger, nullable=False, default=0),
    # how many predictions of the deployment lie at or before `tested`
    Column("images", BigInteger, nullable=False, default=0),
    # looked at, and gone from the spool already
    Column("missed", BigInteger, nullable=False, default=0),
    Column("changed", UtcDateTime, nullable=False),
    format_column(),
)

windows: Final = Table(
    "windows",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("first_image", BigInteger, nullable=False),
    Column("last_image", BigInteger, nullable=False),
    Column("first_time", UtcDateTime, nullable=False),
    Column("last_time", UtcDateTime, nullable=False),
    Column("n", Integer, nullable=False),
    Column("p", Float, nullable=False),
    Column("alpha", Float, nullable=False),
    Column("alarm", Boolean, nullable=False),
    Column("families", Json, nullable=False),
    Column("mean_confidence", Float),
    Column("what", Text, nullable=False),
    Column("alert", String),
    format_column(),
    UniqueConstraint("project", "deployment", "last_seq"),
    sqlite_autoincrement=True,
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("model", String, nullable=False),
    Column("package", String(64), nullable=False),
    Column("state", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("what", Text, nullable=False),
    Column("p", Float, nullable=False),
    Column("windows", Integer, nullable=False),
    Column("first_image", BigInteger, nullable=False),
    Column("last_image", BigInteger, nullable=False),
    Column("opened", UtcDateTime, nullable=False),
    Column("opened_fact", BigInteger, nullable=False),
    Column("updated", UtcDateTime, nullable=False),
    Column("acknowledged", UtcDateTime),
    Column("acknowledged_by", String),
    Column("closed", UtcDateTime),
    Column("closed_by", String),
    Column("because", String),
    # the fact of serving that it tells of; NULL: a window alarmed
    Column("cause", BigInteger),
    format_column(),
    Index(None, "project", "deployment", "state"),
    # at most one that is not closed, for a deployment and the model behind it
    Index(
        "uq_alerts_live",
        "project",
        "deployment",
        "package",
        unique=True,
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
    sqlite_autoincrement=True,
)

captures: Final = Table(
    "captures",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("project", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("image", String(64), nullable=False),
    Column("prediction", String, nullable=False),
    Column("day", String(10), nullable=False),
    Column("reason", String, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    format_column(),
    UniqueConstraint("project", "deployment", "image"),
    Index(None, "project", "deployment", "day"),
    Index(None, "prediction"),
    sqlite_autoincrement=True,
)

webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("project", String, primary_key=True),
    Column("hook", String(64), primary_key=True),
    Column("cursor", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try", UtcDateTime),
    Column("delivered", BigInteger, nullable=False, default=0),
    Column("given_up", BigInteger, nullable=False, default=0),
    Column("error", Text),
    format_column(),
)
