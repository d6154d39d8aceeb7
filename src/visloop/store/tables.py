"""The store's own tables, and the column types and metadata that every room declares its tables with.

Portable SQLAlchemy Core: times are ISO 8601 text in UTC (fixed width, so that text order is time
order), JSON is text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.types import TypeDecorator

from visloop.ids import FORMAT

_STEP: Final = 1024

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Sequence64: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A counting key: SQLite numbers rows by itself only where the type is INTEGER."""


def utc_text(moment: datetime) -> str:
    """`2026-11-21T09:30:00.000000Z`: always 27 characters.

    Raises:
        ValueError: the time has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored as ISO 8601 text in UTC, read back in UTC."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Text of `value`; refuses a time without a zone."""
        del dialect
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The aware datetime that was stored."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Anything msgspec can write as JSON (dicts, lists, Structs, …); read back as plain values."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """JSON with sorted keys; None is NULL."""
        del dialect
        if value is None:
            return None
        return msgspec.json.encode(value, order="deterministic").decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The decoded value."""
        del dialect
        return None if value is None else msgspec.json.decode(value)


def format_column() -> Column[int]:
    """`format`: the shape of the record, 1 for all that exist today."""
    return Column("format", Integer, nullable=False, default=FORMAT, server_default=str(FORMAT))


facts: Final = Table(
    "facts",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("time", UtcDateTime, nullable=False),
    Column("project", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("payload", Json, nullable=False),
    format_column(),
    Index(None, "kind", "seq"),
    Index(None, "subject", "seq"),
    sqlite_autoincrement=True,
)

seals: Final = Table(
    "seals",
    metadata,
    Column("number", Sequence64, primary_key=True, autoincrement=True),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("time", UtcDateTime, nullable=False),
    format_column(),
    sqlite_autoincrement=True,
)

jobs: Final = Table(
    "jobs",
    metadata,
    Column("seq", Sequence64, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    Column("project", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("state", String, nullable=False),
    Column("payload", Json, nullable=False),
    Column("token", BigInteger, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", String),
    Column("lease_until", UtcDateTime),
    Column("not_before", UtcDateTime, nullable=False),
    Column("checkpoint", Json),
    Column("result", Json),
    Column("error", Text),
    Column("created", UtcDateTime, nullable=False),
    Column("updated", UtcDateTime, nullable=False),
    format_column(),
    UniqueConstraint("project", "kind", "key"),
    Index(None, "state", "kind", "seq"),
    sqlite_autoincrement=True,
)

actors: Final = Table(
    "actors",
    metadata,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("project", String, primary_key=True),
    Column("role", String, nullable=False),
    format_column(),
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String, nullable=False),
    Column("id", String, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    format_column(),
    Index(None, "kind", "id"),
)

projects: Final = Table(
    "projects",
    metadata,
    Column("name", String, primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    format_column(),
)


def seq_before(connection: Connection, moment: datetime) -> int:
    """A fact's number before that moment, found in steps that grow: facts stand in order of time."""
    at = connection.scalar(select(func.max(facts.c.seq))) or 0
    step = _STEP
    while (at := at - step) > 0:
        older = select(facts.c.time).where(facts.c.seq <= at).order_by(facts.c.seq.desc()).limit(1)
        found = connection.scalar(older)
        if found is None or found < moment:
            return at
        step *= 2
    return 0
