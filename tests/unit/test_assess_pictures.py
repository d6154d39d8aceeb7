"""Pictures that are in two splits, and labels that are doubted: found, and not where there is nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from visloop import infer
from visloop.demo import Line
from visloop.evaluate.assess.pictures import doubts as d
from visloop.evaluate.assess.pictures import twins as t
from visloop.vision import ShapeError, likeness, mirrored, sketch, thumbprint

COUNT = 24


@pytest.fixture(scope="module")
def frames():
    """Pictures of one fixed camera: everything but the part on the belt is the same."""
    return [Line(seed=7).frame(number * 7).image for number in range(COUNT)]


def resized(rgb):
    return np.array(Image.fromarray(rgb).resize((200, 150)))


def brighter(rgb):
    return np.clip(rgb.astype(np.float32) * 1.15 + 5, 0, 255).astype(np.uint8)


def cropped(rgb):
    return rgb[20:-12, 24:-14].copy()


def turned(rgb):
    return np.array(Image.fromarray(rgb).rotate(4))


CHANGES = {"resized": resized, "brighter": brighter, "cropped": cropped, "turned": turned}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_shot_is_told_from_others_of_the_same_camera(frames, change):
    known = [sketch(frame) for frame in frames]
    for number, frame in enumerate(frames):
        copy = sketch(CHANGES[change](frame))
        assert likeness(copy, known[number]) > t.SAME_SHOT
        assert likeness(copy, known[number - 1]) < t.SAME_SHOT


def test_a_mirror_image_is_the_same_shot_only_in_a_mirror(frames):
    flipped = frames[0][:, ::-1].copy()
    assert likeness(sketch(flipped), sketch(frames[0])) < t.SAME_SHOT
    assert likeness(sketch(flipped, mirror=True), sketch(frames[0])) > t.SAME_SHOT
    assert mirrored(thumbprint(frames[0])[None])[0] == pytest.approx(thumbprint(flipped), abs=0.01)


def test_flat_and_tiny_pictures_are_like_nothing():
    flat = np.full((40, 60, 3), 200, np.uint8)
    dot = np.zeros((1, 1, 3), np.uint8)
    assert likeness(sketch(flat), sketch(flat)) == 0
    assert likeness(sketch(dot), sketch(flat)) == 0
    assert np.isfinite(thumbprint(flat)).all()
    with pytest.raises(ShapeError):
        thumbprint(flat[..., 0])


def look_of(pictures, splits, groups=None, images=None):
    prints = np.stack([thumbprint(each) for each in pictures])
    names = images or [f"file {place}" for place in range(len(pictures))]
    pixels = [str(hash(each.tobytes())) for each in pictures]
    nobody = groups or [""] * len(pictures)
    network = infer.backbone()
    predictor = infer.Predictor.load(network.onnx, network.contract)
    batch = np.stack([infer.to_tensor(each, network.contract) for each in pictures])
    vectors = predictor.run(batch).embedding
    assert vectors is not None
    return t.Look(splits, names, pixels, nobody, prints, vectors)


def found_in(pictures, look, *, mirror=True):
    seen = cache(lambda place, way: sketch(pictures[place], mirror=way))
    return t.twins(look, seen, mirror=mirror, track=list)


def test_planted_twins_are_found_each_by_its_plainest_way_and_nothing_else(frames):
    planted = [
        frames[0],
        frames[1],
        resized(frames[2]),
        cropped(frames[3]),
        frames[9][:, ::-1].copy(),
    ]
    pictures = [*frames[:12], *planted, *frames[12:]]
    splits = ["train"] * 12 + ["test"] * (5 + 12)
    images = [f"file {place}" for place in range(len(pictures))]
    images[12] = images[0]
    found = found_in(pictures, look_of(pictures, splits, images=images))
    pairs = {(each.first, each.second): each.how for each in found}
    assert pairs == {
        (0, 12): "bytes",
        (1, 13): "pixels",
        (2, 14): "near",
        (3, 15): "near",
        (9, 16): "mirrored",
    }
    plain = found_in(pictures, look_of(pictures, splits), mirror=False)
    assert (9, 16) not in {(each.first, each.second) for each in plain}
    alone = found_in(pictures, look_of(pictures, ["train"] * len(pictures)))
    assert alone == []


def test_a_group_that_lies_in_two_splits_is_told_picture_by_picture(frames):
    groups = ["video 1", "video 1", "video 2", "video 1", ""]
    splits = ["train", "train", "train", "test", "test"]
    found = found_in(frames[:5], look_of(frames[:5], splits, groups))
    assert {(each.first, each.second, each.how) for each in found} == {
        (0, 3, "group"),
        (1, 3, "group"),
    }


def answers(rng, count=600, classes=5, sharp=4.0):
    truth = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes)) + sharp * np.eye(classes)[truth]
    raised = np.exp(logits)
    return truth.astype(np.int64), raised / raised.sum(axis=1, keepdims=True)


def test_planted_flips_are_doubted_with_the_right_class_and_true_labels_are_not():
    rng = np.random.default_rng(0)
    truth, shares = answers(rng)
    assert d.doubts(shares, truth).suspect.mean() < 0.02
    given = d.planted(truth, 5, 0.1, rng)
    wrong = given != truth
    assert wrong.sum() == 60
    found = d.doubts(shares, given)
    assert found.suspect[wrong].mean() > 0.75
    assert wrong[found.suspect].mean() > 0.85
    assert (found.suggested[wrong & found.suspect] == truth[wrong & found.suspect]).mean() > 0.95
    assert found.belief[wrong].mean() < found.belief[~wrong].mean()


def test_a_class_that_nobody_gave_is_never_suggested_as_confident():
    truth, shares = answers(np.random.default_rng(1), classes=3)
    given = np.where(truth == 2, 0, truth).astype(np.int64)
    assert not d.doubts(shares, given).suspect[truth == 2].any()


def test_flips_spare_classes_that_would_vanish():
    labels = np.array([0] * 20 + [1, 1], np.int64)
    given = d.planted(labels, 2, 0.5, np.random.default_rng(0))
    assert (given[-2:] == 1).all()
    assert (given != labels).sum() == 11
