"""What the V2 protocol tells about the server and its models."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from visloop.serve.lineup import Lineup, Slot
from visloop.serve.model import ANNOTATIONS_OUTPUT, LABEL_OUTPUT, Model

TENSOR_INPUT = "input"
PICTURE_INPUT = "image"


def server_metadata(takes: Sequence[str]) -> dict[str, Any]:
    """GET /v2; `takes` beside pictures and tensors: `films`, `urls`."""
    return {
        "name": "visloop",
        "version": version("visloop"),
        "extensions": ["binary_tensor_data", "model_configuration", "model_repository", *takes],
    }


def model_metadata(slot: Slot, model: Model) -> dict[str, Any]:
    """GET /v2/models/NAME: send either input, get all outputs."""
    return {
        "name": slot.deployment.name,
        "versions": [slot.version],
        "platform": "onnxruntime_onnx",
        "inputs": inputs(model),
        "outputs": outputs(model),
        "parameters": {
            "model": slot.deployment.model,
            "package": slot.deployment.package,
            "limits": slot.limits.told(),
            "batching": msgspec.to_builtins(model.batching),
        },
    }


def model_config(slot: Slot, model: Model) -> dict[str, Any]:
    """GET /v2/models/NAME/config, in the shape of Triton's model configuration."""
    return {
        "name": slot.deployment.name,
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        "max_batch_size": 0,
        "input": [_configured(tensor) for tensor in inputs(model)],
        "output": [_configured(tensor) for tensor in outputs(model)],
    }


def index(lineup: Lineup) -> list[dict[str, str]]:
    """POST /v2/repository/index."""
    return [
        {
            "name": slot.deployment.name,
            "version": slot.version,
            "state": "READY" if slot.model else "UNAVAILABLE",
            "reason": slot.error,
        }
        for slot in lineup
    ]


def inputs(model: Model) -> list[dict[str, Any]]:
    """Either a prepared tensor, or encoded pictures."""
    return [
        {"name": TENSOR_INPUT, "datatype": "FP32", "shape": [-1, *model.contract.input_shape]},
        {"name": PICTURE_INPUT, "datatype": "BYTES", "shape": [-1]},
    ]


def outputs(model: Model) -> list[dict[str, Any]]:
    """What the network gives, and the best class or the annotations, as JSON text, read from it."""
    names = model.names
    told: list[dict[str, Any]] = [
        {"name": name, "datatype": "FP32", "shape": [-1, *shape]}
        for name, shape in model.raw.items()
    ]
    if model.classes:
        shape = [-1, model.classes]
        told.append({"name": names.probabilities, "datatype": "FP32", "shape": shape})
    if model.embedding_dim:
        shape = [-1, model.embedding_dim]
        told.append({"name": names.embedding, "datatype": "FP32", "shape": shape})
    if model.raw:
        told.append({"name": ANNOTATIONS_OUTPUT, "datatype": "BYTES", "shape": [-1]})
    if model.classes:
        told.append({"name": LABEL_OUTPUT, "datatype": "BYTES", "shape": [-1]})
    return told


def _configured(tensor: dict[str, Any]) -> dict[str, Any]:
    kind = "TYPE_STRING" if tensor["datatype"] == "BYTES" else "TYPE_FP32"
    return {"name": tensor["name"], "data_type": kind, "dims": tensor["shape"]}
