"""Boxes as arrays: (N, 4) corners x1 y1 x2 y2 in absolute pixels, x1 < x2, y1 < y2."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.errors import UsageError

Boxes: TypeAlias = NDArray[np.float32]


class ShapeError(UsageError):
    """An array is not of the shape or type that is wanted; the message says both."""

    code = "vision.shape"


def area(xyxy: Boxes) -> Boxes:
    """Area of every box, 0 for one that is turned inside out.

    Args:
        xyxy: float32 (N, 4).

    Returns:
        float32 (N,) in square pixels.

    Raises:
        ShapeError: the input is not (N, 4).
    """
    boxes = _checked(xyxy)
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return size[:, 0] * size[:, 1]


def clip(xyxy: Boxes, width: int, height: int) -> Boxes:
    """The boxes cut off at the picture's border; one that lies outside becomes empty.

    Args:
        xyxy: float32 (N, 4).
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        float32 (N, 4) in [0, width] and [0, height].

    Raises:
        ShapeError: the input is not (N, 4).
    """
    boxes = _checked(xyxy)
    border = np.asarray([width, height, width, height], np.float32)
    return np.clip(boxes, np.float32(0), border)


def iou_matrix(a_xyxy: Boxes, b_xyxy: Boxes) -> Boxes:
    """Overlap of every box in `a` with every box in `b`: intersection over union.

    Args:
        a_xyxy: float32 (A, 4).
        b_xyxy: float32 (B, 4).

    Returns:
        float32 (A, B) in [0, 1]; 0 where both boxes are empty.

    Raises:
        ShapeError: an input is not (N, 4).
    """
    a, b = _checked(a_xyxy), _checked(b_xyxy)
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    size = np.maximum(bottom_right - top_left, 0)
    inside = size[..., 0] * size[..., 1]
    union = area(a)[:, None] + area(b)[None, :] - inside
    return np.divide(inside, union, out=np.zeros_like(inside), where=union > 0)


def nms(
    xyxy: Boxes, scores: Boxes, classes: NDArray[np.integer], *, iou: float, limit: int
) -> NDArray[np.int64]:
    """Non-maximum suppression, class by class: of boxes that overlap, the likeliest stays.

    Greedy, from the highest score down; of equal scores the earlier row comes first. A box goes when
    its overlap with one that stays, of its own class, is more than `iou` (equal to it: it stays). It
    stops when `limit` boxes stay: those below cannot change those above.

    Args:
        xyxy: float32 (N, 4).
        scores: float32 (N,).
        classes: int (N,).
        iou: in [0, 1].
        limit: at most so many boxes of all classes together.

    Returns:
        int64 (K,), rows that stay, the likeliest first.

    Raises:
        ShapeError: `xyxy` is not (N, 4), or the others have not N entries.

    Source: Felzenszwalb et al. 2010, 3.3; per class as in Girshick et al. 2014.
    """
    boxes = _checked(xyxy).astype(np.float64)
    if len(scores) != len(boxes) or len(classes) != len(boxes):
        raise ShapeError(f"{len(boxes)} boxes, {len(scores)} scores and {len(classes)} classes")
    order = np.argsort(-scores, kind="stable")
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    kept: list[int] = []
    while order.size and len(kept) < limit:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        corner = np.maximum(boxes[order, :2], boxes[best, :2])
        inside = np.maximum(np.minimum(boxes[order, 2:], boxes[best, 2:]) - corner, 0).prod(axis=1)
        union = size[order] + size[best] - inside
        gone = (classes[order] == classes[best]) & (inside > iou * union)
        order = order[~gone]
    return np.asarray(kept, np.int64)


def _checked(xyxy: Boxes) -> Boxes:
    boxes = np.asarray(xyxy, np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4:  # noqa: PLR2004 - four corners
        raise ShapeError(f"boxes are (N, 4), not {boxes.shape}")
    return boxes
