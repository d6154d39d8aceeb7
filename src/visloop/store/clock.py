"""Where time comes from: the system's clock, or one that tests and simulations turn by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """This moment, timezone-aware, UTC."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that moves only when told to; safe to share between threads."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at a time with a time zone")
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        """The moment it was last moved to, timezone-aware, UTC."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on (or back, for a clock that was set wrong) and return the new time."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now
