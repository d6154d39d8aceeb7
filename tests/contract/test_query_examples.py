"""Forty questions over real pictures, each held against plain Python over the samples."""

from __future__ import annotations

import pytest

from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.ids import Ref


@pytest.fixture(scope="module")
def world(shared_data, tmp_path_factory):
    ports = make_ports(tmp_path_factory.mktemp("real"))
    for name, folder in {"cells": "bccd", "shots": "exif", "clothes": "clothing/test"}.items():
        data.add(ports, SCOPE, name, [shared_data / folder])
    samples = {
        name: list(data.open(ports, Ref.parse(f"{name}@work")).samples())
        for name in ("cells", "shots", "clothes")
    }
    yield ports, samples
    close(ports)


def has(x, label, at_least=1):
    return sum(each.label == label for each in x.annotations) >= at_least


def meta(x, key, least=float("-inf"), most=float("inf")):
    return least <= x.metadata.get(key, float("nan")) <= most


def width(each):
    return each.xyxy[2] - each.xyxy[0]


def height(each):
    return each.xyxy[3] - each.xyxy[1]


EXAMPLES = [
    ("cells", "", 364, lambda x: x.path != ""),
    ("cells", "annotations.objects > 0", 364, lambda x: bool(x.annotations)),
    ("cells", 'annotations.label = "WBC"', 358, lambda x: has(x, "WBC")),
    ("cells", 'not annotations.label = "WBC"', 6, lambda x: not has(x, "WBC")),
    ("cells", "annotations.label in (WBC, Platelets)", 361, lambda x: has(x, "WBC") or has(x, "Platelets")),
    ("cells", "box(label = WBC) >= 2", 14, lambda x: has(x, "WBC", 2)),
    ("cells", "box(label = Platelets) >= 3", 36, lambda x: has(x, "Platelets", 3)),
    ("cells", "box(label = Platelets) = 0", 163, lambda x: not has(x, "Platelets")),
    ("cells", "annotations.boxes > 20", 14, lambda x: len(x.annotations) > 20),
    ("cells", "annotations.count <= 3", 13, lambda x: len(x.annotations) <= 3),
    ("cells", "box(label = WBC and width >= 150)", 296,
     lambda x: any(a.label == "WBC" and width(a) >= 150 for a in x.annotations)),
    ("cells", "annotations.label = Platelets and annotations.width >= 150", 158,
     lambda x: has(x, "Platelets") and any(width(a) >= 150 for a in x.annotations)),
    ("cells", "box(label = Platelets and width >= 150)", 1,
     lambda x: any(a.label == "Platelets" and width(a) >= 150 for a in x.annotations)),
    ("cells", "box(area > 40000 and not label = RBC)", 160,
     lambda x: any(a.label != "RBC" and width(a) * height(a) > 40000 for a in x.annotations)),
    ("cells", "box(x1 = 1 or y1 = 1) and split = test", 4,
     lambda x: x.split == "test" and any(a.xyxy[0] == 1 or a.xyxy[1] == 1 for a in x.annotations)),
    ("cells", "split = test", 72, lambda x: x.split == "test"),
    ("cells", "split in (train, val) and annotations.label = WBC", 290,
     lambda x: x.split in ("train", "val") and has(x, "WBC")),
    ("cells", "not split = train", 159, lambda x: x.split != "train"),
    ("cells", 'path like "%_0000%"', 10, lambda x: "_0000" in x.path),
    ("cells", 'name = "BloodImage_00133.jpg"', 1, lambda x: x.path == "BloodImage_00133.jpg"),
    ("cells", "platelets and split = val", 45, lambda x: has(x, "Platelets") and x.split == "val"),
    ("cells", '"image_0041"', 1, lambda x: "Image_0041" in x.path),
    ("cells", "labelled and not negative", 364, lambda x: x.labelled and bool(x.annotations)),
    ("cells", "width >= 640 and height < 480", 0, lambda x: x.path == ""),
    ("cells", "box(attributes.truncated)", 339,
     lambda x: any(a.attributes.get("truncated") is True for a in x.annotations)),
    ("shots", "exif.iso > 80", 2, lambda x: meta(x, "exif.iso", 81)),
    ("shots", "exif.iso >= 80 and exif.iso <= 100", 2, lambda x: meta(x, "exif.iso", 80, 100)),
    ("shots", "not exif.iso exists", 5, lambda x: "exif.iso" not in x.metadata),
    ("shots", "exif.exposure_s < 10 ms", 5, lambda x: meta(x, "exif.exposure_s", 0, 0.00999)),
    ("shots", "exif.focal_length_mm > 1 cm", 4, lambda x: meta(x, "exif.focal_length_mm", 10.0001)),
    ("shots", "exif.make = NIKON", 7, lambda x: x.metadata.get("exif.make") == "NIKON"),
    ("shots", "exif.make != NIKON", 3, lambda x: x.metadata.get("exif.make", "NIKON") != "NIKON"),
    ("shots", "exif.taken = 2008", 6, lambda x: x.metadata.get("exif.taken", "")[:4] == "2008"),
    ("shots", "exif.taken >= 2008-10-22T16:40", 4,
     lambda x: x.metadata.get("exif.taken", "") > "2008-10-22T16:40"),
    ("shots", "exif.flash = false and exif.metering = pattern", 9,
     lambda x: x.metadata.get("exif.flash") is False and x.metadata.get("exif.metering") == "pattern"),
    ("shots", "bytes > 0.1 MB", 10, lambda x: x.bytes > 100_000),
    ("shots", "aspect < 1 or orientation != 1", 2,
     lambda x: x.width < x.height or x.orientation != 1),
    ("shots", "nikon", 7, lambda x: "nikon" in f"{x.path} {x.source} {x.metadata}".lower()),
    ("clothes", "class(label = shoes)", 20, lambda x: has(x, "shoes")),
    ("clothes", "annotations.objects > 0", 0, lambda x: x.path == ""),
    ("clothes", 'folder = "t-shirt" or folder = dress', 40,
     lambda x: x.path.split("/")[0] in ("t-shirt", "dress")),
    ("clothes", 'annotations.label like "s%" and height >= 256', 56,
     lambda x: x.annotations[0].label[0] == "s" and x.height >= 256),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "count", "fits"),
    EXAMPLES,
    ids=[each[1] or "everything" for each in EXAMPLES],
)
def test_a_question_finds_what_python_finds(world, name, text, count, fits):
    ports, samples = world
    answer = data.query(ports, SCOPE, Ref.parse(f"{name}@work"), text, limit=1000)
    wanted = [each.path for each in samples[name] if fits(each)]
    assert [row["path"] for row in answer.rows] == wanted
    assert answer.count == count
