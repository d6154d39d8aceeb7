"""An ONNX network, computed by torch node by node, so that every tensor in it has a gradient.

The operators stand in `plain`, `shapes`, `choosing`, `layers` and `resizing`. What a network holds
beyond those is refused by its name when the network is made, not when it runs.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import inliner, numpy_helper
from torch import Tensor

from visloop.adapters.torch.gradients.choosing import CHOOSING
from visloop.adapters.torch.gradients.layers import LAYERS
from visloop.adapters.torch.gradients.plain import PLAIN, Operator
from visloop.adapters.torch.gradients.resizing import resize
from visloop.adapters.torch.gradients.shapes import SHAPES
from visloop.infer import Layer, NoGradient, Weights, check_model
from visloop.vision import ShapeError

Floats = NDArray[np.float32]

OPERATORS: Final[Mapping[str, Operator]] = {
    **PLAIN,
    **SHAPES,
    **CHOOSING,
    **LAYERS,
    "Resize": resize,
}
_STANDARD: Final = frozenset({"", "ai.onnx"})
_MAP: Final = 4
"""Dimensions of a tensor that is a map of the picture: (N, C, H, W)."""


class _Step(NamedTuple):
    """A node, ready to run."""

    name: str
    compute: Operator
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


class TorchNetwork:
    """What `visloop.infer.Differentiable` asks, on the CPU, in float32."""

    def __init__(self, model: bytes) -> None:
        proto = check_model(model)
        if proto.functions:
            proto = inliner.inline_local_functions(proto)
        opset = max(each.version for each in proto.opset_import if each.domain in _STANDARD)
        self._constants = {
            each.name: _tensor(numpy_helper.to_array(each)) for each in proto.graph.initializer
        }
        given = [each for each in proto.graph.input if each.name not in self._constants]
        if len(given) != 1:
            raise NoGradient(f"the network has {len(given)} inputs; a gradient is of one")
        self._input = given[0].name
        first = given[0].type.tensor_type.shape.dim
        self._one_by_one = bool(first) and first[0].dim_value == 1
        self._steps = [_step(node, opset) for node in proto.graph.node]
        self._makers = {name: step for step in self._steps for name in step.outputs if name}
        self.outputs = tuple(each.name for each in proto.graph.output)

    def before(self, output: str) -> str:
        """The tensor that the activation makes `output` of; `output` itself where none does."""
        step = self._makers.get(output)
        while step is not None and step.compute in _PASSING:
            output = step.inputs[0]
            step = self._makers.get(output)
        return step.inputs[0] if step is not None and step.compute in _ACTIVATIONS else output

    def values(self, inputs: Floats, names: Sequence[str]) -> dict[str, Floats]:
        """See `Differentiable.values`."""
        with torch.no_grad():
            parts = [self._run(part, names) for part in self._batches(inputs)]
        return {name: np.concatenate([p[name].numpy() for p in parts]) for name in names}

    def gradient(self, inputs: Floats, weights: Weights) -> Floats:
        """See `Differentiable.gradient`."""
        found: list[Floats] = []
        for rows, part in self._parts(inputs):
            part.requires_grad_()
            total = self._weighed(part, _rows(weights, rows))
            found.append(_slope(total, part))
        return np.concatenate(found)

    def layer(self, inputs: Floats, weights: Weights, name: str = "") -> Layer:
        """See `Differentiable.layer`."""
        layers: list[Layer] = []
        for rows, part in self._parts(inputs):
            here = _rows(weights, rows)
            at = name or self._last_map(part, tuple(here))
            if at not in self._makers:
                raise NoGradient(f"the network has no tensor {at!r}")
            with torch.no_grad():
                inner = self._run(part, [at])[at]
            inner.requires_grad_()
            total = self._weighed(part, here, {at: inner})
            layers.append(Layer(at, inner.detach().numpy(), _slope(total, inner)))
        return Layer(
            layers[0].name,
            np.concatenate([each.values for each in layers]),
            np.concatenate([each.gradient for each in layers]),
        )

    def _parts(self, inputs: Floats) -> Iterable[tuple[slice, Tensor]]:
        at = 0
        for part in self._batches(inputs):
            yield slice(at, at + len(part)), part
            at += len(part)

    def _batches(self, inputs: Floats) -> Sequence[Tensor]:
        """The batch, or its pictures one by one where the network takes no more."""
        whole = torch.from_numpy(np.array(inputs, np.float32))
        return torch.split(whole, 1) if self._one_by_one else (whole,)

    def _weighed(
        self,
        inputs: Tensor,
        weights: Mapping[str, Floats],
        given: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        values = self._run(inputs, tuple(weights), given)
        total = torch.zeros(())
        for name, weight in weights.items():
            value = values[name]
            if tuple(value.shape) != weight.shape:
                raise ShapeError(f"{name!r} is {tuple(value.shape)}, its weights {weight.shape}")
            total = total + (value * _tensor(weight)).sum()
        if not total.requires_grad:
            raise NoGradient(f"{', '.join(weights)} does not change with the input")
        return total

    def _last_map(self, inputs: Tensor, names: Sequence[str]) -> str:
        """The last tensor on the way to `names` that still has sides: (N, C, H, W), H and W above 1."""
        shapes: dict[str, torch.Size] = {}
        with torch.no_grad():
            self._run(inputs[:1], names, shapes=shapes)
        maps = [n for n, shape in shapes.items() if len(shape) == _MAP and min(shape[2:]) > 1]
        maps = [name for name in maps if name not in names]
        if not maps:
            raise NoGradient("the network has no layer that is still a map of the picture")
        return maps[-1]

    def _run(
        self,
        inputs: Tensor,
        names: Iterable[str],
        given: Mapping[str, Tensor] | None = None,
        *,
        shapes: dict[str, torch.Size] | None = None,
    ) -> dict[str, Tensor]:
        """Tensors by name; what is not needed for them is not computed, nor kept longer than needed."""
        wanted = tuple(names)
        known: dict[str, Tensor] = {**self._constants, self._input: inputs, **(given or {})}
        steps = self._needed(wanted, frozenset(given or ()))
        uses = Counter(name for step in steps for name in step.inputs)
        uses.update(wanted)
        for step in steps:
            for name, made in zip(step.outputs, _compute(step, known), strict=False):
                known[name] = made
                if shapes is not None and made.is_floating_point():
                    shapes[name] = made.shape
            for name in step.inputs:
                uses[name] -= 1
                if not uses[name] and name:
                    del known[name]
        if absent := [name for name in wanted if name not in known]:
            raise NoGradient(f"the network's {absent[0]!r} is not computed here")
        return {name: known[name] for name in wanted}

    def _needed(self, names: Sequence[str], given: frozenset[str]) -> list[_Step]:
        """The steps that lead to `names`, in the network's order."""
        waiting, needed = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            step = self._makers.get(name)
            if step is None:
                if name and name != self._input and name not in self._constants:
                    raise NoGradient(f"the network has no tensor {name!r}")
            elif name not in given and step.name not in needed:
                needed.add(step.name)
                waiting.extend(step.inputs)
        return [step for step in self._steps if step.name in needed]


_ACTIVATIONS: Final = frozenset({OPERATORS["Softmax"], OPERATORS["Sigmoid"]})
_PASSING: Final = frozenset({OPERATORS["Identity"]})


def _step(node: onnx.NodeProto, opset: int) -> _Step:
    if node.domain not in _STANDARD or node.op_type not in OPERATORS:
        raise NoGradient(
            f"the network has an operator {node.op_type!r} that has no gradient here",
            fix="use a method that asks the network only for answers",
        )
    compute = OPERATORS[node.op_type]
    attributes = {each.name: _attribute(each) for each in node.attribute}
    asked = _parameters(compute)
    if "opset" in asked:
        attributes["opset"] = opset
    if "outputs" in asked:
        attributes["outputs"] = sum(bool(name) for name in node.output)
    name = next(each for each in node.output if each)
    return _Step(name, compute, tuple(node.input), tuple(node.output), attributes)


@cache
def _parameters(compute: Operator) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(compute).parameters)
    except ValueError:  # torch's own functions tell no signature
        return frozenset()


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return _tensor(numpy_helper.to_array(value))
    return value.decode() if isinstance(value, bytes) else value


def _compute(step: _Step, known: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    try:
        inputs = [known[name] if name else None for name in step.inputs]
        while inputs and inputs[-1] is None:
            inputs.pop()
        found = step.compute(*inputs, **step.attributes)
    except (
        NotImplementedError,
        RuntimeError,
        TypeError,
        KeyError,
        ValueError,
        IndexError,
    ) as error:
        raise NoGradient(
            f"the network's step {step.name!r} has no gradient here: {error}",
            fix="use a method that asks the network only for answers",
        ) from error
    return found if isinstance(found, tuple) else (found,)


def _slope(total: Tensor, of: Tensor) -> Floats:
    """How a total changes with a tensor; zeros where it does not."""
    found = torch.autograd.grad(total, [of], allow_unused=True, materialize_grads=True)
    return found[0].numpy()


def _rows(weights: Weights, rows: slice) -> dict[str, Floats]:
    return {name: values[rows] for name, values in weights.items()}


def _tensor(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(array))
