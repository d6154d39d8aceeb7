"""The embedder that every project starts from, and heads to put on it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from visloop.errors import UsageError
from visloop.infer.lite0 import build, imagenet_weights
from visloop.infer.model_file import check_model
from visloop.vision import Contract, Decode, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EMBEDDING = "embedding"
_PROBABILITIES = "probabilities"


class Network(NamedTuple):
    """A model file and what stands around it: what `Predictor.load` takes."""

    onnx: bytes
    contract: Contract


@cache
def backbone() -> Network:
    """EfficientNet-Lite0 up to its embedding of 1280 numbers; built once a process, in 0.1 s.

    The default contract is the one that did best on photos that fill their frame: the centre square
    at 224 px (see `Resize`), (pixel - 127) / 128. Every build gives the same bytes.

    Raises:
        MissingExtra: the package with the weights is not installed.
        Corrupt: the installed weights are not the published ones.
    """
    contract = Contract(decode=Decode(task="embed"))
    return Network(build(imagenet_weights(), contract.resize.output_hw[0]), contract)


def imagenet_classifier() -> Network:
    """The backbone with its published head: 1000 ImageNet classes, called by their index."""
    weights = imagenet_weights()
    start = backbone()
    return Network(
        with_head(start.onnx, weights["_fc.weight"], weights["_fc.bias"]),
        Contract(classes=tuple(str(index) for index in range(len(weights["_fc.bias"])))),
    )


def with_head(
    model: bytes, weights: NDArray[Any], bias: NDArray[Any], *, temperature: float = 1.0
) -> bytes:
    """One file that embeds and classifies.

    Args:
        model: ONNX bytes with an output `embedding`, float32 (N, D).
        weights: (K, D), one row a class.
        bias: (K,).
        temperature: divides the logits; above 1 makes the answers less sure.

    Returns:
        ONNX bytes with outputs `probabilities` (N, K), rows summing to 1, and `embedding` (N, D);
        the same input as before.

    Raises:
        ModelRefused: `model` is no ONNX file, or may not be loaded.
        ShapeError: weights and bias do not fit each other or the embedding.
        UsageError: the temperature is not above 0.
    """
    if temperature <= 0:
        raise UsageError(f"a temperature of {temperature} divides nothing", fix="use one above 0")
    proto = check_model(model)
    width = _embedding_width(proto)
    weights, bias = np.asarray(weights), np.asarray(bias)
    if weights.ndim != 2 or width not in {0, weights.shape[1]} or bias.shape != weights.shape[:1]:  # noqa: PLR2004
        raise ShapeError(
            f"a head wants weights (K, {width or 'D'}) and bias (K,), not {weights.shape} and "
            f"{bias.shape}"
        )
    _append_head(proto.graph, weights / temperature, bias / temperature)
    return proto.SerializeToString(deterministic=True)


def _append_head(graph: onnx.GraphProto, weights: NDArray[Any], bias: NDArray[Any]) -> None:
    """A linear layer and a softmax after the embedding; `probabilities` becomes the first output."""
    for name, values in (("head.weight", weights.T), ("head.bias", bias)):
        tensor = numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name)
        graph.initializer.append(tensor)
    linear = [_EMBEDDING, "head.weight", "head.bias"]
    graph.node.extend(
        [
            helper.make_node("Gemm", linear, ["logits"], name="head"),
            helper.make_node("Softmax", ["logits"], [_PROBABILITIES], name=_PROBABILITIES, axis=1),
        ]
    )
    answer = helper.make_tensor_value_info(_PROBABILITIES, TensorProto.FLOAT, ["N", len(bias)])
    outputs = [answer, *graph.output]
    del graph.output[:]
    graph.output.extend(outputs)


def _embedding_width(proto: onnx.ModelProto) -> int:
    """D of the output `embedding`; 0 where the file leaves it open."""
    for output in proto.graph.output:
        sizes = output.type.tensor_type.shape.dim
        if output.name == _EMBEDDING and len(sizes) == len(("N", "D")):
            return int(sizes[1].dim_value)
    raise ShapeError("the model has no output `embedding` of shape (N, D)")
