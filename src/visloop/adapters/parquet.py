"""Tables as Parquet through pyarrow: the entry point `parquet` of group `visloop.answers`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, BinaryIO, Final

import pyarrow as pa
from pyarrow import parquet

_ROWS: Final = 10_000
_KINDS: Final = {str: pa.string(), float: pa.float64()}


def write(file: BinaryIO, columns: Mapping[str, type], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as they come, so many at once; what a row does not have is null.

    Args:
        file: open for writing.
        columns: name → `str` or `float`.
        rows: by column.
    """
    schema = pa.schema([(name, _KINDS[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(file, schema) as table:
        left = iter(rows)
        while some := [dict(row) for row in islice(left, _ROWS)]:
            table.write_table(pa.Table.from_pylist(some, schema=schema))
