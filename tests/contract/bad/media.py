"""DICOM, HEIC and files of several pages that are broken, hostile or odd."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.contract.bad.cases import case, write
from tests.unit.media_parts import dicom

DICOM, HEIC, PAGES = "DICOM", "HEIC", "Files of several pages"
FILE, WHOLE, KEPT = "refused file", "refused whole", "kept"
WHOLE_HEIC = Path(__file__).resolve().parents[2] / "media" / "upright.heic"
SLICE = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)


@case(DICOM, "a file that is cut short", FILE, "truncated")
def cut(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE)[:-900])


@case(DICOM, "a header and nothing behind it", FILE, "truncated")
def header(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE)[:200])


@case(DICOM, "no pixels (a report)", FILE, "no_pixels")
def report(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE, PixelData=None, Rows=None, Columns=None))


@case(DICOM, "pixels packed in an unknown way", FILE, "unsupported_syntax")
def packed(folder: Path) -> None:
    raw = dicom(SLICE)
    write(folder / "a.dcm", raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0"))


@case(DICOM, "an absurd size: 65,535 × 65,535 in 6 kB", FILE, "too_many_pixels")
def absurd(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE, Rows=65_535, Columns=65_535))


@case(DICOM, "a size that is not that of its pixels", FILE, "truncated")
def other_size(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE, Rows=480))


@case(DICOM, "text that is called .dcm", FILE, "not_an_image")
def text(folder: Path) -> None:
    write(folder / "a.dcm", "these are words")


@case(DICOM, "the patient's name in its tags", KEPT, samples=1)
def named(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE))


@case(DICOM, "a window that is none (`--window dark`)", WHOLE, "usage", options={"window": "dark"})
def window(folder: Path) -> None:
    write(folder / "a.dcm", dicom(SLICE))


@case(HEIC, "a photo of a telephone", KEPT, samples=1)
def heic(folder: Path) -> None:
    write(folder / "a.heic", WHOLE_HEIC.read_bytes())


@case(HEIC, "a file that is cut short", FILE, "truncated")
def cut_heic(folder: Path) -> None:
    write(folder / "a.heic", WHOLE_HEIC.read_bytes()[:-200])


@case(HEIC, "damage in the middle", FILE, "decode_error")
def damaged_heic(folder: Path) -> None:
    raw = bytearray(WHOLE_HEIC.read_bytes())
    raw[60:200] = bytes(140)
    write(folder / "a.heic", bytes(raw))


@case(HEIC, "text that is called .heic", FILE, "not_an_image")
def text_heic(folder: Path) -> None:
    write(folder / "a.heic", "these are words")


@case(PAGES, "a TIFF of three pages, `--pages all`", KEPT, samples=3, options={"pages": "all"})
def all_pages(folder: Path) -> None:
    first, *others = (Image.new("L", (64, 48), shade) for shade in (10, 90, 170))
    first.save(folder / "a.tif", save_all=True, append_images=others)


@case(PAGES, "a TIFF that is cut short", FILE, "decode_error", samples=2, options={"pages": "all"})
def cut_pages(folder: Path) -> None:
    first, *others = (Image.new("L", (64, 48), shade) for shade in (10, 90, 170))
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=others)
    write(folder / "a.tif", out.getvalue()[:-2000])


@case(PAGES, "a TIFF whose pages run in a circle", KEPT, samples=1, options={"pages": "all"})
def circle(folder: Path) -> None:
    first, second = (Image.new("L", (8, 8), shade) for shade in (10, 90))
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=[second])
    raw = bytearray(out.getvalue())
    start = int.from_bytes(raw[4:8], "little")
    entries = int.from_bytes(raw[start : start + 2], "little")
    after = start + 2 + 12 * entries
    raw[after : after + 4] = start.to_bytes(4, "little")
    write(folder / "a.tif", bytes(raw))
