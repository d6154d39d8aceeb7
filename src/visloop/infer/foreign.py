"""Model files of other formats, told apart by what they hold, and the way from each to ONNX.

Nothing is loaded: the first bytes say what a file is, and the names in it what an archive is.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAVED_MODEL: Final = "saved_model.pb"

_TORCH: Final = (
    "where the network's code is: torch.onnx.export(model.eval(), (example,), 'model.onnx'), then "
    "visloop model import model.onnx"
)
_SKLEARN: Final = "of scikit-learn: skl2onnx.to_onnx(model, example)"
_KERAS: Final = (
    "where Keras is and the file is trusted: keras.saving.load_model('FILE')"
    ".export('model.onnx', format='onnx'), then visloop model import model.onnx"
)
_TENSORFLOW: Final = (
    "pip install tensorflow tf2onnx elsewhere, python -m tf2onnx.convert --saved-model FOLDER "
    "--inputs-as-nchw INPUT --opset 17 --output model.onnx, then visloop model import model.onnx"
)
_LITE: Final = (
    "pip install tensorflow tf2onnx elsewhere, python -m tf2onnx.convert --tflite FILE "
    "--inputs-as-nchw INPUT --opset 17 --output model.onnx, then visloop model import model.onnx"
)
_NUMBERS: Final = (
    "a folder with its config.json, of a detector or segmenter that transformers knows: visloop model "
    "import FOLDER; else load the numbers into their network and torch.onnx.export it"
)
_COMPRESSED: Final = "unpack it; what is in there must be one ONNX file"
_HEADER_BYTES: Final = 8
_MOST_HEADER: Final = 100 << 20


class Foreign(NamedTuple):
    """What a file is, and what makes ONNX of it."""

    what: str
    fix: str


def foreign(data: bytes) -> Foreign | None:
    """What a file that is not ONNX is; None where its bytes do not say."""
    for magic, found in _KNOWN:
        if data.startswith(magic):
            return found(data)
    if data[4:8] == b"TFL3":
        return Foreign("it is a TensorFlow Lite file, not ONNX", _LITE)
    if _is_safetensors(data):
        return Foreign(
            "it is safetensors: numbers without the network that they belong to", _NUMBERS
        )
    return None


def foreign_folder(path: Path) -> Foreign | None:
    """The same of a folder."""
    if (path / SAVED_MODEL).is_file():
        return _saved_model(b"")
    return None


def _pickle(_: bytes) -> Foreign:
    return Foreign(
        "it is a Python pickle, which can run code when it is loaded", f"{_TORCH} ({_SKLEARN})"
    )


def _archive(data: bytes) -> Foreign:
    """What a zip archive is by the names in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        names = []
    inside = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in inside:
        return Foreign(
            "it is TorchScript, a zip archive with code to run and Python pickles", _TORCH
        )
    if "data.pkl" in inside:
        return Foreign(
            "it is a torch file, a zip archive with a Python pickle, which can run code when it is "
            "loaded",
            _TORCH,
        )
    if {"config.json", "model.weights.h5"} <= inside:
        return Foreign(
            "it is a Keras file, a zip archive that can hold Python code (Lambda layers)", _KERAS
        )
    if SAVED_MODEL in inside:
        return _saved_model(data)
    if names and all(name.endswith(".npy") for name in names):
        return Foreign("it is an npz: numbers without the network that they belong to", _NUMBERS)
    return Foreign("it is a zip archive, not ONNX", _COMPRESSED)


def _hdf5(_: bytes) -> Foreign:
    return Foreign(
        "it is an HDF5 file of Keras, which can hold Python code (Lambda layers)", _KERAS
    )


def _compressed(_: bytes) -> Foreign:
    return Foreign("it is compressed (gzip or zlib), not ONNX", _COMPRESSED)


def _saved_model(_: bytes) -> Foreign:
    return Foreign(
        "it is a TensorFlow SavedModel, a program rather than a network: it may read and write files, "
        "and TensorFlow is no part of this",
        _TENSORFLOW,
    )


_KNOWN: Final[tuple[tuple[bytes, Callable[[bytes], Foreign]], ...]] = (
    (b"\x80", _pickle),
    (b"PK\x03\x04", _archive),
    (b"\x89HDF\r\n\x1a\n", _hdf5),
    (b"\x1f\x8b", _compressed),
    (b"\x78\x01", _compressed),
    (b"\x78\x5e", _compressed),
    (b"\x78\x9c", _compressed),
    (b"\x78\xda", _compressed),
)


def saved_model(data: bytes) -> Foreign | None:
    """Whether what parses as an empty ONNX file is a SavedModel: its schema version, then a graph."""
    return _saved_model(data) if data.startswith(b"\x08\x01\x12") else None


def _is_safetensors(data: bytes) -> bool:
    length = int.from_bytes(data[:_HEADER_BYTES], "little")
    return 2 <= length <= _MOST_HEADER and data[_HEADER_BYTES : _HEADER_BYTES + 2] == b'{"'  # noqa: PLR2004 - {}
