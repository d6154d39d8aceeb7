"""Drift on the line: each kind does what it says, in its shape, and nothing else."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop.demo import KINDS, Conditions, Drift, Line
from visloop.errors import UsageError

PIXELS = ("lamp", "defocus", "dirt", "camera", "finish", "novel")


def _frames(drifts=(), count=12, **options):
    line = Line(21, **options)
    return [line.frame(i, drifts) for i in range(count)]


def _sharpness(image):
    grey = image.mean(axis=2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


@given(
    severity=st.floats(0, 1),
    start=st.integers(0, 50),
    length=st.integers(1, 50),
    index=st.integers(0, 200),
    shape=st.sampled_from(["sudden", "gradual", "recurring"]),
)
def test_severity_stays_in_range_and_is_nothing_before_the_start(
    severity, start, length, index, shape
):
    drift = Drift("lamp", severity, start, shape, length)
    assert 0 <= drift.at(index) <= severity
    if index < start:
        assert drift.at(index) == 0
    elif shape == "sudden" or (shape == "gradual" and index >= start + length):
        assert drift.at(index) == severity


def test_recurring_drift_comes_back():
    drift = Drift("lamp", 1.0, 10, "recurring", 40)
    assert drift.at(30) == pytest.approx(1)
    assert drift.at(50) == pytest.approx(0, abs=1e-9)
    assert drift.at(70) == pytest.approx(1)


def test_drifts_of_one_kind_combine_as_independent_causes():
    both = Conditions.at(0, [Drift("dirt", 0.5), Drift("dirt", 0.5), Drift("lamp", 0.2)])
    assert both.dirt == pytest.approx(0.75)
    assert both.lamp == pytest.approx(0.2)
    assert both.camera == 0


@pytest.mark.parametrize("kind", KINDS)
def test_before_its_start_a_drift_changes_nothing(kind):
    clean = _frames(count=3)
    waiting = _frames([Drift(kind, start=3)], count=3)
    for a, b in zip(clean, waiting, strict=True):
        assert np.array_equal(a.image, b.image)
        assert a.annotations == b.annotations


@pytest.mark.parametrize("kind", PIXELS)
def test_drifts_of_the_picture_change_every_picture(kind):
    pairs = zip(_frames(), _frames([Drift(kind)]), strict=True)
    assert all(np.abs(a.image.astype(int) - b.image).mean() > 1 for a, b in pairs)


@pytest.mark.parametrize("kind", ["lamp", "defocus", "dirt", "finish"])
def test_drifts_of_looks_leave_truth_alone(kind):
    for clean, drifted in zip(_frames(), _frames([Drift(kind)]), strict=True):
        assert clean.label == drifted.label
        assert [p.xyxy for p in clean.parts] == [p.xyxy for p in drifted.parts]


def test_an_old_lamp_is_darker_warmer_and_noisier_and_exif_tells():
    clean, old = _frames(), _frames([Drift("lamp")])
    mean = [np.mean([f.image.mean(axis=(0, 1)) for f in frames], axis=0) for frames in (clean, old)]
    assert mean[1].mean() < 0.6 * mean[0].mean()
    assert mean[1][0] / mean[1][2] > 1.5 * mean[0][0] / mean[0][2]

    def noise(frames):
        """Pixel against its neighbours along the belt, relative to brightness, on bare belt."""
        patches = [f.image[25:45, 5:60, 1].astype(float) for f in frames]
        return np.mean([np.abs(np.diff(p, 2, axis=1)).mean() / (p.mean() + 1) for p in patches])

    assert noise(old) > 2 * noise(clean)
    assert old[0].camera.iso > clean[0].camera.iso
    assert old[0].camera.exposure_s > clean[0].camera.exposure_s


def test_each_drift_grows_with_its_severity():
    for kind in ("lamp", "defocus", "dirt"):
        clean = np.array([f.image for f in _frames(count=6)], float)
        changes = [
            np.abs(np.array([f.image for f in _frames([Drift(kind, s)], count=6)]) - clean).mean()
            for s in (0.25, 0.5, 1.0)
        ]
        assert changes == sorted(changes)


def test_defocus_blurs():
    blurred = [_sharpness(f.image) for f in _frames([Drift("defocus")])]
    clean = [_sharpness(f.image) for f in _frames()]
    assert all(b < 0.5 * c for b, c in zip(blurred, clean, strict=True))


def test_dirt_stays_at_its_place_on_the_lens():
    clean, dirty = _frames(count=2), _frames([Drift("dirt")], 2)
    losses = [
        a.image.mean(axis=2) - b.image.mean(axis=2) for a, b in zip(clean, dirty, strict=True)
    ]
    belt = ~(clean[0].parts[0].solid | clean[1].parts[0].solid)
    belt[:25] = belt[-25:] = False
    assert np.corrcoef(losses[0][belt], losses[1][belt])[0, 1] > 0.5


def test_a_knocked_camera_moves_the_truth_with_the_picture():
    for clean, moved in zip(_frames(), _frames([Drift("camera")]), strict=True):
        assert clean.label == moved.label
        part = moved.parts[0]
        grey = moved.image.mean(axis=2)
        assert part.xyxy != clean.parts[0].xyxy
        assert grey[part.solid].mean() > 1.4 * np.median(grey)


def test_a_new_supplier_changes_the_finish_of_a_share_of_the_parts():
    half = Counter(f.parts[0].finish for f in _frames([Drift("finish", 0.5, choice="brass")], 60))
    assert set(half) == {"steel", "brass"}
    assert 15 <= half["brass"] <= 45
    brass = _frames([Drift("finish", choice="brass")], 6)
    for clean, other in zip(_frames(count=6), brass, strict=True):
        where = clean.parts[0].solid
        red, _, blue = other.image[where].mean(axis=0)
        assert red > 1.3 * blue


def test_strangers_are_labelled_as_what_they_are():
    labels = Counter(f.label for f in _frames([Drift("novel", 0.3, choice="pin")], 80))
    assert 10 <= labels["pin"] <= 40
    assert "pin" not in Line(21).labels


def test_changed_definitions_change_labels_and_not_pictures():
    clean, redefined = _frames(count=80), _frames([Drift("definition")], 80)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(clean, redefined, strict=True))
    moved = {
        (a.label, b.label) for a, b in zip(clean, redefined, strict=True) if a.label != b.label
    }
    assert moved == {("washer", "bearing")}
    found = [sum(f.parts[0].defect != "none" for f in frames) for frames in (clean, redefined)]
    assert found[1] > found[0]


def test_changed_definitions_make_more_parts_defective():
    share = [
        sum(f.label == "defective" for f in _frames(drifts, 120, question="quality"))
        for drifts in ([], [Drift("definition")])
    ]
    assert share[1] > share[0]


def test_a_changed_mix_favours_one_class():
    labels = Counter(f.label for f in _frames([Drift("mix", choice="gear")], 60))
    assert labels["gear"] > 40


@pytest.mark.parametrize(
    ("text", "drift"),
    [
        ("lamp", Drift("lamp")),
        ("lamp:0.6", Drift("lamp", 0.6)),
        (
            "dirt:severity=0.5,start=20,shape=gradual,length=9",
            Drift("dirt", 0.5, 20, "gradual", 9),
        ),
        ("novel:0.2,choice=pin", Drift("novel", 0.2, choice="pin")),
    ],
)
def test_a_drift_can_be_written_as_text(text, drift):
    assert Drift.parse(text) == drift


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lmap", "lamp"),
        ("lamp:2", "0 … 1"),
        ("lamp:much", "severity=0.6"),
        ("lamp:shape=suddn", "sudden"),
        ("lamp:strength=1", "severity"),
        ("novel:choice=bolt", "bracket"),
        ("lamp:length=0", "length 1"),
    ],
)
def test_a_drift_that_cannot_be_says_why(text, says):
    with pytest.raises(UsageError) as error:
        Drift.parse(text)
    assert says in error.value.fix
