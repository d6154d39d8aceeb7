"""The Open Inference Protocol (V2): tensors in and out, as JSON and as raw bytes behind it.

Pure functions over bytes. Source: KServe's "Open Inference Protocol" REST specification and
Triton's "binary tensor data extension".
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.serve.errors import BadRequest

HEADER_LENGTH: Final = b"inference-header-content-length"
_OCTETS: Final = b"application/octet-stream"
_LENGTH_BYTES: Final = 4
_HEAD: Final = 1024
_LONGEST_LENGTH: Final = 18
_MOST_SIZES: Final = 16
_LARGEST_SIZE: Final = 1 << 31

Floats: TypeAlias = NDArray[np.float32]
Output: TypeAlias = Floats | Sequence[bytes]


class TensorIn(msgspec.Struct, frozen=True):
    """An input's head; its data stands in `data` or behind the JSON."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: Any = None


class TensorAsked(msgspec.Struct, frozen=True):
    """An output that the client wants."""

    name: str
    parameters: dict[str, Any] = {}


class Head(msgspec.Struct, frozen=True):
    """The JSON part of an inference request."""

    inputs: list[TensorIn]
    id: str = ""
    outputs: list[TensorAsked] = []
    parameters: dict[str, Any] = {}


class InferRequest(msgspec.Struct, frozen=True):
    """A decoded request: float32 arrays and lists of byte strings by input name."""

    head: Head
    tensors: dict[str, Output]

    def wants_binary(self, output: str) -> bool:
        """Does the client want this output as raw bytes?"""
        for asked in self.head.outputs:
            if asked.name == output:
                return bool(asked.parameters.get("binary_data", self._binary_default))
        return self._binary_default

    def wanted(self, available: Sequence[str]) -> list[str]:
        """The outputs to send: those asked for, or all.

        Raises:
            BadRequest: an output that the model does not have, or an extension that we do not speak.
        """
        for asked in self.head.outputs:
            if asked.name not in available:
                raise BadRequest(
                    f"there is no output {asked.name!r}",
                    fix=f"ask for one of: {', '.join(available)}",
                )
            _refuse_extensions(asked.parameters)
        return [asked.name for asked in self.head.outputs] or list(available)

    @property
    def _binary_default(self) -> bool:
        return bool(self.head.parameters.get("binary_data_output", False))


_read_head: Final = msgspec.json.Decoder(Head)


def parse(body: bytes, header_length: bytes | None) -> InferRequest:
    """Read an inference request.

    Args:
        body: JSON, followed by the raw tensors where `header_length` says how long the JSON is.
        header_length: the header `Inference-Header-Content-Length`.

    Raises:
        BadRequest: not the protocol; says which input and why.
    """
    length = _header_length(header_length, len(body))
    try:
        head = _read_head.decode(memoryview(body)[:length])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(
            f"the request is not V2 JSON: {error}",
            fix='send {"inputs": [{"name", "shape", "datatype", "data"}]}',
        ) from error
    raw = memoryview(body)[length:]
    tensors: dict[str, Output] = {}
    for one in head.inputs:
        _refuse_extensions(one.parameters)
        count = _count(one)
        size = one.parameters.get("binary_data_size")
        if size is None:
            tensors[one.name] = _from_json(one, count)
            continue
        if not isinstance(size, int) or not 0 <= size <= len(raw):
            raise BadRequest(
                f"input {one.name!r}: binary_data_size is {size!r}, {len(raw)} bytes are left"
            )
        tensors[one.name] = _from_raw(one, count, raw[:size])
        raw = raw[size:]
    if len(raw):
        raise BadRequest(f"{len(raw)} bytes are left over behind the last tensor")
    return InferRequest(head, tensors)


def is_light(body: bytes, header_length: bytes | None, input_bytes: int) -> bool:
    """Whether there is next to nothing to read: one raw tensor of so many bytes, and no long head."""
    return header_length is not None and len(body) <= input_bytes + _HEAD and b"BYTES" not in body


def encode(
    request: InferRequest, name: str, version: str, outputs: Mapping[str, Output]
) -> tuple[bytes, tuple[tuple[bytes, bytes], ...], bytes]:
    """The answer's body, extra headers and content type; raw tensors follow the JSON in order."""
    raws: list[bytes] = []
    told: list[dict[str, Any]] = []
    for output in request.wanted(list(outputs)):
        value = outputs[output]
        entry: dict[str, Any] = {
            "name": output,
            "datatype": _datatype(value),
            "shape": _shape(value),
        }
        if request.wants_binary(output):
            raw = _to_raw(value)
            raws.append(raw)
            entry["parameters"] = {"binary_data_size": len(raw)}
        else:
            entry["data"] = _to_json(value)
        told.append(entry)
    answer: dict[str, Any] = {"model_name": name, "model_version": version, "outputs": told}
    if request.head.id:
        answer["id"] = request.head.id
    head = msgspec.json.encode(answer)
    if not raws:
        return head, (), b"application/json"
    return b"".join((head, *raws)), ((HEADER_LENGTH, b"%d" % len(head)),), _OCTETS


def _header_length(header: bytes | None, size: int) -> int:
    if header is None:
        return size
    if not header.isdigit() or len(header) > _LONGEST_LENGTH or int(header) > size:
        raise BadRequest(
            f"Inference-Header-Content-Length is {header[:40].decode('latin-1')!r}, the body has {size} bytes"
        )
    return int(header)


def _refuse_extensions(parameters: Mapping[str, Any]) -> None:
    for name in ("shared_memory_region", "classification"):
        if parameters.get(name):
            raise BadRequest(
                f"the {name!r} extension is not spoken here",
                fix="send the tensor itself, and ask for the output 'label' for class names",
            )


def _count(tensor: TensorIn) -> int:
    sizes = tensor.shape[: _MOST_SIZES + 1]
    if not 0 < len(sizes) <= _MOST_SIZES or not all(0 <= size < _LARGEST_SIZE for size in sizes):
        raise BadRequest(
            f"input {tensor.name!r}: shape {sizes} is empty or too long, or has a negative or too large size",
            fix="the first size is the number of pictures",
        )
    return math.prod(tensor.shape)


def _from_raw(tensor: TensorIn, count: int, raw: memoryview) -> Output:
    if tensor.datatype == "BYTES":
        return _split_bytes(tensor.name, count, raw)
    _check_fp32(tensor)
    if len(raw) != 4 * count:
        raise BadRequest(
            f"input {tensor.name!r}: shape {tensor.shape} of FP32 is {4 * count} bytes, got {len(raw)}"
        )
    return _shaped(np.frombuffer(raw, dtype="<f4"), tensor)


def _split_bytes(name: str, count: int, raw: memoryview) -> list[bytes]:
    """Each element is its length in 4 bytes, little-endian, then that many bytes."""
    items: list[bytes] = []
    at = 0
    while at < len(raw):
        end = at + _LENGTH_BYTES + int.from_bytes(raw[at : at + _LENGTH_BYTES], "little")
        if end > len(raw):
            raise BadRequest(f"input {name!r}: element {len(items)} is longer than the tensor")
        items.append(bytes(raw[at + _LENGTH_BYTES : end]))
        at = end
    if len(items) != count:
        raise BadRequest(f"input {name!r}: {count} elements expected, got {len(items)}")
    return items


def _from_json(tensor: TensorIn, count: int) -> Output:
    if tensor.data is None:
        raise BadRequest(
            f"input {tensor.name!r} has neither 'data' nor a 'binary_data_size'",
            fix="put the values in 'data', nested or flat",
        )
    if tensor.datatype == "BYTES":
        return _from_base64(tensor, count)
    _check_fp32(tensor)
    try:
        array = np.asarray(tensor.data, dtype=np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRequest(f"input {tensor.name!r}: data is not numbers: {error}") from error
    if array.size != count:
        raise BadRequest(
            f"input {tensor.name!r}: shape {tensor.shape} has {count} values, data has {array.size}"
        )
    return _shaped(array, tensor)


def _shaped(values: Floats, tensor: TensorIn) -> Floats:
    try:
        return values.reshape(tensor.shape)
    except (ValueError, OverflowError) as error:  # of no values, in sizes without a bound
        raise BadRequest(f"input {tensor.name!r}: shape {tensor.shape}: {error}") from error


def _from_base64(tensor: TensorIn, count: int) -> list[bytes]:
    try:
        flat = list(_flat(tensor.data))
    except RecursionError:
        raise BadRequest(f"input {tensor.name!r}: data is nested too deep") from None
    if len(flat) != count:
        raise BadRequest(f"input {tensor.name!r}: {count} elements expected, got {len(flat)}")
    try:
        return [base64.b64decode(text, validate=True) for text in flat]
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadRequest(
            f"input {tensor.name!r}: pictures in JSON are base64 strings: {error}",
            fix="encode the file's bytes as base64, or use binary_data_size",
        ) from error


def _flat(data: Any) -> Any:
    if isinstance(data, list):
        for item in data:
            yield from _flat(item)
    else:
        yield data


def _check_fp32(tensor: TensorIn) -> None:
    if tensor.datatype != "FP32":
        raise BadRequest(
            f"input {tensor.name!r} is {tensor.datatype}; FP32 (tensors) and BYTES (pictures) are known",
            fix="convert the tensor to FP32",
        )


def _datatype(value: Output) -> str:
    return "FP32" if isinstance(value, np.ndarray) else "BYTES"


def _shape(value: Output) -> list[int]:
    return list(value.shape) if isinstance(value, np.ndarray) else [len(value)]


def _to_raw(value: Output) -> bytes:
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value, dtype="<f4").tobytes()
    return b"".join(len(item).to_bytes(_LENGTH_BYTES, "little") + item for item in value)


def _to_json(value: Output) -> list[Any]:
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    return [item.decode() for item in value]
