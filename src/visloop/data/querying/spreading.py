"""Which numbers and times of samples, or of their objects, are told as histograms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from visloop.data.querying.source import Columns
from visloop.query import Field, Numbers

_OWN: Final = ("metadata.", "attribute.")
_COUNT: Final = "count."


def foremost(source: Columns) -> Iterator[Field]:
    """The data set's own fields, how many objects there are, then what every picture has."""
    filled = source.filled()
    fields = [each for each in source.schema.listed.fields if each.key in filled]
    own = [each for each in fields if each.key.startswith(_OWN)]
    counts = [each for each in fields if each.key.startswith(_COUNT)]
    yield from own
    yield from _different(source, counts)
    yield from (each for each in fields if not each.key.startswith((*_OWN, _COUNT)))


def _different(source: Columns, counts: Sequence[Field]) -> Iterator[Field]:
    """Numbers of annotations; where all are boxes, `boxes` says no more than `objects`."""
    seen: list[Numbers] = []
    for field in sorted(counts, key=lambda each: not each.name.endswith(".objects")):
        column = source.column(field)
        assert isinstance(column, Numbers)
        if not any(np.array_equal(column.values, each.values) for each in seen):
            seen.append(column)
            yield field
