"""A map laid over its picture: perceptually ordered colours, with the class, the score and a legend."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.explaining.records import Saliency, Target
from visloop.vision import Box, drawn

_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_LEAST, _MOST = 0.15, 0.65
_DIM: Final = 0.35
_STRIP: Final = 30
_WIDE: Final = 320
_INK, _PAPER = (238, 238, 242), (24, 28, 36)
_LINE: Final = (255, 255, 255)


def overlaid(
    rgb: NDArray[np.uint8], saliency: Saliency, target: Target, words: str = ""
) -> NDArray[np.uint8]:
    """The picture with the map on it, and a strip below that says what it shows.

    Args:
        rgb: uint8 (H, W, 3), upright, at full size.
        saliency: of the same size.
        target: what it speaks for; a box is drawn.
        words: said in the strip, after class, score and method.

    Returns:
        uint8 (H + strip, W, 3). Dark means little, light means much; what the model was not shown is
        grey and dim.
    """
    level = levels(saliency)
    colours = cv2.cvtColor(cv2.applyColorMap(level, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    share = (_LEAST + (_MOST - _LEAST) * level.astype(np.float32) / 255)[..., None]
    mixed = rgb * (1 - share) + colours * share
    mixed = np.where(saliency.seen[..., None], mixed, grey * _DIM)
    sheet = np.clip(mixed, 0, 255).astype(np.uint8)
    if isinstance(target.said, Box):
        sheet = drawn(sheet, [target.said], lambda _: _LINE)
    return np.concatenate([sheet, _strip(rgb.shape[1], saliency, target, words)])


def levels(saliency: Saliency) -> NDArray[np.uint8]:
    """0 … 255 between the least and the most of what was seen; uint8 (H, W)."""
    inside = saliency.values[saliency.seen]
    least, most = float(inside.min()), float(inside.max())
    if most <= least:
        return np.zeros(saliency.values.shape, np.uint8)
    scaled = np.clip((saliency.values - least) / (most - least), 0, 1)
    return np.where(saliency.seen, scaled * 255, 0).astype(np.uint8)


def _strip(width: int, saliency: Saliency, target: Target, words: str) -> NDArray[np.uint8]:
    """Class, score, method and the colours from little to much."""
    size = max(1.0, width / _WIDE / 2)
    height, scale, pen = round(_STRIP * size), 0.42 * size, max(1, round(size))
    strip = np.empty((height, width, 3), np.uint8)
    strip[:] = _PAPER
    ramp = np.linspace(0, 255, round(width / 5)).astype(np.uint8)[None]
    colours = cv2.cvtColor(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    edge = round(6 * size)
    strip[edge : height - edge, width - edge - ramp.shape[1] : width - edge] = colours
    said = " ".join(f"{target.label} {target.score:.2f}  {saliency.method}  {words}".split())
    room = width - 3 * edge - ramp.shape[1]
    while said and cv2.getTextSize(said, _FONT, scale, pen)[0][0] > room:
        said = said[:-1]
    foot = (edge, height - round(10 * size))
    cv2.putText(strip, said, foot, _FONT, scale, _INK, pen, cv2.LINE_AA)
    return strip
