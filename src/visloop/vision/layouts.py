"""What detectors put out, read: one function for each layout that exports commonly have.

All give the same: corners in pixels of the prepared input, and the likeliest class with its score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.vision.boxes import ShapeError
from visloop.vision.contract import Layout

Floats: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = tuple[int | None, ...]


class Candidates(NamedTuple):
    """Q boxes before any is left out: `xyxy` float32 (Q, 4) in pixels of the input, `scores` float32
    (Q,) in [0, 1], `classes` int64 (Q,).
    """

    xyxy: Floats
    scores: Floats
    classes: NDArray[np.int64]


def candidates(
    layout: Layout, boxes: Floats, scores: Floats | None, *, classes: int, input_hw: tuple[int, int]
) -> Candidates:
    """One picture's outputs, read.

    Args:
        layout: how they are laid out.
        boxes: the output `boxes` of one picture.
        scores: the output `scores` of one picture, for the layouts that have two; see `layout_shapes`.
        classes: C.
        input_hw: height and width of the prepared input, in pixels.

    Raises:
        ShapeError: an output is not of the layout's shape.
    """
    given = (boxes,) if scores is None else (boxes, scores)
    wanted = layout_shapes(layout, classes)
    if len(given) != len(wanted) or not all(map(fits, (g.shape for g in given), wanted)):
        raise ShapeError(
            f"the layout {layout!r} of {classes} classes wants {_told(wanted)}, "
            f"the model gave {_told(tuple(g.shape for g in given))}"
        )
    xyxy, each = _READERS[layout](boxes, np.zeros(0, np.float32) if scores is None else scores)
    if layout in _NORMALISED:
        height, width = input_hw
        xyxy = xyxy * np.asarray([width, height, width, height], np.float32)
    best = each.argmax(axis=1) if each.size else np.zeros(len(each), np.int64)
    return Candidates(xyxy, each[np.arange(len(each)), best], best.astype(np.int64))


def layout_shapes(layout: Layout, classes: int) -> tuple[Shape, ...]:
    """The shape of one picture's `boxes`, and of its `scores` where the layout has them apart.

    None: any size.
    """
    match layout:
        case "boxes" | "rt-detr":
            return (None, 4), (None, classes)
        case "detr":
            return (None, 4), (None, classes + 1)
        case "yolov5":
            return ((None, 5 + classes),)
        case "yolov8":
            return ((4 + classes, None),)
        case "fastestdet":
            return ((5 + classes, None, None),)


def fits(shape: tuple[object, ...], wanted: Shape) -> bool:
    """Whether a shape, which may have names in place of sizes, can be the one wanted."""
    same = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(
        want is None or not isinstance(have, int) or have == want for have, want in same
    )


def softmax(logits: Floats, axis: int = -1) -> Floats:
    """Probabilities that sum to 1 along `axis`."""
    grown = np.exp(logits - logits.max(axis=axis, keepdims=True, initial=-np.inf))
    return np.asarray(grown / grown.sum(axis=axis, keepdims=True), np.float32)


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), np.float32)


def _plain(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """`boxes` (Q, 4) x1 y1 x2 y2 in pixels, `scores` (Q, C) in [0, 1]."""
    return boxes, scores


def _yolov5(rows: Floats, _: Floats) -> tuple[Floats, Floats]:
    """(Q, 5 + C): centre, size in pixels; objectness; classes. A score is the product of the two.

    Source: Redmon et al. 2016 (the product); the export of ultralytics/yolov5 (the layout).
    """
    return _corners(rows[:, :4]), rows[:, 5:] * rows[:, 4:5]


def _yolov8(columns: Floats, _: Floats) -> tuple[Floats, Floats]:
    """(4 + C, Q): centre, size in pixels; classes, without objectness (YOLOv8, YOLO11).

    Source: the layout that ultralytics documents for its ONNX exports.
    """
    return _corners(columns[:4].T), columns[4:].T


def _detr(boxes: Floats, logits: Floats) -> tuple[Floats, Floats]:
    """Centre, size in shares of the input; logits with "no object" last: softmax, that one dropped.

    Source: Carion et al. 2020 (DETR), 3.1.
    """
    return _corners(boxes), softmax(logits)[:, :-1]


def _rt_detr(boxes: Floats, logits: Floats) -> tuple[Floats, Floats]:
    """Centre, size in shares of the input; a logit a class: sigmoid.

    Source: Zhu et al. 2021 (Deformable DETR), Zhao et al. 2024 (RT-DETR), Peng et al. 2025 (D-FINE).
    """
    return _corners(boxes), sigmoid(logits)


def _fastestdet(grid: Floats, _: Floats) -> tuple[Floats, Floats]:
    """(5 + C, H, W): objectness, tanh of the centre's offset in cells, sigmoid of the size in shares
    of the input, class probabilities. A score is objectness^0.6 × class^0.4.

    Source: dog-qiuqiu/FastestDet, its published decoding of the ONNX file.
    """
    height, width = grid.shape[1:]
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    offsets, size = np.tanh(grid[1:3]), sigmoid(grid[3:5])
    centre = np.stack([(across + offsets[0]) / width, (down + offsets[1]) / height])
    boxes = np.concatenate([centre, size]).reshape(4, -1).T.astype(np.float32)
    objects, classes = np.clip(grid[:1], 0, 1), np.clip(grid[5:], 0, 1)
    scores = objects ** np.float32(0.6) * classes ** np.float32(0.4)
    return _corners(boxes), np.asarray(scores.reshape(len(classes), -1).T, np.float32)


_READERS: Final[Mapping[Layout, Callable[[Floats, Floats], tuple[Floats, Floats]]]] = {
    "boxes": _plain,
    "yolov5": _yolov5,
    "yolov8": _yolov8,
    "detr": _detr,
    "rt-detr": _rt_detr,
    "fastestdet": _fastestdet,
}
_NORMALISED: Final = frozenset({"detr", "rt-detr", "fastestdet"})


def _corners(cxcywh: Floats) -> Floats:
    """Centre and size → x1 y1 x2 y2."""
    centre, half = cxcywh[:, :2], cxcywh[:, 2:] / 2
    return np.asarray(np.concatenate([centre - half, centre + half], axis=1), np.float32)


def _told(sizes: tuple[tuple[object, ...], ...]) -> str:
    told = ["(" + ", ".join("any" if n is None else str(n) for n in one) + ")" for one in sizes]
    return " and ".join(told)
