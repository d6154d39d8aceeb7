"""Image statistics say what changed about a picture, and only that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.vision import STATISTIC_NAMES, ShapeError, image_statistics


def _named(rgb):
    return dict(zip(STATISTIC_NAMES, image_statistics(rgb).tolist(), strict=True))


@pytest.fixture(scope="module")
def photos(shared_data):
    paths = sorted((shared_data / "clothing" / "test").rglob("*.jpg"))[::8]
    return [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]


def _change(photos, name, edit):
    """Mean change of one statistic over its spread among the pictures."""
    before = np.array([_named(photo)[name] for photo in photos])
    after = np.array([_named(edit(photo))[name] for photo in photos])
    return (after - before).mean() / before.std()


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    level=st.integers(0, 255),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_every_picture_gets_eight_finite_numbers(height, width, level, seed):
    rgb = np.random.default_rng(seed).integers(0, level + 1, (height, width, 3), dtype=np.uint8)
    statistics = image_statistics(rgb)
    assert statistics.shape == (8,)
    assert statistics.dtype == np.float32
    assert np.isfinite(statistics).all()


def test_a_plain_colour_is_flat_and_warm():
    named = _named(np.full((200, 300, 3), (255, 128, 0), np.uint8))
    assert named["contrast"] == named["direction"] == named["blockiness"] == 0
    assert named["warmth"] == pytest.approx(1)
    assert named["brightness"] == pytest.approx(0.299 + 0.587 * 128 / 255, abs=0.01)


def test_vertical_stripes_point_sideways():
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert _named(stripes)["direction"] == pytest.approx(1)
    assert _named(stripes.transpose(1, 0, 2).copy())["direction"] == pytest.approx(-1)


def test_black_and_white_count_as_clipped():
    half = np.full((128, 128, 3), 100, np.uint8)
    half[:32], half[-32:] = 0, 255
    assert _named(half)["clipped"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.shared
def test_blur_takes_sharpness_away(photos):
    assert _change(photos, "sharpness", lambda p: cv2.GaussianBlur(p, (0, 0), 1.0)) < -1


@pytest.mark.shared
def test_sensor_noise_is_seen(photos):
    rng = np.random.default_rng(0)

    def noisy(p):
        return np.clip(p + rng.normal(0, 8, p.shape), 0, 255).astype(np.uint8)

    assert _change(photos, "noise", noisy) > 0.5


@pytest.mark.shared
def test_strong_jpeg_compression_is_seen_as_blocks(photos):
    def compressed(p):
        raw = cv2.imencode(".jpg", p[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 15])[1]
        return cv2.imdecode(raw, cv2.IMREAD_COLOR)[:, :, ::-1].copy()

    assert _change(photos, "blockiness", compressed) > 2


@pytest.mark.shared
def test_light_and_colour_follow_the_lamp(photos):
    assert _change(photos, "brightness", lambda p: (p * 0.6).astype(np.uint8)) < -1
    assert _change(photos, "warmth", lambda p: (p * (1, 0.9, 0.7)).astype(np.uint8)) > 1
    assert _change(photos, "contrast", lambda p: (p // 2 + 64).astype(np.uint8)) < -1


@pytest.mark.shared
def test_light_is_the_same_at_another_resolution(photos):
    for photo in photos:
        twice, once = _named(cv2.resize(photo, None, fx=2, fy=2)), _named(photo)
        for name in ("brightness", "contrast", "warmth"):
            assert twice[name] == pytest.approx(once[name], abs=0.02)


def test_the_wrong_shape_is_named():
    with pytest.raises(ShapeError, match=r"float64 \(3, 3, 3\)"):
        image_statistics(np.zeros((3, 3, 3)))
    with pytest.raises(ShapeError):
        image_statistics(np.zeros((0, 3, 3), np.uint8))
