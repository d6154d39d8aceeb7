"""Mask pictures: class numbers, colours, instances, one PNG an object; out and in again."""

from __future__ import annotations

import io
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.formats_any import comes_back_equal, data_set, load, write
from tests.unit.formats_parts import SIZE, jpeg, sample
from visloop.data.formats import rle
from visloop.data.formats.bitmaps.decoding import pixels
from visloop.data.ingest.records import BrokenFile
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, ClassEntry, Sample
from visloop.errors import VisloopError
from visloop.vision import Annotation, Box, Mask

SHAPE = SIZE[::-1]


def values(**where: int) -> np.ndarray[Any, Any]:
    """Background, with a column of four pixels for each value: `c3=7` puts 7 into column 3."""
    made = np.zeros(SHAPE, np.uint8)
    for column, value in where.items():
        made[2:6, int(column[1:])] = value
    return made


def png(pixels: np.ndarray[Any, Any], palette: list[int] | None = None) -> bytes:
    out = io.BytesIO()
    picture = Image.fromarray(pixels)
    if palette:
        picture.putpalette(palette)
    picture.save(out, "PNG")
    return out.getvalue()


def column(label: str, at: int, **more: Any) -> Mask:
    bitmap = np.zeros(SHAPE, bool)
    bitmap[2:6, at] = True
    return Mask(label=label, size_hw=SHAPE, counts=rle.from_bitmap(bitmap), **more)


def lay(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def of(path: Path) -> tuple[Annotation, ...]:
    samples, refused, _ = load(path)
    assert not refused
    assert scan([path], AddOptions()).formats == ("masks",)
    return next(iter(samples.values())).annotations


def test_numbers_with_names_void_and_values_that_nobody_names(tmp_path: Path) -> None:
    mask = png(values(c1=1, c3=2, c5=255, c7=9))
    lay(tmp_path, {"images/a.jpg": jpeg(), "masks/a.png": mask})
    lay(tmp_path, {"classes.txt": "background\ncat\ndog\n"})
    assert of(tmp_path) == (
        column("cat", 1),
        column("dog", 3),
        column("9", 7),
        column("", 5, ignore=True),
    )
    seen = scan([tmp_path], AddOptions())
    assert seen.classes == (ClassEntry(id=1, name="cat"), ClassEntry(id=2, name="dog"))
    _, _, notes = load(tmp_path)
    assert any("no file names: 9" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labelmap.txt", "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:0,0,128::\n"),
        ("label_colors.txt", "0 0 0\tbackground\n0 0 128\tcat\n"),
        ("class_dict.csv", "name,r,g,b\ncat,0,0,128\n"),
        ("classes.json", '{"background": [0, 0, 0], "cat": [0, 0, 128]}'),
    ],
)
@pytest.mark.parametrize("mode", ["rgb", "palette"])
def test_colours_by_the_maps_of_several_tools(
    tmp_path: Path, name: str, text: str, mode: str
) -> None:
    colours = np.zeros((*SHAPE, 3), np.uint8)
    colours[2:6, 4] = (0, 0, 128)
    mask = png(colours) if mode == "rgb" else png(values(c4=1), [0, 0, 0, 0, 0, 128])
    lay(tmp_path, {"JPEGImages/a.jpg": jpeg(), "SegmentationClass/a.png": mask, name: text})
    assert of(tmp_path) == (column("cat", 4),)


def test_instances_of_sixteen_bits_and_one_picture_an_object(tmp_path: Path) -> None:
    instances = np.zeros(SHAPE, np.uint16)
    instances[2:6, 1], instances[2:6, 3] = 700, 701
    lay(
        tmp_path / "one",
        {"images/a.jpg": jpeg(), "masks/a.png": png(values(c1=1, c3=1, c5=1)),
         "instances/a.png": png(instances), "classes.txt": "background\ncat"},
    )  # fmt: skip
    assert of(tmp_path / "one") == tuple(column("cat", at) for at in (1, 3, 5))
    lay(
        tmp_path / "two",
        {"images/a.jpg": jpeg(), "masks/a/cat_1.png": png(values(c1=255)),
         "masks/a/dog-2.png": png(values(c3=255)), "masks/a/empty.png": png(values()),
         "classes.txt": "background\ncat\ndog"},
    )  # fmt: skip
    assert of(tmp_path / "two") == (column("cat", 1), column("dog", 3))


def test_splits_negatives_unlabelled_and_what_does_not_fit(tmp_path: Path) -> None:
    small = png(values(c1=1)[:20])
    lay(
        tmp_path,
        {"train/images/a.jpg": jpeg(1), "train/masks/a_mask.png": png(values(c1=1)),
         "train/images/none.jpg": jpeg(2), "train/masks/none.png": png(values()),
         "val/images/who.jpg": jpeg(3), "val/images/small.jpg": jpeg(4),
         "val/masks/small.png": small, "val/masks/gone.png": small,
         "val/images/bad.jpg": jpeg(5), "val/masks/bad.png": b"no picture"},
    )  # fmt: skip
    samples, refused, notes = load(tmp_path)
    assert {path: (each.split, each.labelled) for path, each in samples.items()} == {
        "train/a.jpg": ("train", True),
        "train/none.jpg": ("train", True),
        "val/bad.jpg": ("val", False),
        "val/small.jpg": ("val", True),
        "val/who.jpg": ("val", False),
    }
    assert samples["train/a.jpg"].annotations == (column("1", 1),)
    assert {path: each[0].reason_code for path, each in refused.items()} == {
        "val/small.jpg": "mask_size",
        "val/gone.png": "missing_image",
        "val/bad.jpg": "labels_unreadable",
    }
    assert any("1 picture has no mask" in note for note in notes)


def test_a_mask_drawn_before_the_picture_was_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 3
    lay(tmp_path, {"images/a.jpg": jpeg(exif=exif), "masks/a.png": png(values(c1=1))})
    assert of(tmp_path) == (column("1", 1),)  # same size: taken as upright
    exif[0x112] = 6
    lay(tmp_path, {"images/a.jpg": jpeg(exif=exif)})
    (mask,) = of(tmp_path)
    assert isinstance(mask, Mask)
    assert mask.size_hw == SIZE


def test_without_the_side_file_masks_and_their_classes_come_back(tmp_path: Path) -> None:
    objects = (column("cat", 1), column("cat", 3), column("dog", 5), column("", 7, ignore=True))
    samples = [
        sample("a.jpg", jpeg(1), *objects, split="train"),
        sample("b.jpg", jpeg(2), split="val"),
        sample("c.jpg", jpeg(3), labelled=False, split="val"),
    ]
    report = write("masks", samples, tmp_path)
    kinds = {each.kind for each in report.losses}
    assert {"unlabelled_pictures", "class_dictionary"} <= kinds
    assert not {"mask", "overlap", "ignore", "splits"} & kinds
    picture = Image.open(tmp_path / "masks/train/a.png")
    assert picture.mode == "P"
    assert picture.convert("RGB").getpixel((1, 2)) == (255, 0, 0)  # the colour of cats
    (tmp_path / "visloop.jsonl").unlink()
    again, refused, _ = load(tmp_path)
    assert not refused
    assert again["train/a.jpg"].annotations == objects
    assert {path: each.labelled for path, each in again.items()} == {
        "train/a.jpg": True,
        "val/b.jpg": True,
        "val/c.jpg": False,
    }


def test_what_overlaps_or_has_no_pixels_is_named(tmp_path: Path) -> None:
    over = (column("cat", 1), column("dog", 1), Box(label="cat", xyxy=(1, 2, 3, 4)))
    report = write("masks", [sample("a.jpg", jpeg(), *over)], tmp_path)
    assert {"overlap", "box"} <= {each.kind for each in report.losses}


@settings(max_examples=25, deadline=None)
@given(data_set())
def test_import_export_import_is_the_same(samples: list[Sample]) -> None:
    comes_back_equal("masks", samples)


@given(st.binary(max_size=120), st.integers(0, 200))
def test_damaged_masks_raise_one_error(noise: bytes, at: int) -> None:
    raw = png(values(c1=1))
    with suppress(BrokenFile):
        pixels(raw[:at] + noise + raw[at:], colours=False)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=100) | st.text("a:1,{[]}\n ", max_size=40).map(str.encode))
def test_garbled_lists_of_classes_raise_nothing_unexpected(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    root = tmp_path_factory.mktemp("garbled")
    lay(root, {"images/a.jpg": jpeg(), "masks/a.png": png(values(c1=1))})
    lay(root, {"classes.json": raw, "labelmap.txt": raw, "visloop.jsonl": raw})
    with suppress(VisloopError):
        load(root)
    shutil.rmtree(root)


@pytest.mark.shared
def test_the_counts_of_real_masks_are_right(shared_data: Path, tmp_path: Path) -> None:
    shutil.copytree(shared_data / "coco" / "masks", tmp_path / "masks")
    shutil.copytree(shared_data / "coco" / "images", tmp_path / "images")
    samples, refused, _ = load(tmp_path)
    assert not refused
    for path, found in samples.items():
        with Image.open(tmp_path / "masks" / path.replace(".jpg", ".png")) as picture:
            numbers, counts = np.unique(np.asarray(picture), return_counts=True)
        areas = {
            each.label: sum(each.counts[1::2])
            for each in found.annotations
            if isinstance(each, Mask)
        }
        wanted = dict(zip(map(str, numbers), counts, strict=True))
        wanted.pop("0", None)
        assert areas == wanted
    assert len(samples) == 14
