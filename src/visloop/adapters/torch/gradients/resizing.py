"""ONNX's Resize, in torch: each side by itself, as a matrix of weights.

Every mode is separable, so a side of length L that becomes M is a product with an (M, L) matrix; its
gradient is the product with the transposed one. Source: ONNX's specification of Resize-19.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor


def resize(
    x: Tensor,
    _region: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
    *,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    cubic_coeff_a: float = -0.75,
    axes: Sequence[int] = (),
    **given: Any,
) -> Tensor:
    """A tensor with sides of other lengths."""
    unknown = {"antialias", "exclude_outside"} & {name for name, value in given.items() if value}
    if given.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        unknown.add("keep_aspect_ratio_policy")
    if unknown or coordinate_transformation_mode not in _PLACES:
        raise NotImplementedError(
            f"Resize with {', '.join(sorted(unknown)) or coordinate_transformation_mode}"
        )
    chosen = [axis % x.ndim for axis in axes] or list(range(x.ndim))
    if sizes is not None and sizes.numel():
        lengths = [int(size) for size in sizes.tolist()]
        factors = [size / x.shape[axis] for axis, size in zip(chosen, lengths, strict=True)]
    else:
        assert scales is not None
        factors = [float(scale) for scale in scales.tolist()]
        lengths = [
            int(x.shape[axis] * factor) for axis, factor in zip(chosen, factors, strict=True)
        ]
    for axis, length, factor in zip(chosen, lengths, factors, strict=True):
        if length == x.shape[axis] and factor == 1.0:
            continue
        places = _PLACES[coordinate_transformation_mode](length, x.shape[axis], factor)
        if mode == "nearest":
            rows = _NEAREST[nearest_mode](places).long().clamp(0, x.shape[axis] - 1)
            x = x.index_select(axis, rows)
        else:
            taps = _linear(places) if mode == "linear" else _cubic(places, cubic_coeff_a)
            weights = _matrix(*taps, x.shape[axis]).to(x.dtype)
            x = torch.movedim(torch.movedim(x, axis, -1) @ weights.T, -1, axis)
    return x


def _half_pixel(length: int, _: int, factor: float) -> Tensor:
    return (torch.arange(length, dtype=torch.float64) + 0.5) / factor - 0.5


def _torch_half_pixel(length: int, size: int, factor: float) -> Tensor:
    return _half_pixel(length, size, factor) if length > 1 else torch.zeros(1, dtype=torch.float64)


def _half_pixel_symmetric(length: int, size: int, factor: float) -> Tensor:
    adjustment = length / (factor * size)
    return size / 2 * (1 - adjustment) + _half_pixel(length, size, factor)


def _corners(length: int, size: int, factor: float) -> Tensor:
    step = (size - 1) / (factor * size - 1) if length > 1 else 0.0
    return torch.arange(length, dtype=torch.float64) * step


def _asymmetric(length: int, _: int, factor: float) -> Tensor:
    return torch.arange(length, dtype=torch.float64) / factor


_PLACES: Final[Mapping[str, Callable[[int, int, float], Tensor]]] = {
    "half_pixel": _half_pixel,
    "pytorch_half_pixel": _torch_half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "align_corners": _corners,
    "asymmetric": _asymmetric,
}
_NEAREST: Final[Mapping[str, Callable[[Tensor], Tensor]]] = {
    "round_prefer_floor": lambda at: torch.ceil(at - 0.5),
    "round_prefer_ceil": lambda at: torch.floor(at + 0.5),
    "floor": torch.floor,
    "ceil": torch.ceil,
}


def _linear(at: Tensor) -> tuple[Tensor, Tensor]:
    """Where the two neighbours of each place lie, and their weights, both (M, 2)."""
    low = torch.floor(at)
    share = at - low
    return torch.stack([low, low + 1], 1), torch.stack([1 - share, share], 1)


def _cubic(at: Tensor, a: float) -> tuple[Tensor, Tensor]:
    """The same of four neighbours, both (M, 4). Source: Keys 1981."""
    low = torch.floor(at)
    t = at - low
    weights = [
        ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a,
        ((a + 2) * t - (a + 3)) * t * t + 1,
        ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1,
        ((a * (2 - t) - 5 * a) * (2 - t) + 8 * a) * (2 - t) - 4 * a,
    ]
    return torch.stack([low - 1, low, low + 1, low + 2], 1), torch.stack(weights, 1)


def _matrix(rows: Tensor, weights: Tensor, size: int) -> Tensor:
    """(M, L): weights at their places; what lies outside falls to the border."""
    matrix = torch.zeros((len(rows), size), dtype=torch.float64)
    return matrix.scatter_add_(1, rows.long().clamp(0, size - 1), weights)
