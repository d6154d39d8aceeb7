"""One field of many rows, in memory: numbers, or codes of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]


_WHOLE: Final = (np.int8, np.int16, np.int32, np.int64)
_FEW: Final = 1024
_EXACT: Final = 2.0**53


@dataclass(frozen=True)
class Numbers:
    """Numbers, truths (0, 1) or microseconds: `values` (n), and where there is one.

    `present` None: every fraction but NaN is one, and every whole number.
    """

    values: NDArray[Any]
    present: Mask | None = None

    @cached_property
    def has(self) -> Mask:
        """(n): whether the row has a value."""
        if self.present is not None:
            return self.present
        return ~np.isnan(self.values) if self.may_lack else np.ones(len(self.values), np.bool_)

    @property
    def may_lack(self) -> bool:
        """Whether a row may be without a value, as far as is known without looking."""
        return self.present is not None or self.values.dtype.kind == "f"

    def packed(self) -> Numbers:
        """The same in as few bytes as hold it exactly; numbers without fractions as whole ones."""
        values, has = self.values, self.has
        present = None if has.all() else has
        if values.dtype.kind == "f":
            if not _whole(values[:_FEW]) or not _whole(values):
                return Numbers(values)
            values = values if present is None else np.where(has, values, 0)
        if not len(values):
            return Numbers(values.astype(np.int8), present)
        low, high = int(values.min()), int(values.max())
        least = next(t for t in _WHOLE if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
        return Numbers(values.astype(least), present)

    def at(self, places: NDArray[np.int64]) -> Numbers:
        """The same of some rows only."""
        present = None if self.present is None else self.present.take(places)
        return Numbers(self.values.take(places), present)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.values.nbytes + (0 if self.present is None else self.present.nbytes)


def _whole(values: NDArray[np.float64]) -> bool:
    """Whether all that are numbers are whole, and small enough to be held exactly."""
    known = values[~np.isnan(values)]
    return bool(((np.rint(known) == known) & (np.abs(known) <= _EXACT)).all())


@dataclass(frozen=True)
class Texts:
    """Texts: `codes` (n) into `words`, -1 where there is none; whole numbers as small as they can be."""

    codes: NDArray[np.signedinteger[Any]]
    words: Sequence[str]

    @cached_property
    def has(self) -> Mask:
        """(n): whether the row has a value."""
        return self.codes >= 0

    @cached_property
    def may_lack(self) -> bool:
        """Whether a row is without a value."""
        return bool((self.codes < 0).any())

    @cached_property
    def code_of(self) -> dict[str, int]:
        """Text → its code."""
        return {word: code for code, word in enumerate(self.words)}

    def where(self, fits: Callable[[str], Any]) -> Mask:
        """(n): whether the row has a text that fits; each text is looked at once."""
        hits = np.zeros(len(self.words) + 1, np.bool_)  # the last one is for code -1: no text
        hits[:-1] = [bool(fits(word)) for word in self.words]
        return hits[self.codes]

    def at(self, places: NDArray[np.int64]) -> Texts:
        """The same of some rows only."""
        found = Texts(self.codes.take(places), self.words)
        found.__dict__["code_of"] = self.code_of  # made once, for all parts of a column
        return found

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        return self.codes.nbytes + sum(len(word) + 60 for word in self.words)


Column: TypeAlias = Numbers | Texts


@dataclass(frozen=True)
class Order:
    """Where each code of a column stands: `places` (n) of the first code, then of the next …"""

    places: NDArray[np.int32]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, column: Texts) -> Order:
        """By a stable sort, which numpy does for small codes in a time that grows with n alone."""
        ends = np.cumsum(np.bincount(column.codes + 1, minlength=len(column.words) + 1))
        return cls(np.argsort(column.codes, kind="stable").astype(np.int32), ends)

    def __getitem__(self, code: int) -> NDArray[np.int32]:
        return self.places[self.ends[code] : self.ends[code + 1]]

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.places.nbytes + self.ends.nbytes
