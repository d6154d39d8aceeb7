from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from visloop.errors import Corrupt, Refused
from visloop.observe.detectors import (
    STATISTICS,
    WEIGHTS,
    Features,
    Profile,
    describe,
    outlier_scores,
    window_test,
)
from visloop.observe.detectors.embedding import SHRINK, Axes
from visloop.observe.detectors.families import chi2_classes, ks_columns

CLASSES = ("bolt", "gear", "nut", "ring")
MIX = np.random.default_rng(99).normal(size=(64, 64)) * np.geomspace(1, 0.05, 64)


def world(rng, n, *, dim=0.0, mix=(1, 1, 1, 1), sure=3.0, moved=0.0):
    """Pictures of a small world: `dim` darkens them (in sd), `moved` shifts the embedding."""
    truth = rng.choice(4, size=n, p=np.asarray(mix) / sum(mix))
    statistics = rng.normal(size=(n, 8)).astype(np.float32)
    statistics[:, 0] -= dim
    logits = rng.normal(size=(n, 4)) + sure * np.eye(4)[truth]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    centres = np.random.default_rng(7).normal(size=(4, 64))
    embedding = (rng.normal(size=(n, 64)) + centres[truth]) @ MIX + moved * MIX[0]
    return Features(statistics, p.astype(np.float32), embedding.astype(np.float32), CLASSES)


@pytest.fixture(scope="module")
def profile():
    return Profile.build(world(np.random.default_rng(0), 300), sizes=(50,), draws=1000)


def test_columns_are_compared_as_scipy_does():
    rng = np.random.default_rng(1)
    reference, window = rng.normal(size=(180, 5)), rng.normal(0.3, 1.2, size=(40, 5))
    window[:, 4] = np.round(window[:, 4])  # ties
    reference[:, 4] = np.round(reference[:, 4])
    distance, p = ks_columns(np.sort(reference, axis=0), window)
    for column in range(5):
        theirs = stats.ks_2samp(reference[:, column], window[:, column], method="asymp")
        assert distance[column] == pytest.approx(theirs.statistic)
        assert p[column] == pytest.approx(theirs.pvalue, rel=0.05)


def test_classes_are_compared_as_scipy_does_and_the_risen_one_is_named():
    before = np.repeat([0, 1, 2], [100, 100, 100])
    after = np.repeat([0, 1, 2], [30, 10, 10])
    p, rose = chi2_classes(before, after, 4)
    table = [[100, 100, 100], [30, 10, 10]]
    assert p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert rose.argmax() == 0
    assert rose[3] == 0


def test_rare_classes_do_not_make_a_window_look_strange():
    rng = np.random.default_rng(3)
    share = np.r_[0.5, 0.3, np.full(40, 0.2 / 40)]
    drawn = [
        chi2_classes(rng.choice(42, 400, p=share), rng.choice(42, 50, p=share), 42)[0]
        for _ in range(600)
    ]
    assert np.mean(np.array(drawn) <= 0.05) < 0.08


@given(rows=st.integers(3, 20), width=st.integers(2, 30), seed=st.integers(0, 10_000))
def test_distances_are_those_of_the_shrunk_covariance(rows, width, seed):
    rng = np.random.default_rng(seed)
    reference, window = rng.normal(size=(rows, width)), rng.normal(size=(4, width))
    axes = Axes.fit(reference)
    centred = reference - reference.mean(0)
    spread = centred.T @ centred / rows
    sigma = (1 - SHRINK) * spread + SHRINK * np.trace(spread) / width * np.eye(width)
    offset = window.mean(0) - reference.mean(0)
    expected = offset @ np.linalg.solve(sigma, offset) / (1 / 4 + 1 / rows)
    assert axes.t_squared(window) == pytest.approx(expected, rel=2e-3)


def test_a_null_draw_is_the_test_of_some_pictures_against_the_others():
    reference = np.random.default_rng(5).normal(size=(40, 100)) @ np.random.default_rng(6).normal(
        size=(100, 100)
    )
    axes = Axes.fit(reference)
    rows = np.random.default_rng(2).permutation(40)[:10]  # what the first draw draws
    rest = np.delete(reference, rows, axis=0)
    assert axes.null(10, draws=1, seed=2)[0] == pytest.approx(
        Axes.fit(rest).t_squared(reference[rows]), rel=1e-3
    )


def test_left_out_distances_are_those_from_the_other_pictures():
    reference = np.random.default_rng(8).normal(size=(30, 50))
    axes = Axes.fit(reference)
    others = [Axes.fit(np.delete(reference, i, axis=0)) for i in range(30)]
    expected = [
        other.squared_distance((reference[i] - other.mean)[None])[0]
        for i, other in enumerate(others)
    ]
    assert axes.distances == pytest.approx(np.sort(expected), rel=1e-3)


def test_calm_windows_alarm_at_the_nominal_rate():
    """1,000 windows, 20 each against a reference drawn anew: at most the upper 99.9 % binomial limit."""
    rng = np.random.default_rng(11)
    p = []
    for seed in range(50):
        profile = Profile.build(world(rng, 150), sizes=(50,), draws=400, seed=seed)
        p += [window_test(profile, world(rng, 50)).p for _ in range(20)]
    for alpha in (0.05, 0.01):
        false_alarms = sum(each <= alpha for each in p)
        assert false_alarms <= stats.binom.ppf(0.999, len(p), alpha), (alpha, false_alarms)
    assert sum(each <= 0.05 for each in p) >= 8  # not by never alarming


def test_every_family_finds_its_own_kind_of_drift(profile):
    rng = np.random.default_rng(13)
    shifts = {
        "statistics": world(rng, 50, dim=2.1),
        "softmax": world(rng, 50, sure=0.5),
        "embedding": world(rng, 50, moved=4.0),
        "classes": world(rng, 50, mix=(6, 1, 1, 1)),
    }
    for family, window in shifts.items():
        verdict = window_test(profile, window)
        assert verdict.alarm, family
        assert verdict.families[family].p <= 0.01 * WEIGHTS[family], family


def test_a_verdict_in_words(profile):
    rng = np.random.default_rng(17)
    calm = describe(window_test(profile, world(rng, 50)))
    assert calm.startswith("nothing moved: the last 50 pictures")
    dark = window_test(profile, world(rng, 50, dim=2.1, mix=(9, 1, 1, 1)))
    said = describe(dark)
    assert "pictures got darker (brightness −2." in said
    assert "predictions shifted to 'bolt'" in said
    assert len(said) < 200


def test_the_most_moved_statistic_comes_first(profile):
    verdict = window_test(profile, world(np.random.default_rng(19), 50, dim=1.5))
    moved = verdict.families["statistics"].moved
    assert moved[0].name == "brightness"
    assert moved[0].shift_sd == pytest.approx(-1.5, abs=0.4)
    assert {each.name for each in moved} == set(STATISTICS)


def test_models_without_a_view_leave_their_share_to_the_other_families():
    rng = np.random.default_rng(23)
    bare = Features(world(rng, 100).statistics)
    profile = Profile.build(bare, sizes=(50,))
    verdict = window_test(profile, world(rng, 50, dim=2.0))
    assert list(verdict.families) == ["statistics"]
    assert verdict.families["statistics"].weight == 1
    assert verdict.alarm
    assert verdict.mean_confidence is not None


def test_a_profile_survives_being_stored(profile):
    raw = profile.to_bytes()
    again = Profile.from_bytes(raw)
    assert again.to_bytes() == raw
    window = world(np.random.default_rng(29), 50, dim=0.3)
    assert window_test(again, window) == window_test(profile, window)


def test_the_same_reference_gives_the_same_profile():
    def build():
        return Profile.build(world(np.random.default_rng(0), 80), sizes=(20, 50), draws=200)

    assert build().to_bytes() == build().to_bytes()


@pytest.mark.parametrize("raw", [b"", b"PK", b"not an npz", b"\x80\x04cos\nsystem\n"])
def test_what_is_no_profile_is_refused(raw):
    with pytest.raises(Corrupt, match="reference"):
        Profile.from_bytes(raw)


def test_too_small_a_reference_and_windows_of_another_model_are_refused(profile):
    rng = np.random.default_rng(31)
    with pytest.raises(Refused, match="too few"):
        Profile.build(world(rng, 20))
    other = Features(world(rng, 50).statistics, np.full((50, 7), 1 / 7, np.float32))
    with pytest.raises(Refused, match="7 classes, the reference 4"):
        window_test(profile, other)
    with pytest.raises(Refused, match=r"\(N, 8\)"):
        Features(np.zeros((50, 3), np.float32))


def test_outlier_scores_are_percentiles_on_calm_pictures_and_high_on_strange_ones(profile):
    rng = np.random.default_rng(37)
    calm = outlier_scores(profile, world(rng, 2000))
    assert calm.min() >= 0
    assert calm.max() <= 1
    for share in (0.5, 0.9, 0.95):
        assert np.mean(calm > share) == pytest.approx(1 - share, abs=0.04)
    assert np.median(outlier_scores(profile, world(rng, 50, moved=30.0))) > 0.99


def test_outliers_of_models_without_an_embedding_are_the_unsure_answers():
    rng = np.random.default_rng(41)
    known = world(rng, 100)
    bare = Profile.build(Features(known.statistics, known.probabilities))
    unsure = Features(known.statistics[:1], np.full((1, 4), 0.25, np.float32))
    assert outlier_scores(bare, unsure)[0] == 1
