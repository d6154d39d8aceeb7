from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from visloop.label.agreeing import figures, matching
from visloop.vision import Box, ClassLabel, Mask, OrientedBox, Points, Polygon, runs_of

SIZE = (100, 120)


def cells(a, b) -> np.ndarray:
    names = sorted({*a, *b})
    made = np.zeros((len(a), len(names), len(names)))
    for k, (one, other) in enumerate(zip(a, b, strict=True)):
        made[k, names.index(one), names.index(other)] += 1
    return made


def box(x1, y1, x2, y2, label="cell") -> Box:
    return Box(label=label, xyxy=(x1, y1, x2, y2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=2))
def test_cohens_kappa_is_that_of_scikit_learn(pairs):
    a, b = [one for one, _ in pairs], [other for _, other in pairs]
    ours = figures.cohen(cells(a, b))
    if len({*a, *b}) == 1:
        assert ours.value is None, "everybody always said the same: chance alone explains it"
        return
    assert ours.value == pytest.approx(cohen_kappa_score(a, b))
    assert ours.low <= ours.high


def test_fleiss_kappa_of_the_published_example():
    """Fleiss 1971 as worked on Wikipedia: 10 subjects, 14 raters, 5 categories."""
    rows = """0 0 0 0 14; 0 2 6 4 2; 0 0 3 5 6; 0 3 9 2 0; 2 2 8 1 1
              7 7 0 0 0; 3 2 6 3 0; 2 5 3 2 2; 6 5 2 1 0; 0 2 2 3 7"""
    table = np.array([line.split() for line in rows.replace("\n", ";").split(";")], float)
    found = figures.fleiss(table)
    assert found.value == pytest.approx(0.210, abs=5e-4)
    assert found.low < 0.21 < found.high


def test_krippendorffs_alpha_of_the_published_examples():
    """Krippendorff 2011, B and C: two observers and two values; four observers with gaps."""
    assert alpha("0100000000", "1110010100") == pytest.approx(0.095, abs=5e-4)
    four = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    assert alpha(*four) == pytest.approx(0.743, abs=5e-4)


def alpha(*people: str) -> float | None:
    """Krippendorff's alpha of what each said of each picture; a dot is no answer."""
    units = ["".join(unit).replace(".", "") for unit in zip(*people, strict=True)]
    table = np.array([[unit.count(value) for value in "012345"] for unit in units], float)
    return figures.krippendorff(table).value


def test_the_exact_interval():
    found = figures.exact(8, 10)
    assert (found.low, found.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    assert figures.exact(10, 10).low == pytest.approx(0.025**0.1)
    assert figures.exact(0, 1).high == pytest.approx(0.975)
    assert figures.exact(0, 0) == figures.Figure()


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    generator, hits = np.random.default_rng(3), 0
    for _ in range(24):
        truth = generator.integers(0, 2, 150)
        a = np.where(generator.random(150) < 0.9, truth, 1 - truth)
        b = np.where(generator.random(150) < 0.9, truth, 1 - truth)
        found = figures.cohen(cells(a.tolist(), b.tolist()))
        hits += found.low <= 2 * (0.82 - 0.5) <= found.high  # both right or both wrong: .82
    assert hits >= 20


def test_objects_are_matched_so_that_the_whole_fits_best():
    mine = [box(0, 0, 10, 10), box(0, 4, 10, 14)]
    theirs = [box(0, 3, 10, 13), box(0, 7, 10, 17)]
    found = matching.match(mine, theirs, SIZE)
    assert [(i, j) for i, j, _ in found.pairs] == [(0, 0), (1, 1)], "the greedy one leaves one out"
    assert found.pairs[0][2] == pytest.approx(7 / 13)
    assert matching.f1(mine, theirs, found) == 1.0


def test_of_two_on_one_place_the_class_decides_and_what_one_drew_is_told():
    mine = [box(0, 0, 9, 9, "a"), box(0, 0, 9, 9, "b"), box(50, 50, 60, 60)]
    theirs = [box(0, 0, 9, 9, "b"), box(0, 0, 9, 9, "a")]
    found = matching.match(mine, theirs, SIZE)
    assert [(i, j) for i, j, _ in found.pairs] == [(0, 1), (1, 0)]
    assert (found.only_first, found.only_second) == ((2,), ())
    assert matching.f1(mine, theirs, found) == pytest.approx(4 / 5)
    assert matching.f1([], [], matching.match([], [], SIZE)) == 1.0


@pytest.mark.parametrize(
    "shape",
    [
        Polygon(label="cell", rings=((20, 20, 60, 20, 60, 50, 20, 50),)),
        OrientedBox(label="cell", cxcywh=(40, 35, 30, 40), angle_deg=90),
        Points(label="cell", points=((20, 20, 2), (60, 50, 1), (0, 0, 0))),
        Mask(
            label="cell",
            size_hw=SIZE,
            counts=runs_of(np.pad(np.ones((30, 40), bool), ((20, 50), (20, 60)))),
        ),
    ],
)
def test_every_shape_meets_the_box_around_it(shape):
    found = matching.match([shape], [box(20, 20, 60, 50)], SIZE)
    assert len(found.pairs) == 1
    assert found.pairs[0][2] > 0.93


def test_merged_boxes_lie_between_and_what_half_drew_stays():
    answers = {
        "ana": [box(10, 10, 30, 30), box(60, 60, 80, 80)],
        "ben": [box(12, 10, 32, 30)],
        "cleo": [box(11, 10, 31, 33, "blob"), box(100, 0, 110, 9)],
    }
    (kept,) = matching.merged(answers, SIZE)
    assert (kept.label, kept.xyxy) == ("cell", (11, 10, 31, 31))
    two = {name: answers[name] for name in ("ana", "ben")}
    assert len(matching.merged(two, SIZE)) == 2, "of two people one is half"
    assert matching.score(two, SIZE) == pytest.approx(2 / 3)


def test_classes_that_most_say():
    said = {name: [ClassLabel(label=label)] for name, label in zip("abc", "xxy", strict=True)}
    assert matching.score(said, SIZE) == pytest.approx(2 / 3)
    assert [each.label for each in matching.merged(said, SIZE)] == ["x"]


def test_of_other_shapes_the_one_that_fits_the_others_best_is_taken():
    ring = {
        name: Polygon(label="cell", author=name, rings=((x, 10, x + 40, 10, x + 40, 50, x, 50),))
        for name, x in (("ana", 10), ("ben", 14), ("cleo", 20))
    }
    (kept,) = matching.merged({name: [each] for name, each in ring.items()}, SIZE)
    assert kept.author == "ben"
