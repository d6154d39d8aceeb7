"""What the line writes: folders, truth, COCO, video, and a live stream."""

import builtins
import csv
import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import av
import numpy as np
import pytest
from pycocotools.coco import COCO

from visloop.demo import Drift, Line, stream, video_writer, write_images, write_video
from visloop.errors import MissingExtra, Refused, UsageError
from visloop.ids import digest_of


def test_a_folder_for_each_class_with_its_truth(tmp_path):
    manifest = write_images(Line(5), tmp_path, 12, start=7)
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.jpg"))
    with manifest.truth.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["file"] for row in rows) == files
    assert manifest.count == len(files) == 12
    for row in rows:
        assert row["file"].split("/")[0] == row["label"]
        assert digest_of((tmp_path / row["file"]).read_bytes()) == row["image"]
    assert sum(manifest.labels.values()) == 12
    assert [row.label for row in manifest.rows] == [Line(5).frame(i).label for i in range(7, 19)]


def test_written_twice_the_files_are_the_same(tmp_path):
    digests = []
    for name in ("a", "b"):
        write_images(Line(5, mode="many"), tmp_path / name, 3, layout="coco")
        raws = [p.read_bytes() for p in sorted((tmp_path / name).rglob("*")) if p.is_file()]
        digests.append([hashlib.sha256(raw).hexdigest() for raw in raws])
    assert digests[0] == digests[1]


def test_flat_pictures_say_nothing_of_their_class(tmp_path):
    write_images(Line(5), tmp_path, 3, layout="flat", drifts=[Drift("lamp")])
    names = sorted(p.name for p in tmp_path.glob("*.jpg"))
    assert names == ["line5-000000.jpg", "line5-000001.jpg", "line5-000002.jpg"]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools
def test_coco_is_read_by_its_own_tools(tmp_path, capsys):
    line = Line(5, mode="many")
    manifest = write_images(line, tmp_path, 4, layout="coco")
    coco = COCO(str(manifest.coco))
    capsys.readouterr()
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == list(line.labels)
    for number, image in coco.imgs.items():
        frame = line.frame(number - 1)
        assert (tmp_path / "images" / image["file_name"]).is_file()
        found = coco.loadAnns(coco.getAnnIds(imgIds=number))
        assert len(found) == len(frame.parts)
        for annotation, part in zip(found, frame.parts, strict=True):
            mask = coco.annToMask(annotation)
            assert np.array_equal(mask.astype(bool), part.solid)
            assert annotation["area"] == mask.sum()
            x, y, w, h = annotation["bbox"]
            assert (x, y, x + w, y + h) == part.xyxy
            assert coco.cats[annotation["category_id"]]["name"] == part.label


def test_coco_names_a_stranger_that_turned_up(tmp_path):
    drifts = [Drift("novel")]
    manifest = write_images(Line(5, mode="many"), tmp_path, 1, layout="coco", drifts=drifts)
    names = [c["name"] for c in json.loads(manifest.coco.read_bytes())["categories"]]
    assert "bracket" in names


def test_several_parts_have_no_single_class(tmp_path):
    with pytest.raises(UsageError, match="no single class"):
        write_images(Line(5, mode="many"), tmp_path, 1)


@pytest.mark.parametrize("rate_hz", [12, 25, 30])
def test_a_video_has_every_frame_at_its_time(tmp_path, rate_hz):
    line = Line(2, mode="moving", rate_hz=rate_hz)
    path = write_video(line, tmp_path / "belt.mp4", 20, start=30)
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
        assert [f.pts * f.time_base for f in frames] == [Fraction(k, rate_hz) for k in range(20)]
        shown = frames[7].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown - line.frame(37).image).mean() < 6


def test_a_video_goes_forwards_only(tmp_path):
    with video_writer()(tmp_path / "a.mp4", (320, 240), 10) as writer:
        image = Line(1).frame(0).image
        writer.add(image, 0.5)
        with pytest.raises(Refused):
            writer.add(image, 0.5)


def test_without_pyav_the_error_says_what_to_install(monkeypatch, tmp_path):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "av" or name.startswith("av."):
            raise ModuleNotFoundError(name, name=name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "visloop.adapters.video.writing", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtra) as error:
        write_video(Line(1), tmp_path / "a.mp4", 1)
    assert error.value.fix == "pip install 'visloop[video]'"


class _Clock:
    """Time that passes only when somebody sleeps, or works."""

    def __init__(self):
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


def test_a_stream_keeps_the_clock_and_skips_nothing():
    clock = _Clock()
    live = stream(Line(3), 4, clock=clock, start=10, drifts=[Drift("lamp")], sleep=clock.sleep)
    frames = [next(live) for _ in range(3)]
    clock.time += timedelta(seconds=10)  # the reader was busy
    frames += [next(live) for _ in range(3)]
    assert [f.index for f in frames] == list(range(10, 16))
    since = [(f.time - frames[0].time).total_seconds() for f in frames]
    assert since == pytest.approx([0, 0.25, 0.5, 10.5, 10.5, 10.5])
    assert frames[0].time.utcoffset() == timedelta(hours=1)
    assert np.array_equal(frames[0].image, Line(3).frame(10, [Drift("lamp")]).image)
