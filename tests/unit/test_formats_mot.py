"""MOT Challenge in and out: sequences, tracks, both ways of counting pixels, read with care."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.unit.formats_any import (
    comes_back_equal,
    data_set,
    garbled,
    load,
    survives,
    write,
)
from tests.unit.formats_parts import jpeg, sample
from visloop.data.formats import LabelsUnreadable
from visloop.data.formats.mot.lines import CLASSES
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, ClassEntry, Sample
from visloop.vision import Box, Mask, Polygon, Track

GT = (
    "1,1,3,5,10,20,1,1,0.5\n1,2,11,11,8.5,9.25,0,3,1\r\n\n2 1 4 5 10 20 1 1 1\n2;-1;1;1;6;6;1;8;1\n"
)
INFO = "[Sequence]\nname=S\nimDir=img1\nframeRate=5\nseqLength=3\nimWidth=64\nimHeight=48\nimExt=.jpg\n"


def lay(folder: Path, gt: str = GT, frames: int = 3, **files: str) -> Path:
    for at in range(1, frames + 1):
        file = folder / "img1" / f"{at:06d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(at))
    (folder / "gt").mkdir(exist_ok=True)
    (folder / "gt/gt.txt").write_text(gt)
    for name, text in files.items():
        (folder / name.replace("_", "/", 1)).with_suffix(".txt").write_text(text)
    return folder


def test_the_challenges_own_sequences_count_pixels_from_one(tmp_path: Path) -> None:
    lay(tmp_path / "train/S")
    (tmp_path / "train/S/seqinfo.ini").write_text(INFO)
    (tmp_path / "test/T/img1").mkdir(parents=True)
    (tmp_path / "test/T/img1/000001.jpg").write_bytes(jpeg(77))
    (tmp_path / "test/T/seqinfo.ini").write_text(INFO)
    (tmp_path / "test/T/det").mkdir()
    (tmp_path / "test/T/det/det.txt").write_text("1,-1,1,1,5,5,0.9\n")
    seen = scan([tmp_path], AddOptions())
    assert seen.formats == ("mot",)
    assert [each.name for each in seen.classes] == list(CLASSES)
    samples, refused, notes = load(tmp_path)
    assert not refused
    assert samples["train/S/000001.jpg"].annotations == (
        Track(label="pedestrian", track="1", xyxy=(2, 4, 12, 24), attributes={"visibility": 0.5}),
        Track(label="car", track="2", xyxy=(10, 10, 18.5, 19.25), ignore=True),
    )
    assert samples["train/S/000002.jpg"].annotations == (
        Track(label="pedestrian", track="1", xyxy=(3, 4, 13, 24)),
        Box(label="distractor", xyxy=(0, 0, 6, 6)),
    )
    looked_at = {path: (each.labelled, each.split) for path, each in samples.items()}
    assert looked_at["train/S/000003.jpg"] == (True, "train"), "nothing is on it"
    assert looked_at["test/T/000001.jpg"] == (False, "test"), "nobody says what is on it"
    assert any("no gt/gt.txt" in note and "test/T" in note for note in notes)
    assert any("det/det.txt" in note for note in notes)


def test_with_names_of_classes_beside_it_pixels_count_from_nought(tmp_path: Path) -> None:
    lay(tmp_path, "2,7,3,5,10,20,1,2,1\n", gt_labels="person\ncar\n")
    for path in (tmp_path, tmp_path / "gt/gt.txt"):
        samples, refused, _ = load(path)
        assert not refused
        found = {name: each.annotations for name, each in samples.items()}
        assert found == {
            "000001.jpg": (),
            "000002.jpg": (Track(label="car", track="7", xyxy=(3, 5, 13, 25)),),
            "000003.jpg": (),
        }
    classes = scan([tmp_path], AddOptions()).classes
    assert classes == (ClassEntry(id=0, name="person"), ClassEntry(id=1, name="car"))


def test_ten_columns_have_no_class_and_a_track_twice_is_one(tmp_path: Path) -> None:
    lay(tmp_path, "1,1,2,2,9,9,1,-1,-1,-1\n1,1,2,2,9,9,1,-1,-1,-1\n")
    samples, refused, notes = load(tmp_path)
    assert not refused
    assert samples["000001.jpg"].annotations == (
        Track(label="pedestrian", track="1", xyxy=(1, 1, 10, 10)),
    )
    assert any("without a class" in note and "pedestrian" in note for note in notes)
    assert any("there twice" in note and "line 2" in note for note in notes)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,1,2,2,9", "bad_geometry"),
        ("1,1,two,2,9,9,1,1,1", "bad_geometry"),
        ("1,1,nan,2,9,9,1,1,1", "not_finite"),
        ("1,1.5,2,2,9,9,1,1,1", "bad_geometry"),
        ("1,1,2,2,0,9,1,1,1", "zero_area_box"),
        ("1,1,2,2,9,9,1,13,1", "unknown_class"),
        ("1,1,200,200,9,9,1,1,1", "outside_image"),
        ("1,2,3,3,9,9,1,1,1", "double_track"),
        ("9,1,3,3,9,9,1,1,1", "missing_image"),
        ("x,1,3,3,9,9,1,1,1", "bad_geometry"),
    ],
)
def test_a_bad_line_is_one_object_not_taken(tmp_path: Path, line: str, code: str) -> None:
    lay(tmp_path, f"1,2,1,1,9,9,1,1,1\n{line}\n")
    samples, refused, _ = load(tmp_path, "mot")
    assert len(samples["000001.jpg"].annotations) == 1
    (told,) = [each for said in refused.values() for each in said]
    assert told.reason_code == code
    assert told.fix
    assert "line 2" in told.reason or code in {"outside_image", "missing_image"}


def test_what_cannot_be_read_at_all_is_an_error(tmp_path: Path) -> None:
    lay(tmp_path)
    (tmp_path / "gt/gt.txt").write_bytes(b"1,1,2,2,9,9,1,1,1\n" * 400 + b"\0")
    with pytest.raises(LabelsUnreadable, match="not text"):
        scan([tmp_path], AddOptions())


@given(data_set())
@settings(max_examples=60, deadline=None)
def test_everything_goes_round(samples: list[Sample]) -> None:
    comes_back_equal("mot", samples)


def film(at: int, name: str, *held: Box | Track | Polygon | Mask) -> Sample:
    when = {"image.source_video": f"{name}.mp4", "video.pts": at, "video.frame_time_s": at / 5}
    return sample(f"{name}/t={at:06d}.jpg", jpeg(at + len(name)), *held, metadata=when)


def test_what_others_see(tmp_path: Path) -> None:
    def walker(track: str, x: float, **more: bool) -> Track:
        return Track(label="cat", track=track, xyxy=(x, 1, x + 4.5, 6), **more)

    ring = Polygon(label="dog", rings=((1, 1, 9, 1, 9, 8),))
    pictures = [
        film(2, "a", walker("12", 3), walker("eva", 20, key_frame=False)),
        film(1, "a", walker("12", 2), ring),
        film(1, "b", Box(label="cat", xyxy=(0, 0, 2, 2), ignore=True)),
    ]
    report = write("mot", pictures, tmp_path / "out")
    assert (report.images, report.objects) == (3, 5)
    told = {loss.kind: loss.count for loss in report.losses}
    assert told == {"outline": 1, "track": 1, "metadata": 3, "paths": 3, "class_dictionary": 2}
    top = tmp_path / "out"
    assert (top / "a/gt/gt.txt").read_text() == (
        "1,12,2,1,4.5,5,1,4,1\n1,-1,1,1,8,7,1,10,1\n2,12,3,1,4.5,5,1,4,1\n2,13,20,1,4.5,5,1,4,1\n"
    )
    assert (top / "b/gt/gt.txt").read_text() == "1,-1,0,0,2,2,0,4,1\n"
    names = (top / "b/gt/labels.txt").read_text().splitlines()
    assert [names[at] for at in (3, 9, 90)] == ["cat", "dog", "never seen"]
    assert (top / "a/seqinfo.ini").read_text() == (
        "[Sequence]\nname=a\nimDir=img1\nframeRate=5\nseqLength=2\nimWidth=64\nimHeight=48\n"
        "imExt=.jpg\n"
    )
    assert sorted(each.name for each in (top / "a/img1").iterdir()) == ["000001.jpg", "000002.jpg"]
    (top / "visloop.jsonl").unlink()  # what is left is what others see
    samples, _, _ = load(top)
    assert samples["a/000002.jpg"].annotations == (walker("12", 3), walker("13", 20))


def test_an_edit_by_another_tool_counts_more_than_what_lies_beside(tmp_path: Path) -> None:
    track = Track(label="cat", track="eva", xyxy=(1, 1, 9, 9))
    write("mot", [film(1, "a", track), film(2, "a", track)], tmp_path / "out")
    gt = tmp_path / "out/a/gt/gt.txt"
    gt.write_text(gt.read_text().replace("2,1,1,1,", "2,1,3,3,"))
    samples, _, notes = load(tmp_path / "out")
    assert samples["a/t=000001.jpg"].annotations == (track,)
    (moved,) = samples["a/000002.jpg"].annotations
    assert isinstance(moved, Track)
    assert (moved.track, moved.xyxy) == ("1", (3, 3, 11, 11))
    assert any("other labels than the export gave" in note for note in notes)


@pytest.mark.parametrize("start", [GT.encode(), b""])
@settings(max_examples=100, deadline=None)
@given(raw=garbled(GT.encode()))
def test_nothing_in_a_file_breaks_the_reader(start: bytes, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = lay(Path(name), frames=1)
        for each in (start, raw):
            (folder / "gt/gt.txt").write_bytes(each)
            (folder / "seqinfo.ini").write_bytes(each)
            survives("mot", folder)
