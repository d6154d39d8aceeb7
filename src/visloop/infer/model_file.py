"""What a model file may hold: ONNX, self-contained, of known operators.

An allow-list, not a scan: whatever is not known to be plain computation is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

import onnx
from google.protobuf.message import DecodeError, Message

from visloop.errors import Refused
from visloop.infer.foreign import SAVED_MODEL, foreign, foreign_folder, saved_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_MODEL_BYTES: Final = 1 << 30
_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
_EXPORT: Final = "export the model to one self-contained ONNX file of standard operators"


class ModelRefused(Refused):
    """A model file that is not ONNX, or that holds more than plain computation."""

    code = "infer.model_refused"


def check_model(data: bytes) -> onnx.ModelProto:
    """The parsed model, when it may be loaded.

    Raises:
        ModelRefused: not an ONNX file; too large; or with operators of unknown libraries, tensors
            kept in other files, or functions of its own.
    """
    if len(data) > MAX_MODEL_BYTES:
        raise _refused(f"it has {len(data):,} bytes; at most {MAX_MODEL_BYTES:,} are loaded")
    if other := foreign(data):
        raise _refused(other.what, other.fix)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        model.Clear()
    if not model.graph.node or not model.graph.output or not model.opset_import:
        raise _refused(*(saved_model(data) or ("it is not ONNX, or holds no network",)))
    domains: set[str] = set()
    for part in _messages(model):
        if isinstance(part, onnx.TensorProto):
            _check_inside(part)
        elif isinstance(part, onnx.NodeProto | onnx.FunctionProto | onnx.OperatorSetIdProto):
            domains.add(part.domain)
    if domains - _DOMAINS:
        unknown = ", ".join(sorted(domains - _DOMAINS))
        raise _refused(f"it uses operators of {unknown}, which are not known here")
    return model


def loops(model: onnx.ModelProto) -> bool:
    """Whether it has loops: then a picture may take any time, whatever another one took."""
    nodes = (each for each in _messages(model) if isinstance(each, onnx.NodeProto))
    return any(node.op_type in {"Loop", "Scan"} for node in nodes)


def joined(data: bytes, beside: Callable[[str], bytes | None]) -> bytes:
    """The model with the tensors inside that it keeps in files of its own folder.

    Args:
        data: the model file.
        beside: the bytes of a file of its folder by name; None where there is none. Nothing else
            is ever opened, whatever path the model names.

    Raises:
        ModelRefused: not an ONNX file, or a part is not there.
    """
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise _refused("it is not ONNX") from error
    parts = (each for each in _messages(model) if isinstance(each, onnx.TensorProto))
    outside = [each for each in parts if each.data_location == onnx.TensorProto.EXTERNAL]
    for tensor in outside:
        said = {each.key: each.value for each in tensor.external_data}
        name, first = said.get("location", ""), int(said.get("offset", 0))
        raw = beside(name)
        length = int(said.get("length", 0 if raw is None else len(raw) - first))
        if raw is None or first < 0 or length < 0 or first + length > len(raw):
            raise _refused(f"its tensor {tensor.name!r} should lie in {name[:80]!r}, and does not")
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
        tensor.raw_data = raw[first : first + length]
    return model.SerializeToString() if outside else data


def _messages(model: Message) -> Iterator[Message]:
    """The model and every message in it, however deep; of tensors, only the outside."""
    waiting = [model]
    while waiting:
        message = waiting.pop()
        yield message
        if isinstance(message, onnx.TensorProto):
            continue
        for field, value in message.ListFields():
            if field.message_type is not None:
                waiting.extend([value] if isinstance(value, Message) else value)


def _check_inside(tensor: onnx.TensorProto) -> None:
    """A tensor may not point to another file: a path in a model can point anywhere."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise _refused(f"its tensor {tensor.name!r} is kept in another file")


def refuse_folder(path: Path) -> NoReturn:
    """A folder is no model file: say what it is.

    Raises:
        ModelRefused: always.
    """
    if other := foreign_folder(path):
        raise _refused(other.what, other.fix)
    raise _refused(
        f"{path} is a folder, with neither config.json nor {SAVED_MODEL}", "name the ONNX file"
    )


def _refused(because: str, fix: str = _EXPORT) -> ModelRefused:
    return ModelRefused(f"the model file is refused: {because}", fix=fix)
