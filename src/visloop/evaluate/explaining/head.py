"""Shapley values of a linear head, exactly: which of its features pushed towards which class.

A linear head reads features x and says logits W x + b. With features taken as independent, the Shapley
value of feature i for class k is W[k, i] · (x[i] − mean x[i]) (Štrumbelj and Kononenko 2014; what
`shap.LinearExplainer` computes with its interventional background), so nothing needs to be sampled.
A softmax does not see what all classes have in common, so weights are taken from their mean over classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import numpy_helper

from visloop import train
from visloop.evaluate.explaining.records import Feature, Floats, Pushes
from visloop.infer import check_model
from visloop.registry import Package

_PASSING: Final = frozenset({"Softmax", "Identity"})
_ERRORS_ONLY: Final = 3
_SHOWN_BY: Final = 3


@dataclass(frozen=True)
class LinearHead:
    """The last layer: `weights` float64 (K, D), `bias` (K,), and the tensor that it reads."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    reads: str


def linear_head(package: Package) -> LinearHead | None:
    """The linear layer that a classifier's probabilities come from; None where they come otherwise."""
    graph = check_model(package.onnx).graph
    makers = {name: node for node in graph.node for name in node.output}
    constants = {each.name: each for each in graph.initializer}
    node = makers.get(package.contract.decode.probabilities)
    while node is not None and node.op_type in _PASSING:
        node = makers.get(node.input[0])
    if node is None or node.op_type != "Gemm" or not set(node.input[1:]) <= set(constants):
        return None
    said = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    if said.get("transA", 0) or said.get("alpha", 1.0) != 1.0 or said.get("beta", 1.0) != 1.0:
        return None
    matrix = numpy_helper.to_array(constants[node.input[1]]).astype(np.float64)
    weights = matrix if said.get("transB", 0) else matrix.T
    bias = (
        numpy_helper.to_array(constants[node.input[2]]).astype(np.float64).reshape(-1)
        if len(node.input) > 2  # noqa: PLR2004 - (A, B, C)
        else np.zeros(len(weights))
    )
    return LinearHead(weights, bias, node.input[0])


def shapley(
    weights: NDArray[np.float64], x: NDArray[np.float64], background: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shapley values of a linear function with independent features.

    Args:
        weights: (K, D), a row a class.
        x: (D,), what is explained.
        background: (N, D), what is usual.

    Returns:
        (K, D); row k sums to f(x)[k] less the mean of f(background)[k].
    """
    return weights * (x - background.mean(axis=0))


def features_of(
    package: Package, head: LinearHead, embeddings: Floats
) -> NDArray[np.float64] | None:
    """What the head reads of pictures whose embeddings are known, float64 (N, D).

    None where it does not come from the embedding alone.
    """
    name = package.contract.decode.embedding
    if head.reads == name:
        return embeddings.astype(np.float64)
    model = check_model(package.onnx)
    nodes = _between(model.graph, name, head.reads)
    if nodes is None:
        return None
    floats = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "features",
        [onnx.helper.make_tensor_value_info(name, floats, ["N", embeddings.shape[1]])],
        [onnx.helper.make_tensor_value_info(head.reads, floats, None)],
        [c for c in model.graph.initializer if any(c.name in node.input for node in nodes)],
    )
    part = onnx.helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        part.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    found: Any = session.run([head.reads], {name: embeddings.astype(np.float32)})
    return found[0].astype(np.float64)


def pushes(
    package: Package, embedding: Floats, label: str, paths: dict[str, str], most: int
) -> Pushes | None:
    """The features that pushed hardest towards or away from a class.

    Args:
        package: a classifier with a linear head and a reference.
        embedding: float32 (D,), of the picture.
        label: the class.
        paths: digest of a picture → what it is called, of those that may show a feature.
        most: so many features.

    Returns:
        None where the model has no such head, no embedding, or no reference.
    """
    head = linear_head(package)
    if head is None or package.reference is None or label not in package.contract.classes:
        return None
    reference = train.Reference.from_bytes(package.reference)
    known = reference.embeddings.astype(np.float32)
    if not len(known) or known.shape[1:] != embedding.shape:
        return None
    rows = features_of(package, head, np.concatenate([embedding[None], known]))
    if rows is None:
        return None
    x, background = rows[0], rows[1:]
    k = package.contract.classes.index(label)
    centred = head.weights - head.weights.mean(axis=0)
    values = shapley(centred, x, background)[k]
    offset = head.bias[k] - head.bias.mean()
    return Pushes(
        tuple(
            _feature(i, values, x, background, reference.images, paths)
            for i in np.argsort(-np.abs(values), kind="stable")[:most].tolist()
        ),
        here=float(centred[k] @ x + offset),
        usual=float(centred[k] @ background.mean(axis=0) + offset),
        n=len(background),
        width=len(x),
    )


def _feature(
    i: int,
    values: NDArray[np.float64],
    x: NDArray[np.float64],
    background: NDArray[np.float64],
    images: tuple[str, ...],
    paths: dict[str, str],
) -> Feature:
    order = np.argsort(-background[:, i], kind="stable").tolist()
    shown = [images[row] for row in order if images[row] in paths][:_SHOWN_BY]
    return Feature(
        i,
        float(values[i]),
        float(x[i]),
        float(background[:, i].mean()),
        tuple(paths[image] for image in shown),
        tuple(shown),
    )


def _between(graph: onnx.GraphProto, start: str, end: str) -> list[onnx.NodeProto] | None:
    """The nodes from one tensor to another, in order; None where something else comes in."""
    makers = {name: node for node in graph.node for name in node.output}
    constants = {each.name for each in graph.initializer}
    needed, waiting = set[str](), [end]
    while waiting:
        name = waiting.pop()
        if name == start or name in constants or not name:
            continue
        if name not in makers:
            return None
        node = makers[name]
        if node.output[0] not in needed:
            needed.add(node.output[0])
            waiting.extend(node.input)
    return [node for node in graph.node if node.output[0] in needed]
