"""Maps of what a model looked at: two families, by its gradients and by its answers alone.

Gradients: Grad-CAM (Selvaraju 2017) at the network's last map, integrated gradients (Sundararajan
2017) from mid-grey, SmoothGrad (Smilkov 2017). Answers alone: RISE (Petsiuk 2018), for boxes D-RISE
(Petsiuk 2021), and occlusion (Zeiler 2014). All work in the prepared input, (C, H, W), and are then
laid over the upright picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop import infer
from visloop.errors import MissingExtra, UsageError
from visloop.evaluate.explaining.records import METHODS, ExplainSettings, Floats, Method, Saliency
from visloop.evaluate.explaining.subject import Subject

if TYPE_CHECKING:
    from visloop.progress import Progress

T = TypeVar("T")

_BATCH: Final = 8
_LEAST_MASKS: Final = 64
_KEPT: Final = 0.5
_CELLS: Final = {"detect": 16}
"""Of RISE's grid: 7 for whole pictures, 16 for boxes, as their papers have it."""
_WHOLE: Final = 7
_NOISE: Final = 0.15
_PATCHES: Final = 8
_BLUR: Final = 56
"""Gradients of single pixels are smoothed by this part of the shorter side, so that a map has a peak."""


class _Looked(NamedTuple):
    """Heat in the prepared input, float32 (H, W), and how often the network was asked."""

    heat: Floats
    asked: int


def look(
    subject: Subject, method: Method, settings: ExplainSettings, progress: Progress
) -> Saliency:
    """A map of the picture: how much each pixel spoke for the target.

    Raises:
        UsageError: no such method, or not for this kind of model.
        MissingExtra, NoGradient: the method needs gradients, and there are none.
    """
    if method not in METHODS:
        raise UsageError(f"no method is called {method!r}", fix=f"use {', '.join(METHODS)}")
    if method == "gradcam" and subject.task == "detect":
        raise UsageError(
            "the last map of a detector has one cell for a box: Grad-CAM would show that cell",
            fix="use rise (for boxes: D-RISE) or integrated-gradients",
        )
    started = time.perf_counter()
    heat, asked = _WAYS[method](subject, settings, progress)
    values, seen = laid_over(heat, subject)
    return Saliency(method, values, seen, asked, time.perf_counter() - started)


def laid_over(heat: Floats, subject: Subject) -> tuple[Floats, NDArray[np.bool_]]:
    """A map of the input as one of the upright picture, and which of its pixels the model saw."""
    height, width = subject.placement.size_hw
    x1, y1, x2, y2 = (round(side) for side in subject.placement.source_xyxy)
    a1, b1, a2, b2 = (round(side) for side in subject.placement.target_xyxy)
    x1, y1, x2, y2 = max(0, x1), max(0, y1), min(width, x2), min(height, y2)
    values, seen = np.zeros((height, width), np.float32), np.zeros((height, width), np.bool_)
    part = cv2.resize(heat[b1:b2, a1:a2], (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
    values[y1:y2, x1:x2] = part - min(0.0, float(part.min()))
    seen[y1:y2, x1:x2] = True
    return values, seen


# --- by gradients ------------------------------------------------------------------------------------


def _gradcam(subject: Subject, settings: ExplainSettings, progress: Progress) -> _Looked:
    del settings, progress
    inputs = subject.prepared[None]
    layer = subject.network.layer(inputs, subject.weights(1))
    alphas = layer.gradient.mean(axis=(2, 3), keepdims=True)
    small = np.maximum((alphas * layer.values).sum(axis=1)[0], 0.0)
    high, wide = subject.prepared.shape[1:]
    return _Looked(np.asarray(cv2.resize(small, (wide, high)), np.float32), 1)


def integrated(subject: Subject, settings: ExplainSettings, progress: Progress) -> Floats:
    """Each number's share of the difference between the picture's answer and mid-grey's.

    Returns:
        float32 (C, H, W); its sum is that difference, up to the number of steps.
    """
    way = np.asarray(subject.prepared - subject.baseline, np.float32)
    total = np.zeros_like(way)
    places = (np.arange(settings.steps) + 0.5) / settings.steps
    for part in _tracked(np.array_split(places, -(-settings.steps // _BATCH)), progress):
        batch = np.asarray(subject.baseline + part[:, None, None, None] * way, np.float32)
        total += subject.network.gradient(batch, subject.weights(len(part))).sum(axis=0)
    return np.asarray(way * total / settings.steps, np.float32)


def _integrated(subject: Subject, settings: ExplainSettings, progress: Progress) -> _Looked:
    shares = integrated(subject, settings, progress).sum(axis=0)
    return _Looked(_smoothed(np.maximum(shares, 0.0)), settings.steps)


def _smoothgrad(subject: Subject, settings: ExplainSettings, progress: Progress) -> _Looked:
    rng = np.random.default_rng(settings.seed)
    spread = _NOISE * float(np.ptp(subject.prepared))
    total = np.zeros_like(subject.prepared)
    parts = np.array_split(np.arange(settings.steps), -(-settings.steps // _BATCH))
    for part in _tracked(parts, progress):
        noise = rng.normal(0, spread, (len(part), *subject.prepared.shape)).astype(np.float32)
        batch = subject.prepared + noise
        total += subject.network.gradient(batch, subject.weights(len(part))).sum(axis=0)
    return _Looked(_smoothed(np.abs(total).max(axis=0)), settings.steps)


def _smoothed(heat: Floats) -> Floats:
    sigma = max(1.0, min(heat.shape) / _BLUR)
    return np.asarray(cv2.GaussianBlur(heat, (0, 0), sigma), np.float32)


# --- by answers alone --------------------------------------------------------------------------------


def _rise(subject: Subject, settings: ExplainSettings, progress: Progress) -> _Looked:
    """Random masks, weighed by how much of the target is left under each."""
    high, wide = subject.prepared.shape[1:]
    rng = np.random.default_rng(settings.seed)
    cells = _CELLS.get(subject.task, _WHOLE)
    heat, asked, plain = np.zeros((high, wide), np.float64), 0, 0.0
    covered = np.zeros((high, wide), np.float64)
    ends = time.monotonic() + settings.seconds if settings.seconds else None
    for count in _tracked(_counts(settings.masks), progress):
        masks = np.stack([_mask(rng, cells, high, wide) for _ in range(count)])
        scores = subject.scores(_blended(subject, masks))
        heat += np.tensordot(scores, masks, axes=1)
        covered += masks.sum(axis=0)
        plain, asked = plain + float(scores.sum()), asked + count
        if ends is not None and time.monotonic() > ends and asked >= _LEAST_MASKS:
            break
    # the mean where a pixel was shown, less the mean of all: what showing it brings
    return _Looked((heat / np.maximum(covered, 1e-9) - plain / asked).astype(np.float32), asked)


def _mask(rng: np.random.Generator, cells: int, high: int, wide: int) -> Floats:
    """A random grid, drawn large and shifted at random: float32 (H, W) in [0, 1]."""
    down, right = -(-high // cells), -(-wide // cells)
    grid = (rng.random((cells, cells)) < _KEPT).astype(np.float32)
    large = cv2.resize(grid, ((cells + 1) * right, (cells + 1) * down))
    y, x = int(rng.integers(0, down)), int(rng.integers(0, right))
    return np.asarray(large[y : y + high, x : x + wide], np.float32)


def _occlusion(subject: Subject, settings: ExplainSettings, progress: Progress) -> _Looked:
    """What is lost when a square is covered, meant over all squares that cover a pixel."""
    del settings
    high, wide = subject.prepared.shape[1:]
    side = max(4, min(high, wide) // _PATCHES)
    tops, lefts = _starts(high, side), _starts(wide, side)
    places = [(y, x) for y in tops for x in lefts]
    whole = float(subject.scores(subject.prepared[None])[0])
    lost, covered = np.zeros((high, wide), np.float64), np.zeros((high, wide), np.float64)
    for at in _tracked(range(0, len(places), _BATCH), progress):
        chosen = places[at : at + _BATCH]
        masks = np.ones((len(chosen), high, wide), np.float32)
        for mask, (y, x) in zip(masks, chosen, strict=True):
            mask[y : y + side, x : x + side] = 0.0
        for (y, x), score in zip(chosen, subject.scores(_blended(subject, masks)), strict=True):
            lost[y : y + side, x : x + side] += whole - score
            covered[y : y + side, x : x + side] += 1
    return _Looked((lost / np.maximum(covered, 1)).astype(np.float32), len(places) + 1)


def _starts(length: int, side: int) -> list[int]:
    return sorted({*range(0, max(1, length - side), max(1, side // 2)), max(0, length - side)})


def _blended(subject: Subject, masks: Floats) -> Floats:
    """The picture where a mask is 1, mid-grey where it is 0: (N, C, H, W) of masks (N, H, W)."""
    shown = masks[:, None]
    return np.asarray(subject.prepared * shown + subject.baseline * (1 - shown), np.float32)


def _counts(total: int) -> list[int]:
    return [min(_BATCH, total - at) for at in range(0, total, _BATCH)]


def _tracked(items: Sequence[T], progress: Progress) -> Iterator[T]:
    return progress.track(items, doing="explain", unit="batch", total=len(items))


_WAYS: Final[Mapping[Method, Callable[[Subject, ExplainSettings, Progress], _Looked]]] = {
    "gradcam": _gradcam,
    "integrated-gradients": _integrated,
    "smoothgrad": _smoothgrad,
    "rise": _rise,
    "occlusion": _occlusion,
}


def usual_method(subject: Subject) -> Method:
    """Grad-CAM where there are gradients; for boxes, and without, RISE."""
    if subject.task == "detect":
        return "rise"
    try:
        subject.weights(1)
    except (infer.NoGradient, MissingExtra):
        return "rise"
    return "gradcam"
