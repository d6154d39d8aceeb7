"""Gate policies: what a candidate must show, as records with a digest."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from visloop.errors import UsageError
from visloop.evaluate import resampling as r
from visloop.ids import FORMAT, digest_of

Metric: TypeAlias = Literal[
    "accuracy",
    "macro_f1",
    "log_loss",
    "map50",
    "map",
    "precision",
    "recall",
    "f1",
    "mean_iou",
    "mean_dice",
    "mae",
    "rmse",
]
Mode: TypeAlias = Literal["better", "not_worse", "non_inferior"]


class Threshold(msgspec.Struct, frozen=True, kw_only=True, tag="threshold"):
    """A figure that must reach `at_least`, stay under `at_most`, or both.

    `metric` is `accuracy`, `macro_f1`, `log_loss`, `calibration_error`, `recall.hat` …, of other
    tasks `map50`, `map`, `ap50.hat`, `mean_iou`, `iou.hat`, `mae`, `rmse` …;
    `slice` looks at some of the pictures only: `class=hat` or `metadata.camera=dock`.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    slice: str | None = None

    def __post_init__(self) -> None:
        """Refuse a threshold that asks nothing."""
        if self.at_least is None and self.at_most is None:
            raise UsageError(
                f"the threshold on {self.metric!r} asks nothing",
                fix="give at_least, at_most, or both",
            )


class BetterThanChampion(msgspec.Struct, frozen=True, kw_only=True, tag="better_than_champion"):
    """Candidate against champion on the same pictures, by paired bootstrap.

    `better`: a gain of more than `margin` is shown. `not_worse`: a drop of more than `margin` is
    not shown. `non_inferior`: a drop of more than `margin` is ruled out. All one-sided at
    `confidence`. `metric` is `accuracy`, `macro_f1` or `log_loss` of classifiers, `map50`, `map`,
    `precision`, `recall` or `f1` of detectors, `mean_iou` or `mean_dice` of segmenters, `mae` or
    `rmse` of numbers; None: the first of these. `margin` is in its unit.
    """

    metric: Metric | None = None
    margin: float = 0.0
    confidence: float = 0.95
    mode: Mode = "not_worse"


class BetterThanBaseline(msgspec.Struct, frozen=True, kw_only=True, tag="better_than_baseline"):
    """Shown to be more accurate than always answering the commonest class, by `margin`.

    Of classifiers; of numbers, `baseline_mae` stands in every report to be seen beside `mae`.
    """

    margin: float = 0.0
    confidence: float = 0.95


class MinSamples(msgspec.Struct, frozen=True, kw_only=True, tag="min_samples"):
    """As many pictures must have been judged, in all or in a slice."""

    n: int
    slice: str | None = None


PolicyCheck: TypeAlias = Threshold | BetterThanChampion | BetterThanBaseline | MinSamples


class GatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate must show. `resamples` and `seed` make a verdict repeatable."""

    checks: tuple[PolicyCheck, ...] = ()
    resamples: int = 10_000
    seed: int = r.SEED
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Canonical JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, raw: bytes) -> GatePolicy:
        """Read what `to_json` wrote.

        Raises:
            msgspec.ValidationError: not a policy.
        """
        return msgspec.json.decode(raw, type=cls)

    @property
    def digest(self) -> str:
        """BLAKE3 over the canonical JSON."""
        return digest_of(self.to_json())

    @property
    def slices(self) -> tuple[str, ...]:
        """The slices that the checks look at."""
        named = (c.slice for c in self.checks if isinstance(c, Threshold | MinSamples))
        return tuple(dict.fromkeys(s for s in named if s))
