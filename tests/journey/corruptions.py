"""Cameras that went wrong: out of focus, in the dark, noisy; the same picture gives the same bytes.

Blur and noise are those of level 4 of 5 of Hendrycks & Dietterich 2019, at the size of the pictures;
they have no lamp that is too weak, so `dark` leaves a tenth of the light. A person still recognises
what the pictures show. `good` encodes the picture again, at a quality at which the monitor does not
tell it from the file; `encoder` does so at 90, which it tells by the block edges.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

BLUR_PX: Final = 4.5
"""Standard deviation, in a picture whose longer side has 256 px."""
LIGHT: Final = 0.1
"""What is left of every pixel's value."""
NOISE: Final = 0.26
"""Standard deviation, of values in [0, 1]."""
_SIDE_PX: Final = 256
_QUALITY: Final = {"encoder": 90}
_BEST: Final = 95


def _blur(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(BLUR_PX * max(image.size) / _SIDE_PX))


def _dark(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.point(lambda value: value * LIGHT)


def _noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    noisy = pixels + rng.normal(0, NOISE * 255, pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


CAMERAS: Final[dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]]] = {
    "good": lambda image, _: image,
    "encoder": lambda image, _: image,
    "blur": _blur,
    "dark": _dark,
    "noise": _noise,
}
BROKEN: Final = ("blur", "dark", "noise")


def corrupted(data: bytes, camera: str) -> bytes:
    """The picture as that camera would have sent it, a JPEG."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    rng = np.random.default_rng([zlib.crc32(data), zlib.crc32(camera.encode())])
    out = io.BytesIO()
    CAMERAS[camera](image, rng).save(out, "JPEG", quality=_QUALITY.get(camera, _BEST))
    return out.getvalue()
