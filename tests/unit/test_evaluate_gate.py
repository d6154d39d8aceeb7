from __future__ import annotations

import msgspec
import numpy as np
import pytest

from visloop.errors import Corrupt, UsageError
from visloop.evaluate import score
from visloop.evaluate.gate import judge
from visloop.evaluate.policy import (
    BetterThanBaseline,
    BetterThanChampion,
    GatePolicy,
    MinSamples,
    Threshold,
)
from visloop.evaluate.records import Answers

CLASSES = ("hat", "shirt", "shoes")


def answers(truth, predicted, classes=CLASSES, confidence=0.8, names=None) -> Answers:
    n = len(truth)
    probabilities = np.full((n, len(classes)), (1 - confidence) / (len(classes) - 1), np.float32)
    probabilities[np.arange(n), predicted] = confidence
    names = names or [f"s{i}" for i in range(n)]
    return Answers(
        classes=tuple(classes),
        known=len(classes),
        samples=tuple(names),
        paths=tuple(f"{x}.jpg" for x in names),
        images=tuple(names),
        truth=np.asarray(truth, np.int64),
        probabilities=probabilities,
    )


def model(rng, truth, rate) -> Answers:
    wrong = (truth + rng.integers(1, 3, len(truth))) % 3
    return answers(truth, np.where(rng.random(len(truth)) < rate, truth, wrong))


def one(check, candidate, champion=None, **kwargs):
    verdict = judge(GatePolicy(checks=(check,)), candidate, champion, **kwargs)
    assert verdict.passed == verdict.checks[0].passed
    return verdict.checks[0]


TRUTH = np.array([0] * 50 + [1] * 30 + [2] * 20)


def test_thresholds_say_what_they_found_and_wanted():
    predicted = TRUTH.copy()
    predicted[:10] = 1
    found = one(Threshold(metric="accuracy", at_least=0.95), answers(TRUTH, predicted))
    assert not found.passed
    assert found.value == pytest.approx(0.9)
    assert found.wanted == "≥ 0.95"
    assert found.n == 100
    assert found.interval is not None
    assert found.interval[0] < 0.9 < found.interval[1]
    assert one(Threshold(metric="recall.hat", at_least=0.8), answers(TRUTH, predicted)).passed
    assert not one(Threshold(metric="log_loss", at_most=0.1), answers(TRUTH, predicted)).passed
    both = Threshold(metric="accuracy", at_least=0.8, at_most=0.85)
    assert not one(both, answers(TRUTH, predicted)).passed


def test_slices_look_at_some_pictures_only():
    predicted = TRUTH.copy()
    predicted[:10] = 1
    given = answers(TRUTH, predicted)
    hats = one(Threshold(metric="accuracy", at_least=0.9, slice="class=hat"), given)
    assert (hats.passed, hats.value, hats.n) == (False, pytest.approx(0.8), 50)
    night = np.arange(100) < 10
    found = one(
        Threshold(metric="accuracy", at_least=0.5, slice="metadata.light=night"),
        given,
        slices={"metadata.light=night": night},
    )
    assert (found.value, found.n) == (0.0, 10)
    assert one(MinSamples(n=30, slice="class=shirt"), given).passed
    assert not one(MinSamples(n=31, slice="class=shirt"), given).passed


def test_an_empty_slice_does_not_pass():
    found = one(
        Threshold(metric="accuracy", at_least=0.0, slice="metadata.x=1"),
        answers(TRUTH, TRUTH),
        slices={"metadata.x=1": np.zeros(100, bool)},
    )
    assert not found.passed
    assert "no pictures" in found.detail


def test_unknown_metrics_and_slices_name_the_known_ones():
    with pytest.raises(UsageError, match="did you mean 'accuracy'"):
        one(Threshold(metric="acuracy", at_least=0.5), answers(TRUTH, TRUTH))
    with pytest.raises(UsageError, match="class=NAME"):
        one(Threshold(metric="accuracy", at_least=0.5, slice="class=coat"), answers(TRUTH, TRUTH))


def test_a_threshold_without_a_bound_is_refused():
    with pytest.raises(UsageError, match="asks nothing"):
        Threshold(metric="accuracy")


def test_the_first_model_has_no_champion_to_beat():
    found = one(BetterThanChampion(mode="better"), answers(TRUTH, TRUTH))
    assert found.passed
    assert "first model" in found.detail


def test_the_baseline_must_be_beaten_by_proof():
    always_hat = answers(TRUTH, np.zeros(100, int))
    assert not one(BetterThanBaseline(), always_hat).passed
    found = one(BetterThanBaseline(margin=0.2), answers(TRUTH, TRUTH))
    assert found.passed
    assert "'hat'" in found.detail


@pytest.mark.parametrize("n", [60, 200])
@pytest.mark.parametrize("rate", [0.7, 0.9])
def test_equally_good_models_seldom_pass_as_better(n, rate):
    rng = np.random.default_rng(n)
    trials = 1_500
    policy = GatePolicy(checks=(BetterThanChampion(mode="better"),), resamples=2_000)
    passed = 0
    for _ in range(trials):
        truth = rng.integers(0, 3, n)
        passed += judge(policy, model(rng, truth, rate), model(rng, truth, rate)).passed
    error = 3 * np.sqrt(0.05 * 0.95 / trials)
    assert passed / trials <= 0.05 + error
    assert passed / trials >= 0.01


def test_ten_points_are_found_and_equal_models_are_not_called_worse():
    rng = np.random.default_rng(7)
    better = GatePolicy(checks=(BetterThanChampion(mode="better"),), resamples=2_000)
    not_worse = GatePolicy(checks=(BetterThanChampion(mode="not_worse"),), resamples=2_000)
    safe = GatePolicy(
        checks=(BetterThanChampion(mode="non_inferior", margin=0.05),), resamples=2_000
    )
    found, kept, dropped, ruled_out = 0, 0, 0, 0
    trials = 200
    for _ in range(trials):
        truth = rng.integers(0, 3, 400)
        old, new, same = (model(rng, truth, rate) for rate in (0.75, 0.85, 0.75))
        found += judge(better, new, old).passed
        kept += judge(not_worse, same, old).passed
        dropped += not judge(not_worse, old, new).passed
        ruled_out += judge(safe, new, old).passed
    assert found / trials >= 0.9
    assert kept / trials >= 0.9
    assert dropped / trials >= 0.9
    assert ruled_out / trials >= 0.95


@pytest.mark.parametrize("metric", ["macro_f1", "log_loss"])
def test_other_metrics_find_a_better_model_too(metric):
    rng = np.random.default_rng(8)
    truth = rng.integers(0, 3, 500)
    old, new = model(rng, truth, 0.6), model(rng, truth, 0.8)
    check = BetterThanChampion(metric=metric, mode="better")
    forward, back = one(check, new, old), one(check, old, new)
    assert forward.passed
    assert not back.passed
    assert forward.value == pytest.approx(-back.value)
    assert forward.interval[0] < forward.value < forward.interval[1]


def test_three_lucky_pictures_are_no_proof():
    predicted = TRUTH.copy()
    predicted[:3] = 1
    check = BetterThanChampion(mode="better")
    assert not one(check, answers(TRUTH, TRUTH), answers(TRUTH, predicted)).passed
    predicted[:12] = 1
    assert one(check, answers(TRUTH, TRUTH), answers(TRUTH, predicted)).passed


def test_models_are_compared_on_the_same_pictures_whatever_the_order_of_classes():
    order = np.random.default_rng(9).permutation(100)
    champion = answers(
        2 - TRUTH[order],
        2 - TRUTH[order],
        classes=CLASSES[::-1],
        names=[f"s{i}" for i in order],
    )
    found = one(BetterThanChampion(mode="better"), answers(TRUTH, TRUTH), champion)
    assert found.value == 0.0
    more = answers([0, 1, 2, 3], [0, 1, 2, 3], classes=(*CLASSES, "coat"))
    fewer = answers([0, 1, 2], [0, 1, 2])
    assert one(BetterThanChampion(), more, fewer).n == 3


def test_no_picture_in_common_is_a_no():
    strangers = answers(TRUTH, TRUTH, names=[f"t{i}" for i in range(100)])
    found = one(BetterThanChampion(), answers(TRUTH, TRUTH), strangers)
    assert not found.passed
    assert "in common" in found.detail


def test_a_verdict_can_be_repeated_and_carries_its_policy_and_inputs():
    policy = GatePolicy(
        checks=(Threshold(metric="macro_f1", at_least=0.5), BetterThanChampion(), MinSamples(n=1))
    )
    rng = np.random.default_rng(10)
    truth = rng.integers(0, 3, 100)
    new, old = model(rng, truth, 0.8), model(rng, truth, 0.8)
    first = judge(policy, new, old, inputs={"candidate": "net@v2"})
    assert first == judge(policy, new, old, inputs={"candidate": "net@v2"})
    assert first.policy_digest == GatePolicy.from_json(policy.to_json()).digest
    shape = msgspec.to_builtins(first)
    assert shape["verdict"] in ("pass", "fail")
    assert [c["name"] for c in shape["checks"]] == [
        "macro_f1",
        "accuracy against champion",
        "samples",
    ]
    assert policy.digest != GatePolicy(checks=policy.checks[:2]).digest


def test_answers_survive_storage_bit_for_bit():
    rng = np.random.default_rng(11)
    given = model(rng, rng.integers(0, 3, 40), 0.7)
    back = Answers.from_bytes(given.to_bytes())
    assert (back.samples, back.classes) == (given.samples, given.classes)
    assert (back.probabilities == given.probabilities).all()
    assert (back.truth == given.truth).all()
    with pytest.raises(Corrupt):
        Answers.from_bytes(b"junk")


def test_no_answers_give_zeros_not_a_crash():
    empty = score(answers(np.zeros(0, int), np.zeros(0, int)))
    assert empty.n == 0
    assert empty.metrics["accuracy"] == 0.0
