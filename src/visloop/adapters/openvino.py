"""The network for OpenVINO: the entry point `openvino` of group `visloop.targets`.

Precision is stated: by itself OpenVINO computes in bf16 on processors that have it, which are other
numbers than those that were judged.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import openvino as ov

from visloop.infer import Made

if TYPE_CHECKING:
    from visloop.vision import Contract

_AS_JUDGED: Final = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class _Compiled:
    """A compiled network in the place of ONNX Runtime's session."""

    def __init__(self, network: Any) -> None:
        self._network: Any = ov.Core().compile_model(network, "CPU", _AS_JUDGED)

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
        """The outputs of those names."""
        found = self._network(input_feed)
        return [found[self._network.output(name)] for name in output_names]

    def get_inputs(self) -> Sequence[Any]:
        """Any number of pictures."""
        return [
            SimpleNamespace(name=each.get_any_name(), shape=("N",)) for each in self._network.inputs
        ]

    def get_outputs(self) -> Sequence[Any]:
        """By every name that they have."""
        return [
            SimpleNamespace(name=name)
            for each in self._network.outputs
            for name in each.get_names()
        ]


def openvino(network: bytes, contract: Contract, about: bytes) -> Made:
    """A zip of `model.xml` and `model.bin` in 32-bit floats, the contract, and where it came from."""
    read: Any = ov.Core().read_model(io.BytesIO(network))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model.xml"
        ov.save_model(read, place, compress_to_fp16=False)
        parts = {each.name: each.read_bytes() for each in sorted(Path(folder).iterdir())}
    parts |= {"contract.json": contract.to_json(), "about.json": about}
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in sorted(parts.items()):
            out.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return Made(_Compiled(read), raw.getvalue())
