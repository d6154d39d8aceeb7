"""What is drawn on a picture that its EXIF turns lies on the same pixels in every export."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from playwright.sync_api import Page

from tests.ui.conftest import Visit
from tests.ui.test_editor import drag, held, opened, saved

pytestmark = pytest.mark.shared

Box = tuple[float, float, float, float]
_SHOWN = """([x, y, width, height]) => {
  const canvas = document.createElement("canvas");
  const picture = document.querySelector(".edit-picture img");
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  const ink = canvas.getContext("2d");
  ink.drawImage(picture, 0, 0);
  return [picture.naturalWidth, picture.naturalHeight, ...ink.getImageData(x, y, width, height).data];
}"""


def turned(photo: Path, orientation: int) -> bytes:
    """The photo's own bytes, but for what its EXIF says of how the camera was held."""
    data = photo.read_bytes()
    with Image.open(photo) as picture:
        was = picture.getexif()[0x112]
    order = "<" if b"Exif\0\0II" in data else ">"
    entry = [struct.pack(order + "HHIH", 0x112, 3, 1, each) for each in (was, orientation)]
    assert data.count(entry[0]) == 1
    return data.replace(*entry)


def read(file: Path, *, minds_exif: bool) -> Image.Image:
    """As a reader that minds EXIF sees it, or one that does not."""
    with Image.open(file) as picture:
        return ImageOps.exif_transpose(picture) if minds_exif else picture.copy()


def shown(page: Page, box: Box) -> NDArray[np.uint8]:
    """What the browser shows under a box: RGB, from its own decoder."""
    x, y, right, bottom = map(round, box)
    wide, high, *flat = page.evaluate(_SHOWN, [x, y, right - x, bottom - y])
    assert (right <= wide, bottom <= high) == (True, True)
    return np.array(flat, np.uint8).reshape(bottom - y, right - x, 4)[:, :, :3]


def as_written(folder: Path, kind: str, stem: str, size: tuple[int, int]) -> Box:
    """Corners of the one box, as the rules of the format put them; read by hand, not by us."""
    wide, high = size
    if kind == "voc":
        (file,) = folder.rglob(f"{stem}.xml")
        found = ET.parse(file).find("object/bndbox")
        assert found is not None
        x1, y1, x2, y2 = (float(found.findtext(k, "")) for k in ("xmin", "ymin", "xmax", "ymax"))
        return x1 - 1, y1 - 1, x2, y2  # the first pixel is 1, the last one is in the box
    if kind == "yolo":
        (file,) = folder.rglob(f"{stem}.txt")
        _, x, y, width, height = map(float, file.read_text().split())
        width, height = width * wide, height * high
    else:
        (file,) = folder.rglob("*.json")
        told = json.loads(file.read_text())
        (image,) = [each for each in told["images"] if stem in each["file_name"]]
        assert (image["width"], image["height"]) == size
        (box,) = [e["bbox"] for e in told["annotations"] if e["image_id"] == image["id"]]
        left, top, width, height = box
        x, y = (left + width / 2) / wide, (top + height / 2) / high
    x, y = x * wide - width / 2, y * high - height / 2
    return x, y, x + width, y + height


def alike(a: NDArray[np.uint8], picture: Image.Image, box: Box) -> float:
    """How much `a` is what lies under the box: 1 the same, 0 nothing of it."""
    crop = picture.convert("RGB").crop(tuple(map(round, box)))
    size = (a.shape[1], a.shape[0])
    return float(np.corrcoef(a.ravel(), np.asarray(crop.resize(size)).ravel())[0, 1])


@pytest.mark.parametrize(
    ("orientation", "box"),
    [(2, (270, 180, 340, 275)), (6, (175, 260, 270, 345)), (7, (165, 270, 275, 330))],
)
def test_a_box_drawn_on_a_turned_photo_lies_on_its_pixels_in_every_export(
    desk: Visit, shared_data: Path, tmp_path: Path, orientation: int, box: Box
) -> None:
    name, stem = f"held-{orientation}", f"photo{orientation}"
    photo = tmp_path / f"{stem}.jpg"
    photo.write_bytes(turned(shared_data / "exif" / "orientation_landscape_2.jpg", orientation))
    site = desk.site
    site.ask("add", paths=[str(photo)], to=name, format="images")
    site.ask("classes.add", dataset=name, names=["sign"])
    page = opened(desk, photo.name, dataset=name)
    drag(page, box[:2], box[2:])
    saved(page)
    (drawn,) = (each["xyxy"] for each in held(site, photo.name, dataset=name).values())
    assert drawn == pytest.approx(box, abs=1)
    seen = shown(page, drawn)
    assert alike(seen, read(photo, minds_exif=True), drawn) > 0.97, "the browser shows it upright"
    assert alike(seen, read(photo, minds_exif=False), drawn) < 0.5, "not as it is stored"
    for kind in ("coco", "yolo", "voc"):
        folder = tmp_path / kind
        site.ask("export", ref=f"{name}@work", directory=str(folder), format=kind)
        (file,) = folder.rglob(photo.name)
        for minds_exif in (True, False):
            picture = read(file, minds_exif=minds_exif)
            told = as_written(folder, kind, stem, picture.size)
            assert told == pytest.approx(drawn, abs=0.75), kind
            assert alike(seen, picture, told) > 0.97, (kind, minds_exif)
