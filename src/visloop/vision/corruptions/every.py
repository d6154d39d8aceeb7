"""The list of corruptions, and the door to them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from visloop.errors import UsageError, did_you_mean
from visloop.vision.boxes import ShapeError
from visloop.vision.corruptions import blur, digital, noise, weather
from visloop.vision.corruptions.sizing import Pixels

Group: TypeAlias = Literal["noise", "blur", "weather", "digital"]
SEVERITIES: Final = (1, 2, 3, 4, 5)
_COLOURS: Final = 3


class Corruption(NamedTuple):
    """`change(rgb, severity, rng)`; `moves`: things are no longer where boxes and masks say."""

    group: Group
    change: Callable[[Pixels, int, np.random.Generator], Pixels]
    moves: bool = False


CORRUPTIONS: Final[Mapping[str, Corruption]] = {
    "gaussian_noise": Corruption("noise", noise.gaussian_noise),
    "shot_noise": Corruption("noise", noise.shot_noise),
    "impulse_noise": Corruption("noise", noise.impulse_noise),
    "defocus_blur": Corruption("blur", blur.defocus_blur),
    "glass_blur": Corruption("blur", blur.glass_blur),
    "motion_blur": Corruption("blur", blur.motion_blur),
    "zoom_blur": Corruption("blur", blur.zoom_blur),
    "snow": Corruption("weather", weather.snow),
    "frost": Corruption("weather", weather.frost),
    "fog": Corruption("weather", weather.fog),
    "brightness": Corruption("weather", weather.brightness),
    "darkness": Corruption("weather", weather.darkness),
    "contrast": Corruption("digital", digital.contrast),
    "elastic_transform": Corruption("digital", digital.elastic_transform, moves=True),
    "pixelate": Corruption("digital", digital.pixelate),
    "jpeg_compression": Corruption("digital", digital.jpeg_compression),
}
"""By name, in the paper's order."""


def corrupt(rgb: Pixels, name: str, severity: int, seed: int = 0) -> Pixels:
    """A picture, hurt.

    Sizes are relative to the picture (see `sizing`), so it may be of any size. The same seed draws the
    same chances at every severity.

    Args:
        rgb: uint8 (H, W, 3), H and W at least 1.
        name: one of `CORRUPTIONS`.
        severity: 1 … 5.
        seed: what is drawn by chance.

    Returns:
        uint8 (H, W, 3), a picture of its own.

    Raises:
        UsageError: no such corruption or severity.
        ShapeError: not uint8 (H, W, 3), or empty.
    """
    if name not in CORRUPTIONS:
        fix = did_you_mean(name, CORRUPTIONS, otherwise=f"one of: {', '.join(CORRUPTIONS)}")
        raise UsageError(f"there is no corruption {name!r}", fix=fix)
    if severity not in SEVERITIES:
        raise UsageError(f"there is no severity {severity}", fix="1, 2, 3, 4 or 5")
    if rgb.ndim != _COLOURS or rgb.shape[2] != _COLOURS or rgb.dtype != np.uint8 or not rgb.size:
        raise ShapeError(f"a picture is uint8 (H, W, 3), not {rgb.dtype} {rgb.shape}")
    rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
    return CORRUPTIONS[name].change(rgb, severity, rng)
