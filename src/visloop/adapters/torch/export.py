"""From a torch module to an ONNX file: named outputs, any number of pictures, checked on real ones.

Parameters keep their names and batch norms stay apart, so that the file is also what another
training can start from; ONNX Runtime joins them when it loads it. Every export gives the same bytes.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from visloop import infer
from visloop.errors import Refused
from visloop.vision import Contract

Floats: TypeAlias = NDArray[np.float32]
Measure: TypeAlias = Callable[[Floats], float]
_OPSET: Final = 17
_TOLERANCE: Final = 1e-3
"""Of a number's size, and of one; boxes are in pixels, scores in [0, 1]."""


class ExportDiffers(Refused):
    """The exported file answers otherwise than the module that it was made of."""

    code = "train.export_differs"


def to_onnx(
    module: nn.Module, size_hw: tuple[int, int], outputs: Sequence[str], *, fold: bool = True
) -> bytes:
    """The module as one ONNX file.

    Args:
        module: in evaluation mode, on the CPU; one input float32 (N, 3, H, W).
        size_hw: H and W.
        outputs: what its outputs are called, in their order.
        fold: whether what is constant is computed now; else every weight keeps its name and shape.
    """
    module.eval()
    example = torch.zeros((1, 3, *size_hw))
    stream: Any = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad(), _graph_untold():
        warnings.simplefilter(
            "ignore"
        )  # the exporter that this needs is on its way out, and says so
        torch.onnx.export(
            module,
            (example,),
            stream,
            input_names=["input"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "N"} for name in ("input", *outputs)},
            opset_version=_OPSET,
            dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=fold,
        )
        answers = _tuple(module(example))
    proto = onnx.load_from_string(stream.getvalue())
    for output, answer in zip(proto.graph.output, answers, strict=True):
        sizes = output.type.tensor_type.shape.dim
        for axis, size in list(enumerate(answer.shape))[1:]:
            sizes[axis].dim_value = size
    proto.producer_name, proto.producer_version, proto.doc_string = "visloop", "", ""
    return proto.SerializeToString(deterministic=True)


@contextmanager
def _graph_untold() -> Generator[None, None, None]:
    """Without the thousand lines that torch prints when it cannot export: it means to ask whether it
    should, and asks whether the function exists that would tell.
    """
    torch_c: Any = sys.modules["torch._C"]
    known = torch_c._jit_is_onnx_log_enabled  # noqa: SLF001
    torch_c._jit_is_onnx_log_enabled = False  # noqa: SLF001
    try:
        yield
    finally:
        torch_c._jit_is_onnx_log_enabled = known  # noqa: SLF001


def check_export(
    module: nn.Module,
    model: bytes,
    contract: Contract,
    batch: Tensor,
    outputs: Sequence[str],
    measures: Mapping[str, Measure] | None = None,
) -> float:
    """The greatest difference between module and file on prepared pictures.

    Args:
        module: what was exported.
        model: the file.
        contract: of the file.
        batch: float32 (N, 3, H, W).
        outputs: names of the outputs.
        measures: how far off the file's answer of an output is, where the greatest difference to the
            module's does not say it.

    Raises:
        ExportDiffers: they do not answer alike.
    """
    predictor = infer.Predictor.load(model, contract)
    found = predictor.run(np.ascontiguousarray(batch.numpy()))
    named: dict[str, Any] = {
        contract.decode.probabilities: found.probabilities,
        contract.decode.embedding: found.embedding,
        **found.raw,
    }
    with torch.no_grad():
        wanted = _tuple(module.eval()(batch))
    worst = 0.0
    for name, answer in zip(outputs, wanted, strict=True):
        if named.get(name) is None:
            continue
        measure = (measures or {}).get(name, partial(_apart, answer.numpy()))
        worst = max(worst, measure(named[name]))
    if worst > _TOLERANCE:
        raise ExportDiffers(
            f"the exported model answers otherwise than the trained one, by {worst:.3g}",
            fix="train with the versions of constraints.txt",
        )
    return worst


def _apart(a: Floats, b: Floats) -> float:
    """The greatest difference, of a number's size where that is more than one."""
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(a)), initial=0.0))


def weights_of(model: bytes) -> dict[str, NDArray[Any]]:
    """The numbers that a model file holds, by the names that they had when it was trained."""
    proto = infer.check_model(model)
    return {each.name: numpy_helper.to_array(each) for each in proto.graph.initializer}


def _tuple(answers: Any) -> tuple[Tensor, ...]:
    return answers if isinstance(answers, tuple) else (answers,)
