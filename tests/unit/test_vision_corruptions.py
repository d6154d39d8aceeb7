"""Corruptions: as strong as the paper says, the same on pictures of any size, and nothing moves."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.errors import UsageError
from visloop.vision import CORRUPTIONS, SEVERITIES, ShapeError, corrupt

UNEVEN = {
    "elastic_transform",
    "frost",
    "fog",
}  # theirs hides more at higher severities, by other means


def _scene(height: int, width: int) -> np.ndarray:
    """A smooth coloured picture with a disk in the middle, the same at every size."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : width / height : width * 1j]
    planes = [0.5 + 0.3 * np.sin(9 * x + k) * np.cos(7 * y - k) for k in range(3)]
    scene = np.stack(planes, axis=2)
    scene[np.hypot(y - 0.5, x - width / height / 2) < 0.2] = (0.9, 0.2, 0.1)
    return (255 * scene).astype(np.uint8)


def _far(changed: np.ndarray, clean: np.ndarray) -> float:
    """Root mean square difference when both are looked at with 112 px on the shorter side."""
    size = (150, 112)
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (changed, clean)]
    return float(np.sqrt(np.mean((small[0].astype(float) - small[1]) ** 2)))


def test_the_full_set_is_fifteen_of_the_paper_and_one() -> None:
    groups = [each.group for each in CORRUPTIONS.values()]
    assert len(groups) == 16
    assert set(groups) == {"noise", "blur", "weather", "digital"}
    assert SEVERITIES == (1, 2, 3, 4, 5)
    assert [name for name, each in CORRUPTIONS.items() if each.moves] == ["elastic_transform"]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_seed_gives_the_same_picture_and_the_clean_one_stays(name: str) -> None:
    clean = _scene(120, 160)
    before = clean.copy()
    first, again = (corrupt(clean, name, 3, seed=5) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(clean, before)
    assert first.shape == clean.shape
    assert first.dtype == np.uint8
    assert not np.array_equal(first, clean)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_large_and_small_pictures_are_hurt_alike(name: str) -> None:
    small, large = _scene(200, 267), _scene(1200, 1600)
    for severity in (1, 3, 5):
        far = [_far(corrupt(clean, name, severity, seed=1), clean) for clean in (small, large)]
        assert far[0] == pytest.approx(far[1], rel=0.25, abs=2.0), severity


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - UNEVEN))
def test_higher_severity_hurts_more(name: str) -> None:
    clean = _scene(224, 299)
    far = [_far(corrupt(clean, name, severity, seed=2), clean) for severity in (1, 3, 5)]
    assert far[0] < far[1] < far[2]


@pytest.mark.parametrize("name", ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur"])
def test_what_blurs_leaves_things_where_they_are(name: str) -> None:
    scene = np.zeros((448, 448, 3), np.uint8)
    scene[174:274, 174:274] = 255
    for seed in range(3):
        light = corrupt(scene, name, 5, seed=seed)[..., 0].astype(float)
        middle = [(light.sum(axis=axis) @ np.arange(448)) / light.sum() for axis in (0, 1)]
        assert middle == pytest.approx([223.5, 223.5], abs=1.5)


def test_noise_is_as_strong_as_the_paper_says() -> None:
    grey = np.full((224, 224, 3), 128, np.uint8)
    level = 128 / 255
    assert _noise(corrupt(grey, "gaussian_noise", 1)).std() == pytest.approx(0.08, rel=0.03)
    shot = _noise(corrupt(grey, "shot_noise", 1))
    assert shot.mean() == pytest.approx(level, rel=0.01)
    assert shot.var() == pytest.approx(level / 60, rel=0.03)
    impulse = corrupt(grey, "impulse_noise", 5)
    assert (impulse == 0).mean() == pytest.approx(0.135, rel=0.05)
    assert (impulse == 255).mean() == pytest.approx(0.135, rel=0.05)


def _noise(picture: np.ndarray) -> np.ndarray:
    return picture / 255


def test_light_is_as_strong_as_stated() -> None:
    clean = np.full((50, 50, 3), (100, 50, 0), np.uint8)
    assert corrupt(clean, "darkness", 5)[0, 0].tolist() == [10, 5, 0]
    assert corrupt(clean, "brightness", 2)[0, 0].tolist() == pytest.approx([151, 76, 0], abs=1)
    assert (corrupt(np.zeros_like(clean), "brightness", 5) == 128).all()
    scene = _scene(100, 100)
    flat = corrupt(scene, "contrast", 5).std(axis=(0, 1))
    assert flat == pytest.approx(scene.std(axis=(0, 1)) * 0.05, abs=0.4)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 300),
    name=st.sampled_from(sorted(CORRUPTIONS)),
    severity=st.sampled_from(SEVERITIES),
)
def test_pictures_of_any_shape(height: int, width: int, name: str, severity: int) -> None:
    clean = np.full((height, width, 3), 90, np.uint8)
    assert corrupt(clean, name, severity).shape == clean.shape


def test_what_is_not_there_is_refused() -> None:
    clean = _scene(20, 20)
    with pytest.raises(UsageError, match="rain"):
        corrupt(clean, "rain", 1)
    with pytest.raises(UsageError, match="severity 6"):
        corrupt(clean, "fog", 6)
    with pytest.raises(ShapeError):
        corrupt(clean[..., 0], "fog", 1)
