"""Intervals where nothing, or everything, is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from visloop.evaluate import Answers, score
from visloop.evaluate.estimates import Estimate, mean, wilson


def test_a_share_without_a_single_error_is_not_certain() -> None:
    low, high = mean(np.ones(31)).interval(0.95)
    assert (low, high) == wilson(1.0, 31, 0.95)
    assert 0.88 < low < 0.9
    assert high == 1.0
    low, high = mean(np.zeros(31)).interval(0.95)
    assert low == 0.0
    assert 0.1 < high < 0.12


def test_slopes_that_differ_by_rounding_alone_make_nobody_certain() -> None:
    rounding = np.full(31, 1e-17)
    assert Estimate(1.0, rounding).interval(0.95) == wilson(1.0, 31, 0.95)
    low, high = Estimate(0.0, rounding).around(0.95)
    assert (low, high) == (-wilson(0.0, 31)[1], wilson(0.0, 31)[1])


@pytest.mark.parametrize("n", [10, 20, 50])
def test_the_interval_of_accuracy_holds_the_truth_with_few_pictures(n: int) -> None:
    """Exactly: every count of right answers, weighed by its probability."""
    found = [score(_right(k, n)).intervals["accuracy"] for k in range(n + 1)]
    truths = np.linspace(0.6, 0.99, 40)
    held = [
        sum(binom.pmf(k, n, truth) for k, (low, high) in enumerate(found) if low <= truth <= high)
        for truth in truths
    ]
    assert min(held) > 0.9
    assert np.mean(held) > 0.945


def _right(k: int, n: int) -> Answers:
    probabilities = np.full((n, 2), 0.1, np.float32)
    said = np.r_[np.zeros(k, np.int64), np.ones(n - k, np.int64)]
    probabilities[np.arange(n), said] = 0.9
    names = tuple(map(str, range(n)))
    return Answers(("a", "b"), 2, names, names, names, np.zeros(n, np.int64), probabilities)
