"""The answer of every verb that lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Rows:
    """Rows, and how many."""

    count: int
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Count:
    """How many."""

    count: int


def rows_of(found: Iterable[Any]) -> Rows:
    """Records of any kind as plain rows."""
    rows = tuple(plain(each) for each in found)
    return Rows(count=len(rows), rows=rows)


def plain(record: Any) -> dict[str, Any]:
    """A record as plain JSON values."""
    return msgspec.to_builtins(record)
