"""What a study says; kept beside its report."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from visloop.ids import FORMAT

EDITION = 3
"""Counted up when figures or studies tell more: an older report is made anew when it is asked for."""


Outline: TypeAlias = tuple[str, str, tuple[float, ...]]
"""`true` or `answered`, the class, x1 y1 x2 y2 … in pixels of the upright picture."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to look at: `loss` in [0, 1] (of numbers in their unit), `said` in words.

    `boxes` are marks for a sheet: kind (`right`, `wrong`, `missed`), words, (x1, y1, x2, y2) in pixels;
    `width`, `height` are the upright picture's. `outlines` are those of the worst answered masks.
    """

    sample: str
    path: str
    image: str
    loss: float
    said: str = ""
    width: int = 0
    height: int = 0
    boxes: tuple[tuple[str, str, tuple[float, ...]], ...] = ()
    outlines: tuple[Outline, ...] = ()


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the pictures: how many, what is measured on them, and whether they fare worse.

    `query` finds them again, where the language can say it. `loss` is their mean loss, `rest` that
    of all others; `p` of at least such a difference by chance, `q` after Benjamini and Hochberg over
    all that were looked at. Of failing slices that were searched for, everything is of the half of
    the pictures that the search did not see.
    """

    name: str
    kind: Literal["asked", "facet", "found"]
    n: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    loss: float
    rest: float
    p: float
    q: float
    query: str = ""
    worst: tuple[Picture, ...] = ()

    @property
    def fails(self) -> bool:
        """Worse than the rest, at a false discovery rate of 5 %."""
        return self.loss > self.rest and self.q <= 0.05  # noqa: PLR2004


class ErrorType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of error of detectors: how many at the threshold, what map50 would gain without it."""

    name: str
    meaning: str
    count: int
    gain: float
    pictures: tuple[Picture, ...]


class Confused(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the confusion matrix off its diagonal, with pictures to look at."""

    truth: str
    answered: str
    n: int
    pictures: tuple[Picture, ...]


class PrecisionRecall(msgspec.Struct, frozen=True, kw_only=True):
    """Precision at recalls; of a detector as COCO envelopes it."""

    name: str
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    average: float


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model fails, how, and on which pictures.

    `looked_at`: facets tried; `searched`: slices tried in the first half of the pictures, of which
    `tested` were asked again of the second. `confusion` has the truth in rows over `labels`, the last
    of which is `nothing` for detectors.
    """

    slices: tuple[Slice, ...] = ()
    looked_at: int = 0
    found: tuple[Slice, ...] = ()
    searched: int = 0
    tested: int = 0
    errors: tuple[ErrorType, ...] = ()
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    confused: tuple[Confused, ...] = ()
    curves: tuple[PrecisionRecall, ...] = ()
    worst: tuple[Picture, ...] = ()
    loss: str = ""
    edition: int = EDITION
    format: int = FORMAT
