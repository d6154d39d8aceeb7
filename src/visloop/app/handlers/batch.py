"""Answers without a server: pictures, folders, data versions and films through the same predictor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import infer, registry
from visloop.app.handlers.answers_out import written_as
from visloop.app.handlers.sources import Picture, pictures
from visloop.errors import VisloopError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


def predict_files(
    ports: Ports,
    scope: Scope,
    model: str,
    sources: tuple[str, ...],
    out: str | None,
    every_s: float = 1.0,
) -> list[dict[str, Any]]:
    """One row a picture, in order; what cannot be read has `error` in place of an answer.

    Raises:
        NotFound: a source does not exist.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    package = registry.load(ports.registry, version)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    found = pictures(ports, scope, sources, every_s)
    rows: list[dict[str, Any]] = []
    with written_as(Path(out) if out else None, predictor.contract) as write:
        for picture in ports.progress.track(found, doing="predict", unit="image"):
            row, data, said = _answered(predictor, picture, f"model:{version.ref}")
            rows.append(row)
            write(picture.name, row, data, said)
    return rows


def _answered(
    predictor: infer.Predictor, picture: Picture, author: str
) -> tuple[dict[str, Any], bytes, infer.Answer | None]:
    row: dict[str, Any] = {"file": picture.name}
    if picture.time_s is not None:
        row["time_s"] = picture.time_s
    try:
        data = picture.read()
        answer = predictor.predict(data, author=author)
    except VisloopError as error:
        return row | {"error": error.to_dict()["error"]}, b"", None
    if predictor.contract.decode.task in {"detect", "segment", "regress"}:
        said = msgspec.json.decode(msgspec.json.encode(answer.annotations))
        return row | {"annotations": said}, data, answer
    probabilities = answer.probabilities
    if probabilities is None:
        return row | {"label": None, "confidence": None}, data, answer
    best = int(probabilities.argmax())
    told = {
        "label": predictor.contract.classes[best],
        "confidence": round(float(probabilities[best]), 6),
    }
    return row | told, data, answer
