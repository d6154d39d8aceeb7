"""What answers of every kind share: which pictures, in which order, over which classes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.errors import Corrupt
from visloop.evaluate import resampling as r
from visloop.ids import FORMAT
from visloop.vision import Task

Rows = NDArray[np.integer] | NDArray[np.bool_]
_TYPES = frozenset({"<i8", "<f4", "<f8", "|b1"})


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Answers as bytes: names, and arrays as (type, shape, little-endian buffer)."""

    task_of: Task
    classes: tuple[str, ...]
    known: int
    samples: tuple[str, ...]
    paths: tuple[str, ...]
    images: tuple[str, ...]
    arrays: dict[str, tuple[str, tuple[int, ...], bytes]]
    plain: dict[str, float | str]
    format: int = FORMAT


@dataclass(frozen=True)
class OfPictures:
    """N pictures: `samples`, `paths`, `images` (digests); `classes`, of which the model has `known`."""

    task: ClassVar[Task]

    classes: tuple[str, ...]
    known: int
    samples: tuple[str, ...]
    paths: tuple[str, ...]
    images: tuple[str, ...]

    @property
    def n(self) -> int:
        """Pictures."""
        return len(self.samples)

    def take(self, rows: Rows) -> Self:
        """Some of the pictures, by place or by mask."""
        places = np.arange(self.n)[rows]
        return replace(
            self,
            samples=tuple(self.samples[i] for i in places),
            paths=tuple(self.paths[i] for i in places),
            images=tuple(self.images[i] for i in places),
            **self._taken(places),
        )

    def _taken(self, places: NDArray[np.int64]) -> dict[str, Any]:
        """The columns of these pictures, in this order."""
        raise NotImplementedError

    def recoded(self, classes: tuple[str, ...]) -> Self:
        """The same over another list, which holds all of its classes."""
        place = np.array([classes.index(name) for name in self.classes], np.int64)
        return replace(
            self, classes=classes, known=len(classes), **self._moved(place, len(classes))
        )

    def _moved(self, place: NDArray[np.int64], count: int) -> dict[str, Any]:
        """The columns when class i becomes class `place[i]` of `count`."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """MessagePack; `from_bytes` reads it, and runs no code to do so."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays = {k: v for k, v in mine.items() if isinstance(v, np.ndarray)}
        shared = {f.name for f in fields(OfPictures)}
        stored = Columns(
            task_of=self.task,
            **{name: mine[name] for name in shared},
            arrays={
                name: (array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes())
                for name, array in arrays.items()
            },
            plain={k: v for k, v in mine.items() if k not in shared and k not in arrays},
        )
        return msgspec.msgpack.encode(stored)

    @classmethod
    def of(cls, stored: Columns) -> Self:
        """What `to_bytes` wrote, decoded.

        Raises:
            Corrupt: the columns are not those of this kind.
        """
        try:
            arrays = {name: _array(*each) for name, each in stored.arrays.items()}
            return cls(
                classes=stored.classes,
                known=stored.known,
                samples=stored.samples,
                paths=stored.paths,
                images=stored.images,
                **arrays,
                **stored.plain,
            )
        except (TypeError, ValueError) as error:
            raise Corrupt(f"stored answers cannot be read: {error}") from error


def _array(kind: str, shape: tuple[int, ...], raw: bytes) -> NDArray[Any]:
    if kind not in _TYPES:
        raise ValueError(f"arrays of type {kind}")
    return np.frombuffer(raw, np.dtype(kind)).reshape(shape)


def redraws(n: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each of n pictures is drawn, when n are drawn with replacement: (B, n)."""
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, n))
    for row in drawn:
        row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
    return drawn


def between(draws: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """The middle `confidence` of the redraws in which there was something to measure."""
    known = draws[~np.isnan(draws)]
    interval = r.percentile(known if known.size else np.zeros(1), confidence)
    return interval.low, interval.high
