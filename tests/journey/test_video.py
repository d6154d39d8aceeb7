"""A real film through the command line: frames in by three policies, boxes drawn on them, out again
and in again. The truth about times is what PyAV's packets say, to the millisecond."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.films import key_times_of, times_of
from visloop import app

STEP_S = 2.0


def run(root: Path, *words: str) -> Any:
    """A command's JSON answer."""
    command = [sys.executable, "-m", "visloop", *words, "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def clip(shared_data: Path) -> Path:
    (found,) = (shared_data / "video").glob("*.mp4")
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("video")
    app.create(made)
    return made


def samples(root: Path, ref: str) -> dict[str, dict[str, Any]]:
    return {each["path"]: each for each in run(root, "samples", ref, "--limit", "500")["rows"]}


def ms(seconds: Iterable[float]) -> list[int]:
    return [round(1000 * each) for each in seconds]


def shown_ms(found: dict[str, dict[str, Any]]) -> list[int]:
    """When the frames are shown, by their metadata; their names say the same."""
    told = ms(each["metadata"]["video.frame_time_s"] for each in found.values())
    named = [path.rpartition("t=")[2].removesuffix(".png") for path in found]
    assert ms(map(float, named)) == told
    return told


def first_at_each(times_s: list[float], step_s: float) -> list[float]:
    """The first frame at or after each multiple of the step."""
    last = times_s[-1]
    wanted = [number * step_s for number in range(int(last / step_s) + 1)]
    return sorted({next(each for each in times_s if each >= due) for due in wanted})


def boxes(found: dict[str, dict[str, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Of each frame: kind, class, corners, track of what was drawn."""
    return {
        path: sorted(
            (each["type"], each["label"], tuple(each["xyxy"]), each.get("track", ""))
            for each in sample.get("annotations", ())
        )
        for path, sample in found.items()
    }


def test_three_policies_take_the_frames_that_the_packets_say(root, clip) -> None:
    times_s = times_of(clip)
    assert len(times_s) > 1000
    taken = {}
    for name, policy in (("steps", f"every:{STEP_S}s"), ("keys", "key"), ("scenes", "scene:0.005")):
        done = run(root, "add", str(clip), "--to", name, "--frames", policy)
        run(root, "commit", name, "-m", policy)
        taken[name] = shown_ms(samples(root, name))
        assert (done["added"], done["quarantined"]) == (len(taken[name]), 0)
    assert taken["steps"] == ms(first_at_each(times_s, STEP_S))
    assert taken["keys"] == ms(key_times_of(clip))
    assert set(taken["scenes"]) <= set(ms(times_s))
    assert 1 < len(taken["scenes"]) < len(times_s) // 10


def draw_in_coco(folder: Path) -> dict[str, tuple[float, ...]]:
    """A box on every second frame, as a labelling tool would write it; its corners by frame."""
    file = folder / "annotations" / "instances_default.json"
    said = json.loads(file.read_text("utf-8"))
    said["categories"] = [{"id": 1, "name": "bottle"}]
    drawn = {}
    for number, image in enumerate(said["images"][::2]):
        corners = (10.25 + number, 20.5, 110.75 + number, 220.0)
        image.pop("labelled", None)
        said["annotations"].append(
            {
                "id": number + 1,
                "image_id": image["id"],
                "category_id": 1,
                "iscrowd": 0,
                "bbox": [corners[0], corners[1], 100.5, 199.5],
                "area": 100.5 * 199.5,
            }
        )
        drawn[image["file_name"]] = corners
    file.write_text(json.dumps(said), "utf-8")
    return drawn


def draw_in_cvat(folder: Path, count: int) -> None:
    """A track from the first frame to the last, drawn at both ends: CVAT fills what lies between."""
    file = folder / "annotations.xml"
    document = ET.parse(file)
    track = ET.SubElement(document.getroot(), "track", id="900", label="bottle", source="manual")
    for frame, left in ((0, 300.0), (count - 1, 300.0 + 2 * (count - 1))):
        corners = {"xtl": left, "ytl": 40.0, "xbr": left + 30, "ybr": 90.0}
        said = {key: str(value) for key, value in corners.items()}
        state = {"frame": str(frame), "keyframe": "1", "outside": "0", "occluded": "0"}
        ET.SubElement(track, "box", state | said | {"z_order": "0"})
    document.write(file, encoding="utf-8")


def test_boxes_on_frames_go_out_and_come_back_with_their_times(root, clip, tmp_path) -> None:
    truth = ms(first_at_each(times_of(clip), STEP_S))
    run(root, "add", str(clip), "--to", "clips", "--frames", f"every:{STEP_S}s")
    run(root, "commit", "clips", "-m", "frames")
    before = samples(root, "clips")
    count = len(before)

    # out to a labelling tool, and the labels back onto the frames that are there
    assert run(root, "export", "clips", str(tmp_path / "coco"))["images"] == count
    drawn = draw_in_coco(tmp_path / "coco")
    done = run(root, "add", str(tmp_path / "coco"), "--to", "clips")
    assert (done["added"], done["updated"], done["quarantined"]) == (0, len(drawn), 0)
    run(root, "commit", "clips", "-m", "boxes")
    found = samples(root, "clips")
    assert list(found) == list(before)
    assert {path: [each[2] for each in held] for path, held in boxes(found).items() if held} == {
        path: [corners] for path, corners in drawn.items()
    }
    kept = ("id", "image", "bytes", "source", "metadata", "width", "height")
    for path, sample in found.items():
        assert {key: sample[key] for key in kept} == {key: before[path][key] for key in kept}

    # the same with a track, in CVAT's form
    run(root, "export", "clips", str(tmp_path / "cvat"), "--format", "cvat-video")
    draw_in_cvat(tmp_path / "cvat", count)
    done = run(root, "add", str(tmp_path / "cvat"), "--to", "clips")
    assert (done["added"], done["updated"], done["quarantined"]) == (0, count, 0)
    run(root, "commit", "clips", "-m", "track")
    found = samples(root, "clips")
    tracks = [each for held in boxes(found).values() for each in held if each[0] == "track"]
    assert len(tracks) == count
    assert [each[2][0] for each in tracks] == [300.0 + 2 * at for at in range(count)]
    assert {path: each["image"] for path, each in found.items()} == {
        path: each["image"] for path, each in before.items()
    }

    # between versions only what was drawn differs
    first, second = (
        run(root, "diff", "clips@v1", "clips@v2"),
        run(root, "diff", "clips@v2", "clips@v3"),
    )
    assert first["objects"]["added"] == len(drawn)
    run(root, "diff", "clips@v1", "clips@v2", "--sheet", str(tmp_path / "drawn.html"))
    page = (tmp_path / "drawn.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") == first["samples"]["changed"]
    assert page.count('data-kind="added"') == len(drawn)
    assert second["objects"] == {**dict.fromkeys(second["objects"], 0), "added": count}

    # out once more, and in as a data set of its own: times and boxes are the same
    for format_ in ("coco", "cvat-video"):
        folder = tmp_path / f"out-{format_}"
        run(root, "export", "clips@v3", str(folder), "--format", format_)
        name = f"back-{format_}"
        done = run(root, "add", str(folder), "--to", name)
        assert (done["added"], done["quarantined"]) == (count, 0)
        back = samples(root, f"{name}@work")
        assert shown_ms(back) == truth
        assert boxes(back) == boxes(found)
