"""Model files that run code when the usual loader opens them, in every style we know of.

The payload is harmless: it makes the file `marker`, so that a test sees whether anything ran.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import os
import pickle
import pickletools
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

Make = Callable[[Path, Path], Path]
"""Folder to write into, marker → what is handed to the door."""

UNSAFE: Final[dict[str, Make]] = {}
OPENED_BY_PICKLE: Final[list[str]] = []
"""Those that `pickle.load` opens as they are: the test proves on them that the payload works."""


def _style(name: str, *, pickled: bool = False) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        UNSAFE[name] = make
        if pickled:
            OPENED_BY_PICKLE.append(name)
        return make

    return keep


class _Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._said = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._said


def _touch(marker: Path) -> str:
    return f"open({str(marker)!r}, 'w').close()"


def _payload(marker: Path, protocol: int = 4) -> bytes:
    return pickle.dumps(_Calls(exec, _touch(marker)), protocol)


def _write(folder: Path, name: str, raw: bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(raw)
    return file


def _zip(entries: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return raw.getvalue()


def _protocol(number: int) -> None:
    @_style(f"pickle, protocol {number}", pickled=True)
    def made(folder: Path, marker: Path) -> Path:
        return _write(folder, "model.pkl", _payload(marker, number))


for _number in range(6):
    _protocol(_number)


@_style("pickle that calls os.system", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.pkl", pickle.dumps(_Calls(os.system, f"touch '{marker}'")))


@_style("pickle that calls eval", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.pkl", pickle.dumps(_Calls(eval, _touch(marker))))


@_style("pickle behind a weight: the call is in a state dict", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    state = {"conv.weight": np.ones(3), "conv.bias": _Calls(exec, _touch(marker))}
    return _write(folder, "model.pth", pickle.dumps(state))


@_style("pickle with the old opcode INST", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    said = _touch(marker).replace("'", '"')
    return _write(folder, "model.pkl", f"(V{said}\nibuiltins\nexec\n.".encode())


@_style("pickle with the old opcode OBJ", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    said = _touch(marker).replace("'", '"')
    return _write(folder, "model.pkl", f"(cbuiltins\nexec\nV{said}\no.".encode())


@_style("pickle that builds the name of its function (STACK_GLOBAL)", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    def text(value: str) -> bytes:
        return b"\x8c" + bytes([len(value)]) + value.encode()

    said = _touch(marker)
    body = text("builtins") + text("exec") + b"\x93X" + struct.pack("<I", len(said)) + said.encode()
    return _write(folder, "model.pkl", b"\x80\x04" + body + b"\x85R.")


@_style("pickle of a function's code (as cloudpickle and dill write)", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    code = marshal.dumps(compile(_touch(marker), "model", "exec"))
    run = "import marshal; exec(marshal.loads(__import__('base64').b64decode('{}')))"
    said = run.format(base64.b64encode(code).decode())
    return _write(folder, "model.dill", pickle.dumps(_Calls(exec, said)))


@_style("pickle with rubbish behind its end", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.pkl", _payload(marker) + b"\x00" * 1000)


@_style("pickle optimised, without a frame", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.pkl", pickletools.optimize(_payload(marker, 3)))


@_style("pickle named .onnx", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.onnx", _payload(marker))


@_style("pickle named .safetensors", pickled=True)
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.safetensors", _payload(marker))


@_style("torch, zip")
def _(folder: Path, marker: Path) -> Path:
    entries = {"model/data.pkl": _payload(marker, 2), "model/version": b"3\n"}
    return _write(folder, "model.pt", _zip(entries))


@_style("torch, zip named .onnx")
def _(folder: Path, marker: Path) -> Path:
    entries = {"model/data.pkl": _payload(marker, 2), "model/version": b"3\n"}
    return _write(folder, "model.onnx", _zip(entries))


@_style("torch, before 1.6: pickles in a row")
def _(folder: Path, marker: Path) -> Path:
    magic, system = 0x1950A86A20F9469CFC6C, {"little_endian": True}
    head = [pickle.dumps(each, 2) for each in (magic, 1001, system)]
    return _write(folder, "model.pth", b"".join([*head, _payload(marker, 2), pickle.dumps([], 2)]))


@_style("torch, the oldest: tar")
def _(folder: Path, marker: Path) -> Path:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            data = _payload(marker, 2)
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return _write(folder, "model.tar", raw.getvalue())


@_style("TorchScript")
def _(folder: Path, marker: Path) -> Path:
    entries = {
        "model/data.pkl": _payload(marker, 2),
        "model/constants.pkl": _payload(marker, 2),
        "model/code/__torch__.py": b"def forward(self): pass",
    }
    return _write(folder, "model.pt", _zip(entries))


for _name, _pack in (
    ("zlib", zlib.compress),
    ("gzip", gzip.compress),
    ("bz2", bz2.compress),
    ("lzma", lzma.compress),
):

    @_style(f"joblib, {_name}")
    def _(folder: Path, marker: Path, pack: Any = _pack) -> Path:
        return _write(folder, "model.joblib", pack(_payload(marker)))


@_style("NumPy array of objects")
def _(folder: Path, marker: Path) -> Path:
    raw = io.BytesIO()
    np.save(raw, np.array([_Calls(exec, _touch(marker))], dtype=object), allow_pickle=True)
    return _write(folder, "model.npy", raw.getvalue())


@_style("NumPy archive of objects")
def _(folder: Path, marker: Path) -> Path:
    raw = io.BytesIO()
    np.savez(raw, weights=np.array([_Calls(exec, _touch(marker))], dtype=object))
    return _write(folder, "model.npz", raw.getvalue())


def _keras_config(marker: Path) -> bytes:
    """A network with a Lambda layer: its function is marshalled code."""
    code = marshal.dumps(compile(_touch(marker), "lambda", "exec"))
    layer = {"class_name": "Lambda", "config": {"function": [base64.b64encode(code).decode()]}}
    return json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}}).encode()


@_style("Keras 3, Lambda layer")
def _(folder: Path, marker: Path) -> Path:
    entries = {"config.json": _keras_config(marker), "model.weights.h5": b"\x89HDF\r\n\x1a\n"}
    return _write(folder, "model.keras", _zip({**entries, "metadata.json": b"{}"}))


@_style("Keras 2, HDF5 with a Lambda layer")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.h5", b"\x89HDF\r\n\x1a\n" + _keras_config(marker))


def _saved_model(marker: Path) -> bytes:
    """A SavedModel's beginning: schema version, a graph, the operator that writes a file."""
    said = f"WriteFile {marker}".encode()
    return b"\x08\x01\x12" + bytes([len(said) + 2, 0x0A, len(said)]) + said


@_style("TensorFlow SavedModel that writes a file, folder")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder / "saved", "saved_model.pb", _saved_model(marker)).parent


@_style("TensorFlow SavedModel, its file")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "saved_model.pb", _saved_model(marker))


@_style("TensorFlow Lite")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.tflite", b"\x1c\x00\x00\x00TFL3" + str(marker).encode())


@_style("GGUF with a template to run")
def _(folder: Path, marker: Path) -> Path:
    template = f"{{{{ cycler.__init__.__globals__.os.system('touch {marker}') }}}}".encode()
    return _write(folder, "model.gguf", b"GGUF\x03\x00\x00\x00" + template)


@_style("R, serialised")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.rds", gzip.compress(b"X\n\x00\x00\x00\x03" + str(marker).encode()))


@_style("PMML with an entity that reads a file")
def _(folder: Path, marker: Path) -> Path:
    entity = f'<!DOCTYPE p [<!ENTITY x SYSTEM "file://{marker}">]><PMML>&x;</PMML>'
    return _write(folder, "model.pmml", f'<?xml version="1.0"?>{entity}'.encode())


@_style("Python, named .onnx")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.onnx", _touch(marker).encode())


def _network(
    nodes: list[onnx.NodeProto], *, inside: list[TensorProto] | None = None, domain: str = ""
) -> onnx.ModelProto:
    shape = [1, 3, 8, 8]
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "net", [given], [out], inside or [])
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets)


def _elsewhere(location: str) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def _add() -> onnx.NodeProto:
    return helper.make_node("Add", ["image", "w"], ["probabilities"])


for _place in ("../../../../etc/passwd", "/etc/passwd", "weights/../../secret", "link.bin"):

    @_style(f"ONNX that reads {_place}")
    def _(folder: Path, _marker: Path, place: str = _place) -> Path:
        if place == "link.bin":
            (folder / place).symlink_to("/etc/passwd")
        model = _network([_add()], inside=[_elsewhere(place)])
        return _write(folder, "model.onnx", model.SerializeToString())


@_style("ONNX that reads a file from within a branch")
def _(folder: Path, _marker: Path) -> Path:
    held = helper.make_node("Constant", [], ["w"], value=_elsewhere("../secret"))
    branch = helper.make_graph(
        [held, helper.make_node("Identity", ["w"], ["b"])],
        "branch",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)],
    )
    yes = helper.make_node(
        "Constant", [], ["yes"], value=helper.make_tensor("y", TensorProto.BOOL, [], [True])
    )
    chosen = helper.make_node(
        "If", ["yes"], ["probabilities"], then_branch=branch, else_branch=branch
    )
    return _write(folder, "model.onnx", _network([yes, chosen]).SerializeToString())


for _domain, _operator in (
    ("ai.onnx.contrib", "PyOp"),
    ("com.microsoft.extensions", "PyCustomOp"),
    ("my.library", "Run"),
):

    @_style(f"ONNX with the operator {_domain}:{_operator}")
    def _(folder: Path, marker: Path, domain: str = _domain, operator: str = _operator) -> Path:
        node = helper.make_node(
            operator, ["image"], ["probabilities"], domain=domain, module=_touch(marker)
        )
        return _write(folder, "model.onnx", _network([node], domain=domain).SerializeToString())


@_style("ONNX with a function that hides such an operator")
def _(folder: Path, marker: Path) -> Path:
    inner = helper.make_node("PyOp", ["x"], ["y"], domain="ai.onnx.contrib", module=_touch(marker))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.contrib", 1)]
    function = helper.make_function("ai.onnx", "Nice", ["x"], ["y"], [inner], opsets)
    call = helper.make_node("Nice", ["image"], ["probabilities"], domain="ai.onnx")
    model = _network([call])
    model.functions.append(function)
    return _write(folder, "model.onnx", model.SerializeToString())


def _folder(folder: Path, config: dict[str, Any], **files: bytes) -> Path:
    place = folder / "hub"
    _write(place, "config.json", json.dumps(config).encode())
    for name, raw in files.items():
        _write(place, name.replace("__", "."), raw)
    return place


@_style("Hugging Face folder with code of its own")
def _(folder: Path, marker: Path) -> Path:
    config = {"model_type": "rt_detr", "auto_map": {"AutoModel": "modeling.Net"}}
    return _folder(folder, config, modeling__py=_touch(marker).encode())


@_style("Hugging Face folder with pickled weights")
def _(folder: Path, marker: Path) -> Path:
    return _folder(folder, {"model_type": "rt_detr"}, pytorch_model__bin=_payload(marker))


@_style("Hugging Face folder whose safetensors is a pickle")
def _(folder: Path, marker: Path) -> Path:
    return _folder(folder, {"model_type": "segformer"}, model__safetensors=_payload(marker))


@_style("safetensors with a header without end")
def _(folder: Path, _marker: Path) -> Path:
    return _write(folder, "model.safetensors", struct.pack("<Q", 1 << 62) + b'{"a":1}')


@_style("torch hub folder with hubconf.py")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder / "hub", "hubconf.py", _touch(marker).encode()).parent


@_style("zip that climbs out of its folder")
def _(folder: Path, marker: Path) -> Path:
    return _write(folder, "model.visloop", _zip({f"../../../..{marker}": b"x"}))


@_style("zip that unpacks to a thousand times its size")
def _(folder: Path, _marker: Path) -> Path:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net-v1/bom.cdx.json", b"\0" * (1 << 26))
    return _write(folder, "model.visloop", raw.getvalue())
