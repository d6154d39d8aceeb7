"""The same network in fewer bytes: 8-bit integers calibrated on pictures, or 16-bit floats.

Both are ONNX files of known operators again, with the same inputs and outputs as 32-bit floats.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16

if TYPE_CHECKING:
    from visloop.infer.predictor import Session

Floats = NDArray[np.float32]

_LEARNT: Final = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_HELD: Final = 32
"""Pictures whose inner values calibration holds at once."""


class Made(NamedTuple):
    """What a plug-in of `visloop.targets` makes: what computes it here, and its file's bytes."""

    session: Session
    file: bytes


class _Pictures(CalibrationDataReader):
    def __init__(self, name: str, arrays: Iterable[Floats]) -> None:
        self._name, self._arrays = name, iter(arrays)

    def get_next(self) -> dict[str, Floats] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The next prepared picture as a batch of one."""
        array = next(self._arrays, None)
        return None if array is None else {self._name: array[None]}


def quantised(network: bytes, input_name: str, arrays: Sequence[Floats]) -> bytes:
    """Weights and activations as 8-bit integers (QDQ), scaled by what the pictures make of them.

    The last learnt layer of each output, and all that follows it, stays as it is: what is read from
    there are coordinates and scores, which 256 steps are too few for.

    Args:
        network: an ONNX file.
        input_name: of its input.
        arrays: prepared pictures, float32 (C, H, W) each.

    Source: Jacob et al. 2018 (integer arithmetic), ONNX Runtime's static quantisation.
    """
    # ONNX Runtime finds no data where its last portion is a whole one
    held = _HELD if len(arrays) % _HELD else _HELD - 1
    with tempfile.TemporaryDirectory() as folder, _quiet():
        folded = _folded(network, Path(folder) / "folded.onnx")
        out = Path(folder) / "int8.onnx"
        quantize_static(
            folded,
            out,
            _Pictures(input_name, arrays),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_last(folded.graph),
            extra_options={"CalibMaxIntermediateOutputs": held},
        )
        return out.read_bytes()


def halved(network: bytes) -> bytes:
    """Every weight and inner value as a 16-bit float; inputs and outputs stay 32-bit."""
    made: Any = convert_float_to_float16(onnx.load_from_string(network), keep_io_types=True)
    return made.SerializeToString()


def _folded(network: bytes, place: Path) -> onnx.ModelProto:
    """Constants computed, batch norms in their convolutions: what is quantised is what is computed."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(place)
    ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    found = onnx.load(place)
    for index, node in enumerate(found.graph.node):
        node.name = node.name or f"node_{index}"
    used = {node.domain for node in found.graph.node}
    kept = [each for each in found.opset_import if each.domain in used]
    del found.opset_import[:]  # it names every library that ONNX Runtime knows
    found.opset_import.extend(kept)
    return found


def _last(graph: onnx.GraphProto) -> list[str]:
    """Names of the nodes behind which no learnt layer comes: the last of those, and what follows."""
    leads: set[str] = set()
    last: list[str] = []
    for node in reversed(graph.node):
        if leads.isdisjoint(node.output):
            last.append(node.name)
        if not leads.isdisjoint(node.output) or node.op_type in _LEARNT:
            leads.update(node.input)
    return last


@contextmanager
def _quiet() -> Generator[None]:
    """ONNX Runtime's advice on its own command line goes to the root logger."""
    root = logging.getLogger()
    before, root.disabled = root.disabled, True
    try:
        yield
    finally:
        root.disabled = before
