"""CVAT's and Label Studio's files both ways: what we take and write is what their own readers see.

The files in `theirs/` are field by field as CVAT 2 and Label Studio 1.2 export what people drew; the
brush in them was packed by Label Studio's own code.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data_world import SCOPE
from tests.films import film
from tests.peers.conftest import Room, See, Seen
from tests.peers.drawings import runs
from tests.peers.test_peers import check_boxes
from visloop import data
from visloop.data import Sample
from visloop.data.formats import rle
from visloop.vision import Annotation, Box, Mask, OrientedBox, Points, Polygon, Track

pytestmark = pytest.mark.shared

NAMES = FIRST, SECOND, THIRD = tuple(f"BloodImage_0000{at}.jpg" for at in range(3))
Row = tuple[str, str, list[float]]


def row(each: Annotation) -> Row:
    """As `drawings.py` says it."""
    match each:
        case Box() | Track():
            return "box", each.label, list(each.xyxy)
        case OrientedBox():
            cx, cy, width, height = each.cxcywh
            turn = math.radians(each.angle_deg)
            cos, sin = math.cos(turn), math.sin(turn)
            sides = [(-width, -height), (width, -height), (width, height), (-width, height)]
            corners = [
                (cx + (x * cos - y * sin) / 2, cy + (x * sin + y * cos) / 2) for x, y in sides
            ]
            return "turned", each.label, [n for corner in corners for n in corner]
        case Polygon():
            (ring,) = each.rings
            return "polygon", each.label, list(ring)
        case Mask():
            return "mask", each.label, [*map(float, runs(rle.to_bitmap(each.counts, each.size_hw)))]
        case Points():
            return "points", each.label, [n for x, y, _ in each.points for n in (x, y)]
        case _:
            return "class", each.label, []


def same(held: Iterable[Annotation], seen: Iterable[Any], tolerance_px: float = 0.01) -> int:
    """How many shapes there are, once they are known to be the same ones."""
    mine = sorted(row(each) for each in held)
    theirs = sorted((kind, label, numbers) for kind, label, numbers in seen)
    assert [each[:2] for each in theirs] == [each[:2] for each in mine]
    for (kind, label, numbers), (_, _, said) in zip(mine, theirs, strict=True):
        assert said == pytest.approx(numbers, abs=tolerance_px), (kind, label)
    return len(mine)


def laid(folder: Path, shared: Path, pictures: dict[str, str], files: dict[str, str]) -> Path:
    """A folder as somebody unpacks it: real pictures, and files of `theirs/`, under these names."""
    bccd = shared / "bccd" / "JPEGImages"
    sources = [(bccd, pictures), (Path(__file__).parent / "theirs", files)]
    for source, names in sources:
        for name, file in names.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / file, folder / name)
    return folder


@pytest.fixture(scope="module")
def smears(room: Room, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of CVAT's, in the room as `smears`."""
    folder = tmp_path_factory.mktemp("theirs")
    pictures = {f"images/smears/{name}": name for name in NAMES}
    laid(folder, shared_data, pictures, {"annotations.xml": "cvat-images.xml"})
    room.add("smears", folder)
    return folder


def test_what_people_drew_in_cvat_comes_in_as_its_reader_sees_it(
    room: Room, see: See, smears: Path
) -> None:
    ours, seen = room.samples("smears"), see("drawings:of_cvat", smears)
    assert same(ours[FIRST].annotations, seen[FIRST]) == 6
    box, turned, *_ = ours[FIRST].annotations
    flags = {"occluded": True, "z_order": 2, "group_id": 4}
    assert box.attributes == flags | {"stage": "old", "damaged": True, "size": 17}
    assert turned.attributes == {"source": "semi-auto"}
    assert (ours[SECOND].annotations, ours[SECOND].labelled) == ((), True)
    chain, ellipse = ours[THIRD].annotations
    assert isinstance(chain, Points)
    assert (chain.names, chain.edges) == (("first", "last"), ((0, 1),))
    assert chain.points == ((110.5, 120.75, 2), (150, 170.25, 1))
    assert isinstance(ellipse, Polygon)
    assert (min(ellipse.rings[0][0::2]), max(ellipse.rings[0][1::2])) == (370, 260)
    assert {each.path for each in ours.values()} == {f"smears/{n}" for n in NAMES}
    assert {each.split for each in ours.values()} == {"train"}


def test_it_goes_to_label_studio_and_back_to_cvat_with_the_same_shapes(
    room: Room, see: See, smears: Path
) -> None:
    del smears
    ours = room.samples("smears")
    studio = see("drawings:of_label_studio", room.export("smears", "label-studio"))
    apart = [each for each in ours[FIRST].annotations if not isinstance(each, Points)]
    kept = [each for each in studio[FIRST] if each[0] != "points"]
    assert same(apart, kept) == 5
    spots = [each[2] for each in studio[FIRST] if each[0] == "points"]
    assert [n for spot in spots for n in spot] == pytest.approx([310.4, 300.15, 320, 305.5])
    assert studio[SECOND] == []
    cvat = see("drawings:of_cvat", room.export("smears", "cvat"))
    assert same(ours[FIRST].annotations, cvat[FIRST]) == 6


def test_a_video_of_cvat_comes_in_and_goes_out_frame_by_frame(
    room: Room, see: See, shared_data: Path, tmp_path: Path
) -> None:
    pictures = {f"images/frame_{2 * at:06d}.PNG": name for at, name in enumerate(2 * NAMES)}
    file = {"annotations.xml": "cvat-video.xml"}
    theirs = laid(tmp_path / "theirs", shared_data, pictures, file)
    room.add("film", theirs)
    ours, seen = room.samples("film"), see("drawings:of_cvat", theirs)
    assert len(ours) == 6
    frames = [ours[name].annotations for name in sorted(ours)]
    theirs_at = [seen.get(f"frame_{2 * at:06d}.png", ()) for at in range(6)]
    assert [same(*both) for both in zip(frames, theirs_at, strict=True)] == [2, 1, 2, 0, 1, 1]
    followed = [a for s in ours.values() for a in s.annotations if isinstance(a, Track)]
    assert [each.key_frame for each in followed] == [True, False, True, True, False]
    out = see("drawings:of_cvat", room.export("film", "cvat-video"))
    theirs_at = [out.get(f"frame_{at:06d}.png", ()) for at in range(6)]
    assert [same(*both) for both in zip(frames, theirs_at, strict=True)] == [2, 1, 2, 0, 1, 1]


def filmed(room: Room, name: str, folder: Path, **how: Any) -> list[Sample]:
    """A folder with a film in the room: its frames in order."""
    film(folder / "smears.mp4", 12, size=(640, 480))
    room.add(name, folder, **how)
    return sorted(room.samples(name).values(), key=lambda each: each.path)


def test_a_video_of_cvat_comes_in_with_the_film_itself(
    room: Room, see: See, shared_data: Path, tmp_path: Path
) -> None:
    theirs = laid(tmp_path / "theirs", shared_data, {}, {"annotations.xml": "cvat-video.xml"})
    assert filmed(room, "reel", theirs) == []
    (waits,) = data.quarantine_list(room.ports, SCOPE, "reel")
    assert "--frames all" in waits.fix
    ours = filmed(room, "reel", theirs, frames="all")
    assert not data.quarantine_list(room.ports, SCOPE, "reel")
    seen = see("drawings:of_cvat", theirs)
    theirs_at = [seen.get(f"frame_{2 * at:06d}.png", ()) for at in range(6)]
    held = [each.annotations for each in ours]
    assert [same(*both) for both in zip(held[::2], theirs_at, strict=True)] == [2, 1, 2, 0, 1, 1]
    assert [each.labelled for each in ours] == [True] * 11 + [False], "the task ends at frame 10"
    (between,) = held[3]  # which CVAT left out
    assert isinstance(between, Track)
    assert (between.xyxy, between.key_frame) == ((115, 200, 195, 260), False)


def test_a_video_of_label_studio_comes_in_as_it_interpolates(
    room: Room, see: See, shared_data: Path, tmp_path: Path
) -> None:
    files = {"project-14.json": "label-studio-video.json"}
    theirs = laid(tmp_path / "theirs", shared_data, {}, files)
    ours = filmed(room, "run", theirs, frames="all")
    seen = see("drawings:of_label_studio_film", theirs)
    held = [each.annotations for each in ours]
    theirs_at = [seen.get(str(at), ()) for at in range(1, 13)]
    counts = [same(*both) for both in zip(held, theirs_at, strict=True)]
    assert counts == [1, 1, 1, 2, 2, 1, 1, 2, 2, 2, 1, 1]
    cell = [each for each in held[4] if isinstance(each, Track) and each.label == "RBC"]
    assert [(each.ends, each.key_frame, each.attributes) for each in cell] == [
        (True, True, {"stage": "old"})
    ]
    few = filmed(room, "run-few", theirs, frames="every:3frames")
    (cell,) = few[1].annotations[:1]
    assert (cell.label, cell.key_frame) == ("RBC", True), "of the frames that are taken"


@pytest.fixture(scope="module")
def written(room: Room, see: See, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What their own code writes of our COCO: a set of tasks, and a CVAT folder."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "coco").symlink_to(room.export("bare", "coco"))
    see("drawings:they_write", folder)
    return folder


def test_what_people_drew_in_label_studio_comes_in_as_its_converter_reads_it(
    room: Room, see: See, shared_data: Path, tmp_path: Path
) -> None:
    files = {"project-14-at-2026-03-05.json": "label-studio.json"}
    files["label_config.xml"] = "label_config.xml"
    theirs = laid(tmp_path / "theirs", shared_data, {name: name for name in NAMES}, files)
    done = room.add("answers", theirs)
    ours = room.samples("answers")
    seen = see("drawings:of_label_studio", theirs)
    assert ours.keys() == set(NAMES)
    # the converter gives the regions of everybody, and their answers as classes
    everybody = [each for each in seen[f"8f3e9a21-{FIRST}"] if each != ["class", "old", []]]
    other = ["box", "WBC", pytest.approx([128, 315.02, 230.656, 418.77], abs=0.01)]
    everybody.remove(other)
    assert same(ours[FIRST].annotations, everybody) == 6
    box, turned, *_ = ours[FIRST].annotations
    assert box.attributes == {"stage": "old", "remark": ["torn", "on the left"]}
    assert (box.author, turned.label) == ("user:person3@lab.example", "WBC")
    mask = next(each for each in ours[FIRST].annotations if isinstance(each, Mask))
    painted = np.zeros((480, 640), bool)
    painted[100:112, 400:470] = True
    painted[104:108, 420:425] = painted[103, 401] = False
    assert (rle.to_bitmap(mask.counts, mask.size_hw) == painted).all()
    assert (ours[SECOND].annotations, ours[SECOND].labelled) == ((), True)
    (guess,) = ours[THIRD].annotations
    assert (guess.author, guess.review, guess.score) == ("model:cells-v7", "proposed", 0.83)
    said = " ".join(done.notes)
    assert "2 annotations of one task: 60 counts, not 61" in said
    assert "1 relations between regions were left out" in said
    out = see("drawings:of_cvat", room.export("answers", "cvat"))
    assert same(ours[FIRST].annotations, out[FIRST]) == 6


@pytest.mark.parametrize(("folder", "least"), [("tasks", 4886), ("cvat", 4886)])
def test_what_their_own_writers_write_of_bccd(
    room: Room, written: Path, folder: str, least: int
) -> None:
    ours = room.samples("bare")
    if folder == "tasks":
        shutil.copytree(room.export("bare", "coco") / "images", written / "tasks" / "images")
    room.add(f"by-{folder}", written / folder)
    theirs: dict[str, Sample] = room.samples(f"by-{folder}")
    objects: Seen = {
        name: {"objects": [[a.label, *a.xyxy] for a in each.annotations if isinstance(a, Box)]}
        for name, each in theirs.items()
    }
    assert check_boxes(ours, objects, 0.011) == least  # CVAT's files have two places


def test_every_box_of_bccd_through_label_studios_converter(room: Room, see: See) -> None:
    ours = room.samples("cells")
    seen = see("drawings:label_studio_makes_coco", room.export("cells", "label-studio"))
    assert check_boxes(ours, seen, 0.01) == 4886
