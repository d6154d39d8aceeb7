"""Rows of the serving tables as records."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import RowMapping

T = TypeVar("T")


def record(row: RowMapping, kind: type[T]) -> T:
    """`row` as a `kind`, a Struct whose fields are named like the columns; other columns are left out."""
    # SQLAlchemy's column names are a subclass of str, which msgspec does not take for keys
    return msgspec.convert({str(key): value for key, value in row.items()}, kind)
