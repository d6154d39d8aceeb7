"""Answers without a server: files and folders through the same predictor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import infer, registry
from visloop.errors import NotFound, VisloopError
from visloop.ids import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports
    from visloop.events import Scope

_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def predict_files(
    ports: Ports, scope: Scope, model: str, sources: tuple[str, ...], out: str | None
) -> list[dict[str, Any]]:
    """One row a picture, in order; what cannot be read has `error` instead of a label.

    Raises:
        NotFound: a source does not exist.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    package = registry.load(ports.registry, version)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    files = [file for source in sources for file in _files(Path(source))]
    rows = [
        _row(predictor, file) for file in ports.progress.track(files, doing="predict", unit="image")
    ]
    if out:
        _write(Path(out), rows)
    return rows


def _files(source: Path) -> Iterator[Path]:
    if not source.exists():
        raise NotFound(f"{source} does not exist", fix="name a picture or a folder")
    if source.is_file():
        yield source
        return
    for folder, _, names in sorted(os.walk(source)):
        for name in sorted(names):
            if Path(name).suffix.lower() in _PICTURES:
                yield Path(folder) / name


def _row(predictor: infer.Predictor, file: Path) -> dict[str, Any]:
    try:
        answer = predictor.predict(file.read_bytes())
    except VisloopError as error:
        return {"file": str(file), "error": error.to_dict()["error"]}
    probabilities = answer.probabilities
    if probabilities is None:
        return {"file": str(file), "label": None, "confidence": None}
    best = int(probabilities.argmax())
    return {
        "file": str(file),
        "label": predictor.contract.classes[best],
        "confidence": round(float(probabilities[best]), 6),
    }


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    temporary.replace(path)
