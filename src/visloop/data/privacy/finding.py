"""The built-in detectors: faces by Viola and Jones' cascades, text by its dense strokes.

Both are old and small on purpose: they come with the core install and run on any machine. What
they miss is told, with figures, in docs/explanation/privacy.md; better ones are plug-ins.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from visloop.data.privacy.regions import Region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LONGEST_PX: Final = 1280
_SMALLEST_FACE_PX: Final = 20
_NEIGHBOURS: Final = 3
_CASCADES: Final = ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")
_OVERLAP: Final = 0.3
_LETTER_PX: Final = (6, 120)
_STROKES: Final = 0.12


def find_faces(rgb: NDArray[np.uint8]) -> Sequence[Region]:
    """Frontal faces, and profiles to either side (Viola and Jones 2001; Lienhart 2002)."""
    grey, scale = _small_grey(rgb)
    grey = cv2.equalizeHist(grey)
    width = grey.shape[1]
    found: list[Region] = []
    for name in _CASCADES:
        for mirrored in (False, True) if "profile" in name else (False,):
            looked = cv2.flip(grey, 1) if mirrored else grey
            boxes = _cascade(name).detectMultiScale(
                looked,
                scaleFactor=1.1,
                minNeighbors=_NEIGHBOURS,
                minSize=(_SMALLEST_FACE_PX, _SMALLEST_FACE_PX),
            )
            for x, y, w, h in np.asarray(boxes, dtype=int).reshape(-1, 4).tolist():
                left = width - x - w if mirrored else x
                found.append(_scaled(left, y, w, h, scale))
    return merged(found)


def find_text(rgb: NDArray[np.uint8]) -> Sequence[Region]:
    """Lines of text as labels, name plates and overlays show them: dense strokes of high contrast."""
    grey, scale = _small_grey(rgb)
    strokes = cv2.morphologyEx(
        grey, cv2.MORPH_GRADIENT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    )
    level, _ = cv2.threshold(strokes, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink = (strokes > max(level, 40)).astype(np.uint8) * 255
    found: list[Region] = []
    for reach in (5, 11, 21):
        joined = cv2.morphologyEx(
            ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, 1))
        )
        _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        for x, y, w, h, _area in stats[1:].tolist():
            if _looks_like_a_line(ink[y : y + h, x : x + w], w, h):
                found.append(_scaled(x, y, w, h, scale))
    return merged(found)


def _looks_like_a_line(ink: NDArray[np.uint8], width: int, height: int) -> bool:
    """Wide enough, of a letter's height, and full of upright strokes along its whole length."""
    low, high = _LETTER_PX
    if not (low <= height <= high and width >= 1.5 * height):
        return False
    on = ink > 0
    if not 0.25 <= on.mean() <= 0.9:  # noqa: PLR2004
        return False
    crossings = np.count_nonzero(np.diff(on.astype(np.int8), axis=1), axis=1)
    per_letter = np.median(crossings) / (width / height)
    return bool(per_letter >= 1.5)  # noqa: PLR2004 - a letter about as wide as high has two edges


def merged(regions: Sequence[Region]) -> list[Region]:
    """Regions that overlap much become one around both."""
    out: list[Region] = []
    for region in sorted(regions, key=lambda r: (r.y1, r.x1, r.y2, r.x2)):
        for at, other in enumerate(out):
            if _share(region, other) > _OVERLAP:
                out[at] = Region(
                    min(region.x1, other.x1),
                    min(region.y1, other.y1),
                    max(region.x2, other.x2),
                    max(region.y2, other.y2),
                )
                break
        else:
            out.append(region)
    return out


def _share(a: Region, b: Region) -> float:
    """What they have in common, of the smaller one."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    smaller = min((r.x2 - r.x1) * (r.y2 - r.y1) for r in (a, b))
    return max(width, 0) * max(height, 0) / max(smaller, 1)


def _small_grey(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Grey at no more than 1280 px, and how much larger the picture itself is."""
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    scale = max(grey.shape) / _LONGEST_PX
    if scale <= 1:
        return np.asarray(grey, np.uint8), 1.0
    size = (max(1, round(grey.shape[1] / scale)), max(1, round(grey.shape[0] / scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _scaled(x: int, y: int, w: int, h: int, scale: float) -> Region:
    return Region(
        int(x * scale), int(y * scale), int((x + w) * scale) + 1, int((y + h) * scale) + 1
    )


@lru_cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / name))
