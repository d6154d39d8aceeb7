"""ONNX's operators on single numbers, in torch: what they are called there, what they compute here.

An operator takes its inputs (None where one is left out) and its attributes. Source: ONNX's
operator specification; semantics of older opsets are the same unless a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Operator: TypeAlias = Callable[..., Tensor | tuple[Tensor, ...]]


def _clip(
    x: Tensor,
    low: Tensor | None = None,
    high: Tensor | None = None,
    *,
    min: float | None = None,  # noqa: A002 - ONNX's name, before opset 11
    max: float | None = None,  # noqa: A002
) -> Tensor:
    least: Any = low if low is not None else min
    most: Any = high if high is not None else max
    if least is not None:
        x = torch.maximum(x, torch.as_tensor(least, dtype=x.dtype))
    return x if most is None else torch.minimum(x, torch.as_tensor(most, dtype=x.dtype))


def _divide(a: Tensor, b: Tensor) -> Tensor:
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    return functional.gelu(x, approximate=approximate)


def _modulo(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


def _pow(a: Tensor, b: Tensor) -> Tensor:
    return torch.pow(a, b).to(a.dtype)


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, x * slope, x)


def _selu(x: Tensor, *, alpha: float = 1.6732632, gamma: float = 1.050701) -> Tensor:
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(x))


def _mean(*parts: Tensor) -> Tensor:
    return reduce(torch.add, parts) / len(parts)


def _leaky(x: Tensor, *, alpha: float = 0.01) -> Tensor:
    return functional.leaky_relu(x, alpha)


def _elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return functional.elu(x, alpha)


def _celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return functional.celu(x, alpha)


def _hard_sigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    return torch.clamp(alpha * x + beta, 0.0, 1.0)


def _dropout(x: Tensor, *_: Tensor | None, **__: Any) -> tuple[Tensor, ...]:
    return x, torch.ones_like(x, dtype=torch.bool)


def _folded(join: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    """Of any number of inputs."""

    def folded(*parts: Tensor) -> Tensor:
        return reduce(join, parts)

    return folded


PLAIN: Final[Mapping[str, Operator]] = {
    "Abs": torch.abs,
    "Acos": torch.acos,
    "Add": torch.add,
    "And": torch.logical_and,
    "Asin": torch.asin,
    "Atan": torch.atan,
    "Ceil": torch.ceil,
    "Celu": _celu,
    "Clip": _clip,
    "Cos": torch.cos,
    "Div": _divide,
    "Dropout": _dropout,
    "Elu": _elu,
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Gelu": _gelu,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": functional.hardswish,
    "Identity": torch.clone,
    "IsNaN": torch.isnan,
    "LeakyRelu": _leaky,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "Max": _folded(torch.maximum),
    "Mean": _mean,
    "Min": _folded(torch.minimum),
    "Mish": functional.mish,
    "Mod": _modulo,
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "PRelu": _prelu,
    "Pow": _pow,
    "Reciprocal": torch.reciprocal,
    "Relu": torch.relu,
    "Round": torch.round,
    "Selu": _selu,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Softplus": functional.softplus,
    "Softsign": functional.softsign,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Sum": _folded(torch.add),
    "Tan": torch.tan,
    "Tanh": torch.tanh,
    "Where": torch.where,
    "Xor": torch.logical_xor,
}
