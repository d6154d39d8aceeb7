"""Sheets of small pictures with words beside them: people look rather than read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]

_SIDE_PX: Final = 128
_MARGIN_PX: Final = 4
_BORDER_PX: Final = 3
_WORDS_PX: Final = 152
_HEAD_PX: Final = 22
_PAPER, _INK = (250, 250, 250), (30, 30, 30)
_GOOD, _BAD = (40, 160, 90), (205, 50, 50)
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_SIZE: Final = 0.42
_QUALITY: Final = 88


class Tile(NamedTuple):
    """A picture, uint8 (H, W, 3); whether the answer to it was right, where that is known."""

    pixels: Pixels
    right: bool | None = None


def sheet(
    heads: Sequence[str], rows: Sequence[tuple[str, Sequence[Tile]]], side_px: int = _SIDE_PX
) -> bytes:
    """A JPEG: a row of pictures behind each of the words, a head above each column.

    Args:
        heads: one for each column.
        rows: words, and as many tiles.
        side_px: of a tile, which is square; pictures lie in there whole.
    """
    step = side_px + _MARGIN_PX
    high, wide = _HEAD_PX + step * len(rows), _WORDS_PX + step * len(heads)
    paper = np.full((high, wide, 3), _PAPER, np.uint8)
    for column, head in enumerate(heads):
        _write(paper, head, _WORDS_PX + column * step + 4, _HEAD_PX - 7)
    for row, (words, tiles) in enumerate(rows):
        top = _HEAD_PX + row * step
        for line, part in enumerate(words.split("\n")):
            _write(paper, part, 6, top + side_px // 2 + 16 * line)
        for column, tile in enumerate(tiles):
            left = _WORDS_PX + column * step
            paper[top : top + side_px, left : left + side_px] = _framed(tile, side_px)
    return simplejpeg.encode_jpeg(paper, _QUALITY, "RGB", "444")


def _framed(tile: Tile, side_px: int) -> Pixels:
    high, wide = tile.pixels.shape[:2]
    scale = side_px / max(high, wide)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    small = cv2.resize(
        tile.pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    )
    out = np.full((side_px, side_px, 3), _PAPER, np.uint8)
    top, left = (side_px - size[1]) // 2, (side_px - size[0]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    if tile.right is not None:
        corner = side_px - 1 - _BORDER_PX // 2
        colour = _GOOD if tile.right else _BAD
        cv2.rectangle(out, (_BORDER_PX // 2,) * 2, (corner, corner), colour, _BORDER_PX)
    return out


def _write(paper: Pixels, words: str, x: int, y: int) -> None:
    plain = words.replace("–", "-").encode("ascii", "replace").decode()  # the font has no others
    cv2.putText(paper, plain, (x, y), _FONT, _SIZE, _INK, 1, cv2.LINE_AA)
