"""Whether an exported network answers as the one that it was made of, where both choose among equals.

A DETR-like network goes on with its best k places. Of places that are as good as equal, torch and
ONNX Runtime may choose different ones, and in another order. So the file's choices are read out, it is
checked that they are among the best, and the network is asked to go on with the same ones: from there
on every number must agree, box by box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_TOP: Final = "TopK"
_TOPS: Final = frozenset({torch.topk, Tensor.topk})

Floats = NDArray[np.float32]


class _Replayed(TorchFunctionMode):
    """Within it, torch's top k are those that it is given; `short` is how much worse they ever are."""

    def __init__(self, choices: Sequence[NDArray[np.int64]]) -> None:
        super().__init__()
        self._next: Iterator[NDArray[np.int64]] = iter(choices)
        self.short = 0.0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        found = func(*args, **(kwargs or {}))
        if func not in _TOPS:
            return found
        chosen = torch.from_numpy(next(self._next))
        along = (kwargs or {}).get("dim", args[2] if len(args) > 2 else -1)  # noqa: PLR2004 - topk(x, k, dim)
        values = torch.gather(args[0], along, chosen)
        ordered = values.sort(dim=along, descending=True).values
        self.short = max(self.short, float((found.values - ordered).abs().max()))
        return torch.return_types.topk((values, chosen))


def answers_apart(answers: nn.Module, model: bytes, batch: Tensor, sizes: Sequence[float]) -> float:
    """The greatest difference of an answer, or of a choice, to a batch.

    Args:
        answers: the network as it was exported.
        model: the file, with the outputs of `answers` in their order.
        batch: prepared pictures, float32 (N, 3, H, W).
        sizes: what each output is divided by: corners by the input's longer side.
    """
    found, choices = _asked(model, np.ascontiguousarray(batch.numpy()))
    with torch.no_grad(), _Replayed(choices) as replayed:
        wanted = answers(batch)
    apart = [
        float(np.abs(have - want.numpy()).max(initial=0.0)) / size
        for have, want, size in zip(found, wanted, sizes, strict=True)
    ]
    return max(replayed.short, *apart)


def _asked(model: bytes, batch: Floats) -> tuple[list[Floats], list[NDArray[np.int64]]]:
    """The file's answers, and the places that it chose, in the order in which it chose them."""
    proto = onnx.load_from_string(model)
    answers = [output.name for output in proto.graph.output]
    choices = [node.output[1] for node in proto.graph.node if node.op_type == _TOP]
    for name in choices:
        proto.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, None)
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (name,) = (each.name for each in session.get_inputs())
    said: Any = session.run([*answers, *choices], {name: batch})
    return said[: len(answers)], said[len(answers) :]
