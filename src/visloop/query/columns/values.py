"""One field of many rows, in memory: numbers, or codes of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Numbers:
    """Numbers, truths (0, 1) or microseconds: `values` (n), and where there is one (None: not NaN)."""

    values: NDArray[Any]
    present: Mask | None = None

    @cached_property
    def has(self) -> Mask:
        """(n): whether the row has a value."""
        return ~np.isnan(self.values) if self.present is None else self.present

    def at(self, places: NDArray[np.int64]) -> Numbers:
        """The same of some rows only."""
        present = None if self.present is None else self.present[places]
        return Numbers(self.values[places], present)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.values.nbytes + (0 if self.present is None else self.present.nbytes)


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
        found = Texts(self.codes[places], self.words)
        found.__dict__["code_of"] = self.code_of  # made once, for all parts of a column
        return found

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, about."""
        return self.codes.nbytes + sum(len(word) + 60 for word in self.words)


Column: TypeAlias = Numbers | Texts
