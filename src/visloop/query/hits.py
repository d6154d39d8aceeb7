"""Which rows, or parts, a condition holds on: as a mask or as places, whichever came first."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from visloop.query.columns.values import Mask

_FEW: Final = 8
"""When at most one place in so many is left, picking them out costs less than testing all."""


class Hits:
    """Some of `size` rows or parts.

    Args:
        size: how many there are.
        mask: (size) bool; or
        places: their numbers, ascending.
    """

    def __init__(
        self, size: int, *, mask: Mask | None = None, places: NDArray[Any] | None = None
    ) -> None:
        self.size = size
        self._mask, self._places = mask, places

    @classmethod
    def of(cls, mask: Mask) -> Hits:
        """Those where a mask is true."""
        return cls(len(mask), mask=mask)

    @cached_property
    def mask(self) -> Mask:
        """(size): whether each is one of them; not to be written to."""
        if self._mask is not None:
            return self._mask
        found = np.zeros(self.size, np.bool_)
        found[self._places] = True
        return found

    @cached_property
    def places(self) -> NDArray[Any]:
        """Their numbers, ascending."""
        return np.flatnonzero(self.mask) if self._places is None else self._places

    @cached_property
    def count(self) -> int:
        """How many they are."""
        if self._places is not None:
            return len(self._places)
        return int(np.count_nonzero(self.mask))

    @property
    def few(self) -> bool:
        """Whether looking at their places costs less than looking at everything."""
        return self.count * _FEW <= self.size

    def within(self, start: int, end: int) -> list[int]:
        """Those from `start` up to `end`, counted from `start`."""
        if self._places is None:
            return np.flatnonzero(self.mask[start:end]).tolist()
        ends = np.array([start, end], self._places.dtype)  # of another type, all would be converted
        first, last = np.searchsorted(self._places, ends)
        return (self._places[first:last] - start).tolist()

    def __and__(self, other: Hits) -> Hits:
        return Hits.of(self.mask & other.mask)

    def __or__(self, other: Hits) -> Hits:
        return Hits.of(self.mask | other.mask)

    def __invert__(self) -> Hits:
        return Hits.of(~self.mask)
