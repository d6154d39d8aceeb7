"""What the detectors look at: one row per picture, up to four views of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from visloop.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.floating[Any]]"
Ints: TypeAlias = "NDArray[np.integer[Any]]"

STATISTICS: Final = (
    "brightness",
    "contrast",
    "sharpness",
    "noise",
    "blockiness",
    "direction",
    "warmth",
    "clipping",
)
"""Names of the eight image statistics, in the order of `vision.image_statistics`."""


@dataclass(frozen=True)
class Features:
    """N pictures as their monitor sees them; a view that a model does not give is None.

    Attributes:
        statistics: float32 (N, 8), the image statistics in the order of `STATISTICS`.
        probabilities: float32 (N, C), rows sum to 1.
        embedding: float32 (N, D).
        classes: names of the C classes; empty where they are not known.
    """

    statistics: Floats
    probabilities: Floats | None = None
    embedding: Floats | None = None
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.statistics.ndim != 2 or self.statistics.shape[1] != len(STATISTICS):  # noqa: PLR2004 - a table
            raise Refused(
                f"statistics must be (N, {len(STATISTICS)}), not {self.statistics.shape}",
                fix="use vision.image_statistics on each picture and stack the rows",
            )
        for name, array in (("probabilities", self.probabilities), ("embedding", self.embedding)):
            if array is not None and (array.ndim != 2 or len(array) != len(self)):  # noqa: PLR2004 - a table
                raise Refused(
                    f"{name} must be ({len(self)}, …), one row per picture, not {array.shape}",
                    fix="give every view of the same pictures in the same order",
                )

    def __len__(self) -> int:
        return len(self.statistics)

    @property
    def predicted(self) -> Ints | None:
        """int64 (N,): the most probable class of each picture."""
        return None if self.probabilities is None else self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> Floats | None:
        """float32 (N,): the probability of the most probable class."""
        return None if self.probabilities is None else self.probabilities.max(axis=1)

    def take(self, rows: Ints | slice | Sequence[int]) -> Features:
        """The pictures at `rows`, in that order."""
        return replace(
            self,
            statistics=self.statistics[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            embedding=None if self.embedding is None else self.embedding[rows],
        )

    @classmethod
    def stack(cls, parts: Sequence[Features]) -> Features:
        """The pictures of all `parts`, in order; a view that one part lacks is dropped."""
        return cls(
            statistics=np.concatenate([p.statistics for p in parts]),
            probabilities=_concatenate([p.probabilities for p in parts]),
            embedding=_concatenate([p.embedding for p in parts]),
            classes=parts[0].classes,
        )


def _concatenate(arrays: Sequence[Floats | None]) -> Floats | None:
    present = [a for a in arrays if a is not None]
    return np.concatenate(present) if len(present) == len(arrays) else None
