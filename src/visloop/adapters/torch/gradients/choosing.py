"""ONNX's operators that choose among numbers by place or by size, in torch. Conventions: see `plain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

from visloop.adapters.torch.gradients.plain import Operator


def _gather(x: Tensor, places: Tensor, *, axis: int = 0) -> Tensor:
    axis %= x.ndim
    length = x.shape[axis]
    flat = torch.where(places < 0, places + length, places).reshape(-1).long()
    shape = (*x.shape[:axis], *places.shape, *x.shape[axis + 1 :])
    return x.index_select(axis, flat).reshape(shape)


def _gather_elements(x: Tensor, places: Tensor, *, axis: int = 0) -> Tensor:
    return torch.gather(x, axis, torch.where(places < 0, places + x.shape[axis], places).long())


def _gather_nd(x: Tensor, places: Tensor, *, batch_dims: int = 0) -> Tensor:
    if not batch_dims:
        return x[tuple(places.long().unbind(-1))]
    parts = [_gather_nd(a, b, batch_dims=batch_dims - 1) for a, b in zip(x, places, strict=True)]
    return torch.stack(parts)


def _scatter_nd(x: Tensor, places: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    if reduction not in {"none", "add"}:
        raise NotImplementedError(f"ScatterND with reduction {reduction}")
    where = tuple(places.long().unbind(-1))
    return x.index_put(where, updates, accumulate=reduction == "add")


def _top_k(
    x: Tensor,
    count: Tensor | None = None,
    *,
    axis: int = -1,
    largest: int = 1,
    sorted: int = 1,  # noqa: A002 - ONNX's name
    k: int = 0,
) -> tuple[Tensor, ...]:
    wanted = k if count is None else int(count.item())
    values, places = torch.sort(x, dim=axis, descending=bool(largest), stable=True)
    _ = sorted
    return values.narrow(axis, 0, wanted), places.narrow(axis, 0, wanted)


def _argument(of: Callable[..., Tensor], x: Tensor, axis: int, *, keep: int, last: int) -> Tensor:
    if not last:
        return of(x, dim=axis, keepdim=bool(keep))
    return x.shape[axis] - 1 - of(x.flip(axis), dim=axis, keepdim=bool(keep))


def _arg_max(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
    return _argument(torch.argmax, x, axis, keep=keepdims, last=select_last_index)


def _arg_min(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
    return _argument(torch.argmin, x, axis, keep=keepdims, last=select_last_index)


def _nonzero(x: Tensor) -> Tensor:
    return torch.nonzero(x).T


def _trilu(x: Tensor, k: Tensor | None = None, *, upper: int = 1) -> Tensor:
    diagonal = 0 if k is None else int(k.item())
    return torch.triu(x, diagonal) if upper else torch.tril(x, diagonal)


CHOOSING: Final[Mapping[str, Operator]] = {
    "ArgMax": _arg_max,
    "ArgMin": _arg_min,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "NonZero": _nonzero,
    "ScatterND": _scatter_nd,
    "TopK": _top_k,
    "Trilu": _trilu,
}
