"""Figures equal to those of pycocotools, hotcoco and scikit-learn, to 1e-6 and better, on any answers."""

from __future__ import annotations

import hotcoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from tests.unit.test_evaluate_gate import answers as classified
from tests.unit.test_evaluate_kinds import cells, referee
from visloop.evaluate import BoxAnswers, score
from visloop.evaluate import metrics as m
from visloop.evaluate.kinds.box_table import Table
from visloop.evaluate.kinds.pictures import redraws
from visloop.evaluate.study import errors

FOUND = ("found_picture", "found_class", "found_xyxy", "score")
FIGURES = ("map", "map50", "map75", "map_small", "map_medium", "map_large")


@st.composite
def detections(draw) -> BoxAnswers:
    """Few pictures, boxes on a coarse grid: equal overlaps, equal scores, crowds, nothing at all."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pictures, classes = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    side = draw(st.sampled_from([12, 60, 200]))

    def boxes(count):
        corner = rng.integers(0, 5, (count, 2)) * side / 4
        return np.concatenate([corner, corner + rng.integers(1, 5, (count, 2)) * side / 4], axis=1)

    true, found = draw(st.integers(0, 14)), draw(st.integers(0, 40))
    names = tuple(f"sample-{i}" for i in range(pictures))
    picture = np.sort(rng.integers(0, pictures, found))
    return BoxAnswers(
        classes=tuple("abc"[:classes]),
        known=classes,
        samples=names,
        paths=names,
        images=names,
        true_picture=rng.integers(0, pictures, true),
        true_class=rng.integers(0, classes, true),
        true_xyxy=boxes(true).astype(np.float32),
        crowd=rng.random(true) < draw(st.sampled_from([0, 0.3])),
        found_picture=picture,
        found_class=rng.integers(0, classes, found),
        found_xyxy=boxes(found).astype(np.float32),
        score=(rng.integers(1, draw(st.sampled_from([4, 1000])), found) / 1000).astype(np.float32),
        threshold=0.002,
    )


@settings(max_examples=60, deadline=None)
@given(detections())
def test_detectors_are_judged_as_pycocotools_judges_them(answers):
    if not len(answers.score):
        return  # pycocotools takes no empty list; ours is tested beside
    theirs = referee(answers)
    ours = score(answers)
    for name, value in zip(FIGURES, theirs.stats[:6], strict=True):
        if value >= 0 or name in ours.metrics:
            assert ours.metrics[name] == pytest.approx(max(value, 0), abs=1e-9), name
    for one in ours.per_class:
        precision = theirs.eval["precision"][:, :, answers.classes.index(one.name), 0, 2]
        assert one.ap == pytest.approx(max(0, precision.mean()), abs=1e-9)


def test_more_than_a_hundred_of_a_class_in_a_picture_do_not_count():
    rng = np.random.default_rng(1)
    many = cells(2, noise_px=4, pictures=3)
    corner = rng.uniform(0, 500, (400, 2))
    more = {
        "found_picture": np.r_[many.found_picture, np.repeat([0, 1], 200)],
        "found_class": np.r_[many.found_class, np.zeros(400, np.int64)],
        "found_xyxy": np.r_[many.found_xyxy, np.c_[corner, corner + 60].astype(np.float32)],
        "score": np.r_[many.score, rng.uniform(0.3, 1, 400).astype(np.float32)],
    }
    answers = BoxAnswers(**{**vars(many), **more})
    order = np.argsort(answers.found_picture, kind="stable")
    for key in more:
        object.__setattr__(answers, key, getattr(answers, key)[order])
    stats = referee(answers).stats
    assert score(answers).metrics["map"] == pytest.approx(stats[0], abs=1e-9)
    assert score(answers).metrics["map_medium"] == pytest.approx(stats[4], abs=1e-9)


def _hotcoco(answers: BoxAnswers) -> hotcoco.COCOeval:
    def xywh(xyxy):
        wide = xyxy.astype(np.float64)
        return np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], axis=1)

    true = xywh(answers.true_xyxy)
    truth = hotcoco.COCO.from_arrays(
        [{"id": i + 1, "width": 640, "height": 480} for i in range(answers.n)],
        [{"id": i + 1, "name": name} for i, name in enumerate(answers.classes)],
        answers.true_picture + 1,
        answers.true_class + 1,
        true,
        area=true[:, 2] * true[:, 3],
        iscrowd=answers.crowd.astype(np.int64),
    )
    found = [answers.found_picture + 1, xywh(answers.found_xyxy), answers.score.astype(np.float64)]
    rows = np.column_stack([*found, answers.found_class + 1])
    evaluator = hotcoco.COCOeval(truth, truth.load_res(rows), "bbox")
    evaluator.evaluate()
    return evaluator


def test_a_larger_set_is_judged_as_hotcoco_judges_it():
    answers = cells(11, noise_px=5, pictures=200)
    evaluator = _hotcoco(answers)
    evaluator.accumulate()
    evaluator.summarize()
    ours = score(answers).metrics
    for name, value in zip(FIGURES, evaluator.stats[:6], strict=True):
        assert ours[name] == pytest.approx(value, abs=1e-12), name


def test_the_interval_of_average_precision_is_as_wide_as_redrawing_pictures_makes_it():
    answers = cells(12, noise_px=5, pictures=60)
    low, high = score(answers).intervals["map50"]
    names = np.arange(answers.n)
    figures = []
    for times in redraws(answers.n, 150, seed=1).astype(int):
        drawn = answers.take(np.repeat(names, times))
        parts = [answers.take(np.array([i])) for i in np.repeat(names, times)]
        columns = {
            key: np.concatenate([getattr(each, key) for each in parts])
            for key in ("true_class", "true_xyxy", "crowd", "found_class", "found_xyxy", "score")
        }
        pictures = {
            key: np.repeat(names, [len(getattr(each, key)) for each in parts])
            for key in ("true_picture", "found_picture")
        }
        whole = BoxAnswers(**{**vars(drawn), **columns, **pictures})
        figures.append(score(whole).metrics["map50"])
    assert high - low == pytest.approx(2 * 1.96 * np.std(figures), rel=0.3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(5, 80))
def test_classifiers_are_judged_as_scikit_learn_judges_them(seed, classes, n):
    rng = np.random.default_rng(seed)
    names = tuple(f"c{i}" for i in range(classes))
    given_ = classified(rng.integers(0, classes, n), rng.integers(0, classes, n), names)
    raw = rng.dirichlet(np.full(classes, 0.7), n).round(rng.integers(2, 7))  # equal ones, too
    raw /= raw.sum(axis=1, keepdims=True)
    probabilities = raw.astype(np.float32)
    answers = type(given_)(**{**vars(given_), "probabilities": probabilities})
    truth, said, ours = answers.truth, answers.predicted, score(answers, resamples=20)
    labels = np.arange(classes)
    there = np.union1d(truth, said)
    found = sk.precision_recall_fscore_support(truth, said, labels=labels, zero_division=0)
    for i, one in enumerate(ours.per_class):
        assert (one.precision, one.recall, one.f1) == pytest.approx([x[i] for x in found[:3]])
        if one.ap is not None:
            wanted = sk.average_precision_score(truth == i, probabilities[:, i])
            assert one.ap == pytest.approx(wanted, abs=1e-9)
    assert ours.metrics["macro_f1"] == pytest.approx(
        sk.f1_score(truth, said, labels=there, average="macro", zero_division=0)
    )
    assert ours.metrics["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))
    one_hot = np.eye(classes)[truth]
    brier = ((probabilities.astype(np.float64) - one_hot) ** 2).sum(axis=1).mean() / 2
    assert ours.metrics["brier"] == pytest.approx(brier, abs=1e-9)
    if classes > 2:
        theirs = sk.brier_score_loss(truth, raw, labels=labels, scale_by_half=True)
        assert ours.metrics["brier"] == pytest.approx(theirs, abs=1e-6)
    if classes > 3:
        theirs = sk.top_k_accuracy_score(truth, probabilities, k=3, labels=labels)
        assert ours.metrics["top3_accuracy"] == pytest.approx(theirs)
    assert np.array(ours.confusion).tolist() == (
        sk.confusion_matrix(truth, said, labels=labels).tolist()
    )
    for name, (low, high) in ours.intervals.items():
        assert low <= high, name


def test_reliability_is_that_of_scikit_learn_where_no_confidence_comes_twice():
    rng = np.random.default_rng(3)
    claimed = rng.uniform(0, 1, 3000)
    right = rng.random(3000) < claimed**1.5
    bins, error = m.calibrated(claimed, right, bins=10)
    true, said = calibration_curve(right, claimed, n_bins=10, strategy="quantile")
    assert [b.accuracy for b in bins] == pytest.approx(true)
    assert [b.confidence for b in bins] == pytest.approx(said)
    assert error.value == pytest.approx(np.mean(np.abs(true - said)))
    assert all(b.interval[0] < b.accuracy < b.interval[1] for b in bins)


@pytest.mark.parametrize("seed", [21, 22])
def test_errors_and_what_they_cost_are_those_of_tide(seed):
    answers = cells(seed, noise_px=12, pictures=60)
    again = np.sort(np.r_[np.arange(len(answers.score)), np.arange(0, len(answers.score), 5)])
    twice = np.r_[False, again[1:] == again[:-1]]
    columns = {key: getattr(answers, key)[again] for key in FOUND}
    columns["score"] = np.where(twice, columns["score"] / 2, columns["score"])
    columns["found_xyxy"] = columns["found_xyxy"] + twice[:, None].astype(np.float32)
    columns["crowd"] = np.zeros_like(answers.crowd)
    answers = BoxAnswers(**{**vars(answers), **columns})
    theirs = _hotcoco(answers).tide_errors()
    ours = errors.wrong(Table.of(answers))
    names = {"class": "Cls", "location": "Loc", "both": "Both", "duplicate": "Dupe"}
    names |= {"background": "Bkg", "missed": "Miss"}
    for name, their in names.items():
        assert int(ours.of[name].sum()) == theirs["counts"][their], name
        assert ours.gain[name] == pytest.approx(theirs["delta_ap"][their], abs=1e-9), name
    assert all(count for count in theirs["counts"].values()), theirs["counts"]


def test_the_confusion_of_a_detector_agrees_with_its_precision_and_recall():
    answers = cells(23, noise_px=4, pictures=50)
    _, counts, row, column = errors.confusion(Table.of(answers))
    scores = score(answers)
    for i, one in enumerate(scores.per_class):
        assert counts[i].sum() == one.support
        assert counts[i, i] / max(1, counts[:, i].sum()) == pytest.approx(one.precision)
        assert counts[i, i] / max(1, counts[i].sum()) == pytest.approx(one.recall)
    assert (row >= 0).sum() + (column == len(answers.classes)).sum() == counts.sum()
    off = counts[:-1, :-1].sum() - np.trace(counts[:-1, :-1])
    assert off > 5, "some are taken for others"


def test_real_digits_are_judged_as_scikit_learn_judges_them():
    pixels, truth = load_digits(return_X_y=True)
    learnt = LogisticRegression(C=0.01, max_iter=1000).fit(pixels[:600] / 16, truth[:600])
    raw = learnt.predict_proba(pixels[600:] / 16).astype(np.float32)
    names = tuple(str(i) for i in range(10))
    given_ = classified(truth[600:], raw.argmax(axis=1), names)
    ours = score(type(given_)(**{**vars(given_), "probabilities": raw}), resamples=50)
    assert 0.7 < ours.metrics["accuracy"] < 0.98
    said = raw.argmax(axis=1)
    wanted = {
        "accuracy": sk.accuracy_score(truth[600:], said),
        "macro_f1": sk.f1_score(truth[600:], said, average="macro"),
        "macro_precision": sk.precision_score(truth[600:], said, average="macro"),
        "macro_recall": sk.recall_score(truth[600:], said, average="macro"),
        "macro_ap": sk.average_precision_score(np.eye(10)[truth[600:]], raw, average="macro"),
        "top3_accuracy": sk.top_k_accuracy_score(truth[600:], raw, k=3),
        "top5_accuracy": sk.top_k_accuracy_score(truth[600:], raw, k=5),
    }
    for name, value in wanted.items():
        assert ours.metrics[name] == pytest.approx(value, abs=1e-6), name
    loss = -np.log(raw.astype(np.float64)[np.arange(len(said)), truth[600:]]).mean()
    assert ours.metrics["log_loss"] == pytest.approx(loss, abs=1e-6)
