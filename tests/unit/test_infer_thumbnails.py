"""Thumbnails: upright, no larger than asked for, of the right colours, whatever the JPEG."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.journey.parity.pictures import TURNS
from visloop import infer
from visloop.errors import UsageError


def jpeg(size: tuple[int, int], mode: str = "RGB", orientation: int = 1) -> bytes:
    """Left half dark, right half bright."""
    picture = Image.new("L", size, 30)
    picture.paste(220, (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    exif[0x112] = orientation
    out = io.BytesIO()
    picture.convert(mode).save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


def drawn(data: bytes, px: int) -> np.ndarray:
    small = infer.jpeg_thumbnail(data, px)
    assert small is not None
    return np.asarray(Image.open(io.BytesIO(small)).convert("L"), np.int16)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    ("size", "px", "shape"),
    [
        ((200, 160), 64, (51, 64)),
        ((1600, 1000), 64, (40, 64)),
        ((40, 30), 64, (30, 40)),
        ((3000, 4), 64, (1, 64)),
        ((1, 1), 64, (1, 1)),
    ],
)
def test_the_longer_side_is_as_asked(
    mode: str, size: tuple[int, int], px: int, shape: tuple[int, int]
) -> None:
    assert drawn(jpeg(size, mode), px).shape == shape


@pytest.mark.parametrize(
    ("orientation", "dark"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")]
)
def test_it_is_upright(orientation: int, dark: str) -> None:
    pixels = drawn(jpeg((400, 300), orientation=orientation), 64)
    half = {
        "left": pixels[:, :24],
        "right": pixels[:, -24:],
        "top": pixels[:24],
        "bottom": pixels[-24:],
    }
    means = {side: float(part.mean()) for side, part in half.items()}
    assert min(means, key=lambda side: means[side]) == dark
    assert means[dark] < 50


def test_what_is_no_ordinary_jpeg_is_left_to_others() -> None:
    assert infer.jpeg_thumbnail(jpeg((40, 30), "CMYK"), 64) is None
    assert infer.jpeg_thumbnail(b"\x89PNG\r\n\x1a\n", 64) is None
    assert infer.jpeg_thumbnail(b"", 64) is None
    assert infer.jpeg_size(jpeg((40, 30), "CMYK")) is None
    assert infer.jpeg_upright(b"\x89PNG\r\n\x1a\n", 0.5) is None


def test_a_picture_cut_short_shows_what_it_has() -> None:
    whole = jpeg((640, 480))
    assert drawn(whole[: len(whole) * 2 // 3], 64).shape == (48, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("px", [16, 64])
def test_a_part_is_of_the_upright_picture(orientation: int, px: int) -> None:
    """A bright spot of 20 x 12, wherever the picture lies: 64 shows every pixel, 16 fewer."""
    upright = Image.new("L", (400, 300), 30)
    upright.paste(220, (310, 40, 330, 52))
    exif = Image.Exif()
    exif[0x112] = orientation
    turned = TURNS.get(orientation)
    out = io.BytesIO()
    (upright.transpose(turned) if turned is not None else upright).save(out, "JPEG", exif=exif)
    scale = min(1.0, px / 40)
    decoded = infer.jpeg_upright(out.getvalue(), scale)
    assert decoded is not None
    assert infer.jpeg_size(out.getvalue()) == (400, 300)
    part = infer.drawn_part(decoded, (400, 300), (300, 34, 340, 58), px)
    pixels = np.asarray(Image.open(io.BytesIO(part)).convert("L"), np.int16)
    assert pixels.shape == (round(24 * scale), round(40 * scale))
    ys, xs = np.nonzero(pixels > 125)
    around = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    assert np.abs(around / scale - (10, 6, 30, 18)).max() <= 1 / scale


def test_a_part_ends_with_the_picture() -> None:
    assert infer.part_inside((30, 0, 999, 999), (40, 30)) == (30, 0, 40, 30)
    for nowhere in [(40, 0, 60, 30), (5, 5, 5, 9), (9, 9, 5, 5)]:
        with pytest.raises(UsageError, match="nothing of the picture"):
            infer.part_inside(nowhere, (40, 30))
