"""OpenAPI 3.1 of a serving process: its own routes, its own deployments.

Schemas come from the types that requests are read with, and from those of annotations.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

import msgspec

from visloop.serve.forms.asking import JPEG, JSON, MP4, PNG, SHAPES
from visloop.serve.wire.v2 import Head
from visloop.vision import Annotation

_OCTETS: Final = "application/octet-stream"
_BINARY: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_DESCRIPTION: Final = "Send a picture, get what the model says of it."
_HEADERS: Final = (
    "X-Request-Id comes back with the answer; X-Request-Timeout-Ms says how long the client waits, and 503 "
    "is the answer after that; X-Server-Timing: 1 asks for the time of each stage."
)


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One picture's answer; what the model's task does not give is null or left out."""

    id: str
    deployment: str
    model: str
    label: str | None
    confidence: float | None
    latency_ms: float
    time: datetime
    probabilities: dict[str, float] = {}
    annotations: tuple[Annotation, ...] = ()
    width: int = 0
    height: int = 0
    embedding: tuple[float, ...] = ()


class Failure(msgspec.Struct, frozen=True):
    """A stable code, what happened, and how to mend it."""

    code: str
    what: str
    fix: str


class Failed(msgspec.Struct, frozen=True):
    """An error."""

    error: Failure


class FailedV2(msgspec.Struct, frozen=True):
    """An error as the Open Inference Protocol has it, and its parts."""

    error: str
    code: str
    what: str
    fix: str


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of a film's frame, or of a picture by its URL: the answer, or the error in its place."""

    time_s: float = 0.0
    url: str = ""


class Several(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answers to a film's frames or to a list of addresses: see `Said`, or `error`."""

    deployment: str
    model: str
    every_s: float = 0.0
    frames: tuple[Frame, ...] = ()
    pictures: tuple[Frame, ...] = ()


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of COCO's results."""

    image_id: int
    category_id: int
    category: str
    score: float | None
    bbox: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    segmentation: dict[str, Any] = {}


class TensorOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """An output of V2."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: list[Any] = []
    parameters: dict[str, Any] = {}


class Inferred(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer of V2."""

    model_name: str
    model_version: str
    outputs: tuple[TensorOut, ...]
    id: str = ""


_RED_PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGM8ISfHgA0wYRUdtBIA0MoB"
    "FD5jqJkAAAAASUVORK5CYII="
)
_EXAMPLE: Final[dict[str, Any]] = {
    "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [_RED_PNG]}]
}
_TYPES: Final = (Said, Several, list[Result], Inferred, Failed, FailedV2, Head)


def document(deployments: Iterable[str], *, needs_key: bool) -> dict[str, Any]:
    """The whole description.

    Args:
        deployments: by name.
        needs_key: whether an API key is needed.
    """
    found, parts = msgspec.json.schema_components(
        _TYPES, ref_template="#/components/schemas/{name}"
    )
    said, several, results, inferred, failed, failed_v2, head = found
    name = _path("name", "the deployment", sorted(deployments))
    answers = {
        JSON: {"schema": {"anyOf": [said, several, results, inferred]}},
        JPEG: {"schema": _BINARY},
        PNG: {"schema": _BINARY},
        MP4: {"schema": _BINARY},
    }
    asked = {"200": {"description": "the answer", "content": answers}, **_errors(failed)}
    infer = _post(
        "infer", "Tensors or encoded pictures, by V2", _infer_body(head), _v2(inferred, failed_v2)
    )
    plain = {"200": _json("done", {}), **_errors(failed)}
    plain_v2 = {"200": _json("done", {}), **_errors(failed_v2)}
    model = "/v2/models/{name}"
    paths: dict[str, Any] = {
        "/predict/{name}": {
            "parameters": [name],
            "post": {
                **_post("predict", _DESCRIPTION, _picture_body(), asked),
                "parameters": _QUERY,
                "description": _HEADERS,
            },
        },
        f"{model}/infer": {"parameters": [name], "post": infer},
        model: {"parameters": [name], "get": _get("model", "Inputs and outputs", plain_v2)},
        f"{model}/ready": {"parameters": [name], "get": _get("ready", "Is it loaded", plain_v2)},
        f"{model}/config": {
            "parameters": [name],
            "get": _get("config", "As Triton has it", plain_v2),
        },
        "/v2": {"get": _get("server", "Who this is", plain_v2)},
        "/v2/health/live": {"get": _get("v2-live", "Is it alive", plain_v2)},
        "/v2/health/ready": {"get": _get("v2-ready", "Can it answer", plain_v2)},
        "/v2/repository/index": {"post": _get("index", "What is served", plain_v2)},
        "/health/live": {"get": _get("live", "Is it alive", plain)},
        "/health/ready": {"get": _get("all-ready", "Can it answer", plain)},
        "/metrics": {"get": _get("metrics", "For Prometheus", _text())},
    }
    schemes = {"key": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Visloop serving",
            "version": version("visloop"),
            "description": _DESCRIPTION,
        },
        "paths": paths,
        "components": {"schemas": parts, "securitySchemes": schemes if needs_key else {}},
        "security": [{"key": []}] if needs_key else [],
    }


def _path(name: str, about: str, known: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", **({"enum": known} if known else {"minLength": 1})}
    return {"name": name, "in": "path", "required": True, "description": about, "schema": schema}


def _asked(name: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": schema}


_QUERY: Final = [
    _asked("as", "the form of the answer", {"type": "string", "enum": list(SHAPES)}),
    _asked(
        "image_id", "of COCO's results", {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
    ),
    _asked(
        "every",
        "between two frames of a film",
        {"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,6})?(ms|s|m)?$"},
    ),
]


def _picture_body() -> dict[str, Any]:
    file = {"type": "object", "required": ["file"], "properties": {"file": _BINARY}}
    urls = {
        "type": "object",
        "required": ["urls"],
        "additionalProperties": False,
        "properties": {"urls": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
    }
    kinds = (JPEG, PNG, "image/webp", MP4, _OCTETS)
    content: dict[str, Any] = {kind: {"schema": _BINARY} for kind in kinds}
    content |= {"multipart/form-data": {"schema": file}, JSON: {"schema": urls}}
    return {"required": True, "content": content}


def _infer_body(head: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": head, "example": _EXAMPLE}}}


def _post(name: str, about: str, body: dict[str, Any], replies: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "summary": about, "requestBody": body, "responses": replies}


def _get(name: str, about: str, replies: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "summary": about, "responses": replies}


def _json(about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {JSON: {"schema": schema}}}


def _errors(schema: dict[str, Any]) -> dict[str, Any]:
    return {"default": _json("what happened, and how to mend it", schema)}


def _v2(inferred: dict[str, Any], failed: dict[str, Any]) -> dict[str, Any]:
    content = {JSON: {"schema": inferred}, _OCTETS: {"schema": _BINARY}}
    return {"200": {"description": "the outputs", "content": content}, **_errors(failed)}


def _text() -> dict[str, Any]:
    return {
        "200": {
            "description": "the figures",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    }
