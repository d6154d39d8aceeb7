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
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_LONGEST_PX: Final = 1280
_SMALLEST_FACE_PX: Final = 20
_NEIGHBOURS: Final = 3
_CASCADES: Final = ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")
_OVERLAP: Final = 0.3
_LETTER_PX: Final = (6, 120)
_THIN_PX, _THICK_PX = 9, 25
_LEAST_CONTRAST: Final = 45
_JOINED: Final = 8
_LEAST_LETTERS: Final = 4
_MOST_LETTERS: Final = 3000


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
    """Lines of four letters or more, lighter or darker than what is around them.

    Letters are connected strokes of one brightness that stand beside each other at like heights
    (after Epshtein, Ofek and Wexler 2010, with morphology in place of their stroke widths).
    """
    grey, scale = _small_grey(rgb)
    found: list[Region] = []
    for reach in (_THIN_PX, _THICK_PX):
        around = cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach))
        for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
            stands_out = cv2.morphologyEx(grey, kind, around)
            ink = (stands_out > _LEAST_CONTRAST).astype(np.uint8)
            for x1, y1, x2, y2 in _lines(_letters(ink)):
                found.append(_scaled(x1, y1, x2 - x1, y2 - y1, scale))
    return merged(found)


def _letters(ink: NDArray[np.uint8]) -> NDArray[np.int64]:
    """x, y, width, height of strokes that may be letters, from left to right, (n, 4)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, w, h, area = np.asarray(stats[1:], dtype=np.int64).T
    low, high = _LETTER_PX
    filled = area / np.maximum(w * h, 1)
    fits = (h >= low) & (h <= high) & (w <= _JOINED * h) & (filled >= 0.18) & (filled <= 0.95)  # noqa: PLR2004
    chosen = np.stack([x, y, w, h], axis=1)[fits]
    return chosen[np.argsort(chosen[:, 0], kind="stable")][:_MOST_LETTERS]


def _lines(letters: NDArray[np.int64]) -> Iterator[tuple[int, int, int, int]]:
    """Corners around letters of like height that follow each other closely."""
    taken = np.zeros(len(letters), dtype=bool)
    for start in range(len(letters)):
        if taken[start]:
            continue
        line = [start]
        taken[start] = True
        while (following := _next_letter(letters, taken, line[-1])) is not None:
            line.append(following)
            taken[following] = True
        x, y, w, h = letters[line].T
        if np.maximum(w / h, 1).sum() >= _LEAST_LETTERS and len(line) > 1:  # some letters touch
            reach = int(h.max())  # strokes too thin or too flat to be a letter stand at its ends
            yield int(x.min()) - reach, int(y.min()), int((x + w).max()) + reach, int((y + h).max())


def _next_letter(letters: NDArray[np.int64], taken: NDArray[np.bool_], last: int) -> int | None:
    x, y, w, h = letters[last]
    candidates = letters[last + 1 :]
    gap = candidates[:, 0] - (x + w)
    like = (candidates[:, 3] <= 1.7 * h) & (h <= 1.7 * candidates[:, 3])
    near = (gap <= 1.8 * h) & (gap >= -0.3 * h)
    level = np.abs((candidates[:, 1] + candidates[:, 3]) - (y + h)) <= 0.3 * h
    found = np.nonzero(like & near & level & ~taken[last + 1 :])[0]
    return int(found[0]) + last + 1 if len(found) else None


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
