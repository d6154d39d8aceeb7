"""Masks: bitmaps as run lengths and back, and planes of numbers drawn at another size.

Run lengths are COCO's: column by column, zeros first (cocoapi `common/maskApi.c`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.vision.records import Mask, Polygon


def runs_of(bitmap: NDArray[np.bool_]) -> tuple[int, ...]:
    """Bool (H, W) → runs, zeros first."""
    flat = bitmap.T.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate(([0], edges, [flat.size])))
    first = (0,) if flat.size and flat[0] else ()
    return (*first, *runs.tolist())


def bitmap_of(counts: Sequence[int], size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Runs → bool (H, W).

    Raises:
        ValueError: the runs do not add up to H × W.
    """
    height, width = size_hw
    values = np.arange(len(counts)) % 2 == 1
    flat = np.repeat(values, np.asarray(counts, dtype=np.int64))
    return flat.reshape(width, height).T


def sampled(
    plane: NDArray[np.float32], ys: NDArray[np.float64], xs: NDArray[np.float64]
) -> NDArray[np.float32]:
    """A plane read between its pixels, bilinearly; past its border the border goes on.

    Args:
        plane: float32 (h, w).
        ys: (H,) places from the top, in pixels of the plane: the first row's middle is at 0.5.
        xs: (W,) places from the left.

    Returns:
        float32 (H, W).
    """
    top, bottom, down = _neighbours(ys, plane.shape[0])
    left, right, along = _neighbours(xs, plane.shape[1])
    rows = plane[top] + (plane[bottom] - plane[top]) * down[:, None]
    columns = np.ascontiguousarray(rows.T)
    whole = columns[left] + (columns[right] - columns[left]) * along[:, None]
    return np.asarray(whole.T, np.float32)


def _neighbours(
    places: NDArray[np.float64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """For each place the pixel before, the pixel after, and how far it is between their middles."""
    at = np.clip(places - 0.5, 0, size - 1)
    before = np.floor(at).astype(np.int64)
    after = np.minimum(before + 1, size - 1)
    return before, after, (at - before).astype(np.float32)


def outline_bitmap(outline: Mask | Polygon, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of an outline, bool (H, W) of the picture.

    Polygons take the pixels that their edges touch; rings in rings are holes. A mask of another size
    is scaled, nearest pixel.
    """
    if isinstance(outline, Mask):
        bitmap = bitmap_of(outline.counts, outline.size_hw)
        if outline.size_hw == size_hw:
            return bitmap
        scaled = cv2.resize(bitmap.astype(np.uint8), size_hw[::-1], interpolation=cv2.INTER_NEAREST)
        return np.asarray(scaled, np.bool_)
    drawn = np.zeros(size_hw, np.uint8)
    rings = [np.array(ring, np.float64).reshape(-1, 2) for ring in outline.rings]
    cv2.fillPoly(drawn, [np.floor(ring).astype(np.int32) for ring in rings], 1)
    return drawn.astype(np.bool_)


def rings_of(bitmap: NDArray[np.bool_], tolerance_px: float = 1.0) -> list[tuple[float, ...]]:
    """Polygons along the border of a bitmap, x1 y1 x2 y2 …, the largest first; holes have their own.

    Args:
        bitmap: bool (H, W).
        tolerance_px: corners that lie this close to the line between their neighbours are left out.
            Source: Douglas & Peucker 1973.
    """
    found, _ = cv2.findContours(bitmap.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = [cv2.approxPolyDP(each, tolerance_px, closed=True) for each in found]
    rings.sort(key=lambda ring: -cv2.contourArea(ring))
    return [tuple(ring.ravel().astype(float).tolist()) for ring in rings]
