"""ONNX's layers of networks, in torch: convolution, pooling, norms, resizing.

N counts pictures, C channels, then D spatial sides. Conventions: see `plain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from visloop.adapters.torch.gradients.plain import Operator

_CONV: Final = (functional.conv1d, functional.conv2d, functional.conv3d)
_CONV_BACK: Final = (
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
)
_MAX_POOL: Final = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
_AVERAGE_POOL: Final[Sequence[Callable[..., Tensor]]] = (
    functional.avg_pool1d,
    functional.avg_pool2d,
    functional.avg_pool3d,
)


def _spatial(x: Tensor) -> list[int]:
    return list(range(2, x.ndim))


def _around(
    x: Tensor, auto_pad: str, pads: Sequence[int], window: Sequence[int], strides: Sequence[int]
) -> list[int]:
    """Numbers to put around the spatial sides, as `functional.pad` wants them: the last side first."""
    dims = x.ndim - 2
    if auto_pad in {"SAME_UPPER", "SAME_LOWER"}:
        sides: list[tuple[int, int]] = []
        for size, wide, step in zip(x.shape[2:], window, strides, strict=True):
            total = max(0, (-(-size // step) - 1) * step + wide - size)
            less, more = total // 2, total - total // 2
            sides.append((less, more) if auto_pad == "SAME_UPPER" else (more, less))
    else:
        given = list(pads) or [0] * (2 * dims)
        sides = list(zip(given[:dims], given[dims:], strict=True))
    return [number for side in reversed(sides) for number in side]


def _conv(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    dilations: Sequence[int] = (),
    group: int = 1,
    **_: Any,
) -> Tensor:
    dims = x.ndim - 2
    strides, dilations = strides or [1] * dims, dilations or [1] * dims
    window = [(k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilations, strict=True)]
    around = _around(x, auto_pad, pads, window, strides)
    return _CONV[dims - 1](
        functional.pad(x, around) if any(around) else x, kernel, bias, strides, 0, dilations, group
    )


def _conv_transpose(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    dilations: Sequence[int] = (),
    output_padding: Sequence[int] = (),
    group: int = 1,
    **given: Any,
) -> Tensor:
    if auto_pad not in {"NOTSET", "VALID"} or "output_shape" in given:
        raise NotImplementedError("ConvTranspose with a stated output shape")
    dims = x.ndim - 2
    strides, dilations = strides or [1] * dims, dilations or [1] * dims
    extra = list(output_padding) or [0] * dims
    whole = _CONV_BACK[dims - 1](x, kernel, bias, strides, 0, 0, group, dilations)
    sides = list(pads) or [0] * (2 * dims)
    cut = [-side for side in sides]
    pairs = list(
        zip(cut[:dims], (c + e for c, e in zip(cut[dims:], extra, strict=True)), strict=True)
    )
    flat = [number for pair in reversed(pairs) for number in pair]
    if bias is None or not any(extra):
        return functional.pad(whole, flat)
    bare = whole - bias.reshape(-1, *[1] * dims)
    return functional.pad(bare, flat) + bias.reshape(-1, *[1] * dims)


def _max_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    dilations: Sequence[int] = (),
    ceil_mode: int = 0,
    outputs: int = 1,
    **_: Any,
) -> Tensor:
    if outputs > 1:
        raise NotImplementedError("MaxPool that says where its maxima are")
    dims = x.ndim - 2
    strides, dilations = strides or [1] * dims, dilations or [1] * dims
    window = [(k - 1) * d + 1 for k, d in zip(kernel_shape, dilations, strict=True)]
    around = _around(x, auto_pad, pads, window, strides)
    padded = functional.pad(x, around, value=-torch.inf) if any(around) else x
    pool: Callable[..., Tensor] = _MAX_POOL[dims - 1]
    return pool(padded, list(kernel_shape), list(strides), 0, list(dilations), bool(ceil_mode))


def _average_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    dilations: Sequence[int] = (),
    ceil_mode: int = 0,
    count_include_pad: int = 0,
) -> Tensor:
    """The mean of what is there: sums of the padded picture over counts of what counts."""
    dims = x.ndim - 2
    if any(step != 1 for step in dilations):
        raise NotImplementedError("AveragePool with dilations")
    strides = strides or [1] * dims
    around = _around(x, auto_pad, pads, kernel_shape, strides)
    sides = x.shape[2:]
    counted = torch.ones((1, 1, *sides), dtype=x.dtype)
    counted = functional.pad(counted, around, value=float(count_include_pad))
    x = functional.pad(x, around)
    if ceil_mode:  # windows may reach past the border, where nothing counts
        past = [
            _past(size, wide, step, before + inside)
            for size, wide, step, before, inside in zip(
                x.shape[2:], kernel_shape, strides, around[::2][::-1], sides, strict=True
            )
        ]
        right = [number for extra in reversed(past) for number in (0, extra)]
        x, counted = functional.pad(x, right), functional.pad(counted, right)
    pool = _AVERAGE_POOL[dims - 1]
    shape, steps = list(kernel_shape), list(strides)
    return pool(x, shape, steps) / pool(counted, shape, steps)


def _past(size: int, wide: int, step: int, inside: int) -> int:
    """How far the last window reaches past a padded side; it starts on the picture or before it."""
    windows = -(-(size - wide) // step) + 1
    if (windows - 1) * step >= inside:
        windows -= 1
    return max(0, (windows - 1) * step + wide - size)


def _global_average_pool(x: Tensor) -> Tensor:
    return x.mean(_spatial(x), keepdim=True)


def _global_max_pool(x: Tensor) -> Tensor:
    return torch.amax(x, _spatial(x), keepdim=True)


def _gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803 - ONNX's names
    transB: int = 0,  # noqa: N803
) -> Tensor:
    product = alpha * ((a.T if transA else a) @ (b.T if transB else b))
    return product if c is None else product + beta * c


def _softmax(x: Tensor, *, axis: int | None = None, opset: int) -> Tensor:
    return _over(torch.softmax, x, axis, opset)


def _log_softmax(x: Tensor, *, axis: int | None = None, opset: int) -> Tensor:
    return _over(torch.log_softmax, x, axis, opset)


_PER_AXIS: Final = 13
"""Since this opset a softmax is over one axis; before, over all from `axis` on."""


def _over(of: Callable[[Tensor, int], Tensor], x: Tensor, axis: int | None, opset: int) -> Tensor:
    if opset >= _PER_AXIS:
        return of(x, -1 if axis is None else axis)
    start = 1 if axis is None else axis % x.ndim
    return of(x.flatten(start), start).reshape(x.shape) if start < x.ndim else torch.ones_like(x)


def _batch_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    epsilon: float = 1e-5,
    **_: Any,
) -> Tensor:
    return functional.batch_norm(x, mean, variance, scale, bias, False, 0.0, epsilon)


def _layer_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    **_: Any,
) -> Tensor:
    sides = list(range(axis % x.ndim, x.ndim))
    middle = x.mean(sides, keepdim=True)
    spread = (x - middle).square().mean(sides, keepdim=True)
    normed = (x - middle) / torch.sqrt(spread + epsilon) * scale
    return normed if bias is None else normed + bias


def _instance_norm(x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    return functional.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def _group_norm(
    x: Tensor, scale: Tensor, bias: Tensor, *, num_groups: int, epsilon: float = 1e-5, **_: Any
) -> Tensor:
    if len(scale) == num_groups:  # until opset 20, one number for each group
        scale, bias = (v.repeat_interleave(x.shape[1] // num_groups) for v in (scale, bias))
    return functional.group_norm(x, num_groups, scale, bias, epsilon)


def _lrn(
    x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Tensor:
    return functional.local_response_norm(x, size, alpha, beta, bias)


def _lp_normalization(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    length = torch.linalg.vector_norm(x, p, axis, keepdim=True)
    return torch.where(length > 0, x / length, 0.0)


def _grid_sample(
    x: Tensor,
    grid: Tensor,
    *,
    mode: str = "linear",
    padding_mode: str = "zeros",
    align_corners: int = 0,
) -> Tensor:
    how = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
    return functional.grid_sample(x, grid, how, padding_mode, bool(align_corners))


LAYERS: Final[Mapping[str, Operator]] = {
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average_pool,
    "GlobalMaxPool": _global_max_pool,
    "GridSample": _grid_sample,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LRN": _lrn,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _log_softmax,
    "LpNormalization": _lp_normalization,
    "MatMul": torch.matmul,
    "MaxPool": _max_pool,
    "Softmax": _softmax,
}
