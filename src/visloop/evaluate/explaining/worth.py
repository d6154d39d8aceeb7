"""What a map is worth: does it point at the object, and do the pixels that it names matter?

Pointing game: Zhang 2018. Deletion and insertion: Petsiuk 2018. Randomised weights: Adebayo 2018.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from visloop.evaluate.explaining.records import Floats, Saliency
from visloop.evaluate.explaining.subject import Subject
from visloop.registry import Package

_BLUR: Final = 20
_MANY: Final = 16
"""A tensor of fewer numbers is a size, a limit or an axis: no weight."""


def points_at(saliency: Saliency, boxes: Iterable[tuple[float, float, float, float]]) -> bool:
    """Whether the pixel with the largest value lies in one of the boxes, x1 y1 x2 y2 in its pixels."""
    x, y = saliency.peak_xy
    return any(x1 <= x < x2 and y1 <= y < y2 for x1, y1, x2, y2 in boxes)


def deletion(subject: Subject, heat: Floats, steps: int = 28) -> float:
    """The mean score while the pixels are made grey, the hottest first: low where the map is right.

    Args:
        subject: what is explained.
        heat: float32 (H, W) over the prepared input.
        steps: of equally many pixels.
    """
    grey = np.broadcast_to(subject.baseline, subject.prepared.shape)
    return _area(subject, heat, subject.prepared, grey, steps)


def insertion(subject: Subject, heat: Floats, steps: int = 28) -> float:
    """The mean score while a blurred picture gets its pixels back: high where the map is right."""
    sigma = min(subject.prepared.shape[1:]) / _BLUR
    blurred = np.stack([cv2.GaussianBlur(plane, (0, 0), sigma) for plane in subject.prepared])
    return _area(subject, heat, blurred, subject.prepared, steps)


def input_heat(subject: Subject, saliency: Saliency) -> Floats:
    """A map of the picture as one of the prepared input; below all others where there is no picture."""
    high, wide = subject.prepared.shape[1:]
    x1, y1, x2, y2 = (round(side) for side in subject.placement.source_xyxy)
    a1, b1, a2, b2 = (round(side) for side in subject.placement.target_xyxy)
    heat = np.full((high, wide), -1.0, np.float32)
    heat[b1:b2, a1:a2] = cv2.resize(saliency.values[y1:y2, x1:x2], (a2 - a1, b2 - b1))
    return heat


def scrambled(package: Package, seed: int, only: str = "") -> Package:
    """The same network with its weights put into another order, tensor by tensor.

    Args:
        package: the model.
        seed: another order.
        only: tensors whose names begin so; default: all.
    """
    model = onnx.load_from_string(package.onnx)
    rng = np.random.default_rng(seed)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name.startswith(only) and values.size >= _MANY and values.dtype.kind == "f":
            mixed = rng.permutation(values.reshape(-1)).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    return replace(package, onnx=model.SerializeToString(), reference=None)


def _area(subject: Subject, heat: Floats, start: Floats, end: Floats, steps: int) -> float:
    """The area under the score while `start` becomes `end`, hottest pixels first; both (C, H, W)."""
    order = np.argsort(-heat.reshape(-1), kind="stable")
    rank: NDArray[np.int64] = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    until = np.linspace(0, order.size, steps + 1)
    turned = rank.reshape(heat.shape)[None] < until[:, None, None]
    batch = np.where(turned[:, None], end, start).astype(np.float32)
    scores = subject.scores(batch)
    return float(((scores[1:] + scores[:-1]) / 2).mean())
