"""The gallery: one vector for each picture of a workspace by one model, in files that only grow.

It knows pictures by their bytes, not data sets or versions: what a version holds is asked of the
version each time, so no commit or removal can make it wrong. Everything in it can be made again
from the feature store, and the folder may be deleted at any time.

    MODEL/pictures   36 bytes a picture: its digest, and the length of its vector (float32)
    MODEL/vectors    float16, one row a picture, in the same order: the vector divided by its length
    MODEL/sketch     see `Sketch`
    MODEL/lists      see `Lists`
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.data.features import Vectors
from visloop.data.finding.lists import LEAST, Lists
from visloop.data.finding.mapped import Mapped
from visloop.data.finding.sketch import Sketch

if TYPE_CHECKING:
    from visloop.progress import Progress

_PICTURE: Final = np.dtype([("digest", "V32"), ("length", "<f4")])
_BLOCK: Final = 4096


class Gallery:
    """Vectors of one model; several processes may read and add at once.

    Args:
        folder: where its files lie; made when the first vector comes.
        dimensions: D, how many numbers a vector has.

    Attributes:
        era: counts how often all rows were lost, and so got other numbers.
    """

    def __init__(self, folder: Path, dimensions: int) -> None:
        self.dimensions = dimensions
        self._folder = folder
        self._lock = RLock()
        self._row_of: dict[str, int] = {}
        self._lengths = np.zeros(0, np.float32)
        self._sketch = Sketch(folder / "sketch", dimensions)
        self._lists = Lists(folder / "lists", dimensions)
        self._vectors = self._mapped()
        self.era = 0
        self.refresh()

    def __len__(self) -> int:
        return len(self._lengths)

    def rows(self, images: Iterable[str]) -> NDArray[np.int64]:
        """(images): the row of each picture, by digest; -1 where it has none."""
        with self._lock:
            self.refresh()
            found = self._row_of.get
            return np.fromiter((found(each, -1) for each in images), np.int64)

    def add(self, found: Iterable[tuple[Sequence[str], Vectors]]) -> None:
        """Append pictures, by digest, with their vectors, float32 (n, D); those it has are left out."""
        with self._lock, self._locked():
            self.refresh()
            for images, vectors in found:
                fresh = [at for at, each in enumerate(images) if each not in self._row_of]
                self._append([images[at] for at in fresh], vectors[fresh])

    def units(self, rows: NDArray[np.int64]) -> Vectors:
        """float32 (rows, D): vectors of length 1."""
        if not len(rows):
            return np.zeros((0, self.dimensions), np.float32)
        halves = self._vectors[rows]
        # ten times faster than numpy's astype
        return np.asarray(cv2.convertFp16(halves.view(np.int16)), np.float32)

    def lengths(self, rows: NDArray[np.int64]) -> Vectors:
        """float32 (rows): how long each vector was."""
        return self._lengths[rows]

    def sketched(self, query: Vectors) -> Vectors:
        """float32 (pictures): about the product of each unit vector with a query, float32 (D)."""
        with self._lock:
            return self._sketches().products(query)[: len(self)]

    def near(self, query: Vectors, seen: int) -> tuple[NDArray[Any], Vectors] | None:
        """Rows near a unit query, float32 (D), and about their products with it; None: no index.

        Of the index so many are looked at, or a few more; what was added since it was made, all.
        """
        with self._lock:
            self._lists.refresh()
            if not 0 < self._lists.size <= len(self):
                return None
            rows, about = self._lists.near(query, seen)
            start = self._lists.size
            if start == len(self):
                return rows, about
            later = self._sketches().products(query, start)[: len(self) - start]
            return np.concatenate([rows, np.arange(start, start + len(later))]), np.concatenate(
                [about, later]
            )

    def index(self, progress: Progress) -> int:
        """Put all pictures in lists, so that `near` finds them; how many are in them.

        Fewer than 10,000 need none.
        """
        with self._lock:
            count = len(self)
            if count >= LEAST and self._lists.size < count:
                sketches, basis = self._sketches().parts
                self._lists.make(sketches[:count], basis, self._blocks, progress)
            return self._lists.size

    def _sketches(self) -> Sketch:
        """Those of all pictures."""
        if self._sketch.size < len(self):
            with self._locked():
                self._sketch.extend(len(self), self._blocks)
        return self._sketch

    def _blocks(self, rows: NDArray[np.int64]) -> Iterator[Vectors]:
        for start in range(0, len(rows), _BLOCK):
            yield self.units(rows[start : start + _BLOCK])

    # --- files --------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Learn of the pictures that were added since, by whichever process."""
        place = self._folder / "pictures"
        size = place.stat().st_size if place.exists() else 0
        if size < len(self) * _PICTURE.itemsize:  # the folder was emptied under us
            self._row_of, self._lengths = {}, np.zeros(0, np.float32)
            self._sketch.forget()
            self.era += 1
        if size <= len(self) * _PICTURE.itemsize:
            return
        with place.open("rb") as file:
            file.seek(len(self) * _PICTURE.itemsize)
            raw = file.read()
        whole = len(raw) // _PICTURE.itemsize * _PICTURE.itemsize
        added = np.frombuffer(raw[:whole], _PICTURE)
        digests = added["digest"].tobytes().hex()
        for at in range(len(added)):
            self._row_of.setdefault(digests[at * 64 : at * 64 + 64], len(self) + at)
        self._lengths = np.concatenate([self._lengths, added["length"]])
        self._vectors = self._mapped()

    def _mapped(self) -> Mapped:
        return Mapped(self._folder / "vectors", "<f2", (len(self), self.dimensions))

    def _append(self, images: list[str], vectors: Vectors) -> None:
        """Vectors first: a picture whose row was torn by a kill was never there."""
        if not images:
            return
        lengths = np.linalg.norm(vectors, axis=1)
        units = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]
        pictures = np.zeros(len(images), _PICTURE)
        pictures["digest"] = np.frombuffer(bytes.fromhex("".join(images)), "V32")
        pictures["length"] = lengths
        for name, record, size in (
            ("vectors", units.astype("<f2"), 2 * self.dimensions),
            ("pictures", pictures, _PICTURE.itemsize),
        ):
            with (self._folder / name).open("ab") as file:
                file.truncate(len(self) * size)
                file.write(record.tobytes())
        self.refresh()

    @contextmanager
    def _locked(self) -> Generator[BinaryIO]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
