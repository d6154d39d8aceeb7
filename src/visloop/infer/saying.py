"""From a model's raw outputs to annotations in the upright picture, as the contract says.

Coordinates keep three decimals of a pixel and scores six, here and nowhere else, so that every face
tells the same numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visloop import vision
from visloop.vision import Box, Mask, NumberValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.vision import Annotation, Contract, Decode, Placement

_PIXEL_DECIMALS: Final = 3
_SCORE_DECIMALS: Final = 6
_MOST_CANDIDATES: Final = 4096
"""Of more boxes above the threshold the likeliest are looked at; no picture has so many objects."""


def wanted_outputs(decode: Decode) -> tuple[str, ...]:
    """Names of the outputs that the task is read from."""
    match decode.task:
        case "embed":
            return (decode.embedding,)
        case "classify":
            return (decode.probabilities,)
        case "detect":
            both = (decode.boxes, decode.scores)
            return both[: len(vision.layout_shapes(decode.layout, 1))]
        case "segment":
            return (decode.masks,)
        case "regress":
            return (decode.value,)


def say(
    raw: Mapping[str, NDArray[np.float32]],
    contract: Contract,
    placement: Placement,
    *,
    author: str,
    threshold: float | None = None,
) -> tuple[Annotation, ...]:
    """What the outputs for one picture say of it.

    Args:
        raw: one picture's outputs by name: of `detect`, `segment` or `regress`.
        contract: what the outputs mean.
        placement: where the picture lies in the input.
        author: who says so, `model:dock@v3`.
        threshold: in place of the contract's `score_threshold`.

    Returns:
        boxes, the likeliest first; masks, by class; or numbers. What is no number (NaN, infinite)
        is left out.

    Raises:
        ShapeError: an output is not of the shape that the contract tells.
    """
    decode = contract.decode
    least = decode.score_threshold if threshold is None else threshold
    match decode.task:
        case "detect":
            return _boxes(raw, contract, placement, author, least)
        case "segment":
            return _masks(raw[decode.masks], contract, placement, author, least)
        case "regress":
            return _numbers(raw[decode.value], contract, author)
        case _:
            return ()


def _boxes(
    raw: Mapping[str, NDArray[np.float32]],
    contract: Contract,
    placement: Placement,
    author: str,
    threshold: float,
) -> tuple[Box, ...]:
    decode = contract.decode
    found = candidates(raw, contract, placement.input_hw)
    rows = _likeliest(found, threshold)
    xyxy, scores, classes = found.xyxy[rows], found.scores[rows], found.classes[rows]
    if decode.nms_iou is not None:
        kept = vision.nms(xyxy, scores, classes, iou=decode.nms_iou, limit=decode.max_detections)
        xyxy, scores, classes = xyxy[kept], scores[kept], classes[kept]
    placed = np.round(placement.to_picture(xyxy).astype(np.float64), _PIXEL_DECIMALS)
    seen = np.flatnonzero((placed[:, 2:] > placed[:, :2]).all(axis=1))[: decode.max_detections]
    return tuple(
        Box(
            xyxy=(x1, y1, x2, y2),
            label=contract.classes[index],
            score=round(score, _SCORE_DECIMALS),
            author=author,
            review="proposed",
        )
        for (x1, y1, x2, y2), index, score in zip(
            placed[seen].tolist(), classes[seen].tolist(), scores[seen].tolist(), strict=True
        )
    )


def candidates(
    raw: Mapping[str, NDArray[np.float32]], contract: Contract, input_hw: tuple[int, int]
) -> vision.Candidates:
    """The boxes of a picture before any is left out, in pixels of the prepared picture.

    Of tiles, those whose middle lies in the part that their tile answers for.
    """
    decode, classes = contract.decode, len(contract.classes)
    boxes, scores = raw[decode.boxes], raw.get(decode.scores)
    if contract.tiling is None:
        return vision.candidates(decode.layout, boxes, scores, classes=classes, input_hw=input_hw)
    size = contract.tiling.size_hw
    parts: list[vision.Candidates] = []
    for place, window in enumerate(vision.windows(contract.tiling, input_hw)):
        each = None if scores is None else scores[place]
        found = vision.candidates(decode.layout, boxes[place], each, classes=classes, input_hw=size)
        xyxy = found.xyxy + np.array([window.x, window.y] * 2, np.float32)
        middle = (xyxy[:, :2] + xyxy[:, 2:]) / 2
        left, above, right, below = window.own_xyxy
        own = ((middle >= (left, above)) & (middle < (right, below))).all(axis=1)
        parts.append(vision.Candidates(xyxy[own], found.scores[own], found.classes[own]))
    return vision.Candidates(
        np.concatenate([each.xyxy for each in parts]),
        np.concatenate([each.scores for each in parts]),
        np.concatenate([each.classes for each in parts]),
    )


def _likeliest(found: vision.Candidates, threshold: float) -> NDArray[np.int64]:
    """Rows at or above the threshold that are numbers at all, the likeliest first."""
    rows = np.flatnonzero((found.scores >= threshold) & np.isfinite(found.xyxy).all(axis=1))
    return rows[np.argsort(-found.scores[rows], kind="stable")][:_MOST_CANDIDATES]


def _masks(
    planes: NDArray[np.float32],
    contract: Contract,
    placement: Placement,
    author: str,
    threshold: float,
) -> tuple[Mask, ...]:
    classes = contract.classes
    if planes.ndim != 3 or planes.shape[0] != 1 + len(classes):  # noqa: PLR2004 - (1 + C, h, w)
        raise vision.ShapeError(f"masks are ({1 + len(classes)}, H, W), not {planes.shape}")
    match contract.decode.activation:
        case "softmax":
            planes = vision.softmax(planes, axis=0)
        case "sigmoid":
            planes = vision.sigmoid(planes)
        case "none":
            pass
    down, across = _sides(planes.shape[1:], placement)
    of_class, best = _likeliest_classes(planes, down, across, threshold)
    found: list[Mask] = []
    for index in np.unique(of_class[of_class > 0]).tolist():
        bitmap = np.zeros(placement.size_hw, np.bool_)
        inside = of_class == index
        bitmap[down.start : down.stop, across.start : across.stop] = inside
        found.append(
            Mask(
                size_hw=placement.size_hw,
                counts=vision.runs_of(bitmap),
                label=classes[index - 1],
                score=round(float(best[inside].mean(dtype=np.float64)), _SCORE_DECIMALS),
                author=author,
                review="proposed",
            )
        )
    return tuple(found)


def _likeliest_classes(
    planes: NDArray[np.float32], down: _Side, across: _Side, threshold: float
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Of each pixel that the model saw, its channel (0: background) and that one's probability.

    One channel at a time: a large picture of many classes would not fit into memory at once.
    """
    best = vision.sampled(planes[0], down.places, across.places)
    channel = np.zeros(best.shape, np.int32)
    for index in range(1, len(planes)):
        here = vision.sampled(planes[index], down.places, across.places)
        wins = (here > best) & (here >= threshold)
        channel[wins] = index
        best[wins] = here[wins]
    return channel, best


class _Side(NamedTuple):
    """One side of the picture: the pixels that the model saw, and where their middles lie."""

    start: int
    stop: int
    places: NDArray[np.float64]


def _sides(size: tuple[int, ...], placement: Placement) -> tuple[_Side, _Side]:
    """Rows and columns of the picture in planes of (height, width)."""
    x1, y1, x2, y2 = placement.source_xyxy
    a1, b1, a2, b2 = placement.target_xyxy
    (height, width), (in_h, in_w) = placement.size_hw, placement.input_hw
    return (
        _side((y1, y2), (b1, b2), height, size[0] / in_h),
        _side((x1, x2), (a1, a2), width, size[1] / in_w),
    )


def _side(
    source: tuple[float, float], target: tuple[float, float], length: int, share: float
) -> _Side:
    start, stop = max(0, round(source[0])), min(length, round(source[1]))
    scale = (target[1] - target[0]) / (source[1] - source[0])
    middles = np.arange(start, stop, dtype=np.float64) + 0.5
    places = ((middles - source[0]) * scale + target[0]) * share
    return _Side(start, stop, np.asarray(places, np.float64))


def _numbers(
    values: NDArray[np.float32], contract: Contract, author: str
) -> tuple[NumberValue, ...]:
    names = contract.classes or ("",)
    if values.shape != (len(names),):
        raise vision.ShapeError(f"expected ({len(names)},) numbers, got {values.shape}")
    return tuple(
        NumberValue(
            value=float(value),
            unit=contract.decode.unit,
            label=name,
            author=author,
            review="proposed",
        )
        for name, value in zip(names, values.tolist(), strict=True)
        if math.isfinite(value)
    )
