"""Gate policies: what a candidate must show, as records with a digest."""

from __future__ import annotations

from difflib import ndiff
from typing import Any, Literal, TypeAlias

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
    `slice` looks at some of the pictures only: `class=hat` or `metadata.camera=dock`. `shown`: not
    the figure itself must hold, but the end of its 95 % interval that is nearer to failing.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    slice: str | None = None
    shown: bool = False

    def __post_init__(self) -> None:
        """Refuse a threshold that asks nothing."""
        if self.at_least is None and self.at_most is None:
            raise UsageError(
                f"the threshold on {self.metric!r} asks nothing",
                fix="give at_least, at_most, or both",
            )

    @property
    def name(self) -> str:
        """What is looked at."""
        return _named(self.metric, self.slice)

    @property
    def wanted(self) -> str:
        """What it must be."""
        return _bounds(self.at_least, self.at_most, shown=self.shown)


class Assessed(msgspec.Struct, frozen=True, kw_only=True, tag="assessed"):
    """A bound on one figure of one kind of assessment, made with these settings (others: default).

    `shown` as of `Threshold`: the end of the interval must hold.
    """

    kind: str
    figure: str
    at_least: float | None = None
    at_most: float | None = None
    shown: bool = False
    settings: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Refuse a check that asks nothing."""
        if self.at_least is None and self.at_most is None:
            raise UsageError(
                f"the check on {self.kind} {self.figure!r} asks nothing",
                fix="give at_least, at_most, or both",
            )

    @property
    def key(self) -> str:
        """Which assessment is looked at: several checks may look at the same one."""
        return f"{self.kind} {msgspec.json.encode(self.settings, order='sorted').decode()}"

    @property
    def name(self) -> str:
        """What is looked at."""
        told = ", ".join(f"{key} {_said(value)}" for key, value in self.settings.items())
        return f"{self.kind} {self.figure}" + (f" ({told})" if told else "")

    @property
    def wanted(self) -> str:
        """What it must be."""
        return _bounds(self.at_least, self.at_most, shown=self.shown)


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

    @property
    def name(self) -> str:
        """What is looked at."""
        return f"{self.metric or 'headline figure'} against champion"

    @property
    def wanted(self) -> str:
        """What it must be."""
        at = f"at {self.confidence:g}"
        return {
            "better": f"gain > {self.margin:g} shown {at}",
            "not_worse": f"no drop > {self.margin:g} shown {at}",
            "non_inferior": f"drop > {self.margin:g} ruled out {at}",
        }[self.mode]


class BetterThanBaseline(msgspec.Struct, frozen=True, kw_only=True, tag="better_than_baseline"):
    """Shown to be more accurate than always answering the commonest class, by `margin`.

    Of classifiers; of numbers, `baseline_mae` stands in every report to be seen beside `mae`.
    """

    margin: float = 0.0
    confidence: float = 0.95

    @property
    def name(self) -> str:
        """What is looked at."""
        return "accuracy over baseline"

    @property
    def wanted(self) -> str:
        """What it must be."""
        return f"> {self.margin:+g}, shown at {self.confidence:g}"


class MinSamples(msgspec.Struct, frozen=True, kw_only=True, tag="min_samples"):
    """As many pictures must have been judged, in all or in a slice."""

    n: int
    slice: str | None = None

    @property
    def name(self) -> str:
        """What is looked at."""
        return _named("samples", self.slice)

    @property
    def wanted(self) -> str:
        """What it must be."""
        return f"≥ {self.n}"


PolicyCheck: TypeAlias = Threshold | Assessed | BetterThanChampion | BetterThanBaseline | MinSamples


class GatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate must show. `resamples` and `seed` make a verdict repeatable."""

    checks: tuple[PolicyCheck, ...] = ()
    resamples: int = 10_000
    seed: int = r.SEED
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Canonical JSON: 1 and 1.0 are the same, and so are a list and a tuple."""
        return msgspec.json.encode(self.from_json(msgspec.json.encode(self)))

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

    @property
    def assessed(self) -> dict[str, Assessed]:
        """The assessments that the checks look at, by `Assessed.key`, each once."""
        return {each.key: each for each in self.checks if isinstance(each, Assessed)}

    @property
    def lines(self) -> tuple[str, ...]:
        """The policy for people, one line a check; different policies have different lines."""
        drawn = f"intervals from {self.resamples:,} sets of redrawn pictures, seed {self.seed}"
        return (*(f"{each.name}: {each.wanted}" for each in self.checks), drawn)

    def changes_to(self, other: GatePolicy) -> tuple[str, ...]:
        """Line by line what `other` says otherwise: `- gone`, `+ new`; empty where nothing."""
        made = ndiff(self.lines, other.lines)
        return tuple(line for line in made if line.startswith(("- ", "+ ")))


def _named(what: str, part: str | None) -> str:
    return f"{what}, slice {part}" if part else what


def _bounds(at_least: float | None, at_most: float | None, *, shown: bool) -> str:
    bounds = [f"≥ {at_least:,.12g}"] if at_least is not None else []
    bounds += [f"≤ {at_most:,.12g}"] if at_most is not None else []
    return " and ".join(bounds) + (", shown at 0.95" if shown else "")


def _said(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
