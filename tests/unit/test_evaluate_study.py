"""Failing slices are found where they are, seldom where there are none, and told with their doubt."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.test_evaluate_gate import answers as classified
from visloop.data import Sample
from visloop.evaluate.study import slices
from visloop.evaluate.study.facets import Facet, facets
from visloop.evaluate.study.losses import losses


def samples(n: int, rng) -> list[Sample]:
    cameras, hours = rng.integers(0, 4, n), rng.integers(0, 24, n)
    return [
        Sample(
            id=f"sample-{i}",
            path=f"{i}.jpg",
            image=f"{i:064x}",
            width=640,
            height=480,
            media="image/jpeg",
            bytes=1,
            metadata={
                "camera": f"gate-{cameras[i]}",
                "captured": f"2026-05-01T{hours[i]:02d}:10:00+00:00",
                "exif.iso": int(rng.integers(50, 3200)),
            },
        )
        for i in range(n)
    ]


def world(seed: int, n: int = 400, *, night: float = 0.1):
    """Answers wrong at a tenth, but `night` at camera 2 by night; with the facets of the samples."""
    rng = np.random.default_rng(seed)
    pictures = samples(n, rng)
    looks = rng.normal(0.5, 0.1, (n, 8))
    found = facets(pictures, looks, None, None)
    hard = np.array(
        [
            s.metadata["camera"] == "gate-2" and s.metadata["captured"] < "2026-05-01T06"
            for s in pictures
        ]
    )
    truth = rng.integers(0, 3, n)
    wrong = rng.random(n) < np.where(hard, night, 0.1)
    names = [s.id for s in pictures]
    return classified(truth, np.where(wrong, (truth + 1) % 3, truth), names=names), found


def test_facets_are_cameras_hours_bands_and_say_how_to_ask_for_them():
    _, found = world(1)
    by_name = {each.name: each for each in found}
    assert by_name["camera = gate-2"].query == 'camera = "gate-2"'
    assert "night (0 - 6 h)" in by_name
    low = next(each for each in found if each.of == "exif.iso" and "≤" in each.name)
    assert low.query.startswith("exif.iso <= ")
    assert 0.15 < low.mask.mean() < 0.25
    assert {each.of for each in found} >= {"brightness", "contrast", "camera", "time of day"}
    assert not any(each.of == "width" for each in found), "all are as wide"


def test_pictures_alike_are_a_facet_too():
    rng = np.random.default_rng(2)
    vectors = np.concatenate([rng.normal(5 * i, 1, (60, 32)) for i in range(2)])
    found = facets(samples(120, rng), np.full((120, 8), np.nan), None, vectors)
    masks = [each.mask for each in found if each.of == "look-alikes"]
    assert sorted(mask.sum() for mask in masks) == [60, 60]


def test_a_failing_slice_is_found_in_one_half_and_confirmed_by_the_other():
    answers, found = world(3, 1200, night=0.7)
    done = slices.searched(answers, losses(answers), found)
    assert done.searched > 50
    best = done.found[0]
    assert {"camera = gate-2", "night (0 - 6 h)"} == set(best.name.split(" and "))
    assert best.kind == "found"
    assert best.loss > 0.4
    assert best.rest < 0.2
    assert best.n < 60, "of the second half alone"
    told = slices.told(answers, losses(answers), found)
    assert [each.fails for each in told].count(True) >= 1
    assert told[0].p <= told[-1].p
    low, high = told[0].intervals["accuracy"]
    assert low <= told[0].metrics["accuracy"] <= high


def test_where_nothing_fails_little_is_claimed():
    claimed = [len(slices.searched(*_flat(seed)).found) > 0 for seed in range(30)]
    assert sum(claimed) <= 4, "5 % are expected, of 30"


def _flat(seed: int):
    answers, found = world(100 + seed)
    return answers, losses(answers), found


def test_shuffles_give_the_share_of_draws_that_are_as_bad():
    lost = np.r_[np.ones(5), np.zeros(15)]
    mask = np.zeros(20, np.bool_)
    mask[:4] = True
    (p,) = slices.shuffled(lost, [mask])
    assert p == pytest.approx(5 / 4845, abs=0.003), (
        "4 of 5 wrong ones among 20, as a hypergeometric"
    )
    (none,) = slices.shuffled(np.zeros(20), [mask])
    assert none == 1
    assert slices.shuffled(lost, []).shape == (0,)


def test_q_values_are_those_of_benjamini_and_hochberg():
    q = slices.adjusted(np.array([0.01, 0.04, 0.03, 0.005]))
    assert q == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert slices.adjusted(np.zeros(0)).shape == (0,)


def test_asked_slices_keep_their_order_and_may_be_empty():
    answers, _ = world(4)
    none, all_of = np.zeros(answers.n, np.bool_), np.ones(answers.n, np.bool_)
    asked = [Facet("asked", "nobody", "", none), Facet("asked", "all", "", all_of)]
    first, second = slices.told(answers, losses(answers), asked, asked=True)
    assert (first.name, first.n, first.metrics) == ("nobody", 0, {})
    assert (second.n, second.metrics["accuracy"]) == (
        400,
        pytest.approx(1 - losses(answers).mean()),
    )
    assert not first.fails
    assert not second.fails
