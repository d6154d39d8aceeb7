"""Annotations drawn into a picture: boxes, outlines and masks with their class and score."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.vision.masks import outline_bitmap
from visloop.vision.records import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    Points,
    Polygon,
    Track,
)

Colour = tuple[int, int, int]

_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_SHARE: Final = 1 / 400  # of the longer side: a line's width
_VEIL: Final = 0.45


def drawn(
    rgb: NDArray[np.uint8], annotations: Iterable[Annotation], colour: Callable[[str], Colour]
) -> NDArray[np.uint8]:
    """A copy of the picture with what is said of it.

    Args:
        rgb: uint8 (H, W, 3), upright, at full size: annotations are in its pixels.
        annotations: what to draw; what lies nowhere (a class, a number) is written in the corner.
        colour: of a class, RGB 0 … 255.

    Returns:
        uint8 (H, W, 3).
    """
    said = list(annotations)
    sheet = np.ascontiguousarray(rgb).copy()
    areas = [each for each in said if isinstance(each, Mask | Polygon)]
    tops = [_veil(sheet, each, colour(each.label)) for each in areas]
    width = max(1, round(max(rgb.shape[:2]) * _SHARE))
    line = 0
    for each in reversed(said):  # the likeliest comes first, and lies on top
        match each:
            case Box() | Track():
                _box(sheet, each, colour(each.label), width)
            case Points():
                for x, y, seen in each.points:
                    if seen:
                        at = round(x), round(y)
                        cv2.circle(sheet, at, 2 * width, colour(each.label), cv2.FILLED)
            case ClassLabel() | NumberValue():
                line += _write(sheet, _words(each), (0, line), colour(each.label), width)
            case _:
                pass
    for each, at in zip(reversed(areas), reversed(tops), strict=True):
        if at is not None:
            _write(sheet, _words(each), at, colour(each.label), width)
    return sheet


def _veil(sheet: NDArray[np.uint8], each: Mask | Polygon, colour: Colour) -> tuple[int, int] | None:
    """Tint what lies inside; (x, y) of its first pixel, where it has any."""
    inside = outline_bitmap(each, (sheet.shape[0], sheet.shape[1]))
    if not inside.any():
        return None
    veiled = sheet[inside] * (1 - _VEIL) + np.asarray(colour, np.float32) * _VEIL
    sheet[inside] = veiled.astype(np.uint8)
    y = int(inside.any(axis=1).argmax())
    return int(inside[y].argmax()), y


def _box(sheet: NDArray[np.uint8], box: Box | Track, colour: Colour, width: int) -> None:
    x1, y1, x2, y2 = (round(side) for side in box.xyxy)
    cv2.rectangle(sheet, (x1, y1), (max(x1, x2 - 1), max(y1, y2 - 1)), colour, width)
    _write(sheet, _words(box), (x1, y1), colour, width, above=True)


def _write(
    sheet: NDArray[np.uint8],
    words: str,
    at: tuple[int, int],
    colour: Colour,
    width: int,
    *,
    above: bool = False,
) -> int:
    """Words on a ground of the colour; `at` is its upper (or lower) left corner. Its height."""
    scale, pen = 0.2 + 0.14 * width, max(1, width // 2)
    (wide, high), _ = cv2.getTextSize(words, _FONT, scale, pen)
    height = high + 4 * width
    x = min(max(0, at[0]), max(0, sheet.shape[1] - wide - 2 * width))
    y = at[1] - height if above and at[1] >= height else at[1]
    cv2.rectangle(sheet, (x, y), (x + wide + 2 * width, y + height), colour, cv2.FILLED)
    light = (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) > 140  # noqa: PLR2004
    ink = (0, 0, 0) if light else (255, 255, 255)
    foot = (x + width, y + height - 2 * width)
    cv2.putText(sheet, words, foot, _FONT, scale, ink, pen, cv2.LINE_AA)
    return height


def _words(each: Annotation) -> str:
    if isinstance(each, NumberValue):
        return f"{each.label} {each.value:g} {each.unit}".strip()
    return each.label if each.score is None else f"{each.label} {each.score:.2f}"
