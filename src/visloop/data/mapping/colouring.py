"""What a map is coloured by: one value of any field for each sample, as codes or as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.data.querying.source import Columns
from visloop.query import Numbers, Texts, counted_by

NONE: Final = "none"
SEVERAL: Final = "several"
OTHERS: Final = "others"
_MOST: Final = 24
"""So many values have a colour of their own; nobody tells more apart."""


@dataclass(frozen=True)
class Colours:
    """Of each sample one value of a field.

    Of words: `codes` uint8 (samples) into `names`, of which `counts` samples have each. Of figures:
    `values` float32 (samples), NaN where there is none, and `names` is empty.
    """

    field: str
    names: tuple[str, ...]
    counts: tuple[int, ...]
    codes: NDArray[np.uint8]
    values: NDArray[np.float32]


def colours(source: Columns, field: str, wanted: NDArray[np.bool_]) -> Colours:
    """One value of a field for each sample: a class, a split, a score, any field of the metadata.

    A sample whose objects have several values is `several`; of numbers of objects the least counts.
    The commonest values stand first.

    Args:
        source: the version.
        field: as `query --facets` names it.
        wanted: (samples), those that are counted.

    Raises:
        UsageError: there is no such field.
    """
    known = counted_by(source.schema, field)
    column = source.column(known)
    owners = source.owners() if known.parts else None
    size = source.size(parts=False)
    if isinstance(column, Texts):
        return _words(known.name, column, owners, size, wanted)
    if known.type == "boolean":
        codes = np.where(column.has, column.values.astype(np.int64), -1)
        return _words(known.name, Texts(codes, ("no", "yes")), owners, size, wanted)
    return _figures(known.name, column, owners, size)


def _words(
    name: str, column: Texts, owners: NDArray[np.int32] | None, size: int, wanted: NDArray[np.bool_]
) -> Colours:
    none, several = len(column.words), len(column.words) + 1
    if owners is None:
        each = np.where(column.codes < 0, none, column.codes).astype(np.int64)
    else:
        each = np.full(size, none, np.int64)
        has = column.codes >= 0
        mine, codes = owners[has], column.codes[has].astype(np.int64)
        each[mine] = codes
        each[mine[each[mine] != codes]] = several
    counts = np.bincount(each[wanted], minlength=several + 1)
    commonest = [at for at in np.argsort(-counts[:none], kind="stable").tolist() if counts[at]]
    names = [str(column.words[at]) for at in commonest[:_MOST]]
    table = np.full(several + 1, len(names), np.int64)
    table[commonest[:_MOST]] = np.arange(len(names))
    for word, code in ((OTHERS, commonest[_MOST:]), (SEVERAL, [several]), (NONE, [none])):
        if counts[code].sum():
            table[code] = len(names)
            names.append(word)
    codes8 = table[each].astype(np.uint8)
    told = np.bincount(codes8[wanted], minlength=len(names)).tolist()
    return Colours(name, tuple(names), tuple(told), codes8, np.zeros(0, np.float32))


def _figures(name: str, column: Numbers, owners: NDArray[np.int32] | None, size: int) -> Colours:
    given = np.where(column.has, column.values, np.nan).astype(np.float32)
    if owners is None:
        values = given
    else:
        values = np.full(size, np.nan, np.float32)
        np.fmin.at(values, owners, given)
    return Colours(name, (), (), np.zeros(0, np.uint8), values)


def named_points(source: Columns) -> tuple[bytes, bytes]:
    """The id (16 bytes) and the picture's digest (32 bytes) of each sample, one after the other."""
    found: list[bytes] = []
    for key in ("id", "image"):
        column = source.column(source.schema.rows.named(f"sample.{key}")[0])
        assert isinstance(column, Texts)
        size = 16 if key == "id" else 32
        words = np.frombuffer(bytes.fromhex("".join(column.words)), f"V{size}")
        found.append(words[column.codes].tobytes())
    return found[0], found[1]
