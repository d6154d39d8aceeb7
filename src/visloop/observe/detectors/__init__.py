"""Detectors of drift: pure functions over arrays, small serialisable state, no ports."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.observe.detectors.features import STATISTICS as STATISTICS
    from visloop.observe.detectors.features import Features as Features
    from visloop.observe.detectors.profile import SMALLEST_REFERENCE as SMALLEST_REFERENCE
    from visloop.observe.detectors.profile import Profile as Profile
    from visloop.observe.detectors.verdict import FamilyVerdict as FamilyVerdict
    from visloop.observe.detectors.verdict import Moved as Moved
    from visloop.observe.detectors.verdict import WindowVerdict as WindowVerdict
    from visloop.observe.detectors.verdict import describe as describe
    from visloop.observe.detectors.window import WEIGHTS as WEIGHTS
    from visloop.observe.detectors.window import outlier_scores as outlier_scores
    from visloop.observe.detectors.window import window_test as window_test

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "features": ("STATISTICS", "Features"),
        "profile": ("SMALLEST_REFERENCE", "Profile"),
        "verdict": ("FamilyVerdict", "Moved", "WindowVerdict", "describe"),
        "window": ("WEIGHTS", "outlier_scores", "window_test"),
    },
)
