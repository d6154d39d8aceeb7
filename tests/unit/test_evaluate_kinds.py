"""Figures of detectors, segmenters and regressors against their definitions and the referee."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from visloop.errors import Corrupt, UsageError
from visloop.evaluate import (
    BetterThanBaseline,
    BetterThanChampion,
    BoxAnswers,
    GatePolicy,
    MaskAnswers,
    NumberAnswers,
    Threshold,
    judge,
    score,
)
from visloop.evaluate.kinds.every import read_answers

CLASSES = ("red", "white", "platelet")


def cells(seed: int, *, noise_px: float, pictures: int = 40) -> BoxAnswers:
    """Blood cells as in BCCD: many red ones a picture, few of the others; found with some luck.

    What is true depends on the number of pictures alone, what is found on the seed too.
    """
    world, luck = np.random.default_rng(99), np.random.default_rng(seed)
    true, found = [], []
    for picture in range(pictures):
        for _ in range(world.integers(6, 16)):
            kind = int(world.choice(3, p=(0.8, 0.1, 0.1)))
            corner, size = world.uniform(0, 560, 2), world.uniform(12, 110, 2)
            box = np.concatenate([corner, corner + size])
            true.append((picture, kind, box, world.random() < 0.05))
            if luck.random() < 0.85:
                said = kind if luck.random() < 0.93 else int(luck.integers(3))
                where = box + luck.normal(0, noise_px, 4)
                where[2:] = np.maximum(where[2:], where[:2] + 1)
                found.append((picture, said, where, luck.beta(5, 2)))
        for _ in range(3):
            corner = luck.uniform(0, 560, 2)
            where = np.concatenate([corner, corner + luck.uniform(12, 110, 2)])
            found.append((picture, int(luck.integers(3)), where, luck.beta(2, 5)))
    names = tuple(f"sample-{i}" for i in range(pictures))
    return BoxAnswers(
        classes=CLASSES,
        known=3,
        samples=names,
        paths=names,
        images=names,
        true_picture=np.array([row[0] for row in true], np.int64),
        true_class=np.array([row[1] for row in true], np.int64),
        true_xyxy=np.array([row[2] for row in true], np.float32),
        crowd=np.array([row[3] for row in true], np.bool_),
        found_picture=np.array([row[0] for row in found], np.int64),
        found_class=np.array([row[1] for row in found], np.int64),
        found_xyxy=np.array([row[2] for row in found], np.float32),
        score=np.array([row[3] for row in found], np.float32),
        threshold=0.5,
    )


def _xywh(xyxy):
    wide = xyxy.astype(np.float64)
    return [*wide[:2], *(wide[2:] - wide[:2])]


def referee(answers: BoxAnswers) -> COCOeval:
    true = [
        {
            "id": i + 1,
            "image_id": int(answers.true_picture[i]) + 1,
            "category_id": int(answers.true_class[i]) + 1,
            "bbox": _xywh(box),
            "area": float(np.prod(_xywh(box)[2:])),
            "iscrowd": int(answers.crowd[i]),
        }
        for i, box in enumerate(answers.true_xyxy)
    ]
    found = [
        {
            "image_id": int(answers.found_picture[i]) + 1,
            "category_id": int(answers.found_class[i]) + 1,
            "bbox": _xywh(box),
            "score": float(answers.score[i]),
        }
        for i, box in enumerate(answers.found_xyxy)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i + 1} for i in range(answers.n)],
            "categories": [{"id": i + 1, "name": name} for i, name in enumerate(answers.classes)],
            "annotations": true,
        }
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_average_precisions_are_those_of_pycocotools(seed):
    answers = cells(seed, noise_px=4)
    theirs = referee(answers)
    ours = score(answers, resamples=20)
    names = ("map", "map50", "map75", "map_small", "map_medium", "map_large")
    for name, value in zip(names, theirs.stats[:6], strict=True):
        assert ours.metrics[name] == pytest.approx(value, abs=1e-9), name
    for i, one in enumerate(ours.per_class):
        precision = theirs.eval["precision"][:, :, i, 0, 2]
        assert one.ap == pytest.approx(precision.mean(), abs=1e-9)
        assert one.ap50 == pytest.approx(precision[0].mean(), abs=1e-9)
    assert 0.5 < ours.metrics["map50"] < 1


def test_a_crowd_counts_neither_way():
    crowded = cells(4, noise_px=3)
    plain = BoxAnswers(**{**vars(crowded), "crowd": np.zeros_like(crowded.crowd)})
    supports = [
        sum(one.support for one in score(a, resamples=1).per_class) for a in (plain, crowded)
    ]
    assert supports[0] - supports[1] == crowded.crowd.sum() > 0


def test_precision_and_recall_are_at_the_threshold_and_precision_averages_over_all():
    answers = cells(5, noise_px=3)
    low, high = (
        score(BoxAnswers(**{**vars(answers), "threshold": t}), resamples=1).metrics
        for t in (0.1, 0.8)
    )
    assert low["map50"] == high["map50"]
    assert low["recall"] > high["recall"]
    assert low["precision"] < high["precision"]


def test_intervals_hold_the_figure_and_shrink_with_pictures():
    few, many = (score(cells(6, noise_px=4, pictures=n), resamples=300) for n in (15, 120))
    for scores in (few, many):
        low, high = scores.intervals["map50"]
        assert low <= scores.metrics["map50"] <= high
        for one in scores.per_class:
            assert one.intervals["ap50"][0] <= one.ap50 <= one.intervals["ap50"][1]
    width = [s.intervals["map50"][1] - s.intervals["map50"][0] for s in (few, many)]
    assert width[1] < 0.7 * width[0]


def test_the_interval_of_a_large_set_lies_around_its_figure():
    scores = score(cells(3, noise_px=9, pictures=400), resamples=200)
    low, high = scores.intervals["map50"]
    figure = scores.metrics["map50"]
    assert abs((low + high) / 2 - figure) < 0.2 * (high - low)


POLICY = GatePolicy(checks=(BetterThanChampion(mode="better"),), resamples=400)


def test_a_gate_sees_the_better_detector_and_does_not_see_luck():
    good, bad, twin = (cells(7, noise_px=2), cells(8, noise_px=9), cells(9, noise_px=2))
    (check,) = judge(POLICY, good, bad).checks
    assert check.passed
    assert check.name == "map50 against champion"
    assert not judge(POLICY, bad, good).passed
    assert not judge(POLICY, good, twin).passed
    wanted = GatePolicy(
        checks=(
            Threshold(metric="map50", at_least=0.5),
            Threshold(metric="ap50.white", at_least=0.1),
            Threshold(metric="recall", at_least=0.3, slice="class=platelet"),
        ),
        resamples=50,
    )
    verdict = judge(wanted, good, None)
    assert verdict.passed, verdict.checks
    assert verdict.checks[2].n < good.n


def test_what_cannot_be_asked_of_a_detector_is_told():
    answers = cells(1, noise_px=2, pictures=5)
    for check, because in (
        (Threshold(metric="accuracy", at_least=1), "no metric 'accuracy'"),
        (BetterThanChampion(metric="accuracy"), "no figure by which"),
        (BetterThanBaseline(), "no commonest class"),
    ):
        with pytest.raises(UsageError, match=because):
            judge(GatePolicy(checks=(check,), resamples=10), answers, answers)
    with pytest.raises(UsageError, match="cannot be compared"):
        judge(POLICY, answers, masks(1, 0.9))


def masks(seed: int, quality: float) -> MaskAnswers:
    world, luck = np.random.default_rng(50), np.random.default_rng(seed)
    true = world.integers(50, 2000, (60, 2)) * (world.random((60, 2)) < 0.7)
    both = (true * luck.uniform(quality - 0.1, quality, (60, 2))).astype(np.int64)
    found = both + (true * luck.uniform(0, 1 - quality, (60, 2))).astype(np.int64)
    names = tuple(f"sample-{i}" for i in range(60))
    return MaskAnswers(
        classes=("cat", "dog"),
        known=2,
        samples=names,
        paths=names,
        images=names,
        true=true,
        found=found,
        both=both,
    )


def test_mean_iou_is_intersection_over_union_of_all_pixels():
    answers = masks(1, 0.9)
    scores = score(answers, resamples=200)
    both, true, found = (a.sum(axis=0) for a in (answers.both, answers.true, answers.found))
    iou = both / (true + found - both)
    assert scores.metrics["mean_iou"] == pytest.approx(iou.mean())
    assert [one.iou for one in scores.per_class] == pytest.approx(iou.tolist())
    assert scores.metrics["mean_dice"] == pytest.approx((2 * both / (true + found)).mean())
    low, high = scores.intervals["mean_iou"]
    assert low < scores.metrics["mean_iou"] < high
    assert judge(POLICY, answers, masks(2, 0.7)).passed
    assert not judge(POLICY, masks(2, 0.7), answers).passed


def numbers(seed: int, off: float) -> NumberAnswers:
    world, luck = np.random.default_rng(60), np.random.default_rng(seed)
    true = world.uniform(0, 10, 80)
    names = tuple(f"sample-{i}" for i in range(80))
    return NumberAnswers(
        classes=(),
        known=0,
        samples=names,
        paths=names,
        images=names,
        true=true,
        found=true + luck.normal(0, off, 80),
        unit="bar",
    )


def test_errors_of_numbers_are_mean_absolute_and_root_mean_square():
    answers = numbers(1, 0.5)
    scores = score(answers, resamples=200)
    off = answers.found - answers.true
    assert scores.metrics["mae"] == pytest.approx(np.abs(off).mean())
    assert scores.metrics["rmse"] == pytest.approx(np.sqrt((off**2).mean()))
    assert scores.metrics["baseline_mae"] > 2
    (check,) = judge(POLICY, answers, numbers(2, 1.5)).checks
    assert check.passed
    assert check.value > 0
    assert check.name == "mae against champion"


@pytest.mark.parametrize(
    "answers", [cells(1, noise_px=2, pictures=6), masks(1, 0.9), numbers(1, 0.5)]
)
def test_answers_survive_storage_and_parts_of_them_are_what_they_were(answers):
    again = read_answers(answers.to_bytes(), answers.task)
    assert score(again, resamples=20) == score(answers, resamples=20)
    whole = answers.take(np.ones(answers.n, np.bool_))
    assert score(whole, resamples=20) == score(answers, resamples=20)
    assert answers.take(np.array([2, 0])).samples == ("sample-2", "sample-0")
    with pytest.raises(Corrupt):
        read_answers(answers.to_bytes()[:-9], answers.task)
    with pytest.raises(Corrupt):
        read_answers(b"\x00", answers.task)
    with pytest.raises(Corrupt):
        read_answers(answers.to_bytes(), "detect" if answers.task != "detect" else "regress")


def test_a_detector_that_finds_nothing_and_a_set_without_objects():
    answers = cells(1, noise_px=2, pictures=4)
    nothing = np.zeros(0, np.int64)
    silent = {
        **vars(answers),
        "found_picture": nothing,
        "found_class": nothing,
        "found_xyxy": np.zeros((0, 4), np.float32),
        "score": np.zeros(0, np.float32),
    }
    scores = score(BoxAnswers(**silent), resamples=20)
    assert scores.metrics["map50"] == scores.metrics["recall"] == 0
    empty = silent | {
        "true_picture": nothing,
        "true_class": nothing,
        "true_xyxy": np.zeros((0, 4), np.float32),
        "crowd": np.zeros(0, np.bool_),
    }
    assert score(BoxAnswers(**empty), resamples=20).metrics["map50"] == 0
