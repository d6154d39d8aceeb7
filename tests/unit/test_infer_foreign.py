"""Model files of other formats are refused by what they are, with the way from each to ONNX."""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from visloop import infer
from visloop.vision import Contract, Decode, Normalise, Resize

MODELS = Path(__file__).resolve().parent.parent / "models"


def torch_file(*, zipped: bool = True) -> bytes:
    out = io.BytesIO()
    torch.save(nn.Linear(2, 2).state_dict(), out, _use_new_zipfile_serialization=zipped)
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, a=np.zeros(3))
    return out.getvalue()


KINDS = {
    "net.pkl": (lambda: pickle.dumps({}), "Python pickle, which can run code", "skl2onnx"),
    "net.joblib": (lambda: zlib.compress(pickle.dumps({})), "compressed", "unpack"),
    "net.pt": (torch_file, "torch file, .* Python pickle, which can run code", "torch.onnx.export"),
    "old.pth": (lambda: torch_file(zipped=False), "Python pickle", "torch.onnx.export"),
    "script.pt": (
        lambda: zipped("m/data.pkl", "m/code/__torch__/net.py", "m/constants.pkl"),
        "TorchScript, .* code to run",
        "torch.onnx.export",
    ),
    "net.keras": (
        lambda: zipped("metadata.json", "config.json", "model.weights.h5"),
        r"Keras file, .* Python code \(Lambda",
        "format='onnx'",
    ),
    "net.h5": (
        lambda: b"\x89HDF\r\n\x1a\n" + bytes(64),
        "HDF5 file of Keras, which can hold Python code",
        "format='onnx'",
    ),
    "net.tflite": (
        (MODELS / "small.tflite").read_bytes,
        "TensorFlow Lite",
        "tf2onnx.convert --tflite",
    ),
    "saved_model.pb": (
        (MODELS / "saved_model.pb").read_bytes,
        "TensorFlow SavedModel",
        "tf2onnx.convert --saved-model",
    ),
    "saved.zip": (
        lambda: zipped("m/saved_model.pb", "m/variables/variables.index"),
        "TensorFlow SavedModel",
        "tf2onnx.convert --saved-model",
    ),
    "net.safetensors": (
        lambda: safetensors.numpy.save({"a": np.zeros(2, np.float32)}),
        "numbers without the network",
        "config.json",
    ),
    "net.npz": (npz, "numbers without the network", "torch.onnx.export"),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_told_with_its_own_way_out(name):
    make, because, fix = KINDS[name]
    with pytest.raises(infer.ModelRefused, match=because) as said:
        infer.check_model(make())
    assert fix in said.value.fix


def test_what_tf2onnx_makes_of_a_saved_model_is_a_model():
    """The file is of TensorFlow 2.21 by tf2onnx 1.17, with --inputs-as-nchw: three classes at 64 px."""
    onnx = (MODELS / "from_saved_model.onnx").read_bytes()
    contract = Contract(
        resize=Resize(mode="squash", size_px=64),
        normalise=Normalise(mean=(0, 0, 0), std=(255, 255, 255)),
        decode=Decode(probabilities="output_0"),
        classes=("a", "b", "c"),
        input_name="keras_tensor",
    )
    outputs = infer.Predictor.load(onnx, contract).run(np.ones((2, 3, 64, 64), np.float32))
    assert outputs.probabilities is not None
    np.testing.assert_allclose(outputs.probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_folder_is_told_too(tmp_path):
    with pytest.raises(infer.ModelRefused, match="neither config"):
        infer.refuse_folder(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(infer.ModelRefused, match="TensorFlow SavedModel") as said:
        infer.refuse_folder(tmp_path)
    assert "--inputs-as-nchw" in said.value.fix
