"""COCO out: others read it, pixels stay under their boxes, what does not fit is named."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from pycocotools.coco import COCO

from tests.unit.formats_parts import (
    BLOBS,
    CLASSES,
    SIZE,
    coco,
    entry,
    export,
    jpeg,
    read,
    sample,
    thing,
)
from visloop.data.formats import rle
from visloop.data.formats.coco.writing import export_coco
from visloop.data.formats.target import FolderNotEmpty
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions
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


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_export_loads_in_pycocotools(tmp_path: Path) -> None:
    samples = [
        sample("a.jpg", jpeg(1), Box(label="cat", xyxy=(1, 2, 11, 22))),
        sample("b.jpg", jpeg(2)),
        sample(
            "c.jpg",
            jpeg(3),
            Polygon(label="dog", rings=((1, 1, 11, 1, 11, 11, 1, 11),)),
            Mask(label="dog", size_hw=SIZE[::-1], counts=(0, 48, 48 * 63), crowd=True),
        ),
    ]
    report = export(samples, tmp_path / "out")
    assert (report.images, report.objects) == (3, 3)
    with redirect_stdout(io.StringIO()):
        loaded = COCO(str(tmp_path / "out/annotations/instances_default.json"))
    assert sorted(loaded.getCatIds()) == [3, 9, 90]
    assert loaded.getCatIds(supNms=["animal"]) == [3]
    assert len(loaded.getImgIds()) == 3
    areas = {each["id"]: each["area"] for each in loaded.anns.values()}
    assert areas == {1: 200, 2: 100, 3: 48}
    assert loaded.annToMask(loaded.anns[2]).sum() == 100
    assert loaded.annToMask(loaded.anns[3])[:, 0].all()
    assert loaded.getAnnIds(iscrowd=True) == [3]


def test_files_are_byte_for_byte_the_same_and_names_portable(tmp_path: Path) -> None:
    paths = [
        "a/x.jpg",
        "A/X.jpg",
        "b/x.jpg",
        "sp ace/🦊.jpg",
        "what?.jpg",
        "con.jpg",
        "n" * 180 + "ü" * 40,
    ]
    samples = [sample(path, jpeg(at)) for at, path in enumerate(paths)]
    report = export(samples, tmp_path / "out")
    written = [p for p in (tmp_path / "out/images").rglob("*") if p.is_file()]
    assert len({str(p).casefold() for p in written}) == len(paths)
    assert "images/sp ace/🦊.jpg" in {str(p.relative_to(tmp_path / "out")) for p in written}
    assert set(report.renamed) == {"A/X.jpg", "what?.jpg", "con.jpg", paths[-1]}
    again = read(tmp_path / "out")
    assert {each.path: each.image for each in again} == {each.path: each.image for each in samples}


def test_what_coco_cannot_hold_is_named_and_comes_back(tmp_path: Path) -> None:
    every = (
        ClassLabel(id="1", label="cat", score=0.5),
        NumberValue(id="2", value=4.5, unit="bar"),
        Box(id="3", xyxy=(1, 2, 3, 4)),
        OrientedBox(id="4", label="dog", cxcywh=(20, 20, 10, 4), angle_deg=30),
        Track(id="5", label="dog", track="t7", xyxy=(1, 2, 3, 4), key_frame=False),
        Points(id="6", label="dog", points=((1, 2, 2), (3, 5, 1)), names=("a", "b")),
        Points(id="7", label="dog", points=((1, 2, 2),), names=("z",), edges=((0, 0),)),
        Box(id="8", label="cat", xyxy=(1, 2, 3, 4), author="user:eva", review="proposed"),
        Box(id="9", label="cat", xyxy=(1, 2, 3, 4), attributes={"wet": True}),
    )
    first = sample("a.jpg", jpeg(), *every, split="gold", metadata={"exif.iso": 100})
    report = export([first, sample("b.jpg", jpeg(4))], tmp_path / "out")
    assert {(loss.kind, loss.count) for loss in report.losses} == {
        ("class_label", 1),
        ("number", 1),
        ("unlabelled", 1),
        ("oriented_box", 1),
        ("track", 1),
        ("points", 2),
        ("attributes", 1),
        ("provenance", 1),
    }
    assert all(loss.examples == ("a.jpg",) and loss.what for loss in report.losses)
    written = json.loads((tmp_path / "out/annotations/instances_default.json").read_text())
    assert written["images"][0]["labels"] == ["cat"]
    again, other = read(tmp_path / "out")
    assert {each.id: each for each in again.annotations} == {each.id: each for each in every}
    assert (again.split, again.metadata) == ("gold", {"exif.iso": 100})
    assert other.annotations == ()
    seen = scan([tmp_path / "out"], AddOptions())
    assert seen.classes == CLASSES.entries


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_exported_box_lies_on_the_same_pixels(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    pixels = np.full((48, 64, 3), 40, np.uint8)
    pixels[8:24, 16:48] = (250, 20, 20)
    exif = Image.Exif()
    exif[0x112] = orientation
    exif[0x10F] = "Acme"
    out = io.BytesIO()
    lossless = {"lossless": True} if kind == "WEBP" else {}
    quality = {"quality": 95} if kind == "JPEG" else {}
    Image.fromarray(pixels).save(out, kind, exif=exif, **lossless, **quality)
    stored = Box(label="cat", xyxy=(16, 8, 48, 24))
    document = {"images": [entry(1, "a.x")], "annotations": [thing(1, 1, bbox=[16, 8, 32, 16])]}
    document["images"][0]["file_name"] = "a.jpg"
    (found,) = read(coco(tmp_path / "in", document, {"a.jpg": out.getvalue()}))
    if orientation < 5:  # the size does not say that the labels were drawn before turning
        bitmap = np.zeros((48, 64), bool)
        bitmap[8:24, 16:48] = True
        ys, xs = np.nonzero(rle.turn(bitmap, orientation))
        xyxy = tuple(map(float, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)))
        found = replace(found, annotations=(replace(stored, xyxy=xyxy),))
    report = export([found], tmp_path / "out")
    assert report.baked == (("a.jpg",) if orientation != 1 else ())
    (again,) = read(tmp_path / "out")
    assert again.annotations == found.annotations
    assert again.orientation == 1
    with Image.open(tmp_path / "out/images/a.jpg") as picture:
        assert picture.format == kind
        assert (picture.width, picture.height) == (found.width, found.height)
        assert "Acme" in str(picture.getexif().get(0x10F))
        red = np.asarray(picture.convert("RGB"))[:, :, 0] > 150
    ys, xs = np.nonzero(red)
    assert isinstance(again.annotations[0], Box)
    assert again.annotations[0].xyxy == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


@pytest.mark.shared
@pytest.mark.parametrize("orientation", range(2, 9))
def test_turning_a_real_jpeg_changes_it_hardly(
    shared_data: Path, tmp_path: Path, orientation: int
) -> None:
    original = Image.open(shared_data / "exif" / "DSCN0010.jpg")
    exif = original.getexif()
    exif[0x112] = orientation
    out = io.BytesIO()
    original.save(out, "JPEG", quality="keep", exif=exif)
    found = sample("a.jpg", out.getvalue())
    export([found], tmp_path / "out")
    with Image.open(tmp_path / "out/images/a.jpg") as picture:
        assert picture.getexif()[0x112] == 1
        assert picture.getexif().get_ifd(0x8769)[0x8827] == 64
        after = np.asarray(picture, int)
    turned = Image.open(io.BytesIO(out.getvalue()))
    methods = (None, None, 0, 3, 1, 5, 4, 6, 2)
    before = np.asarray(turned.transpose(methods[orientation]), int)
    assert np.abs(after - before).mean() < 1.5


def test_pictures_may_be_kept_as_they_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    found = sample("a.jpg", jpeg(exif=exif), Box(label="cat", xyxy=(1, 2, 3, 4)))
    report = export([found], tmp_path / "out", upright="keep")
    assert (tmp_path / "out/images/a.jpg").read_bytes() == BLOBS[found.image]
    assert [loss.kind for loss in report.losses] == ["orientation"]
    (again,) = read(tmp_path / "out")
    assert (again.annotations, again.orientation) == (found.annotations, 6)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "out"
    (target / "images").mkdir(parents=True)
    (target / "mine.txt").write_text("keep me")
    (target / "images" / "old.jpg").write_text("old")
    with pytest.raises(FolderNotEmpty, match="is not empty") as problem:
        export([sample("a.jpg", jpeg())], target)
    assert "--force" in problem.value.fix
    export([sample("a.jpg", jpeg())], target, force=True)
    assert (target / "mine.txt").read_text() == "keep me"
    assert [p.name for p in (target / "images").iterdir()] == ["a.jpg"]
    with pytest.raises(FolderNotEmpty, match="is a file"):
        export([], target / "mine.txt")


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def gone(digest: str) -> bytes:
        raise OSError(digest)

    with pytest.raises(OSError, match=r"[0-9a-f]{64}"):
        export_coco([sample("a.jpg", jpeg())], CLASSES, gone, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_export_is_a_whole_one(tmp_path: Path) -> None:
    report = export([], tmp_path / "out")
    assert (report.images, report.losses) == (0, ())
    assert scan([tmp_path / "out"], AddOptions()).classes == CLASSES.entries
