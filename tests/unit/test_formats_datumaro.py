"""Datumaro's JSON in and out: everything goes round, what it has no word for is named."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

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
from tests.unit.formats_parts import SIZE, jpeg, sample
from visloop.data.formats import LabelsUnreadable, rle
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Sample
from visloop.vision import Box, ClassLabel, Mask, OrientedBox, Points, Polygon, Track

MASK = rle.to_string((0, 48, 48 * 63))
CATEGORIES: dict[str, Any] = {
    "label": {
        "labels": [
            {"name": "cat", "parent": "animal", "attributes": []},
            {"name": "person", "parent": ""},
        ]
    },
    "mask": {"colormap": [{"label_id": 0, "r": 255, "g": 0, "b": 16}]},
    "points": {"items": [{"label_id": 1, "labels": ["head", "foot"], "joints": [[1, 2]]}]},
}


def lay(folder: Path, items: list[dict[str, Any]], subset: str = "train") -> Path:
    pictures = folder / "images" / subset
    pictures.mkdir(parents=True)
    for at, item in enumerate(items):
        (pictures / item["image"]["path"]).write_bytes(jpeg(at))
    document = {"dm_format_version": "1.0", "categories": CATEGORIES, "items": items}
    (folder / "annotations").mkdir()
    (folder / "annotations" / f"{subset}.json").write_text(json.dumps(document))
    return folder


def item(name: str, *annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    image = {"path": name, "size": [SIZE[1], SIZE[0]]}
    return {"id": name[:-4], "image": image, "annotations": list(annotations), **more}


def test_every_kind_is_read(tmp_path: Path) -> None:
    found = item(
        "a.jpg",
        {"type": "label", "label_id": 0},
        {
            "type": "bbox",
            "label_id": 0,
            "bbox": [1, 2, 10, 20],
            "group": 3,
            "z_order": 2,
            "attributes": {"wet": True, "is_crowd": True, "score": 0.5},
        },
        {
            "type": "bbox",
            "label_id": 1,
            "bbox": [0, 0, 1, 1],
            "attributes": {"track_id": 5, "keyframe": False},
        },
        {"type": "polygon", "label_id": 0, "points": [1, 1, 9, 1, 9, 9]},
        {"type": "mask", "label_id": 0, "rle": {"counts": MASK, "size": [48, 64]}},
        {"type": "points", "label_id": 1, "points": [1, 2, 3, 4], "visibility": [2, 1]},
        {"type": "ellipse", "label_id": 0, "points": [10, 10, 30, 20]},
        {"type": "caption", "caption": "a cat"},
        {"type": "polyline", "label_id": 0, "points": [1, 1, 9, 1]},
        {"type": "cuboid_3d", "label_id": 0, "position": [0, 0, 0]},
        {"type": "bbox", "label_id": 7, "bbox": [1, 2, 10, 20]},
        {"type": "bbox", "label_id": 0, "bbox": [1, 2, 10]},
        {"type": "bbox", "label_id": 0, "bbox": [1, 2, 0, 4]},
        {"type": "points", "label_id": 0, "points": [1, None], "visibility": [2]},
        attr={"frame": 4},
    )
    samples, refused, notes = load(lay(tmp_path, [found, item("b.jpg")]))
    a = samples["a.jpg"]
    assert a.annotations[:3] == (
        ClassLabel(label="cat"),
        Box(
            label="cat",
            xyxy=(1, 2, 11, 22),
            crowd=True,
            score=0.5,
            attributes={"wet": True, "group": 3, "z_order": 2},
        ),
        Track(label="person", track="5", xyxy=(0, 0, 1, 1), key_frame=False),
    )
    assert a.annotations[3] == Polygon(label="cat", rings=((1, 1, 9, 1, 9, 9),))
    assert isinstance(a.annotations[4], Mask)
    assert a.annotations[5] == Points(
        label="person", points=((1, 2, 2), (3, 4, 1)), names=("head", "foot"), edges=((0, 1),)
    )
    ellipse = a.annotations[6]
    assert isinstance(ellipse, Polygon)
    assert (min(ellipse.rings[0][0::2]), max(ellipse.rings[0][1::2])) == (10, 20)
    assert (a.split, a.metadata) == ("train", {"frame": 4, "caption": "a cat"})
    assert samples["b.jpg"].annotations == ()
    assert samples["b.jpg"].labelled
    codes = [(each.reason_code, each.reason.split(":")[0]) for each in refused["a.jpg"]]
    assert codes == [
        ("unsupported_shape", "items[0].annotations[8]"),
        ("unsupported_shape", "items[0].annotations[9]"),
        ("unknown_class", "items[0].annotations[10]"),
        ("bad_geometry", "items[0].annotations[11]"),
        ("bad_geometry", "items[0].annotations[13]"),
        ("zero_area_box", "object 8 (cat)"),
    ]
    assert "1 ellipses became outlines of 64 points" in notes
    classes = scan([tmp_path], AddOptions()).classes
    assert [(c.id, c.name, c.parent, c.color) for c in classes] == [
        (0, "cat", "animal", "#ff0010"),
        (1, "person", None, ""),
    ]


@given(data_set())
@settings(max_examples=60, deadline=None)
def test_everything_goes_round(samples: list[Sample]) -> None:
    comes_back_equal("datumaro", samples)


def test_what_datumaro_cannot_say_is_named(tmp_path: Path) -> None:
    first = sample(
        "a.jpg",
        jpeg(),
        OrientedBox(id="o", label="dog", cxcywh=(20, 20, 10, 4), angle_deg=30),
        Box(id="", label="cat", xyxy=(1, 2, 3, 4), score=0.25, crowd=True, attributes={"wet": 1}),
    )
    report = write("datumaro", [first, sample("b.jpg", jpeg(2), labelled=False)], tmp_path / "out")
    assert {(loss.kind, loss.count) for loss in report.losses} == {
        ("oriented_box", 1),
        ("object_ids", 1),
        ("class_dictionary", 5),
        ("unlabelled_pictures", 1),
    }
    document = json.loads((tmp_path / "out/annotations/default.json").read_text())
    assert document["items"][0]["annotations"][1]["bbox"] == [1, 2, 2, 2]
    assert document["items"][0]["annotations"][1]["attributes"] == {
        "is_crowd": True,
        "score": 0.25,
        "wet": 1,
    }


def test_an_object_changed_elsewhere_counts_as_it_is_now(tmp_path: Path) -> None:
    turned = OrientedBox(id="o", label="dog", cxcywh=(20, 20, 10, 4), angle_deg=30, author="user:e")
    write("datumaro", [sample("a.jpg", jpeg(), turned)], tmp_path / "out")
    file = tmp_path / "out/annotations/default.json"
    document = json.loads(file.read_text())
    document["items"][0]["annotations"][0]["points"] = [1, 1, 9, 1, 9, 9]
    file.write_text(json.dumps(document))
    samples, _, _ = load(tmp_path / "out")
    assert samples["a.jpg"].annotations == (
        Polygon(id="o", label="dog", rings=((1, 1, 9, 1, 9, 9),), author="user:e"),
    )


@pytest.mark.parametrize("raw", [b"{", b'{"dm_format_version": 1}', b"[" * 100_000])
def test_a_file_that_is_none_is_an_error(tmp_path: Path, raw: bytes) -> None:
    folder = lay(tmp_path, [item("a.jpg")])
    file = folder / "annotations/train.json"
    file.write_bytes(b'{"dm_format_version": "1.0", ' + raw)
    with pytest.raises(LabelsUnreadable, match=r"train\.json"):
        scan([folder], AddOptions())


GOOD = json.dumps(
    {
        "dm_format_version": "1.0",
        "categories": CATEGORIES,
        "items": [
            item(
                "a.jpg",
                {"type": "bbox", "label_id": 0, "bbox": [1, 2, 3, 4], "attributes": {"a": 1}},
                {"type": "mask", "label_id": 0, "rle": {"counts": MASK, "size": [48, 64]}},
                {"type": "points", "label_id": 1, "points": [1, 2, 3, 4], "visibility": [2, 1]},
            )
        ],
    }
).encode()


@given(garbled(GOOD))
@settings(max_examples=150, deadline=None)
def test_nothing_in_a_file_breaks_the_reader(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "annotations").mkdir()
        (folder / "annotations/train.json").write_bytes(raw)
        (folder / "images").mkdir()
        (folder / "images/a.jpg").write_bytes(jpeg())
        survives("datumaro", folder)
