"""What a model is made of, as a bill of materials in CycloneDX 1.6 (ECMA-424), JSON."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from visloop.ids import digest_of
from visloop.registry.packaging.archive import CONTRACT, ONNX, REFERENCE
from visloop.vision import Contract

_SCHEMA: Final = "http://cyclonedx.org/schema/bom-1.6.schema.json"
_VERSION: Final = "1.6"
_DATA: Final = "data"


def bill_of_materials(
    *,
    name: str,
    version: str,
    parts: Mapping[str, bytes],
    contract: Contract,
    metrics: Mapping[str, float],
    data: Mapping[str, Any],
    packages: Mapping[str, str],
    made: str,
) -> bytes:
    """The document; the same model gives the same bytes.

    Args:
        name: the model's name.
        version: its version, `v2`.
        parts: the files that compute the answer, by name.
        contract: what happens between bytes and answer.
        metrics: figures by name.
        data: `ref` and `root` of what it learnt from; empty where that is not known.
        packages: versions of the Python packages that made it, by name.
        made: when it was registered, ISO 8601.
    """
    libraries = [_library(each, packages[each]) for each in sorted(packages)]
    learnt = [_dataset(data)] if data.get("ref") else []
    digest = digest_of(*(parts[each] for each in sorted(parts)))
    said = {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": _VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{name}@{version} {digest}')}",
        "version": 1,
        "metadata": {
            "timestamp": made,
            "tools": {"components": [{"type": "application", "name": "visloop"}]},
            "component": _model(name, version, parts, contract, metrics, bool(learnt)),
        },
        "components": [*learnt, *libraries],
        "dependencies": [
            {"ref": "model", "dependsOn": [each["bom-ref"] for each in [*learnt, *libraries]]}
        ],
    }
    return msgspec.json.format(msgspec.json.encode(said), indent=1)


def _model(
    name: str,
    version: str,
    parts: Mapping[str, bytes],
    contract: Contract,
    metrics: Mapping[str, float],
    learnt: bool,
) -> dict[str, Any]:
    answer = contract.decode.task
    parameters: dict[str, Any] = {
        "approach": {"type": "supervised"},
        "task": answer,
        "inputs": [{"format": "image"}],
        "outputs": [{"format": answer}],
    }
    if learnt:
        parameters["datasets"] = [{"ref": _DATA}]
    figures = [{"type": key, "value": repr(metrics[key])} for key in sorted(metrics)]
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(parts[ONNX]).hexdigest()}],
        "components": [
            _file(each, parts[each]) for each in (ONNX, CONTRACT, REFERENCE) if each in parts
        ],
        "modelCard": {
            "modelParameters": parameters,
            "quantitativeAnalysis": {"performanceMetrics": figures},
        },
    }


def _file(name: str, raw: bytes) -> dict[str, Any]:
    return {
        "type": "file",
        "name": name,
        "hashes": [
            {"alg": "SHA-256", "content": hashlib.sha256(raw).hexdigest()},
            {"alg": "BLAKE3", "content": digest_of(raw)},
        ],
    }


def _dataset(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "data",
        "bom-ref": _DATA,
        "name": str(data["ref"]),
        "version": str(data.get("root", "")),
        "data": [{"type": "dataset", "name": str(data["ref"])}],
    }


def _library(name: str, version: str) -> dict[str, Any]:
    # PEP 503, as the package URL specification asks of PyPI's names
    plain = re.sub(r"[-_.]+", "-", name).lower()
    purl = f"pkg:pypi/{plain}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
