"""The window test: did these n pictures come from the world of the reference?

Four families look at different things, each gives one p-value; the window alarms when the smallest,
divided by its family's weight, is at most α (Bonferroni with weights that sum to one). Sources:
Rabanser, Günnemann, Lipton 2019 (one test per column, black-box shift detection); Lipton, Wang,
Smola 2018; Hotelling 1931; Genovese, Roeder, Wasserman 2006 (weights).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from visloop.errors import Refused
from visloop.observe.detectors.families import (
    chi2_classes,
    in_points,
    ks_columns,
    standardised_shift,
)
from visloop.observe.detectors.features import STATISTICS
from visloop.observe.detectors.verdict import FamilyVerdict, Moved, WindowVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from visloop.observe.detectors.embedding import Axes
    from visloop.observe.detectors.features import Features, Floats
    from visloop.observe.detectors.profile import Profile

WEIGHTS: Final[Mapping[str, float]] = {
    "statistics": 0.3,
    "softmax": 0.2,
    "embedding": 0.3,
    "classes": 0.2,
}


def window_test(
    profile: Profile,
    window: Features,
    *,
    alpha: float = 0.01,
    weights: Mapping[str, float] = WEIGHTS,
) -> WindowVerdict:
    """Test one window of n pictures against the profile.

    Args:
        profile: the reference; its null for n is simulated now if it is not there yet.
        window: n pictures, n ≥ 2, independent of each other and of the reference.
        alpha: share of unchanged windows that may alarm.
        weights: family → share of `alpha`; families that cannot be tested give theirs to the rest.

    Raises:
        Refused: the window is too small, or was not made by the profile's model.
    """
    _check(profile, window)
    families = [
        family
        for family in (
            _statistics(profile, window),
            _softmax(profile, window),
            _embedding(profile, window),
            _classes(profile, window),
        )
        if family is not None
    ]
    total = sum(weights[name] for name, _, _ in families)
    verdicts = {
        name: FamilyVerdict(p=p, weight=weights[name] / total, moved=tuple(moved))
        for name, p, moved in families
    }
    p = min(1.0, *(f.p / f.weight for f in verdicts.values()))
    confidence, usual = window.confidence, profile.reference.confidence
    return WindowVerdict(
        p=p,
        alarm=p <= alpha,
        alpha=alpha,
        n=len(window),
        families=verdicts,
        mean_confidence=None if confidence is None else float(confidence.mean()),
        reference_confidence=None if usual is None else float(usual.mean()),
    )


def outlier_scores(profile: Profile, window: Features) -> NDArray[np.float64]:
    """How unlike the reference each picture is: float64 (N,) in [0, 1].

    The share of reference pictures that lie nearer to the reference's centre, by Mahalanobis distance
    of the embedding (each reference picture judged by the others). A model without an embedding is
    judged by the entropy of its softmax, one with neither by the statistics.
    """
    if profile.axes is not None and window.embedding is not None:
        return _percentile(profile.axes, window.embedding)
    reference, p = profile.reference, window.probabilities
    if reference.probabilities is not None and p is not None:
        ordered = np.sort(_entropy(reference.probabilities))
        return np.searchsorted(ordered, _entropy(p), side="left") / len(ordered)
    middle, spread = reference.statistics.mean(0), np.maximum(reference.statistics.std(0), 1e-9)
    ordered = np.sort((((reference.statistics - middle) / spread) ** 2).sum(1))
    distance = (((window.statistics - middle) / spread) ** 2).sum(1)
    return np.searchsorted(ordered, distance, side="left") / len(ordered)


def _percentile(axes: Axes, embedding: Floats) -> NDArray[np.float64]:
    distance = axes.squared_distance(embedding - axes.mean)
    return np.searchsorted(axes.distances, distance, side="left") / len(axes.distances)


def _entropy(p: Floats) -> Floats:
    return -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)


def _check(profile: Profile, window: Features) -> None:
    if len(window) < 2:  # noqa: PLR2004 - one picture has no distribution
        raise Refused(f"a window of {len(window)} pictures cannot be tested", fix="use 20 or more")
    pairs = (
        ("classes", profile.reference.probabilities, window.probabilities),
        ("embedding numbers", profile.axes and profile.axes.basis, window.embedding),
    )
    for what, ours, theirs in pairs:
        if ours is not None and theirs is not None and ours.shape[1] != theirs.shape[1]:
            raise Refused(
                f"the window has {theirs.shape[1]} {what}, the reference {ours.shape[1]}",
                fix="they come from different models: set the monitor's reference again",
            )


_Family: TypeAlias = "tuple[str, float, list[Moved]]"


def _statistics(profile: Profile, window: Features) -> _Family:
    return _columns("statistics", STATISTICS, profile.statistics_sorted, window.statistics)


def _softmax(profile: Profile, window: Features) -> _Family | None:
    if profile.probabilities_sorted is None or window.probabilities is None:
        return None
    names = _names(profile, window.probabilities.shape[1])
    return _columns("softmax", names, profile.probabilities_sorted, in_points(window.probabilities))


def _columns(family: str, names: Sequence[str], ordered: Floats, window: Floats) -> _Family:
    _, p = ks_columns(ordered, window)
    p = np.minimum(p * len(p), 1.0)
    shift = standardised_shift(ordered, window)
    before, after = ordered.mean(axis=0), window.mean(axis=0)
    order: list[int] = np.argsort(p, kind="stable").tolist()
    moved = [
        Moved(name=names[i], p=float(p[i]), shift_sd=float(shift[i]), before=float(before[i]),
              after=float(after[i]))
        for i in order
    ]  # fmt: skip
    return family, float(p.min()), moved


def _embedding(profile: Profile, window: Features) -> _Family | None:
    if profile.axes is None or window.embedding is None:
        return None
    null, t_squared = profile.null(len(window)), profile.axes.t_squared(window.embedding)
    above = len(null) - np.searchsorted(null, t_squared, side="left")
    p = float((1 + above) / (1 + len(null)))
    middle, spread = float(null.mean()), float(null.std())
    shift = (t_squared - middle) / max(spread, 1e-9)
    moved = Moved(name="distance", p=p, shift_sd=shift, before=middle, after=t_squared)
    return "embedding", p, [moved]


def _classes(profile: Profile, window: Features) -> _Family | None:
    before, after = profile.predicted, window.predicted
    if before is None or after is None or window.probabilities is None:
        return None
    many = window.probabilities.shape[1]
    p, rose = chi2_classes(before, after, many)
    names = _names(profile, many)
    share_before = np.bincount(before, minlength=many) / len(before)
    share_after = np.bincount(after, minlength=many) / len(after)
    moved = [
        Moved(name=names[i], p=p, shift_sd=float(rose[i]), before=float(share_before[i]),
              after=float(share_after[i]))
        for i in np.argsort(-np.abs(rose), kind="stable").tolist()
    ]  # fmt: skip
    return "classes", p, moved


def _names(profile: Profile, many: int) -> list[str]:
    known = profile.reference.classes
    return list(known) if len(known) == many else [f"class {i}" for i in range(many)]
