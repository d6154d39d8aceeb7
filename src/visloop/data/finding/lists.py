"""Inverted lists: vectors put beside those that they are near to, so that a query looks at a few lists.

Vectors are put around centres found by k-means among their sketches; each list's vectors lie one
after the other in one file, by 512 numbers each. A query looks at the lists whose centres are
nearest until it has seen enough. Lists are made when they are asked for; vectors that come later
are looked at one by one until they are made again.
Source: inverted files as in Sivic & Zisserman 2003; Jégou, Douze, Schmid 2011 (IVF).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors
from visloop.data.finding.mapped import Mapped
from visloop.data.finding.sketch import Blocks, directions

if TYPE_CHECKING:
    from visloop.progress import Progress

LEAST: Final = 10_000
"""So many vectors are found by their sketches alone in a millisecond: lists of fewer are not made."""
KEPT: Final = 512
"""Numbers of a vector in its list."""
_A_CENTRE: Final = 32
_ROUNDS: Final = 6
_BLOCK: Final = 4096
_LOOKED_AT: Final = 8192
_SHAPE: Final = 5
_SOME: Final = 16


class Lists:
    """The lists of a gallery: its first `size` vectors; 0: there are none.

    Args:
        file: where they lie; of another width, torn, or gone: none.
        dimensions: D of the vectors.
    """

    def __init__(self, file: Path, dimensions: int) -> None:
        self._file = file
        self._dimensions = dimensions
        self._seen: tuple[int, int] = (0, 0)
        self.size = 0
        self.refresh()

    def refresh(self) -> None:
        """Learn of lists that were made since, by whichever process."""
        try:
            found = self._file.stat()
        except OSError:
            self.size, self._seen = 0, (0, 0)
            return
        if self._seen != (found.st_ino, found.st_mtime_ns):
            self._seen = found.st_ino, found.st_mtime_ns
            self.size = self._load(found.st_size)

    def near(self, query: Vectors, seen: int) -> tuple[NDArray[np.int32], Vectors]:
        """Rows of the gallery near a query, float32 (D), and about their products with it.

        Args:
            query: of length 1.
            seen: how many are looked at, or a few more, as far as there are.
        """
        order = _least(self._half - self._centres @ (query @ self._coarse), self._counts, seen)
        enough = int(np.searchsorted(np.cumsum(self._counts[order]), seen)) + 1
        spans = [slice(self._ends[at] - self._counts[at], self._ends[at]) for at in order[:enough]]
        rows = np.concatenate([self._rows[each] for each in spans])
        halves = np.concatenate([self._vectors[each] for each in spans])
        return rows, _singles(halves) @ (query @ self._fine)

    def make(self, sketches: Vectors, coarse: Vectors, source: Blocks, progress: Progress) -> None:
        """Put these vectors in lists; the lists of before are used until it is done.

        Args:
            sketches: (n, kept), one row a vector of the gallery, in its order.
            coarse: (D, kept), what they were made with.
            source: gives vectors by their rows.
            progress: told of every block of vectors.
        """
        count, kept = sketches.shape
        lists = 1 << max(2, round(np.log2(4 * np.sqrt(count))))
        centres = _centres(sketches, lists, progress)
        mine = np.concatenate([_nearest(block, centres) for block in _blocks(sketches)])
        rows = np.argsort(mine, kind="stable").astype("<i4")
        looked_at = np.unique(np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(np.int64))
        fine = directions(np.concatenate(list(source(looked_at))), min(KEPT, self._dimensions))
        shape = (count, lists, self._dimensions, kept, fine.shape[1])
        head = np.array(shape, "<i8").tobytes()
        ends = np.cumsum(np.bincount(mine, minlength=lists))
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}.tmp")
        blocks, total = source(rows), -(-count // _BLOCK)
        with temporary.open("wb") as file:
            for each in (coarse, centres, fine):
                head += each.astype("<f4").tobytes()
            file.write(head + ends.astype("<i8").tobytes() + rows.tobytes())
            for block in progress.track(blocks, doing="index", unit="block", total=total):
                file.write((block @ fine).astype("<f2").tobytes())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)
        self.refresh()

    def _load(self, size: int) -> int:
        with self._file.open("rb") as file:

            def read(kind: str, *shape: int) -> NDArray[Any]:
                count = int(np.prod(shape))
                raw = file.read(np.dtype(kind).itemsize * count)
                return np.frombuffer(raw, kind).reshape(shape)

            try:
                count, lists, wide, sketch, kept = (int(each) for each in read("<i8", _SHAPE))
                self._coarse, self._centres = read("<f4", wide, sketch), read("<f4", lists, sketch)
                self._fine, self._ends = read("<f4", wide, kept), read("<i8", lists)
                self._rows = read("<i4", count)
            except ValueError:  # torn
                return 0
            start = file.tell()
        if wide != self._dimensions or size != start + 2 * count * kept:
            return 0
        self._half = (self._centres**2).sum(axis=1) / 2
        self._counts = np.diff(self._ends, prepend=0)
        self._vectors = Mapped(self._file, "<f2", (count, kept), start)
        return count


def _least(distances: Vectors, counts: NDArray[np.int64], seen: int) -> NDArray[np.int64]:
    """The lists in order of their distance, as many as are needed to see so many."""
    some = 2 * seen // max(1, int(counts.mean())) + _SOME
    if some < len(distances):
        first = np.argpartition(distances, some)[:some]
        if int(counts[first].sum()) >= seen:
            return first[np.argsort(distances[first], kind="stable")]
    return np.argsort(distances, kind="stable")


def _singles(halves: NDArray[np.float16]) -> Vectors:
    """As float32; ten times faster than numpy's astype."""
    return np.asarray(cv2.convertFp16(halves.view(np.int16)), np.float32)


def _blocks(sketches: Vectors) -> list[Vectors]:
    return [sketches[start : start + _BLOCK] for start in range(0, len(sketches), _BLOCK)]


def _nearest(block: Vectors, centres: Vectors) -> NDArray[np.int32]:
    """(n): the centre that each is nearest to."""
    return np.argmax(block @ centres.T - (centres**2).sum(axis=1) / 2, axis=1).astype(np.int32)


def _centres(sketches: Vectors, lists: int, progress: Progress) -> Vectors:
    """(lists, kept): centres of k-means on a part of the sketches; Lloyd's rounds, the same on every run."""
    random = np.random.default_rng(0)
    chosen = np.sort(random.permutation(len(sketches))[: lists * _A_CENTRE])
    part = np.asarray(sketches[chosen], np.float32)
    centres = part[random.permutation(len(part))[:lists]]
    for _ in progress.track(range(_ROUNDS), doing="find centres", unit="round", total=_ROUNDS):
        mine = np.concatenate([_nearest(block, centres) for block in _blocks(part)])
        counts = np.bincount(mine, minlength=lists)
        order = np.argsort(mine, kind="stable")
        starts = np.cumsum(counts) - counts
        full = counts > 0
        sums = np.add.reduceat(part[order], starts[full], axis=0)
        centres = centres.copy()
        centres[full] = sums / counts[full, None]
        lone = random.integers(0, len(part), int((~full).sum()))
        centres[~full] = part[lone]  # a centre that nothing is near to begins again elsewhere
    return centres
