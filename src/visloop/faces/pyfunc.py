"""What `mlflow.pyfunc.load_model` calls for a model of ours; MLflow itself is not imported.

    model = mlflow.pyfunc.load_model("models:/reader@champion")
    model.predict(["a.jpg", open("b.jpg", "rb").read()])

The name of this module stands in the `MLmodel` file of every model that was pushed: it stays.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from visloop.errors import UsageError
from visloop.infer import Predictor
from visloop.registry import CONTRACT_FILE, NETWORK_FILE
from visloop.vision import Contract

_DECIMALS = 6
_EMBEDDED = "data:"


class Model:
    """A loaded model; safe to call from several threads."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """One answer a picture, as `POST /predict/NAME` gives it.

        Args:
            data: pictures: encoded bytes, paths, or `data:image/…;base64,…`; one of them, a list, an
                array, a column (a `DataFrame` of one column, a mapping with one list).
            params: of which there are none.

        Raises:
            UsageError: something among them is no picture.
            NotAnImage, TruncatedImage, TooManyPixels: see `visloop.infer.decode`.
        """
        if params:
            raise UsageError(f"there is no parameter {next(iter(params))!r}", fix="leave it out")
        return [self._answer(_encoded(each)) for each in _each(data)]

    def _answer(self, picture: bytes) -> dict[str, Any]:
        answer = self.predictor.predict(picture)
        classes = self.predictor.contract.classes
        said: dict[str, Any] = {"label": None, "confidence": None}
        if answer.probabilities is not None:
            values = [round(float(value), _DECIMALS) for value in answer.probabilities]
            best = int(answer.probabilities.argmax())
            said["label"], said["confidence"] = classes[best], values[best]
            said["probabilities"] = dict(zip(classes, values, strict=True))
        else:
            said["annotations"] = msgspec.to_builtins(answer.annotations)
        return said


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> Model:  # pyright: ignore[reportUnusedFunction] - MLflow calls it
    """The model in a folder that holds `model.onnx` and `contract.json`."""
    del model_config
    folder = Path(path)
    contract = Contract.from_json((folder / CONTRACT_FILE).read_bytes())
    return Model(Predictor.load((folder / NETWORK_FILE).read_bytes(), contract))


def _each(data: Any) -> Iterable[Any]:
    """The pictures, whatever holds them: pandas is not needed to take what pandas made."""
    if isinstance(data, bytes | bytearray | memoryview | str | Path):
        return [data]
    if isinstance(data, Mapping) or hasattr(data, "columns"):
        columns = list(data)
        if len(columns) != 1:
            raise UsageError(
                f"{len(columns)} columns: {', '.join(map(str, columns))[:80]}",
                fix="give one column of pictures",
            )
        return _each(data[columns[0]])
    if hasattr(data, "tolist"):
        data = data.tolist()
        return data if isinstance(data, list) else [data]
    return data


def _encoded(picture: Any) -> bytes:
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    if isinstance(picture, str) and picture.startswith(_EMBEDDED):
        try:
            return base64.b64decode(picture.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise UsageError(f"{picture[:40]!r} is no base64", fix="encode it again") from error
    if isinstance(picture, str | Path):
        try:
            return Path(picture).read_bytes()
        except OSError as error:
            raise UsageError(
                f"{str(picture)[:80]!r} cannot be read: {error.strerror}",
                fix="give the picture's bytes, a path, or data:image/jpeg;base64,…",
            ) from error
    raise UsageError(
        f"a {type(picture).__name__} is no picture",
        fix="give encoded bytes (a JPEG, a PNG …) or paths, not decoded pixels",
    )
