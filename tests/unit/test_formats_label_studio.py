"""Label Studio's JSON in and out: per cent, turned boxes, brushes, predictions, which annotation counts."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats_any import (
    DICTIONARY,
    comes_back_equal,
    data_set,
    garbled,
    load,
    survives,
    write,
)
from tests.unit.formats_parts import jpeg, sample
from visloop.data.formats import LabelsUnreadable, rle
from visloop.data.formats.label_studio.brush import decode_brush, encode_brush
from visloop.data.formats.label_studio.urls import names_of
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Sample
from visloop.vision import Box, ClassLabel, Mask, NumberValue, OrientedBox, Points, Polygon


def region(kind: str, label: str, identity: str = "", **value: Any) -> dict[str, Any]:
    return {
        "id": identity or f"{kind}-{label}",
        "type": kind,
        "from_name": "x",
        "to_name": "image",
        "original_width": 64,
        "original_height": 48,
        "image_rotation": 0,
        "value": value | ({kind: [label]} if label else {}),
    }


def task(image: str, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"annotations": [{"id": 1, "result": list(results), "was_cancelled": False}]}
    return {"id": 1, "data": {"image": image}} | said | more


def lay(folder: Path, tasks: Any, *pictures: str) -> Path:
    for at, name in enumerate(pictures):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jpeg(at))
    (folder / "project-1.json").write_text(json.dumps(tasks))
    return folder


def bits(*parts: str) -> list[int]:
    text = "".join(parts).replace(" ", "")
    text += "0" * (-len(text) % 8)
    return [int(text[at : at + 8], 2) for at in range(0, len(text), 8)]


def test_brushes_by_hand() -> None:
    # two pixels, the second one in the mask: values of 8 bits, lengths of 3, 4, 8, 16 bits
    start = (f"{8:032b}", "00111", "0010 0011 0111 1111")
    runs = bits(*start, "1 00 011 00000000", "1 00 011 11111111")
    assert decode_brush(runs, (1, 2)).tolist() == [[False, True]]
    assert encode_brush(np.array([[False, True]])) == runs
    # the same, values one by one, and a run that crosses the pixels
    single = bits(*start, "0 00 001 00000000 00000000", "1 00 100 00000000", "0 00 000 00000001")
    assert decode_brush(single, (1, 2)).tolist() == [[False, True]]
    # as Label Studio's own converter packs 3 × 5 pixels
    theirs = [0, 0, 0, 60, 57, 27, 252, 96, 17, 255, 219, 0, 194, 127, 247, 192, 35, 255, 0]
    assert decode_brush(theirs, (3, 5)).astype(int).tolist() == [
        [0, 1, 0, 0, 0],
        [1, 1, 1, 1, 1],
        [0, 0, 0, 0, 1],
    ]


@given(st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_brushes_go_round(height: int, width: int, chance: Any) -> None:
    bitmap = np.array([[chance.random() < 0.4 for _ in range(width)] for _ in range(height)])
    assert (decode_brush(encode_brush(bitmap), (height, width)) == bitmap).all()


@pytest.mark.parametrize("packed", [[], [0, 0, 0, 8, 57], [300], ["a"], [0, 0, 0, 9] + [0] * 40])
def test_brushes_that_are_none(packed: list[Any]) -> None:
    with pytest.raises(ValueError, match="brush"):
        decode_brush(packed, (1, 2))


def test_every_kind_is_read(tmp_path: Path) -> None:
    bitmap = np.zeros((48, 64), bool)
    bitmap[5:9, 7:30] = True
    place = {"x": 25, "y": 50, "width": 12.5, "height": 25}
    everything = task(
        "/data/upload/7/0123abcd-a%20b.jpg",
        region("rectanglelabels", "cat", **place, rotation=0),
        region("rectanglelabels", "dog", **place, rotation=90),
        region("polygonlabels", "cat", points=[[0, 0], [50, 0], [50, 50]], closed=True),
        region("brushlabels", "cat", format="rle", rle=encode_brush(bitmap)),
        region("keypointlabels", "nose", x=50, y=50, width=0.2),
        region("keypointlabels", "ear", x=25, y=50, width=0.2, hidden=True),
        region("ellipselabels", "cat", x=50, y=50, radiusX=25, radiusY=25, rotation=0),
        region("rectangle", "", "bare", **place),
        region("labels", "cat", "bare"),
        {"id": "bare", "from_name": "colour", "type": "choices", "value": {"choices": ["red"]}},
        {"id": "c", "from_name": "kind", "type": "choices", "value": {"choices": ["day", "wet"]}},
        {"id": "n", "from_name": "count", "type": "number", "value": {"number": 3}},
        {"type": "relation", "from_id": "bare", "to_id": "c"},
        region("rectanglelabels", "cat", "turned", **place) | {"image_rotation": 90},
        region("rectanglelabels", "", "nameless", **place),
        region("rectanglelabels", "cat", "short", x=1, y=2),
        {"id": "t", "type": "textarea", "value": {"text": ["hello"]}},
        region("videorectangle", "cat"),
        data={"image": "/data/upload/7/0123abcd-a%20b.jpg", "line": "3a", "split": "validation"},
        file_upload="0123abcd-a b.jpg",
    )
    folder = lay(
        tmp_path,
        [everything, {"id": 2, "data": {"image": "b.jpg"}, "annotations": []}],
        "a b.jpg",
        "images/b.jpg",
    )
    samples, refused, notes = load(folder)
    a = samples["a b.jpg"]
    found = {each.id: each for each in a.annotations}
    assert found["rectanglelabels-cat"] == Box(
        id="rectanglelabels-cat", label="cat", xyxy=(16, 24, 24, 36)
    )
    turned = found["rectanglelabels-dog"]
    assert isinstance(turned, OrientedBox)
    assert (turned.cxcywh, turned.angle_deg) == ((16 - 6, 24 + 4, 8, 12), 90)
    assert found["keypointlabels-ear"] == Points(
        id="keypointlabels-ear", label="ear", points=((16, 24, 1),)
    )
    polygon = found["polygonlabels-cat"]
    assert isinstance(polygon, Polygon)
    assert polygon.rings == ((0, 0, 32, 0, 32, 24),)
    mask = found["brushlabels-cat"]
    assert isinstance(mask, Mask)
    assert (rle.to_bitmap(mask.counts, mask.size_hw) == bitmap).all()
    assert found["keypointlabels-nose"] == Points(
        id="keypointlabels-nose", label="nose", points=((32, 24, 2),)
    )
    assert found["bare"].label == "cat"
    assert found["bare"].attributes == {"colour": "red"}
    assert [each.label for each in a.annotations if isinstance(each, ClassLabel)] == ["day", "wet"]
    assert found["n"] == NumberValue(id="n", value=3)
    assert (a.split, a.metadata) == ("val", {"line": "3a"})
    assert [each.reason_code for each in refused["a b.jpg"]] == [
        "turned_picture",
        "unknown_class",
        "bad_geometry",
        "unsupported_shape",
        "unsupported_shape",
    ]
    assert refused["a b.jpg"][0].reason.startswith("task 1, result 13: ")
    assert "1 ellipses became outlines of 64 points" in notes
    assert "1 relations between regions were left out" in notes
    assert not samples["b.jpg"].labelled


def test_which_annotation_counts(tmp_path: Path) -> None:
    def said(number: int, label: str, **more: Any) -> dict[str, Any]:
        box = region("rectanglelabels", label, x=0, y=0, width=50, height=50)
        return {"id": number, "result": [box], "was_cancelled": False} | more

    guess = {"model_version": "v3", "score": 0.5, "result": said(9, "guess")["result"]}
    tasks = [
        task(
            "a.jpg",
            annotations=[said(1, "old", updated_at="2024"), said(2, "x", was_cancelled=True)],
        ),
        task(
            "b.jpg", annotations=[said(3, "b", updated_at="2025"), said(4, "a", updated_at="2024")]
        ),
        task("c.jpg", annotations=[said(5, "truth", ground_truth=True), said(6, "later")]),
        task("d.jpg", annotations=[said(7, "x", was_cancelled=True)]),
        task(
            "e.jpg",
            annotations=[said(8, "mine", completed_by={"email": "e@x"})],
            predictions=[guess],
        ),
        task("f.jpg", annotations=[], predictions=[guess]),
        task("g.jpg"),
    ]
    samples, _, notes = load(lay(tmp_path, tasks, *(f"{name}.jpg" for name in "abcdefg")))
    labels = {path[0]: [each.label for each in s.annotations] for path, s in samples.items()}
    assert labels == {
        "a": ["old"],
        "b": ["b"],
        "c": ["truth"],
        "d": [],
        "e": ["mine"],
        "f": ["guess"],
        "g": [],
    }
    assert (samples["d.jpg"].labelled, samples["g.jpg"].labelled) == (False, True)
    (proposal,) = samples["f.jpg"].annotations
    assert (proposal.author, proposal.review, proposal.score) == ("model:v3", "proposed", 0.5)
    assert samples["e.jpg"].annotations[0].author == "user:e@x"
    assert "2 annotations of one task: 3 counts, not 4" in notes
    assert "1 predictions beside its annotation were left out" in notes


def test_the_short_form(tmp_path: Path) -> None:
    box = {"x": 0, "y": 0, "width": 50, "height": 50, "rotation": 0, "rectanglelabels": ["cat"]}
    box |= {"original_width": 64, "original_height": 48}
    rows = [
        {"image": "/data/local-files/?d=set/a.jpg", "id": 1, "label": [box], "annotator": 1},
        {"image": "b.jpg", "id": 2, "choice": "wet", "annotation_id": 4},
    ]
    samples, _, _ = load(lay(tmp_path, rows, "a.jpg", "b.jpg"))
    assert samples["a.jpg"].annotations == (Box(label="cat", xyxy=(0, 0, 32, 24)),)
    assert samples["b.jpg"].annotations == (ClassLabel(label="wet"),)


def test_pictures_at_addresses_are_not_fetched(tmp_path: Path) -> None:
    tasks = [task("https://x.org/a.jpg"), task("s3://b/a.jpg"), {"id": 5, "data": {"text": "?"}}]
    outside = [task("../../etc/passwd"), task("/etc/passwd")]
    samples, refused, _ = load(lay(tmp_path, [*tasks, *outside, task("ok.jpg")], "ok.jpg"))
    assert list(samples) == ["ok.jpg"]
    codes = sorted(each.reason_code for said in refused.values() for each in said)
    assert codes == [*["missing_image"] * 2, *["not_fetched"] * 2, "outside_folder"]
    assert all(each.fix for said in refused.values() for each in said)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/data/local-files/?d=images/a%20b.jpg", "images/a b.jpg"),
        ("http://localhost:8080/data/upload/3/0123abcd-a.jpg", "a.jpg"),
        ("/data/upload/3/0123abcd-a.jpg", "3/0123abcd-a.jpg"),
        ("file:///home/x/a.jpg", "a.jpg"),
        ("sub\\a.jpg", "sub/a.jpg"),
        ("a%20b.jpg", "a b.jpg"),
        ("a%20b.jpg", "a%20b.jpg"),
    ],
)
def test_addresses_are_names(address: str, name: str) -> None:
    assert name in names_of(address)


@given(data_set())
@settings(max_examples=60, deadline=None)
def test_everything_goes_round(samples: list[Sample]) -> None:
    comes_back_equal("label-studio", samples)


def test_what_label_studio_sees(tmp_path: Path) -> None:
    first = sample(
        "b/ü 1.jpg",
        jpeg(),
        Box(id="b1", label="cat", xyxy=(16, 24, 24, 36), attributes={"wet": True}),
        Box(
            id="p1",
            label="dog",
            xyxy=(0, 0, 32, 24),
            author="model:net@v3",
            review="proposed",
            score=0.5,
        ),
        Points(id="k", label="dog", points=((16, 24, 1),)),
        split="train",
        metadata={"iso": 100},
    )
    report = write("label-studio", [first, sample("c.jpg", jpeg(3))], tmp_path / "out")
    assert {loss.kind for loss in report.losses} == {"meta", "class_dictionary"}
    one, two = json.loads((tmp_path / "out/tasks.json").read_text())
    assert unquote(one["data"]["image"]) == "/data/local-files/?d=images/b/ü 1.jpg"
    assert (one["data"]["split"], one["data"]["iso"]) == ("train", 100)
    box, point = one["annotations"][0]["result"]
    assert point["value"]["hidden"] is True
    assert box["value"] == {
        "x": 25,
        "y": 50,
        "width": 12.5,
        "height": 25,
        "rotation": 0,
        "rectanglelabels": ["cat"],
    }
    (proposal,) = one["predictions"]
    assert (proposal["model_version"], proposal["result"][0]["score"]) == ("net@v3", 0.5)
    assert two["annotations"] == [{"result": [], "was_cancelled": False}]
    view = ET.parse(tmp_path / "out/label_config.xml").getroot()
    labels = view.find("RectangleLabels")
    assert labels is not None
    assert [each.get("value") for each in labels] == [entry.name for entry in DICTIONARY.entries]
    assert (labels[0].get("background"), labels[0].get("category")) == ("#ff0000", "3")
    assert labels[1].get("hint") == "barks"
    points = view.find("KeyPointLabels")
    assert points is not None
    assert [each.get("model_index") for each in points] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "raw", [b'[{"id": 1, "data": {"image": "a.jpg"}, "annotations": [', b'["data", "annotations"]']
)
def test_a_file_that_is_none_is_an_error(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.json").write_bytes(raw)
    with pytest.raises(LabelsUnreadable, match=r"a\.json"):
        scan([tmp_path], AddOptions(format="label-studio"))


GOOD = json.dumps(
    [
        task(
            "a.jpg",
            region("rectanglelabels", "cat", x=1, y=2, width=3, height=4, rotation=5),
            region("brushlabels", "cat", format="rle", rle=encode_brush(np.ones((48, 64), bool))),
            region("polygonlabels", "cat", points=[[0, 0], [50, 0], [50, 50]]),
            {"id": "c", "from_name": "kind", "type": "choices", "value": {"choices": ["day"]}},
            predictions=[{"model_version": "v", "result": []}],
        )
    ]
).encode()


@given(garbled(GOOD))
@settings(max_examples=150, deadline=None)
def test_nothing_in_a_file_breaks_the_reader(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.json").write_bytes(raw)
        (folder / "a.jpg").write_bytes(jpeg())
        survives("label-studio", folder)
