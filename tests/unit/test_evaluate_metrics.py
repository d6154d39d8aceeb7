from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as referee

from visloop.errors import Refused
from visloop.evaluate import metrics as m
from visloop.evaluate import resampling as r

answers = st.integers(2, 6).flatmap(
    lambda classes: st.lists(
        st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)),
        min_size=1,
        max_size=60,
    ).map(lambda pairs: (classes, np.array(pairs).T))
)


@settings(deadline=None)
@given(answers)
def test_figures_are_those_of_scikit_learn(case):
    classes, (truth, predicted) = case
    labels = list(range(classes))
    confusion = m.confusion_matrix(truth, predicted, classes)
    assert (confusion == referee.confusion_matrix(truth, predicted, labels=labels)).all()
    counts = m.marginals(confusion)
    scores = m.class_scores(counts)
    assert m.accuracy(counts) == pytest.approx(referee.accuracy_score(truth, predicted))
    wanted = referee.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0
    )
    for mine, theirs in zip(
        (scores.precision, scores.recall, scores.f1, counts.truth), wanted, strict=True
    ):
        assert mine == pytest.approx(theirs)
    assert m.macro(scores.f1, scores.present) == pytest.approx(
        referee.f1_score(truth, predicted, average="macro", zero_division=0)
    )


def test_log_loss_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(4), 200)
    truth = rng.integers(0, 4, 200)
    assert m.sample_log_loss(probabilities, truth).mean() == pytest.approx(
        referee.log_loss(truth, probabilities, labels=[0, 1, 2, 3])
    )


def test_a_certain_and_wrong_answer_costs_much_but_not_everything():
    loss = m.sample_log_loss(np.array([[1.0, 0.0]]), np.array([1]))
    assert 20 < loss[0] < 40


def test_the_baseline_is_the_commonest_class():
    assert m.majority(np.array([2, 2, 0, 2]), 3) == (2, 0.75)


def test_honest_confidence_has_no_calibration_error_and_bragging_has_one():
    rng = np.random.default_rng(2)
    claimed = rng.uniform(0.3, 1, 200_000)
    right = rng.random(len(claimed)) < claimed
    honest, error = m.calibrated(claimed, right)
    assert error.value < 0.005
    assert [b.n for b in honest] == pytest.approx([len(claimed) / 15] * 15, rel=0.01)
    assert m.calibrated(np.minimum(1, claimed + 0.2), right)[1].value > 0.1


def test_calibration_does_not_depend_on_the_order_of_pictures():
    confidence = np.array([1.0] * 40 + [0.5] * 10)
    right = np.array([True, False] * 25)
    shuffled = np.random.default_rng(3).permutation(50)
    (one, error), (other, _) = (
        m.calibrated(confidence, right),
        m.calibrated(confidence[shuffled], right[shuffled]),
    )
    assert one == other
    assert len(one) == 2
    assert error.value == pytest.approx(0.4)


def test_indices_that_are_no_class_are_refused():
    with pytest.raises(Refused, match=r"\[0, 2\)"):
        m.confusion_matrix(np.array([0, 2]), np.array([0, 1]), 2)
    with pytest.raises(Refused, match="one length"):
        m.confusion_matrix(np.array([0]), np.array([0, 1]), 2)


def test_counting_resamples_is_the_same_as_drawing_pictures():
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 90)
    predicted = np.where(rng.random(90) < 0.7, truth, rng.integers(0, 3, 90))
    fast = r.resample_marginals(m.confusion_matrix(truth, predicted, 3), resamples=20_000)
    slow = []
    for _ in range(4_000):
        rows = rng.integers(0, 90, 90)
        slow.append(m.marginals(m.confusion_matrix(truth[rows], predicted[rows], 3)))
    assert (fast.n == 90).all()
    for mine, theirs in (
        (m.accuracy(fast), np.array([m.accuracy(s) for s in slow])),
        (m.class_scores(fast).f1[:, 1], np.array([m.class_scores(s).f1[1] for s in slow])),
    ):
        quantiles = (0.05, 0.25, 0.5, 0.75, 0.95)
        assert np.quantile(mine, quantiles) == pytest.approx(
            np.quantile(theirs, quantiles), abs=0.012
        )


def test_pairs_are_redrawn_together():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 80)
    first, second = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
    one, other = r.resample_pairs(truth, first, second, 3, resamples=500)
    assert (one.truth == other.truth).all()
    same, twin = r.resample_pairs(truth, first, first, 3, resamples=500)
    assert (same.hits == twin.hits).all()
    spread = np.quantile(m.accuracy(one), (0.05, 0.95))
    assert spread[0] < np.mean(truth == first) < spread[1]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(6)
    held = 0
    for trial in range(600):
        right = rng.random(150) < 0.8
        confusion = m.confusion_matrix(np.zeros(150, int), 1 - right.astype(int), 2)
        drawn = m.accuracy(r.resample_marginals(confusion, resamples=1_000, seed=trial))
        interval = r.percentile(drawn, 0.95)
        held += interval.low <= 0.8 <= interval.high
    assert 0.92 <= held / 600 <= 0.98


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_a_gain_seen_from_the_other_side_is_a_loss(better, worse, same):
    n = better + worse + same
    one = np.quantile(r.resample_gain(better, worse, n), (0.05, 0.95))
    other = np.quantile(-r.resample_gain(worse, better, n), (0.05, 0.95))
    assert one == pytest.approx(other, abs=6 / np.sqrt(n) * 0.12 + 1.01 / n)


def test_means_are_redrawn_in_blocks_with_the_same_spread():
    values = np.random.default_rng(7).normal(3, 1, 5_000)
    drawn = r.resample_means(values)
    assert drawn.std() == pytest.approx(1 / np.sqrt(5_000), rel=0.1)
    assert (drawn == r.resample_means(values)).all()
