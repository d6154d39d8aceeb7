"""Sketches: each vector by 128 numbers, so that a hundred thousand are looked at in milliseconds.

The numbers are the vector's coordinates along the directions in which the gallery's own vectors are
largest (its leading right singular vectors, found by subspace iteration on a few thousand of them;
Halko, Martinsson, Tropp 2011). Products of sketches are nearly those of the vectors; the best of
them are then compared exactly. The directions are found anew when the gallery has doubled.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors

KEPT: Final = 128
"""Numbers of a sketch."""
_MORE: Final = 16
_LOOKED_AT: Final = 4096
_ROUNDS: Final = 3
_HEAD: Final = 8

Blocks = Callable[[NDArray[np.int64]], Iterator[Vectors]]


class Sketch:
    """The sketches of a gallery: a file of the count they were fitted to, the directions, the rows.

    Args:
        file: where they lie.
        dimensions: D of the vectors.
    """

    def __init__(self, file: Path, dimensions: int) -> None:
        self._file = file
        self._dimensions = dimensions
        self._kept = min(KEPT, dimensions)
        self._fitted = 0
        self._basis = np.zeros((dimensions, self._kept), np.float32)
        self._rows = np.zeros((0, self._kept), np.float32)
        self._load()

    @property
    def size(self) -> int:
        """How many vectors are sketched."""
        return len(self._rows)

    def forget(self) -> None:
        """Hold nothing any more: its file is gone."""
        self._fitted = 0
        self._rows = np.zeros((0, self._kept), np.float32)

    @property
    def parts(self) -> tuple[Vectors, Vectors]:
        """The sketches, (size, kept), and the directions, (D, kept), along which they are."""
        return self._rows, self._basis

    def products(self, query: Vectors, start: int = 0) -> Vectors:
        """float32 (size - start): about the products of vectors from `start` on with a query, (D)."""
        return self._rows[start:] @ (self._basis.T @ query)

    def extend(self, count: int, blocks: Blocks) -> None:
        """Sketch vectors up to `count`; the caller holds the gallery's lock."""
        self._load()
        if count > 2 * self._fitted:
            self._write_anew(count, blocks)
        elif self.size < count:
            with self._file.open("ab") as file:
                file.truncate(self._start + self.size * 4 * self._kept)
                for block in blocks(np.arange(self.size, count)):
                    file.write((block @ self._basis).astype("<f4").tobytes())
        self._load()

    def _write_anew(self, count: int, blocks: Blocks) -> None:
        """Find the directions, and sketch everything by them; through a temporary name."""
        looked_at = np.unique(np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(np.int64))
        basis = directions(np.concatenate(list(blocks(looked_at))), self._kept)
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}.tmp")
        with temporary.open("wb") as file:
            file.write(count.to_bytes(_HEAD, "little") + basis.astype("<f4").tobytes())
            for block in blocks(np.arange(count)):
                file.write((block @ basis).astype("<f4").tobytes())
        temporary.replace(self._file)

    @property
    def _start(self) -> int:
        return _HEAD + 4 * self._dimensions * self._kept

    def _load(self) -> None:
        if not self._file.exists() or self._file.stat().st_size < self._start:
            self.forget()
            return
        with self._file.open("rb") as file:
            self._fitted = int.from_bytes(file.read(_HEAD), "little")
            basis = np.frombuffer(file.read(self._start - _HEAD), "<f4")
        self._basis = basis.reshape(self._dimensions, self._kept)
        rows = (self._file.stat().st_size - self._start) // (4 * self._kept)
        shape = (rows, self._kept)
        self._rows = np.memmap(self._file, "<f4", "r", offset=self._start, shape=shape)


def directions(vectors: Vectors, count: int) -> Vectors:
    """(D, count): orthonormal directions in which the vectors, (n, D), are largest, the first most."""
    wide = min(count + _MORE, vectors.shape[1])
    found = np.random.default_rng(0).normal(size=(vectors.shape[1], wide)).astype(np.float32)
    for _ in range(_ROUNDS):
        found, _ = np.linalg.qr(vectors.T @ (vectors @ found))
    _, _, turned = np.linalg.svd(vectors @ found, full_matrices=False)
    return np.ascontiguousarray((found @ turned.T)[:, :count], np.float32)
