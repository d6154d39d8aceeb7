"""Intervals where nothing, or everything, is wrong."""

from __future__ import annotations

import numpy as np

from visloop.evaluate.estimates import mean, wilson


def test_a_share_without_a_single_error_is_not_certain() -> None:
    low, high = mean(np.ones(31)).interval(0.95)
    assert (low, high) == wilson(1.0, 31, 0.95)
    assert 0.88 < low < 0.9
    assert high == 1.0
    low, high = mean(np.zeros(31)).interval(0.95)
    assert low == 0.0
    assert 0.1 < high < 0.12
