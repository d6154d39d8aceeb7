"""Pascal VOC in and out: the real BCCD set whole, careful XML, splits, and what VOC cannot hold."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.formats_parts import BLOBS, CLASSES, jpeg, sample, taken
from visloop.data.formats import ExportReport
from visloop.data.formats.voc.writing import export_voc
from visloop.data.formats.voc.xml import BadXml, parse_voc
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Refusal, Sample
from visloop.vision import (
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
)


def thing(name: str, corners: tuple[float, ...], more: str = "") -> str:
    tags = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
    return f"<object><name>{name}</name>{more}<bndbox>{box}</bndbox></object>"


def xml(filename: str, *things: str, size: tuple[int, int] = (64, 48)) -> str:
    width, height = size
    return (
        f"<annotation><filename>{filename}</filename><size><width>{width}</width>"
        f"<height>{height}</height></size>{''.join(things)}</annotation>"
    )


def lay(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def load(root: Path) -> tuple[dict[str, Sample], dict[str, Refusal], list[str]]:
    samples, refusals, notes = taken(scan([root], AddOptions()))
    by_path = {each.path: each for each in samples}
    assert len(by_path) == len(samples)
    return by_path, {each.path: each for each in refusals}, notes


def export(samples: list[Sample], folder: Path) -> ExportReport:
    return export_voc(samples, CLASSES, BLOBS.__getitem__, folder)


def test_pixels_count_from_one_and_corners_are_inclusive(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "JPEGImages/a.jpg": jpeg(),
            "Annotations/a.xml": xml(
                "a.jpg",
                thing("cat", (1, 1, 64, 48)),
                thing("dog", (5, 6, 7, 8), "<pose>Left</pose><difficult>1</difficult>"),
                thing("dog", (5, 6, 7, 8), "<truncated>1</truncated><pose>Unspecified</pose>"),
            ),
        },
    )
    samples, refusals, notes = load(root)
    assert not refusals
    assert not notes
    assert samples["a.jpg"].annotations == (
        Box(label="cat", xyxy=(0, 0, 64, 48)),
        Box(
            label="dog",
            xyxy=(4, 5, 7, 8),
            attributes={"difficult": True, "pose": "Left"},
            ignore=True,
        ),
        Box(label="dog", xyxy=(4, 5, 7, 8), attributes={"truncated": True}),
    )


def test_pictures_and_xml_find_each_other_or_are_named(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "JPEGImages/a.jpg": jpeg(),
            "JPEGImages/none.jpg": jpeg(1),
            "JPEGImages/free.jpg": jpeg(2),
            "JPEGImages/bad.jpg": jpeg(3),
            "JPEGImages/real name.jpg": jpeg(4),
            "Annotations/a.xml": xml("wrong.jpg", thing("cat", (1, 1, 5, 5))),
            "Annotations/none.xml": xml("none.jpg"),
            "Annotations/bad.xml": "<annotation><oops>",
            "Annotations/other.xml": xml("real name.jpg", thing("cat", (1, 1, 5, 5))),
            "Annotations/lost.xml": xml("lost.jpg", thing("cat", (1, 1, 5, 5))),
            "ImageSets/Main/train.txt": "a\nnone\nghost\n",
            "ImageSets/Main/test.txt": "none  1\nfree -1\n",
            "ImageSets/Main/cat_train.txt": "a 1\nfree 1\n",
        },
    )
    items = {
        item.path: item for item in scan([root], AddOptions()) if not isinstance(item, Refusal)
    }
    assert items["none.jpg"].annotations == ()
    assert items["free.jpg"].annotations is None
    assert items["bad.jpg"].annotations is None
    samples, refusals, notes = load(root)
    assert len(samples["a.jpg"].annotations) == 1
    assert len(samples["real name.jpg"].annotations) == 1
    assert {path: each.split for path, each in samples.items()} == {
        "a.jpg": "train",
        "bad.jpg": None,
        "free.jpg": "test",
        "none.jpg": "test",
        "real name.jpg": None,
    }
    assert {path: each.reason_code for path, each in refusals.items()} == {
        "bad.jpg": "labels_unreadable",
        "ghost": "missing_image",
        "lost.jpg": "missing_image",
    }
    assert any("free.jpg" in note and "no xml" in note for note in notes)
    assert any("two splits" in note and "none" in note for note in notes)


@pytest.mark.parametrize("path", ["../../a.jpg", "/etc/a.jpg", "x/../a.jpg", ".."])
def test_a_stated_path_that_leads_out_is_not_taken(tmp_path: Path, path: str) -> None:
    ours = f"<visloop><path>{path}</path></visloop>"
    root = lay(tmp_path, {"JPEGImages/a.jpg": jpeg(), "Annotations/a.xml": xml("a.jpg", ours)})
    assert list(load(root)[0]) == ["a.jpg"]


def test_years_of_a_devkit_stay_apart(tmp_path: Path) -> None:
    for year in ("VOC2007", "VOC2012"):
        lay(
            tmp_path / year,
            {"JPEGImages/a.jpg": jpeg(), "Annotations/a.xml": xml("a.jpg")},
        )
    assert set(load(tmp_path)[0]) == {"VOC2007/a.jpg", "VOC2012/a.jpg"}


def test_xml_beside_the_pictures(tmp_path: Path) -> None:
    root = lay(tmp_path, {"a.jpg": jpeg(), "a.xml": xml("a.jpg", thing("cat", (1, 1, 5, 5)))})
    samples, refusals, _ = load(root)
    assert not refusals
    assert len(samples["a.jpg"].annotations) == 1


def test_labels_of_a_picture_before_exif_turned_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    root = lay(
        tmp_path,
        {
            "JPEGImages/a.jpg": jpeg(exif=exif),
            "Annotations/a.xml": xml("a.jpg", thing("cat", (11, 6, 30, 13))),
        },
    )
    samples, _, notes = load(root)
    assert samples["a.jpg"].annotations == (Box(label="cat", xyxy=(48 - 13, 10, 48 - 5, 30)),)
    assert any("turned" in note for note in notes)


@pytest.mark.parametrize(
    "raw",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><annotation/>'.encode("utf-16"),
        b"<annotation>",
        b"<html/>",
        b"",
        b" " * (17 * 2**20),
        b'<?xml version="1.0" encoding="klingon"?><annotation/>',
    ],
)
def test_xml_that_is_not_trusted_is_refused(raw: bytes) -> None:
    with pytest.raises(BadXml):
        parse_voc(raw)


@given(st.binary(max_size=60), st.integers(0, 200))
def test_damaged_xml_raises_nothing_else(noise: bytes, at: int) -> None:
    raw = xml("a.jpg", thing("cat", (1, 2, 3, 4))).encode()
    with suppress(BadXml):
        parse_voc(raw[:at] + noise + raw[at:])


def test_objects_that_cannot_be_are_named(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "JPEGImages/a.jpg": jpeg(),
            "Annotations/a.xml": xml(
                "a.jpg",
                thing("cat", (5, 5, 5, 5)),
                "<object><name>cat</name></object>",
                thing("", (1, 1, 5, 5)),
                thing("cat", (float("nan"), 1, 5, 5)),
                thing("cat", (200, 100, 300, 200)),
                thing("cat", (0, 0, 100, 100)),
            ),
        },
    )
    (item,) = scan([root], AddOptions())
    assert not isinstance(item, Refusal)
    samples, refusals, notes = taken(scan([root], AddOptions()))
    assert samples[0].annotations == (Box(label="cat", xyxy=(0, 0, 64, 48)),)
    assert Counter(each.reason_code for each in refusals) == {
        "zero_area_box": 1,
        "bad_geometry": 2,
        "unknown_class": 1,
        "outside_image": 1,
    }
    assert any("clipped" in note for note in notes)


def test_what_voc_cannot_hold_is_named(tmp_path: Path) -> None:
    picture = sample(
        "deep/a.jpg",
        jpeg(),
        ClassLabel(label="cat"),
        NumberValue(label="cat", value=1),
        Box(xyxy=(1, 2, 3, 4)),
        Box(label="cat", xyxy=(1, 2, 2, 9), attributes={"wet": True}, crowd=True, score=0.5),
        Box(label="cat", xyxy=(1.4, 2.6, 9.5, 9)),
        Polygon(label="cat", rings=((1, 1, 9, 1, 9, 9),)),
        Mask(label="cat", size_hw=(48, 64), counts=(0, 96, 48 * 62)),
        OrientedBox(label="dog", cxcywh=(20, 20, 10, 4), angle_deg=90),
        Points(label="dog", points=((1, 2, 2), (5, 9, 2), (0, 0, 0))),
        Track(label="dog", track="1", xyxy=(1, 2, 9, 9)),
        metadata={"exif.iso": 3},
        split="train",
    )
    report = export([picture, sample("other/a.jpg", jpeg(7))], tmp_path / "out")
    assert {loss.kind: loss.count for loss in report.losses} == {
        "class_label": 1,
        "number": 1,
        "unlabelled": 1,
        "outline": 2,
        "oriented_box": 1,
        "points": 1,
        "track": 1,
        "crowd": 1,
        "fractions": 1,
        "thin": 1,
        "attributes": 1,
        "metadata": 1,
        "provenance": 1,
        "class_dictionary": 1,
    }
    assert (tmp_path / "out/ImageSets/Main/train.txt").read_text() == "deep__a\n"
    samples, refusals, _ = load(tmp_path / "out")
    assert set(samples) == {"deep/a.jpg", "other/a.jpg"}
    assert not refusals
    again = samples["deep/a.jpg"].annotations
    assert again[0] == ClassLabel(label="cat")
    assert [each.xyxy for each in again if isinstance(each, Box)] == [
        (1, 2, 2, 9),
        (1.4, 2.6, 9.5, 9),
        (1, 1, 9, 9),
        (0, 0, 2, 48),
        (18, 15, 22, 25),
        (1, 2, 5, 9),
        (1, 2, 9, 9),
    ]


def test_an_exported_box_lies_on_the_same_pixels(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 8
    pixels = np.full((48, 64, 3), 40, np.uint8)
    pixels[8:24, 16:48] = 250
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", exif=exif, quality=95)
    found = sample("a.jpg", out.getvalue(), Box(label="cat", xyxy=(8, 16, 24, 48)))
    assert export([found], tmp_path / "out").baked == ("a.jpg",)
    with Image.open(tmp_path / "out/JPEGImages/a.jpg") as picture:
        ys, xs = np.nonzero(np.asarray(picture.convert("L")) > 150)
    root = ET.parse(tmp_path / "out/Annotations/a.xml").getroot()
    box = [
        int(root.findtext(f"object/bndbox/{tag}") or 0) for tag in ("xmin", "ymin", "xmax", "ymax")
    ]
    assert box == [xs.min() + 1, ys.min() + 1, xs.max() + 1, ys.max() + 1]


@pytest.mark.shared
def test_bccd_whole(shared_data: Path) -> None:
    samples, refusals, notes = load(shared_data / "bccd")
    assert len(samples) == 364
    labels = Counter(each.label for found in samples.values() for each in found.annotations)
    assert labels == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    assert Counter(found.split for found in samples.values()) == {
        "train": 205,
        "val": 87,
        "test": 72,
    }
    assert {path: each.reason_code for path, each in refusals.items()} == {
        "BloodImage_00338.jpg": "zero_area_box",
        "BloodImage_00343.jpg": "zero_area_box",
    }
    assert "504 337 504 337" in refusals["BloodImage_00338.jpg"].reason
    assert "181 329 181 329" in refusals["BloodImage_00343.jpg"].reason
    assert not notes


@pytest.mark.shared
def test_bccd_out_and_in_again(shared_data: Path, tmp_path: Path) -> None:
    samples, _, _ = load(shared_data / "bccd")
    report = export(list(samples.values()), tmp_path / "out")
    assert (report.images, report.objects) == (364, 4886)
    assert {loss.kind for loss in report.losses} <= {"class_dictionary", "thin"}
    again, refusals, _ = load(tmp_path / "out")
    thin = sum(each.reason_code == "zero_area_box" for each in refusals.values())
    assert thin == sum(loss.count for loss in report.losses if loss.kind == "thin")
    assert again == samples
    for name in ("BloodImage_00000", "BloodImage_00410"):
        before = ET.parse(shared_data / f"bccd/Annotations/{name}.xml").getroot()
        after = ET.parse(tmp_path / f"out/Annotations/{name}.xml").getroot()
        for path in ("object/name", "object/bndbox/xmin", "object/bndbox/ymax", "object/truncated"):
            assert [e.text for e in before.iterfind(path)] == [e.text for e in after.iterfind(path)]
