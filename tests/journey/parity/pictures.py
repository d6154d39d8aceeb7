"""A hundred real pictures as cameras and tools write them, and what the models are trained on."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import piexif
from PIL import Image

CLASSES = ("dress", "hat", "shoes", "t-shirt")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def gather(shared: Path, folder: Path) -> list[Path]:
    """Street scenes, holidays, cells and clothes, and one of them in all odd variants."""
    folder.mkdir()
    every = {"coco/images": 1, "exif": 1, "bccd/JPEGImages": 13, "clothing/test/*": 8}
    for kind, step in every.items():
        for file in sorted(shared.glob(f"{kind}/*.jpg"))[::step]:
            (folder / f"{kind.partition('/')[0]}-{file.name}").write_bytes(file.read_bytes())
    for name, data in odd(shared / "coco" / "images" / "000000000061.jpg"):
        (folder / name).write_bytes(data)
    return sorted(folder.iterdir())


def odd(photo: Path) -> Iterator[tuple[str, bytes]]:
    """One scene: turned, grey, of 16 bits, with alpha, CMYK, of a palette, of odd and extreme sizes."""
    with Image.open(photo) as opened:
        whole = opened.convert("RGB")
    for orientation, turn in TURNS.items():
        exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
        yield f"turned-{orientation}.jpg", _bytes(whole.transpose(turn), "JPEG", exif=exif)
    grey = whole.convert("L")
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    clear = whole.convert("RGBA")
    clear.putalpha(grey)
    yield "grey.jpg", _bytes(grey, "JPEG")
    yield "grey.png", _bytes(grey, "PNG")
    yield "deep.png", _bytes(deep, "PNG")
    yield "deep.tiff", _bytes(deep, "TIFF")
    yield "clear.png", _bytes(clear, "PNG")
    yield "palette.png", _bytes(whole.convert("P"), "PNG")
    yield "cmyk.jpg", _bytes(whole.convert("CMYK"), "JPEG")
    yield "one-bit.bmp", _bytes(whole.convert("1"), "BMP")
    yield "progressive.jpg", _bytes(whole, "JPEG", progressive=True, subsampling=0)
    yield "odd.jpg", _bytes(whole.crop((3, 5, 532, 398)), "JPEG")
    yield "thin.png", _bytes(whole.resize((997, 83)), "PNG")
    yield "column.png", _bytes(whole.crop((200, 0, 201, 400)), "PNG")
    yield "row.png", _bytes(whole.crop((0, 200, 600, 201)), "PNG")
    yield "pixel.png", _bytes(whole.crop((200, 200, 201, 201)), "PNG")
    yield "huge.jpg", _bytes(whole.resize((2741, 1801)), "JPEG")
    yield "tiny.webp", _bytes(whole.resize((61, 47)), "WEBP", lossless=True)


def _bytes(image: Image.Image, kind: str, **options) -> bytes:
    raw = io.BytesIO()
    image.save(raw, kind, **options)
    return raw.getvalue()


def clothes(shared: Path, folder: Path, each: int) -> Path:
    """Photographs in a folder a class."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for file in sorted((shared / "clothing" / "train" / name).glob("*.jpg"))[:each]:
            (folder / name / file.name).write_bytes(file.read_bytes())
    return folder


def cells(shared: Path, folder: Path, count: int) -> Path:
    """Blood cells with their boxes, as VOC."""
    for part, suffix in (("JPEGImages", ".jpg"), ("Annotations", ".xml")):
        (folder / part).mkdir(parents=True)
        for file in sorted((shared / "bccd" / part).glob(f"*{suffix}"))[-count:]:
            (folder / part / file.name).write_bytes(file.read_bytes())
    return folder


def counted(shared: Path, folder: Path, count: int) -> Path:
    """The same pictures with how many cells they show, as a table."""
    folder.mkdir(parents=True)
    rows = ["image,value,unit"]
    for file in sorted((shared / "bccd" / "Annotations").glob("*.xml"))[-count:]:
        picture = f"{file.stem}.jpg"
        (folder / picture).write_bytes((shared / "bccd" / "JPEGImages" / picture).read_bytes())
        rows.append(f"{picture},{len(re.findall('<object>', file.read_text()))},cells")
    (folder / "counts.csv").write_text("\n".join([*rows, ""]))
    return folder


def people(shared: Path, folder: Path) -> Path:
    """Street scenes with outlines of their people, as YOLO has them."""
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for file in sorted((shared / "coco" / "images").glob("*.jpg")):
        outlines = shared / "coco" / "labels-seg" / f"{file.stem}.txt"
        mine = [line for line in outlines.read_text().splitlines() if line.startswith("1 ")]
        if mine:
            (folder / "images" / file.name).write_bytes(file.read_bytes())
            (folder / "labels" / outlines.name).write_text(
                "".join(f"0{line[1:]}\n" for line in mine)
            )
    (folder / "data.yaml").write_text("path: .\ntrain: images\nnames: [person]\n")
    return folder
