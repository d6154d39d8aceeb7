"""The virtual line: the same pictures for everybody, and truth that fits them to the pixel."""

import hashlib
import io
import subprocess
import sys

import numpy as np
import piexif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visloop.demo import CLASSES, Drift, Line, encode
from visloop.errors import UsageError
from visloop.vision import Box, ClassLabel, Mask, Track

_DIGESTS = """
import hashlib, sys
from visloop.demo import Drift, Line, encode
for mode in ("one", "many", "moving"):
    line = Line(11, mode=mode)
    for i in (5, 0, 3):
        for drifts in ((), (Drift("lamp"), Drift("dirt", 0.7), Drift("camera", 0.5))):
            print(mode, i, len(drifts), hashlib.sha256(encode(line.frame(i, drifts))).hexdigest())
"""


def _filled(mask: Mask) -> np.ndarray:
    """Runs back to pixels, written here a second time so that the two can disagree."""
    flat = np.repeat(np.arange(len(mask.counts)) % 2, mask.counts)
    return flat.reshape(mask.size_hw[::-1]).T.astype(bool)


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    runs = [
        subprocess.run(
            [sys.executable, "-c", _DIGESTS], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert len({line.split()[-1] for line in runs[0].splitlines()}) == 18


def test_pictures_do_not_depend_on_the_order_in_which_they_are_asked_for():
    line = Line(4)
    forwards = [line.frame(i).image for i in range(6)]
    backwards = [Line(4).frame(i).image for i in reversed(range(6))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))


def test_another_seed_is_another_line():
    assert not np.array_equal(Line(1).frame(0).image, Line(2).frame(0).image)
    assert Line(1).serial != Line(2).serial


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 50),
    index=st.integers(0, 5000),
    mode=st.sampled_from(["one", "many", "moving"]),
    knocked=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_boxes_are_tight_around_masks(seed, index, mode, knocked):
    frame = Line(seed, mode=mode).frame(index, [Drift("camera", knocked)])
    lying = [a for a in frame.annotations if not isinstance(a, ClassLabel)]
    for where, mask in zip(lying[0::2], lying[1::2], strict=True):
        assert isinstance(where, Box | Track)
        assert isinstance(mask, Mask)
        assert mask.label == where.label
        assert sum(mask.counts) == 240 * 320
        rows, columns = np.nonzero(_filled(mask))
        tight = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert where.xyxy == tight


def test_masks_lie_on_the_parts_that_were_drawn():
    """Steel is brighter than the belt: inside a mask the picture is brighter than beside it."""
    for frame in (Line(6, mode="many").frame(i) for i in range(10)):
        grey = frame.image.mean(axis=2)
        for part in frame.parts:
            assert grey[part.solid].mean() > 1.5 * np.median(grey[25:-25])


def test_one_part_a_picture_and_every_class_comes():
    line = Line(3)
    frames = [line.frame(i) for i in range(120)]
    assert {frame.label for frame in frames} == set(CLASSES) == set(line.labels)
    assert all(len(frame.parts) == 1 for frame in frames)
    defects = [frame.parts[0].defect for frame in frames]
    assert set(defects) == {"none", "scratch", "dent", "rust", "chip"}
    assert 0.6 < defects.count("none") / 120 < 0.95


def test_many_parts_do_not_overlap():
    line = Line(8, mode="many")
    for frame in (line.frame(i) for i in range(20)):
        assert 2 <= len(frame.parts) <= 6
        assert frame.label == ""
        assert sum(part.solid.astype(int) for part in frame.parts).max() == 1


def test_a_part_that_travels_keeps_its_number_and_class_and_moves_left():
    line = Line(5, mode="moving", rate_hz=10)
    seen: dict[int, list[tuple[str, float]]] = {}
    for frame in (line.frame(i, [Drift("novel", start=20)]) for i in range(60)):
        for part in frame.parts:
            seen.setdefault(part.number, []).append((part.label, part.xyxy[2]))
    assert len(seen) > 4
    for sightings in seen.values():
        assert len({label for label, _ in sightings}) == 1
        rights = [right for _, right in sightings]
        assert rights == sorted(rights, reverse=True)


def test_quality_asks_whether_a_part_is_good():
    line = Line(3, question="quality")
    frames = [line.frame(i) for i in range(60)]
    assert {frame.label for frame in frames} == {"good", "defective"} == set(line.labels)
    assert all((f.label == "good") == (f.parts[0].defect == "none") for f in frames)


def test_exif_tells_camera_exposure_and_local_time_with_its_offset():
    frame = Line(9).frame(3)
    raw = encode(frame)
    with Image.open(io.BytesIO(raw)) as picture:
        assert picture.size == (320, 240)
        assert np.abs(np.asarray(picture, float) - frame.image).mean() < 3
    tags = piexif.load(raw)
    assert tags["0th"][piexif.ImageIFD.Make] == b"Visloop"
    assert tags["0th"][piexif.ImageIFD.Model] == b"Virtual Line Camera"
    shot = tags["Exif"]
    assert shot[piexif.ExifIFD.BodySerialNumber].decode() == Line(9).serial
    assert shot[piexif.ExifIFD.ExposureTime] == (1, 1000)
    assert shot[piexif.ExifIFD.ISOSpeedRatings] == 100
    assert shot[piexif.ExifIFD.FNumber] == (40, 10)
    assert shot[piexif.ExifIFD.FocalLength] == (160, 10)
    assert shot[piexif.ExifIFD.DateTimeOriginal] == b"2026:01:05 06:00:01"
    assert shot[piexif.ExifIFD.SubSecTimeOriginal] == b"500"
    assert shot[piexif.ExifIFD.OffsetTimeOriginal] == b"+01:00"


def test_other_sizes_show_the_same_scene():
    small, large = Line(2).frame(1), Line(2, size_px=(640, 480)).frame(1)
    assert large.image.shape == (480, 640, 3)
    assert small.label == large.label
    ratio = np.array(large.parts[0].xyxy) / np.array(small.parts[0].xyxy)
    assert np.allclose(ratio, 2, rtol=0.05)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"classes": ["bolt", "washr"]}, "washer"),
        ({"classes": []}, "classes of"),
        ({"size_px": (321, 240)}, "even"),
        ({"size_px": (10, 10)}, "even"),
        ({"rate_hz": 0}, "above 0"),
    ],
)
def test_a_line_that_cannot_be_says_why(settings_, says):
    with pytest.raises(UsageError) as error:
        Line(1, **settings_)
    assert says in error.value.fix


def test_a_picture_is_named_by_its_bytes():
    raws = [encode(Line(1).frame(i)) for i in range(8)]
    assert len({hashlib.sha256(raw).digest() for raw in raws}) == 8
