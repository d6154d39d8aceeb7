"""A date in the place of a version: `photos@2026-10` is what main was when October ended.

As elsewhere, what is written coarsely means a span of time, in UTC, and its end counts: a month, a
day (`2026-10-05`), a minute (`2026-10-05T1230`; without the colon that would begin a split).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from visloop import query

_WRITTEN: Final = re.compile(r"(\d{4}-\d\d(?:-\d\d)?)(?:[Tt](\d\d):?(\d\d)[Zz]?)?")
_MONTH: Final = len("2026-10")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def end_of(text: str) -> datetime | None:
    """The first moment after what a text means; None for what is no date."""
    found = _WRITTEN.fullmatch(text)
    if found is None or (found[2] and len(found[1]) == _MONTH):
        return None
    span = query.span(f"{found[1]}T{found[2]}:{found[3]}" if found[2] else found[1])
    return None if span is None else _EPOCH + timedelta(microseconds=span[1])
