"""Rows of numbers in a file, read where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_READ_BYTES: Final = 8 << 20
"""After so much was read the map is made anew: else a process grows by what it reads, and by more."""


class Mapped:
    """An array in a file.

    Args:
        file: where it lies.
        kind: numpy's name of the type of its numbers.
        shape: rows, numbers a row.
        start: where in the file it begins.
    """

    def __init__(self, file: Path, kind: str, shape: tuple[int, int], start: int = 0) -> None:
        self._file, self._kind, self._shape, self._start = file, kind, shape, start
        self._map: NDArray[Any] | None = None
        self._read = 0

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, rows: NDArray[Any] | slice) -> NDArray[Any]:
        found = self._map
        if found is None:
            found = np.memmap(self._file, self._kind, "r", offset=self._start, shape=self._shape)
            self._map, self._read = found, 0
        taken = found[rows]
        self._read += taken.nbytes
        if self._read > _READ_BYTES:
            self._map = None
        return taken
