"""Whatever lies in a folder: each file is kept or refused with its reason, and comes out again whole."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import piexif
import pytest
from PIL import Image, ImageOps
from pycocotools.coco import COCO

from visloop import app
from visloop.faces import sdk

RED = (250, 10, 10)


def _noise(mode: str = "RGB", size: tuple[int, int] = (64, 48), seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65535, (size[1], size[0]), np.uint16))
    rgb = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), np.uint8))
    return rgb.convert(mode)


def _huge_png(path: Path, side: int = 40_000) -> None:
    """40,000 × 40,000 pixels in a few kilobytes: a bomb for whoever decodes before looking."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    row = zlib.compress(b"\0" * (side // 8 + 1), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def _rotated(path: Path, orientation: int) -> None:
    """A picture whose upright form has a red field at (8, 4) … (24, 12)."""
    upright = Image.new("RGB", (96, 64), (20, 20, 120))
    upright.paste(RED, (8, 4, 24, 12))
    undo = {
        1: None,
        3: Image.Transpose.ROTATE_180,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright if undo[orientation] is None else upright.transpose(undo[orientation])
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
    stored.save(path, "JPEG", quality=95, exif=exif, subsampling=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    images = place / "images"
    for sub in ("left", "right", "odd names 🧪"):
        (images / sub).mkdir(parents=True)
    _noise(seed=1).save(images / "left" / "same.jpg")
    _noise(seed=2).save(images / "right" / "same.jpg")
    _noise(seed=3).save(images / "odd names 🧪" / "a picture, indeed 🎈.png")
    _noise("L").save(images / "grey.png")
    _noise("I;16").save(images / "deep.png")
    _noise("CMYK").save(images / "print.jpg")
    _noise("RGBA").save(images / "glass.png")
    _noise("P").save(images / "palette.png")
    _noise(seed=4).save(images / "negative.jpg")
    for orientation in (1, 3, 6, 8):
        _rotated(images / f"turned{orientation}.jpg", orientation)
    whole = io.BytesIO()
    _noise(seed=5).save(whole, "JPEG")
    (images / "cut.jpg").write_bytes(whole.getvalue()[:-200])
    (images / "empty.jpg").write_bytes(b"")
    (images / "words.jpg").write_text("these are words")
    _huge_png(images / "huge.png")
    _annotate(place, images)
    return place


def _annotate(place: Path, images: Path) -> None:
    files = sorted(path.relative_to(images).as_posix() for path in images.rglob("*.*"))
    rows = [{"id": n, "file_name": name, "width": 96, "height": 64} for n, name in enumerate(files)]
    ids = {name: n for n, name in enumerate(files)}
    boxes = [(ids[f"turned{turn}.jpg"], 7, [8, 4, 16, 8]) for turn in (1, 3, 6, 8)] + [
        (ids["left/same.jpg"], 7, [1, 2, 10, 10]),
        (ids["right/same.jpg"], 9, [5, 5, 20, 20]),
        (ids["grey.png"], 7, [3, 3, 0, 12]),  # no area
        (ids["odd names 🧪/a picture, indeed 🎈.png"], 9, [0, 0, 64, 48]),
        (ids["empty.jpg"], 9, [0, 0, 4, 4]),
    ]
    annotations = [
        {
            "id": n,
            "image_id": image,
            "category_id": kind,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        for n, (image, kind, box) in enumerate(boxes, start=1)
    ]
    for row in rows:
        size = _stored_size(images / row["file_name"])
        row["width"], row["height"] = size
    categories = [{"id": 7, "name": "field"}, {"id": 9, "name": "naïve 類"}]
    whole = {"images": rows, "annotations": annotations, "categories": categories}
    (place / "annotations.json").write_text(json.dumps(whole), "utf-8")


def _stored_size(path: Path) -> tuple[int, int]:
    """Upright, as COCO counts; what cannot be opened has any size."""
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as picture:
            if picture.width > 10_000:
                return picture.size
            return ImageOps.exif_transpose(picture).size
    except OSError:
        return (96, 64)


def test_every_file_is_accounted_for_and_comes_out_again(folder: Path, tmp_path: Path) -> None:
    app.create(tmp_path / "w")
    with sdk.local(tmp_path / "w") as here:
        done = here.call(app.add, app.Add(paths=(str(folder),), to="odd"))
        refused = {
            row["path"].rpartition("/")[2]: row
            for row in here.call(app.quarantine_list, app.QuarantineList()).rows
        }
        files = [path for path in (folder / "images").rglob("*.*") if path.is_file()]
        assert done.added == 13
        assert done.added + len({name for name in refused if name != "grey.png"}) == len(files)
        reasons = {name: row["reason_code"] for name, row in refused.items()}
        assert reasons == {
            "cut.jpg": "truncated",
            "empty.jpg": "empty",
            "words.jpg": "not_an_image",
            "huge.png": "too_many_pixels",
            "grey.png": "zero_area_box",
        }
        assert all(row["fix"] for row in refused.values())
        assert len(done.notes) >= len(refused), "every refusal is told at once"
        here.call(app.commit, app.Commit(dataset="odd", message="all of it"))
        rows = here.call(app.samples, app.Samples(ref="odd@v1", limit=100)).rows
        modes = {Path(row["path"]).name: row.get("mode", "RGB") for row in rows}
        assert (modes["grey.png"], modes["deep.png"], modes["print.jpg"]) == ("L", "I;16", "CMYK")
        out = tmp_path / "out"
        exported = here.call(app.export, app.Export(ref="odd@v1", directory=str(out)))
    assert (exported.images, exported.objects) == (13, 7)
    _check_export(out, folder)


def _check_export(out: Path, folder: Path) -> None:
    (annotations,) = (out / "annotations").glob("*.json")
    coco = COCO(str(annotations))
    assert len(coco.getImgIds()) == 13
    assert len(coco.getAnnIds()) == 7
    names = {row["file_name"] for row in coco.loadImgs(coco.getImgIds())}
    assert len(names) == 13, "two files of one name stay two"
    assert {row["id"] for row in coco.loadCats(coco.getCatIds())} == {7, 9}
    turned = 0
    for row in coco.loadImgs(coco.getImgIds()):
        path = out / "images" / row["file_name"]
        with Image.open(path) as picture:
            assert picture.size == (row["width"], row["height"]), path
            pixels = np.asarray(picture.convert("RGB")).astype(int)
        for box in coco.loadAnns(coco.getAnnIds(imgIds=[row["id"]])):
            if "turned" in row["file_name"]:
                turned += 1
                x, y, w, h = (round(v) for v in box["bbox"])
                inside = pixels[y + 1 : y + h - 1, x + 1 : x + w - 1].reshape(-1, 3)
                assert np.abs(inside - RED).mean() < 25, f"{path}: the box is not on its field"
    assert turned == 4
    plain = out / "images"
    same = next(plain.rglob("negative.jpg"))
    assert same.read_bytes() == (folder / "images" / "negative.jpg").read_bytes()
