"""COCO in: what others write is read, and nothing goes missing without a word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from tests.unit.formats_parts import (
    SIZE,
    coco,
    entry,
    export,
    jpeg,
    read,
    sample,
    taken,
    thing,
)
from visloop.data.formats import rle
from visloop.data.formats.coco.reading import LabelsUnreadable
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, ClassEntry
from visloop.vision import (
    Box,
    Mask,
    Points,
    Polygon,
)


def test_boxes_outlines_masks_crowds_and_negatives_are_read(tmp_path: Path) -> None:
    bitmap = np.zeros((SIZE[1], SIZE[0]), np.uint8, order="F")
    bitmap[5:9, 7:20] = 1
    packed = coco_mask.encode(bitmap)
    runs = [7 * 48 + 5, *([4, 44] * 12), 4, 48 * 64 - (7 * 48 + 5 + 4 * 13 + 44 * 12)]
    document = {
        "images": [entry(1, "a.jpg"), entry(2, "none.jpg")],
        "annotations": [
            thing(1, 1, bbox=[1.5, 2, 10, 20.25], area=5),
            thing(2, 1, bbox=[1, 1, 9, 9], segmentation=[[1, 1, 10, 1, 10, 10]]),
            thing(3, 1, segmentation={"size": [48, 64], "counts": packed["counts"].decode()}),
            thing(4, 1, segmentation={"size": [48, 64], "counts": runs}) | {"iscrowd": 1},
            thing(5, 1, bbox=[0, 0, 5, 5], attributes={"occluded": True}, ignore=1, score=0.5),
        ],
    }
    folder = coco(tmp_path, document, {"a.jpg": jpeg(), "none.jpg": jpeg(9)})
    samples, refusals, notes = taken(scan([folder], AddOptions()))
    assert not refusals
    assert not notes
    assert [each.path for each in samples] == ["a.jpg", "none.jpg"]
    assert {each.split for each in samples} == {"train"}
    assert samples[1].annotations == ()
    counts = rle.from_bitmap(bitmap.astype(bool))
    assert samples[0].annotations == (
        Box(label="cat", xyxy=(1.5, 2, 11.5, 22.25)),
        Polygon(label="cat", rings=((1, 1, 10, 1, 10, 10),)),
        Mask(label="cat", size_hw=(48, 64), counts=counts),
        Mask(label="cat", size_hw=(48, 64), counts=counts, crowd=True),
        Box(label="cat", xyxy=(0, 0, 5, 5), attributes={"occluded": True}, ignore=True, score=0.5),
    )


def test_classes_keep_ids_with_gaps_and_parents(tmp_path: Path) -> None:
    document = {
        "images": [],
        "categories": [
            {"id": 90, "name": " toothbrush ", "supercategory": "indoor"},
            {"id": 1, "name": "person", "supercategory": "person"},
            {"id": 13, "name": "stop sign", "supercategory": "none"},
            {"id": 13, "name": "twin"},
        ],
    }
    seen = scan([coco(tmp_path, document, {})], AddOptions())
    assert seen.classes == (
        ClassEntry(id=1, name="person"),
        ClassEntry(id=13, name="stop sign"),
        ClassEntry(id=90, name="toothbrush", parent="indoor"),
        ClassEntry(id=91, name="twin"),
    )
    assert any("twin" in note for note in seen.notes())


def test_nothing_is_dropped_without_a_word(tmp_path: Path) -> None:
    document = {
        "images": [entry(1, "a.jpg"), entry(2, "gone.jpg"), entry(3, "../../secret.jpg")],
        "annotations": [
            thing(1, 1, bbox=[5, 5, 0, 9]),
            thing(2, 1, bbox=[500, 5, 3, 9]),
            thing(3, 1, bbox=[60, 40, 30, 30]),
            thing(4, 1),
            thing(5, 1, bbox=[1, 1, 2, 2]) | {"category_id": 77},
            thing(6, 99, bbox=[1, 1, 2, 2]),
            thing(7, 1, segmentation={"size": [48, 64], "counts": "~~"}),
            thing(8, 1, bbox=[1, 1, 2, 2], caption="hello", colour={"r": 1}),
        ],
    }
    folder = coco(tmp_path / "set", document, {"a.jpg": jpeg(), "spare.jpg": jpeg(3)})
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    samples, refusals, notes = taken(scan([folder], AddOptions()))
    assert [each.path for each in samples] == ["a.jpg"]
    assert samples[0].annotations == (
        Box(label="cat", xyxy=(60, 40, 64, 48)),
        Box(label="cat", xyxy=(1, 1, 3, 3), attributes={"caption": "hello", "colour": {"r": 1}}),
    )
    assert sorted((each.path, each.reason_code) for each in refusals) == [
        ("a.jpg", "bad_geometry"),
        ("a.jpg", "bad_geometry"),
        ("a.jpg", "outside_image"),
        ("a.jpg", "unknown_class"),
        ("a.jpg", "zero_area_box"),
        ("gone.jpg", "missing_image"),
        ("image 99", "missing_image"),
        ("secret.jpg", "outside_folder"),
    ]
    assert any("clipped" in note for note in notes)
    assert any("spare.jpg" in note and "no label file" in note for note in notes)


def test_pictures_are_found_where_others_keep_them(tmp_path: Path) -> None:
    document = json.dumps({"images": [entry(1, "a.jpg")], "annotations": [], "categories": []})
    for place, label_file in (
        ("val2017/a.jpg", "annotations/instances_val2017.json"),
        ("images/val2017/a.jpg", "annotations/instances_val2017.json"),
        ("data/a.jpg", "labels.json"),
        ("a.jpg", "annotations.json"),
        ("deep/down/a.jpg", "annotations.json"),
    ):
        root = tmp_path / place.replace("/", "_")
        for name, data in ((place, jpeg()), (label_file, document.encode())):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        for given_path in (root, root / label_file):
            samples, refusals, _ = taken(scan([given_path], AddOptions()))
            assert not refusals, place
            assert len(samples) == 1, place


def test_a_set_with_a_label_file_in_each_split(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "a.jpg").write_bytes(jpeg())
        document = {"images": [entry(1, "a.jpg")], "annotations": [thing(1, 1, bbox=[1, 1, 2, 2])]}
        document["categories"] = [{"id": 3, "name": "cat"}]
        (tmp_path / split / "_annotations.coco.json").write_text(json.dumps(document))
    samples = read(tmp_path)
    assert [(each.path, each.split) for each in samples] == [
        ("train/a.jpg", "train"),
        ("valid/a.jpg", "val"),
    ]
    assert all(len(each.annotations) == 1 for each in samples)


def test_two_sets_at_once_stay_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        first = sample("a.jpg", jpeg(), Box(label="cat", xyxy=(1, 1, 2, 2)))
        export([first, sample("what?.jpg", jpeg(5))], tmp_path / name / "cards")
    seen = scan([tmp_path / "one" / "cards", tmp_path / "two" / "cards"], AddOptions())
    samples, refusals, _ = taken(seen)
    assert not refusals
    assert [each.path for each in samples] == [
        "one/cards/a.jpg",
        "one/cards/what?.jpg",
        "two/cards/a.jpg",
        "two/cards/what?.jpg",
    ]


def test_a_path_that_two_files_claim_is_refused_for_the_second(tmp_path: Path) -> None:
    images = [entry(1, "a.jpg"), entry(2, "b.jpg", path="a.jpg"), entry(3, "a.jpg")]
    things = [thing(1, 1, bbox=[1, 1, 2, 2]), thing(2, 3, bbox=[1, 1, 2, 2])]
    pictures = {"a.jpg": jpeg(), "b.jpg": jpeg(8)}
    folder = coco(tmp_path, {"images": images, "annotations": things}, pictures)
    samples, refusals, notes = taken(scan([folder], AddOptions()))
    assert [(each.path, len(each.annotations)) for each in samples] == [("a.jpg", 2)]
    assert [each.reason_code for each in refusals] == ["name_collision"]
    assert any("2 entries name this picture" in note for note in notes)


def test_label_files_of_other_tasks_are_left_out_with_a_note(tmp_path: Path) -> None:
    folder = coco(tmp_path, {"images": [entry(1, "a.jpg")]}, {"a.jpg": jpeg()})
    for name in ("captions_train.json", "person_keypoints_train.json"):
        (folder / "annotations" / name).write_text('{"images": [], "annotations": []}')
    samples, _, notes = taken(scan([folder], AddOptions()))
    assert len(samples) == 1
    assert any("captions_train.json" in note for note in notes)


def test_a_damaged_label_file_says_where(tmp_path: Path) -> None:
    folder = coco(tmp_path, {"images": [{"id": 1, "file_name": 5}]}, {})
    with pytest.raises(LabelsUnreadable, match=r"images\[0\]\.file_name") as problem:
        scan([folder], AddOptions())
    assert problem.value.fix


def test_labels_of_a_picture_before_exif_turned_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    document = {
        "images": [entry(1, "stored.jpg"), entry(2, "upright.jpg", SIZE[::-1])],
        "annotations": [thing(1, 1, bbox=[10, 5, 20, 8]), thing(2, 2, bbox=[10, 5, 20, 8])],
    }
    pictures = {name: jpeg(exif=exif) for name in ("stored.jpg", "upright.jpg")}
    stored, upright = read(coco(tmp_path, document, pictures))
    assert stored.annotations == (Box(label="cat", xyxy=(48 - 13, 10, 48 - 5, 30)),)
    assert upright.annotations == (Box(label="cat", xyxy=(10, 5, 30, 13)),)


def test_key_points_stay_with_their_object(tmp_path: Path) -> None:
    document = {
        "images": [entry(1, "a.jpg")],
        "categories": [
            {"id": 3, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}
        ],
        "annotations": [
            thing(1, 1, bbox=[1, 1, 30, 30], keypoints=[5, 6, 2, 0, 0, 0], num_keypoints=1)
        ],
    }
    (found,) = read(coco(tmp_path / "in", document, {"a.jpg": jpeg()}))
    box, points = found.annotations
    assert isinstance(box, Box)
    assert isinstance(points, Points)
    assert (points.names, points.edges) == (("nose", "tail"), ((0, 1),))
    export([found], tmp_path / "out")
    written = json.loads((tmp_path / "out/annotations/instances_default.json").read_text())
    assert len(written["annotations"]) == 1
    assert written["annotations"][0]["keypoints"] == [5, 6, 2, 0, 0, 0]
    (again,) = read(tmp_path / "out")
    assert [type(each) for each in again.annotations] == [Box, Points]
