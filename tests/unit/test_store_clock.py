from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from visloop.store import FakeClock, SystemClock


def test_the_systems_clock_is_utc_and_now() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now.timestamp() - datetime.now(UTC).timestamp()) < 5


def test_a_fake_clock_moves_only_when_told() -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    clock = FakeClock(start)
    assert clock.now() == clock.now() == start
    assert clock.now().tzinfo is UTC
    assert clock.advance(1.5) == clock.now() == start + timedelta(seconds=1.5)
    assert clock.advance(-10) < start


def test_a_clock_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        FakeClock(datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake under test
