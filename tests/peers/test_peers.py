"""What other tools read of our exports is what we hold: every picture, every box, every class."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.conftest import Room, See, Seen
from visloop.data import Sample
from visloop.vision import ClassLabel, geometry_xyxy

pytestmark = pytest.mark.shared

BOXES = [
    ("coco", "pycocotools", 0.01),
    ("coco", "datumaro:coco", 0.01),
    ("coco", "supervision:coco", 0.01),
    # VOC counts pixels from 1 and means them inclusively: Datumaro takes the numbers as they stand,
    # supervision takes 1 off every corner; both are one pixel off on two sides
    ("voc", "datumaro:voc", 1.01),
    ("voc", "supervision:voc", 1.01),
    ("datumaro", "datumaro:datumaro", 0.01),
    ("yolo", "supervision:yolo", 0.01),
    ("yolo-darknet", "datumaro:yolo", 0.01),
    # of a file with subsets Datumaro takes only the one that is called as the file
    ("cvat", "datumaro:cvat", 0.01),
    ("huggingface", "huggingface", 0.01),
]


def boxes(sample: Sample) -> list[tuple[str, tuple[float, ...]]]:
    found = [(each.label, geometry_xyxy(each)) for each in sample.annotations]
    return sorted((label, xyxy) for label, xyxy in found if xyxy is not None)


def check_boxes(ours: dict[str, Sample], theirs: Seen, tolerance_px: float) -> int:
    assert theirs.keys() == ours.keys()
    count = 0
    for name, sample in ours.items():
        size = theirs[name].get("size")
        assert size in (None, [sample.width, sample.height]), name
        mine = boxes(sample)
        seen = sorted((each[0], tuple(each[1:5])) for each in theirs[name]["objects"])
        assert [label for label, _ in seen] == [label for label, _ in mine], name
        for (_, a), (_, b) in zip(mine, seen, strict=True):
            assert b == pytest.approx(a, abs=tolerance_px), name
        count += len(mine)
    return count


@pytest.mark.parametrize(("format_", "reader", "tolerance_px"), BOXES)
def test_every_box_of_bccd(
    room: Room, see: See, format_: str, reader: str, tolerance_px: float
) -> None:
    name = "cells"
    ours = room.samples(name)
    seen = see(reader, room.export(name, format_))
    assert len(seen) == 364
    assert check_boxes(ours, seen, tolerance_px) == 4886


CLASSES = [
    ("yolo-classify", "supervision:classes"),
    ("class-folders", "supervision:classes"),
    ("huggingface", "huggingface"),
]


@pytest.mark.parametrize(("format_", "reader"), CLASSES)
def test_every_class_of_clothing(room: Room, see: See, format_: str, reader: str) -> None:
    ours = room.samples("wear")
    seen = see(reader, room.export("wear", format_))
    assert seen.keys() == ours.keys()
    for name, sample in ours.items():
        assert seen[name]["split"] == sample.split, name
        labels = [each.label for each in sample.annotations if isinstance(each, ClassLabel)]
        assert [each[0] for each in seen[name]["objects"]] == labels, name


def test_the_peers_folder_is_the_export(room: Room, see: See, tmp_path: Path) -> None:
    """A reader that finds nothing says so: the comparison above cannot pass on an empty set."""
    empty = tmp_path / "annotations"
    empty.mkdir()
    (empty / "instances_default.json").write_text(
        '{"images": [], "annotations": [], "categories": []}'
    )
    assert see("pycocotools", tmp_path) == {}
    assert room.samples("cells")
