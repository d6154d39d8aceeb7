"""Reads weights in torch's pre-zip format without torch, and without running what is in the file.

Such a file is five pickles (magic number, protocol, system, the state dict, the storage keys)
followed by the raw storages. A pickle can call anything; here it may call three harmless names and
whatever else it asks for is refused.

Source: `torch/serialization.py`, `_legacy_save`, of torch 1.x.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from visloop.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_MAX_ELEMENTS: Final = 1 << 28
_MAX_DIMENSIONS: Final = 8
_STORAGES: Final[Mapping[str, str]] = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<?",
}


class WeightsRefused(Refused):
    """A weights file that is malformed, or that asks for more than tensors."""

    code = "infer.weights_refused"


class _Storage(NamedTuple):
    """A run of numbers that the pickle names and that stands after it in the file.

    A tuple, so that the pickle's BUILD instruction cannot change it once it is checked.
    """

    key: str
    dtype: str
    elements: int


class _Tensor(NamedTuple):
    """A view into a storage; offset and strides count elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_weights(data: bytes) -> dict[str, NDArray[Any]]:
    """Every tensor of a pre-zip torch state dict, by name.

    Args:
        data: the whole file.

    Returns:
        name → array, of the type and shape that was saved; each owns its memory.

    Raises:
        WeightsRefused: not such a file, cut short, or its pickles want to call something.
    """
    stream = io.BytesIO(data)
    if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
        raise _refused("it does not begin as torch's pre-zip format does")
    system = _load(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _refused("its numbers are not little-endian")
    tensors = _tensors(_load(stream))
    keys = _load(stream)
    if not isinstance(keys, list):
        raise _refused("the list of storages is missing")
    storages = _storages(stream, keys, {t.storage.key: t.storage for t in tensors.values()})
    return {name: _view(name, tensor, storages) for name, tensor in tensors.items()}


def _refused(because: str) -> WeightsRefused:
    return WeightsRefused(
        f"the weights file is refused: {because}",
        fix="use a file of plain tensors from a source you trust, or import the model as ONNX",
    )


class _Unpickler(pickle.Unpickler):
    """Finds the names that tensors need, and no others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Rebuild()
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise _refused(f"it wants to call {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", str(dtype), str(key), str(), int(elements), None) if (
                dtype in _STORAGES.values() and 0 <= elements <= _MAX_ELEMENTS
            ):
                return _Storage(key, dtype, elements)
            case _:
                raise _refused("it refers to something that is no storage")


def _load(stream: io.BytesIO) -> Any:
    try:
        return _Unpickler(stream).load()
    except WeightsRefused:
        raise
    except Exception as error:
        raise _refused(f"a pickle in it is malformed ({error})") from error


class _Rebuild:
    """Stands in for `torch._utils._rebuild_tensor_v2`; has no attribute that a pickle could set."""

    __slots__ = ()

    def __call__(
        self, storage: object, offset: object, shape: object, strides: object, *_: object
    ) -> _Tensor:
        """The tensor; its gradient flag and hooks, which follow the strides, are ignored."""
        if not isinstance(storage, _Storage) or type(offset) is not int or offset < 0:
            raise _refused("a tensor without a storage")
        sizes, steps = _counts(shape), _counts(strides)
        if len(sizes) != len(steps) or prod(sizes) > storage.elements:
            raise _refused("a tensor of impossible size")
        return _Tensor(storage, offset, sizes, steps)


def _counts(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple) or len(values) > _MAX_DIMENSIONS:
        raise _refused("a tensor of too many dimensions")
    counts = tuple(v for v in values if type(v) is int and 0 <= v <= _MAX_ELEMENTS)
    if len(counts) != len(values):
        raise _refused("a tensor whose sizes are no counts")
    return counts


def _tensors(state: object) -> dict[str, _Tensor]:
    if not isinstance(state, dict):
        raise _refused("it holds no state dict")
    found = {k: v for k, v in state.items() if isinstance(k, str) and isinstance(v, _Tensor)}
    if len(found) != len(state):
        raise _refused("its state dict holds something other than tensors")
    return found


def _storages(
    stream: io.BytesIO, keys: list[Any], named: Mapping[str, _Storage]
) -> dict[str, NDArray[Any]]:
    """The raw numbers after the pickles: per key an int64 count, then the elements."""
    found: dict[str, NDArray[Any]] = {}
    for key in keys:
        storage = named.get(key) if isinstance(key, str) else None
        if storage is None:
            raise _refused(f"storage {key!r} belongs to no tensor")
        count = int.from_bytes(stream.read(8), "little", signed=True)
        dtype = np.dtype(storage.dtype)
        raw = stream.read(storage.elements * dtype.itemsize)
        if count != storage.elements or len(raw) != storage.elements * dtype.itemsize:
            raise _refused(f"storage {key!r} is cut short")
        found[key] = np.frombuffer(raw, dtype)
    return found


def _view(name: str, tensor: _Tensor, storages: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    flat = storages.get(tensor.storage.key)
    if flat is None:
        raise _refused(f"the storage of {name!r} is missing")
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, flat.dtype)
    steps = zip(tensor.shape, tensor.strides, strict=True)
    if tensor.offset + sum((count - 1) * step for count, step in steps) >= flat.size:
        raise _refused(f"{name!r} reaches past its storage")
    strides = tuple(step * flat.itemsize for step in tensor.strides)
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides).copy()
