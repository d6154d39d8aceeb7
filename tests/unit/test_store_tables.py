"""Column types: what goes in comes back, and text order is time order."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select

from visloop.store import Json, UtcDateTime, metadata, utc_text

MOMENTS = st.datetimes(timezones=st.timezones(), min_value=datetime(1950, 1, 1))  # noqa: DTZ001


@given(first=MOMENTS, second=MOMENTS)
def test_text_order_is_time_order(first: datetime, second: datetime) -> None:
    assert (utc_text(first) < utc_text(second)) == (first.timestamp() < second.timestamp())
    assert len(utc_text(first)) == 27
    assert datetime.fromisoformat(utc_text(first)) == first.astimezone(UTC)


def test_values_come_back_as_they_went_in() -> None:
    class Point(msgspec.Struct, frozen=True):
        x: int

    table = Table("t", MetaData(), Column("at", UtcDateTime), Column("what", Json))
    engine = create_engine("sqlite://")
    moment = datetime(2026, 11, 21, 10, 30, 0, 5, tzinfo=UTC)
    rows = [
        {"at": moment, "what": {"b": [1, None, "é"], "a": Point(3)}},
        {"at": None, "what": None},
        {"at": moment, "what": 0},
    ]
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), rows)
        stored = connection.exec_driver_sql("SELECT at, what FROM t").all()
        read = connection.execute(select(table)).all()
    engine.dispose()
    assert stored[0] == ("2026-11-21T10:30:00.000005Z", '{"a":{"x":3},"b":[1,null,"é"]}')
    assert stored[1] == (None, None)
    assert [tuple(row) for row in read] == [
        (moment, {"b": [1, None, "é"], "a": {"x": 3}}),
        (None, None),
        (moment, 0),
    ]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        utc_text(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize("name", ["facts", "seals", "jobs", "actors", "projects"])
def test_every_table_of_the_store_says_its_format(name: str) -> None:
    assert not metadata.tables[name].c["format"].nullable


def test_the_room_costs_nothing_until_used_and_blobs_need_no_sql_toolkit() -> None:
    code = (
        "import sys, visloop.store as store\n"
        "assert 'visloop.store.blobs' not in sys.modules\n"
        "store.PackBlobs, store.Spool, store.SystemClock\n"
        "heavy = {'sqlalchemy', 'numpy', 'pydantic', 'alembic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
