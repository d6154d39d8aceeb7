"""ONNX's operators that move, join and sum numbers, in torch. Conventions: see `plain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import torch
from onnx import TensorProto
from torch import Tensor
from torch.nn import functional

from visloop.adapters.torch.gradients.plain import Operator

_TYPES: Final[Mapping[int, torch.dtype]] = {
    TensorProto.FLOAT: torch.float32,
    TensorProto.FLOAT16: torch.float16,
    TensorProto.BFLOAT16: torch.bfloat16,
    TensorProto.DOUBLE: torch.float64,
    TensorProto.INT64: torch.int64,
    TensorProto.INT32: torch.int32,
    TensorProto.INT8: torch.int8,
    TensorProto.UINT8: torch.uint8,
    TensorProto.BOOL: torch.bool,
}
_Axes: TypeAlias = Tensor | Sequence[int] | None
"""A tensor since some opset, an attribute before."""


def _list(values: _Axes) -> list[int]:
    if values is None:
        return []
    return [int(v) for v in (values.tolist() if isinstance(values, Tensor) else values)]


def _cast(x: Tensor, *, to: int, **_: Any) -> Tensor:
    return x.to(_TYPES[to])


def _cast_like(x: Tensor, like: Tensor, **_: Any) -> Tensor:
    return x.to(like.dtype)


def _constant(**given: Any) -> Tensor:
    value = next(iter(given.values()))
    return value if isinstance(value, Tensor) else torch.as_tensor(value)


def _constant_of_shape(shape: Tensor, *, value: Tensor | None = None) -> Tensor:
    fill = torch.zeros(1) if value is None else value
    return fill.reshape(()).expand(_list(shape)).clone()


def _shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(list(x.shape)[start:end], dtype=torch.int64)


def _size(x: Tensor) -> Tensor:
    return torch.tensor(x.numel())


def _reshape(
    x: Tensor, sizes: Tensor | None = None, *, shape: Sequence[int] = (), allowzero: int = 0
) -> Tensor:
    wanted = _list(sizes if sizes is not None else shape)
    if not allowzero:
        wanted = [x.shape[at] if size == 0 else size for at, size in enumerate(wanted)]
    return torch.reshape(x, tuple(wanted))


def _flatten(x: Tensor, *, axis: int = 1) -> Tensor:
    rows = 1
    for size in x.shape[: axis if axis >= 0 else axis + x.ndim]:
        rows *= size
    return x.reshape(rows, -1)


def _squeeze(x: Tensor, which: Tensor | None = None, *, axes: _Axes = None) -> Tensor:
    chosen = _list(which if which is not None else axes)
    return x.squeeze(tuple(chosen)) if chosen else x.squeeze()


def _unsqueeze(x: Tensor, which: Tensor | None = None, *, axes: _Axes = None) -> Tensor:
    chosen = _list(which if which is not None else axes)
    total = x.ndim + len(chosen)
    for axis in sorted(axis % total for axis in chosen):
        x = x.unsqueeze(axis)
    return x


def _transpose(x: Tensor, *, perm: Sequence[int] | None = None) -> Tensor:
    return x.permute(tuple(perm if perm is not None else reversed(range(x.ndim))))


def _concat(*parts: Tensor, axis: int = 1) -> Tensor:
    return torch.cat(parts, axis)


def _split(
    x: Tensor,
    sizes: Tensor | None = None,
    *,
    outputs: int,
    axis: int = 0,
    split: Sequence[int] | None = None,
    num_outputs: int | None = None,
) -> tuple[Tensor, ...]:
    wanted = _list(sizes if sizes is not None else split)
    if wanted:
        return torch.split(x, wanted, axis)
    return torch.split(x, -(-x.shape[axis] // (num_outputs or outputs)), axis)


def _slice(
    x: Tensor,
    first: Tensor | None = None,
    last: Tensor | None = None,
    which: Tensor | None = None,
    every: Tensor | None = None,
    *,
    starts: _Axes = None,
    ends: _Axes = None,
    axes: _Axes = None,
) -> Tensor:
    begin = _list(first if first is not None else starts)
    end = _list(last if last is not None else ends)
    chosen = _list(which if which is not None else axes) or list(range(len(begin)))
    steps = _list(every) or [1] * len(begin)
    for axis, a, b, step in zip(chosen, begin, end, steps, strict=True):
        rows = range(x.shape[axis])[slice(a, None if step < 0 and b < -x.shape[axis] else b, step)]
        if step == 1:
            x = x.narrow(axis, rows.start, len(rows))
        else:
            x = x.index_select(axis, torch.tensor(list(rows), dtype=torch.int64))
    return x


def _expand(x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(torch.broadcast_shapes(tuple(x.shape), tuple(_list(shape))))


def _tile(x: Tensor, repeats: Tensor) -> Tensor:
    return x.repeat(_list(repeats))


def _range(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


def _pad(
    x: Tensor,
    around: Tensor | None = None,
    fill: Tensor | None = None,
    which: Tensor | None = None,
    *,
    mode: str = "constant",
    pads: Sequence[int] | None = None,
    value: float = 0.0,
) -> Tensor:
    sides = _list(around if around is not None else pads)
    axes = [axis % x.ndim for axis in _list(which)] or list(range(x.ndim))
    by_axis = dict(zip(axes, zip(sides[: len(axes)], sides[len(axes) :], strict=True), strict=True))
    if mode == "constant":
        number = value if fill is None else fill.item()
        flat = [side for axis in reversed(range(x.ndim)) for side in by_axis.get(axis, (0, 0))]
        return functional.pad(x, flat, value=number)
    for axis, (before, after) in by_axis.items():
        places = torch.arange(-before, x.shape[axis] + after)
        x = x.index_select(axis, _FOLDS[mode](places, x.shape[axis]))
    return x


def _reflected(places: Tensor, length: int) -> Tensor:
    turn = max(1, 2 * (length - 1))
    places = places.remainder(turn)
    return torch.where(places >= length, turn - places, places)


_FOLDS: Final[Mapping[str, Callable[[Tensor, int], Tensor]]] = {
    "reflect": _reflected,
    "edge": lambda places, length: places.clamp(0, length - 1),
    "wrap": lambda places, length: places.remainder(length),
}


def _depth_to_space(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    n, c, h, w = x.shape
    small = c // blocksize**2
    if mode == "CRD":
        parts = x.reshape(n, small, blocksize, blocksize, h, w).permute(0, 1, 4, 2, 5, 3)
    else:
        parts = x.reshape(n, blocksize, blocksize, small, h, w).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(n, small, h * blocksize, w * blocksize)


def _space_to_depth(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize)
    moved = parts.permute(*((0, 1, 3, 5, 2, 4) if mode == "CRD" else (0, 3, 5, 1, 2, 4)))
    return moved.reshape(n, c * blocksize**2, h // blocksize, w // blocksize)


def _cumsum(x: Tensor, axis: Tensor, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    at = int(axis.item())
    turned = x.flip(at) if reverse else x
    sums = torch.cumsum(turned, at)
    sums = sums - turned if exclusive else sums
    return sums.flip(at) if reverse else sums


def _einsum(*parts: Tensor, equation: str) -> Tensor:
    return torch.einsum(equation, *parts)


def _reduced(of: Callable[[Tensor, list[int], bool], Tensor]) -> Operator:
    def reduced(
        x: Tensor,
        which: Tensor | None = None,
        *,
        axes: _Axes = None,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Tensor:
        chosen = _list(which if which is not None else axes)
        if not chosen and noop_with_empty_axes:
            return x
        return of(x, chosen or list(range(x.ndim)), bool(keepdims))

    return reduced


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = torch.prod(x, axis, keepdim=keep)
    return x


_REDUCED: Final[Mapping[str, Callable[[Tensor, list[int], bool], Tensor]]] = {
    "ReduceL1": lambda x, axes, keep: x.abs().sum(axes, keep),
    "ReduceL2": lambda x, axes, keep: x.square().sum(axes, keep).sqrt(),
    "ReduceLogSum": lambda x, axes, keep: x.sum(axes, keep).log(),
    "ReduceLogSumExp": torch.logsumexp,
    "ReduceMax": torch.amax,
    "ReduceMean": lambda x, axes, keep: x.mean(axes, keep),
    "ReduceMin": torch.amin,
    "ReduceProd": _product,
    "ReduceSum": lambda x, axes, keep: x.sum(axes, keep),
    "ReduceSumSquare": lambda x, axes, keep: x.square().sum(axes, keep),
}

SHAPES: Final[Mapping[str, Operator]] = {
    **{name: _reduced(of) for name, of in _REDUCED.items()},
    "Cast": _cast,
    "CastLike": _cast_like,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "CumSum": _cumsum,
    "DepthToSpace": _depth_to_space,
    "Einsum": _einsum,
    "Expand": _expand,
    "Flatten": _flatten,
    "Pad": _pad,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
