"""Moments as whole microseconds since 1970 in UTC; what is written coarsely means a span of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_WRITTEN: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:[Tt ](?P<clock>\d\d:\d\d)"
    r"(?P<seconds>:\d\d)?(?P<fraction>\.\d{1,9})?(?P<offset>[Zz]|[+-]\d\d:\d\d)?)?)?)?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_DECEMBER: Final = 12


def span(text: str) -> tuple[int, int] | None:
    """The first microsecond that a text means and the first after it; None for what is no moment.

    `2024` is a year, `2024-05` a month, `2024-05-01` a day, `2024-05-01T12:00` a minute. Without an
    offset from UTC it is taken as UTC.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    try:
        start = _start(found)
        end = _end(start, found)
        return (start - _EPOCH) // _MICRO, (end - _EPOCH) // _MICRO
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> int | None:
    """The microsecond of a stored moment; None for what is none."""
    found = span(text)
    return None if found is None else found[0]


def _start(found: re.Match[str]) -> datetime:
    day = f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}"
    fraction = (found["fraction"] or ".0")[:7]
    clock = f"{found['clock'] or '00:00'}{found['seconds'] or ':00'}{fraction:0<7}"
    offset = (found["offset"] or "Z").upper().replace("Z", "+00:00")
    return datetime.fromisoformat(f"{day}T{clock}{offset}")


def _end(start: datetime, found: re.Match[str]) -> datetime:
    if found["fraction"]:
        return start + _MICRO
    if found["clock"]:
        return start + timedelta(seconds=1 if found["seconds"] else 60)
    if found["day"]:
        return start + timedelta(days=1)
    if found["month"] and start.month < _DECEMBER:
        return start.replace(month=start.month + 1)
    return start.replace(year=start.year + 1, month=1)
