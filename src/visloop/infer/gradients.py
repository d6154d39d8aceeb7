"""How the answers of a network change with its input: gradients of an ONNX file.

ONNX Runtime gives none, so the network is computed by another library, a plug-in of
`visloop.gradients` (the extra `torch`). What is explained or attacked stays the file that is served:
a network is handed out only after it gave ONNX Runtime's answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import onnxruntime as ort

from visloop.config import load_plugin
from visloop.errors import Refused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]

Weights: TypeAlias = "Mapping[str, NDArray[np.float32]]"
"""What to take the gradient of: tensor → float32 of its shape, (N, …); the sum of their products."""

_TOLERANCE: Final = 1e-3
_ERRORS_ONLY: Final = 3
_FIX: Final = "use a method that asks the network only for answers"


class NoGradient(Refused):
    """A network that the gradient's library does not know, or that it answers otherwise."""

    code = "infer.no_gradient"

    def __init__(self, what: str, *, fix: str = _FIX) -> None:
        super().__init__(what, fix=fix)


class Layer(NamedTuple):
    """A tensor inside of the network: its name, and two float32 (N, …)."""

    name: str
    values: Floats
    gradient: Floats


class Differentiable(Protocol):
    """An ONNX network with gradients. Tensors are called by their names in the file, outputs or not.

    N counts pictures; inputs are float32 (N, C, H, W), prepared as the contract says.
    """

    outputs: tuple[str, ...]

    def before(self, output: str) -> str:
        """The tensor that a softmax or sigmoid makes `output` of; `output` itself where none does.

        Where an answer is sure, its gradient is zero in float32; that of the tensor before is not.
        """
        ...

    def values(self, inputs: Floats, names: Sequence[str]) -> dict[str, Floats]:
        """Tensors by name, float32 (N, …).

        Raises:
            NoGradient: there is no such tensor, or a step cannot be computed.
        """
        ...

    def gradient(self, inputs: Floats, weights: Weights) -> Floats:
        """Of Σ weights · tensors, with respect to the inputs.

        Returns:
            float32 (N, C, H, W).

        Raises:
            NoGradient: there is no such tensor, or it does not depend on the inputs.
            ShapeError: weights of another shape than their tensor.
        """
        ...

    def layer(self, inputs: Floats, weights: Weights, name: str = "") -> Layer:
        """A tensor inside, with the gradient of Σ weights · tensors with respect to it.

        Args:
            inputs: float32 (N, C, H, W).
            weights: as for `gradient`.
            name: which one; without, the last on the way that is still a map, (N, C, H, W) with H and
                W above 1.

        Raises:
            NoGradient, ShapeError: as `gradient`; or no layer is such a map.
        """
        ...


def gradient(network: Differentiable | bytes, inputs: Floats, weights: Weights) -> Floats:
    """How a weighted sum of a network's outputs changes with its inputs.

    Args:
        network: as `differentiable` gave it, or an ONNX file's bytes.
        inputs: float32 (N, C, H, W), as `Predictor.prepare` gives each.
        weights: output → float32 of its shape; also of a tensor inside (see `Differentiable.before`).

    Returns:
        float32 (N, C, H, W): d Σ weights · outputs / d inputs.

    Raises:
        MissingExtra, NoGradient, ShapeError: see `differentiable` and `Differentiable.gradient`.
    """
    known = differentiable(network) if isinstance(network, bytes) else network
    return known.gradient(inputs, weights)


def gradients_here() -> bool:
    """Whether the extra is installed; nothing is loaded."""
    return find_spec("torch") is not None


@lru_cache(maxsize=2)
def differentiable(onnx: bytes) -> Differentiable:
    """The network with gradients, checked to answer as ONNX Runtime does; the last two are kept.

    Args:
        onnx: the model file's bytes; see `check_model` for what it may hold.

    Raises:
        MissingExtra: the extra `torch` is not installed.
        NoGradient: it has an operator that is not known, or answers otherwise.
        ModelRefused: the file may not be loaded.
    """
    network: Differentiable = load_plugin("gradients", "torch", extra="torch")(onnx)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    session = ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0]
    sizes = [size if isinstance(size, int) else _OPEN[at] for at, size in enumerate(first.shape)]
    probe = np.random.default_rng(0).uniform(-1, 1, sizes).astype(np.float32)
    answers: Any = session.run(None, {first.name: probe})
    found = network.values(probe, network.outputs)
    for name, wanted in zip(network.outputs, answers, strict=True):
        worst = _apart(found[name], wanted)
        if worst > _TOLERANCE:
            raise NoGradient(
                f"computed with gradients, the network's {name!r} differs by {worst:.2g} from what "
                "ONNX Runtime gives"
            )
    return network


_OPEN: Final = (1, 3, 224, 224)
"""Sizes of a probe where the network leaves them open."""


def _apart(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """The greatest difference, of a number's size where that is more than one."""
    if found.shape != wanted.shape:
        return float("inf")
    apart = np.abs(found.astype(np.float64) - wanted) / np.maximum(1.0, np.abs(wanted))
    return float(np.max(apart, initial=0.0))
