"""Pictures to measure with: many small JPEGs with a camera's EXIF, 9.3 kB each in the mean.

The pixels are windows of one sheet of noise over a slope: no two files are equal, all of them
compress like photographs, and 100,000 (932 MB) are drawn in a minute. One seed, so that everybody
measures the same bytes.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

WIDTH_PX, HEIGHT_PX = 200, 160
A_FOLDER = 1000


def draw(folder: Path, count: int) -> Path:
    """`count` JPEGs below `folder`, a thousand to a class folder; those there already are kept."""
    rng = np.random.default_rng(0)
    sheet = rng.normal(0, 1, (HEIGHT_PX * 8, WIDTH_PX * 8, 3)).astype(np.float32)
    slope = np.linspace(80, 200, WIDTH_PX, dtype=np.float32)[None, :, None]
    for number in range(count):
        x, y = rng.integers(0, WIDTH_PX * 7), rng.integers(0, HEIGHT_PX * 7)
        strength = rng.uniform(4, 15)
        place = place_of(folder, number)
        if place.exists():
            continue
        if number % A_FOLDER == 0:
            place.parent.mkdir(parents=True, exist_ok=True)
        window = sheet[y : y + HEIGHT_PX, x : x + WIDTH_PX] * strength + slope
        place.write_bytes(photo(np.clip(window, 0, 255).astype(np.uint8), number))
    return folder


def place_of(folder: Path, number: int) -> Path:
    """Where the picture of that number lies."""
    return folder / f"class{number // A_FOLDER:03d}" / f"{number:06d}.jpg"


def change(folder: Path, count: int, turn: int) -> Path:
    """Give the middle one of so many pictures other bytes, in a new file."""
    place = place_of(folder, count // 2)
    rng = np.random.default_rng(os.getpid() * 1000 + turn)
    pixels = rng.integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    place.unlink()
    place.write_bytes(photo(pixels, turn))
    return place


def photo(pixels: np.ndarray, number: int) -> bytes:
    """A JPEG as a camera writes it: uint8 (H, W, 3) and an EXIF block."""
    block = _exif(number)
    raw = simplejpeg.encode_jpeg(pixels, quality=80)
    return raw[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + raw[2:]


def _exif(number: int) -> bytes:
    moment = f"2026:03:04 10:{number // 60 % 60:02d}:{number % 60:02d}"
    exif = Image.Exif()
    exif.update({0x10F: "Visloop", 0x110: f"Bench {number % 7}", 0x112: 1, 0x132: moment})
    shot = exif.get_ifd(0x8769)
    shot[0x829A] = IFDRational(1, 50 + number % 200)
    shot[0x829D] = IFDRational(28, 10)
    shot[0x8827] = 100 * (1 + number % 32)
    shot[0x9003] = moment
    shot[0x920A] = IFDRational(35, 1)
    return exif.tobytes()
