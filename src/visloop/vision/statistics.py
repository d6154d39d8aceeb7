"""Eight numbers that describe how a picture looks, whatever it shows: for drift, before any model.

Cost does not grow with the picture. Light and colour are taken from single pixels on an even grid
(a thumbnail of at most 128 px that no averaging has smoothed); sharpness, noise, blockiness and
direction from four patches at full resolution, for they die in a resize.

Source of the noise estimate: Immerkær 1996.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from visloop.vision.boxes import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STATISTIC_NAMES: Final = (
    "brightness",
    "contrast",
    "sharpness",
    "noise",
    "blockiness",
    "direction",
    "warmth",
    "clipped",
)
_THUMBNAIL_PX: Final = 128
_PATCH_PX: Final = 64
_BLOCK_PX: Final = 8
_DARK, _BRIGHT = 5, 250  # 0.02 and 0.98 of 255
_SHARPNESS_FLOOR: Final = 1e-6
_NOISE_FLOOR: Final = 1e-4
_SECOND_DIFFERENCE: Final = np.array([1, -2, 1], np.float32)


def image_statistics(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How a picture looks, in eight numbers.

    With the grey value g in [0, 1]: `brightness` mean of g; `contrast` its standard deviation;
    `sharpness` log variance of the Laplacian; `noise` log mean response to the kernel
    [1 -2 1; -2 4 -2; 1 -2 1]; `blockiness` mean |∂x g| across every 8th column border, less its
    overall mean; `direction` mean |∂x g| less mean |∂y g|; `warmth` mean red less mean blue;
    `clipped` share of pixels above .98 or below .02.

    Args:
        rgb: uint8 (H, W, 3), as decoded, before it is resized.

    Returns:
        float32 (8,) in the order of `STATISTIC_NAMES`, always finite.

    Raises:
        ShapeError: not uint8 (H, W, 3), or empty.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:  # noqa: PLR2004
        raise ShapeError(f"a picture is uint8 (H, W, 3), not {rgb.dtype} {rgb.shape}")
    brightness, contrast, warmth, clipped = _light(_thumbnail(rgb))
    sharpness, noise, blockiness, direction = _texture(_patches(rgb))
    return np.array(
        (brightness, contrast, sharpness, noise, blockiness, direction, warmth, clipped),
        np.float32,
    )


def _thumbnail(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Single pixels on an even grid: uint8 (h, w, 3), h and w at most 128."""
    height, width = (min(side, _THUMBNAIL_PX) for side in rgb.shape[:2])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small, np.uint8)


def _light(small: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    mean, deviation = cv2.meanStdDev(grey)
    red, _, blue, _ = cv2.mean(small)
    inside = cv2.countNonZero(cv2.inRange(grey, _DARK + 1, _BRIGHT - 1))
    return (
        float(mean[0, 0]) / 255,
        float(deviation[0, 0]) / 255,
        (red - blue) / 255,
        1 - inside / grey.size,
    )


def _patches(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey patches on the 8-pixel grid around the quarter points: float32 (T, h, w) in [0, 1]."""
    rows, columns = (_starts(side) for side in rgb.shape[:2])
    least = _BLOCK_PX + 1
    cut = [rgb[y : y + _PATCH_PX, x : x + _PATCH_PX] for y in rows for x in columns]
    height, width = cut[0].shape[:2]
    grey = cv2.cvtColor(np.concatenate(cut), cv2.COLOR_RGB2GRAY)
    patches = grey.reshape(len(cut), height, width).astype(np.float32) / np.float32(255)
    if height < least or width < least:
        more = ((0, 0), (0, max(0, least - height)), (0, max(0, least - width)))
        patches = np.pad(patches, more, mode="edge")
    return patches


def _starts(side: int) -> tuple[int, ...]:
    """Where patches begin along a side: two around its quarters, or one in a small picture."""
    if side < 2 * _PATCH_PX:
        return (max(0, side - _PATCH_PX) // 2 // _BLOCK_PX * _BLOCK_PX,)
    return tuple((side * q // 4 - _PATCH_PX // 2) // _BLOCK_PX * _BLOCK_PX for q in (1, 3))


def _texture(grey: NDArray[np.float32]) -> tuple[float, float, float, float]:
    count, height, width = grey.shape
    stacked = grey.reshape(count * height, width)
    inner = (slice(None), slice(1, -1), slice(1, -1))  # no response across a patch's border
    laplacian = cv2.Laplacian(stacked, cv2.CV_32F).reshape(grey.shape)[inner]
    rough = cv2.sepFilter2D(stacked, cv2.CV_32F, _SECOND_DIFFERENCE, _SECOND_DIFFERENCE)
    across = np.abs(grey[:, :, 1:] - grey[:, :, :-1])
    down = np.abs(grey[:, 1:] - grey[:, :-1])
    overall = float(across.mean())
    return (
        float(np.log(laplacian.var() + _SHARPNESS_FLOOR)),
        float(np.log(np.abs(rough.reshape(grey.shape)[inner]).mean() + _NOISE_FLOOR)),
        float(across[:, :, _BLOCK_PX - 1 :: _BLOCK_PX].mean()) - overall,
        overall - float(down.mean()),
    )
