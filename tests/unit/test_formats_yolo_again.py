"""YOLO out and in again: the same with what lies beside it, and what YOLO itself holds without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image
from ruamel.yaml import YAML

from tests.unit.formats_any import comes_back_equal, data_set
from tests.unit.formats_parts import BLOBS, CLASSES, SIZE, jpeg, sample, taken
from visloop.data.formats import FORMATS, ExportReport, rle
from visloop.data.formats.losses import Losses
from visloop.data.formats.outlines import filled, joined, rings_of
from visloop.data.formats.yolo.encoding import LOSSES, Encoder, Pose
from visloop.data.formats.yolo.lines import Schema, parse
from visloop.data.ingest.scan import scan
from visloop.data.ingest.shares import in_pixels
from visloop.data.records import AddOptions, ClassDictionary, ClassEntry, Refusal, Sample
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    OrientedBox,
    Points,
    Polygon,
)

WRITTEN = [name for name in FORMATS if name.startswith("yolo")]


def export(
    samples: list[Sample],
    folder: Path,
    name: str = "yolo",
    classes: ClassDictionary = CLASSES,
) -> ExportReport:
    write = FORMATS[name].write
    assert write is not None
    return write(samples, classes, BLOBS.__getitem__, folder)


def read(folder: Path) -> list[Sample]:
    seen = scan([folder], AddOptions())
    labelled = {
        each.path: each.annotations is not None for each in seen if not isinstance(each, Refusal)
    }
    seen = scan([folder], AddOptions())
    assert seen.formats == ("yolo",)
    samples, refusals, _ = taken(seen)
    assert not refusals
    return [replace(each, labelled=labelled[each.path]) for each in samples]


@settings(max_examples=25, deadline=None)
@given(data_set(), st.sampled_from(WRITTEN))
def test_import_export_import_is_the_same(samples: list[Sample], name: str) -> None:
    comes_back_equal(name, samples)


numbers = st.floats(0, 1).map(lambda value: round(value, 12))


@given(
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5),
)
def test_boxes_come_back_within_a_thousandth_of_a_pixel(
    width: int, height: int, shares: list[tuple[float, float, float, float]]
) -> None:
    boxes = [
        Box(label="cat", xyxy=(x1 * width, y1 * height, x2 * width, y2 * height))
        for x1, y1, x2, y2 in shares
        if x2 - x1 > 1e-6 and y2 - y1 > 1e-6
    ]
    big = replace(sample("a.jpg", jpeg(), *boxes), width=width, height=height)
    text, count = Encoder("detect", Pose(), CLASSES.entries, Losses(LOSSES)).text(big)
    assert count == len(boxes)
    told = parse(text, Schema({3: "cat"}))
    assert not told.bad
    made, _ = in_pixels(told.annotations, (width, height))
    unique = list(dict.fromkeys(text.splitlines()))
    wanted = [boxes[text.splitlines().index(line)] for line in unique]
    for before, after in zip(wanted, made, strict=True):
        assert isinstance(after, Box)
        assert after.xyxy == pytest.approx(before.xyxy, abs=1e-3)


def test_without_the_side_file_yolo_holds_what_it_can(tmp_path: Path) -> None:
    samples = [
        sample("a.jpg", jpeg(1), Box(label="cat", xyxy=(1, 2, 11, 22)), split="train"),
        sample("b.jpg", jpeg(2), split="val"),
        sample("sub/🦊.jpg", jpeg(3), Box(label="dog", xyxy=(0, 0, 64, 48)), split="test"),
        sample("who.jpg", jpeg(4), labelled=False),
    ]
    report = export(samples, tmp_path / "out")
    assert {each.kind for each in report.losses} == {"unlabelled_pictures", "class_dictionary"}
    assert (tmp_path / "out/labels/val/b.txt").read_bytes() == b""
    assert not (tmp_path / "out/labels/unsplit").exists()
    described = YAML(typ="safe").load(tmp_path / "out" / "data.yaml")
    assert described["train"] == "images/train"
    assert described["names"][3] == "cat"
    assert list(described["names"]) == list(range(91))  # Ultralytics wants no gaps
    (tmp_path / "out" / "visloop.jsonl").unlink()
    again = {each.path: each for each in read(tmp_path / "out")}
    assert {path: (each.split, each.labelled) for path, each in again.items()} == {
        "train/a.jpg": ("train", True),
        "val/b.jpg": ("val", True),
        "test/sub/🦊.jpg": ("test", True),
        "unsplit/who.jpg": (None, False),
    }
    assert again["train/a.jpg"].annotations[0].label == "cat"
    classes = scan([tmp_path / "out"], AddOptions()).classes
    assert [(each.id, each.name) for each in classes] == [
        (each.id, each.name) for each in CLASSES.entries
    ]


@pytest.mark.parametrize("only", ["train", "val", "test", None, "gold"])
def test_a_set_of_one_split_keeps_it(tmp_path: Path, only: str | None) -> None:
    found = sample("a.jpg", jpeg(), Box(label="cat", xyxy=(1, 2, 11, 22)), split=only)
    export([found], tmp_path / "out")
    described = YAML(typ="safe").load(tmp_path / "out" / "data.yaml")
    assert described["train"] == described["val"] == f"images/{only or 'unsplit'}"
    (tmp_path / "out" / "visloop.jsonl").unlink()
    assert [each.split for each in read(tmp_path / "out")] == [only]


def test_labels_that_another_tool_changed_count_more_than_what_is_kept(tmp_path: Path) -> None:
    first = sample("a.jpg", jpeg(1), Box(label="cat", xyxy=(1, 2, 11, 22), score=0.5))
    other = sample("b.jpg", jpeg(2), Box(label="cat", xyxy=(1, 2, 11, 22), score=0.5))
    export([first, other], tmp_path)
    (tmp_path / "labels/unsplit/a.txt").write_text("9 .5 .5 1 1\n")
    samples, _, notes = taken(scan([tmp_path], AddOptions()))
    by_path = {each.path: each.annotations for each in samples}
    assert by_path["unsplit/a.jpg"] == (Box(label="dog", xyxy=(0, 0, 64, 48)),)
    assert by_path["b.jpg"] == other.annotations
    assert any("other labels than the export gave them" in note for note in notes)
    yaml = tmp_path / "data.yaml"
    yaml.write_text(yaml.read_text().replace('"cat"', '"kitten"'))
    samples, _, notes = taken(scan([tmp_path], AddOptions()))
    assert samples[1].annotations[0].label == "kitten"
    assert any("other names" in note for note in notes)


SHAPES: list[tuple[str, Annotation]] = [
    ("segment", Polygon(label="cat", rings=((1, 1, 20, 1, 20, 30),))),
    ("obb", OrientedBox(label="cat", cxcywh=(30, 20, 20, 10), angle_deg=30)),
    (
        "pose",
        Points(label="cat", points=((5, 6, 2), (20, 30, 1), (0, 0, 0)), names=("l", "r", "m")),
    ),
    ("detect", Box(label="cat", xyxy=(1, 2, 11, 22))),
    ("classify", ClassLabel(label="cat")),
]


def values(annotation: Annotation) -> list[float]:
    """All numbers of its place."""
    if isinstance(annotation, Polygon):
        return [value for ring in annotation.rings for value in ring]
    return list(annotation.xyxy) if isinstance(annotation, Box) else []


@pytest.mark.parametrize(("task", "shape"), SHAPES)
def test_the_richest_shape_decides_and_is_held_natively(
    tmp_path: Path, task: str, shape: Annotation
) -> None:
    also = [sample("b.jpg", jpeg(2), ClassLabel(label="dog"), split="val")]
    if task != "classify":
        also.append(sample("c.jpg", jpeg(3), Box(label="dog", xyxy=(0, 0, 30, 30)), split="val"))
    export([sample("a.jpg", jpeg(), shape, split="train"), *also], tmp_path)
    assert YAML(typ="safe").load(tmp_path / "data.yaml")["task"] == task
    (tmp_path / "visloop.jsonl").unlink()
    again = read(tmp_path)[0].annotations
    kept = next(each for each in again if type(each) is type(shape))
    assert kept.label == "cat"
    match shape:
        case OrientedBox():
            assert isinstance(kept, OrientedBox)
            assert kept.cxcywh == pytest.approx(shape.cxcywh)
            assert kept.angle_deg == pytest.approx(shape.angle_deg)
        case Points():
            assert isinstance(kept, Points)
            assert [point[2] for point in kept.points] == [2, 1, 0]
            assert kept.names == shape.names
            assert len(again) == 2
        case _:
            assert len(again) == 1
            assert values(kept) == pytest.approx(values(shape), abs=1e-6)


def test_a_mask_with_a_hole_and_two_parts_comes_back_as_an_outline_of_the_same_pixels(
    tmp_path: Path,
) -> None:
    bitmap = np.zeros(SIZE[::-1], bool)
    bitmap[5:30, 5:30] = True
    bitmap[10:20, 10:20] = False
    bitmap[35:40, 50:60] = True
    mask = Mask(label="cat", size_hw=SIZE[::-1], counts=rle.from_bitmap(bitmap))
    report = export([sample("a.jpg", jpeg(), mask)], tmp_path)
    assert "mask" in {each.kind for each in report.losses}
    (tmp_path / "visloop.jsonl").unlink()
    (outline,) = read(tmp_path)[0].annotations
    assert isinstance(outline, Polygon)
    assert (filled(outline.rings, SIZE[::-1]) == bitmap).all()


@given(st.binary(min_size=1, max_size=60), st.integers(1, 9))
def test_outlines_are_exact(raw: bytes, width: int) -> None:
    flat = np.unpackbits(np.frombuffer(raw, np.uint8))
    bitmap = flat[: len(flat) // width * width].reshape(-1, width).astype(bool)
    rings = rings_of(bitmap)
    assert (filled(rings, bitmap.shape) == bitmap).all()
    if rings:
        assert (filled((joined(rings),), bitmap.shape) == bitmap).all()


@pytest.mark.parametrize("name", ["yolo", "yolo-darknet"])
def test_a_turned_picture_is_written_upright(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    found = sample("a.jpg", jpeg(exif=exif), Box(label="cat", xyxy=(0, 0, 24, 32)))
    assert export([found], tmp_path / "out", name).baked == ("a.jpg",)
    (again,) = read(tmp_path / "out")
    assert (again.width, again.height, again.orientation) == (48, 64, 1)
    assert again.annotations == found.annotations


def test_names_that_yaml_could_take_for_something_else(tmp_path: Path) -> None:
    odd = ["no", "1.5", 'a "b" \\ c', "tab\tnew\nline", "\u2028\x85é🦊", "[x]", "# c", ""]
    entries = tuple(ClassEntry(id=at, name=name) for at, name in enumerate(odd))
    found = sample("a.jpg", jpeg(), Box(label="no", xyxy=(1, 2, 3, 4)))
    classes = ClassDictionary(entries=entries, next_id=9)
    export([found], tmp_path / "out", classes=classes)
    (tmp_path / "out" / "visloop.jsonl").unlink()
    assert scan([tmp_path / "out"], AddOptions()).classes == entries
