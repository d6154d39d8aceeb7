"""What a worker does with one request: bytes → picture → network → answer, then the log's row.

Everything that the client waits for comes first; digest, statistics and the log's record are made
when the answer is on its way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import vision
from visloop.events import Clock
from visloop.ids import digest_of
from visloop.infer import Outputs
from visloop.serve import multipart, v2
from visloop.serve.counter import Counter
from visloop.serve.errors import BadRequest, TimedOut, TooLarge
from visloop.serve.http import Headers, unpack
from visloop.serve.lineup import Slot
from visloop.serve.log import DECIMALS, Entry, PredictionLog
from visloop.serve.metadata import PICTURE_INPUT, TENSOR_INPUT
from visloop.serve.model import LABEL_OUTPUT, Model
from visloop.serve.pool import Answer, Task
from visloop.serve.processes import prediction_id
from visloop.serve.record import Captured
from visloop.store import utc_text
from visloop.vision import Prediction

CHUNK: Final = 2

Work = Callable[[Task], Answer]
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """Of one request: bytes once unpacked, pictures of a V2 request."""

    body_bytes: int
    batch: int


@dataclass(slots=True)
class _Picture:
    """One answered picture, until its row is queued; `image` is empty for a ready-made tensor."""

    image: bytes
    pixels: Pixels | None
    number: int
    time: datetime
    latency_ms: float


class Answers:
    """Makes the work for requests; `log` None answers without a record."""

    def __init__(
        self, server: str, counter: Counter, clock: Clock, limits: Limits, log: PredictionLog | None
    ) -> None:
        self._server = server
        self._counter = counter
        self._clock = clock
        self._limits = limits
        self._log = log

    def picture(
        self, slot: Slot, model: Model, headers: Headers, body: bytes, started: float
    ) -> Work:
        """POST /predict/NAME: one picture, as the body or as the form field `file`."""

        def work(_task: Task) -> Answer:
            begun = time.perf_counter()
            image = self._image(headers, body)
            pixels, array = model.prepare(image)
            decoded = time.perf_counter()
            outputs = model.predictor.run(array[None])
            inferred = time.perf_counter()
            taken = self._take(image, pixels, started)
            said = _plain(slot, model, outputs, self._id(taken.number), taken)
            answer = Answer(
                msgspec.json.encode(said),
                decode_s=decoded - begun,
                infer_s=inferred - decoded,
                pictures=1,
                after=self._behind(slot, model, outputs, [taken]),
            )
            answer.post_s = time.perf_counter() - inferred
            return answer

        return work

    def tensors(
        self, slot: Slot, model: Model, headers: Headers, body: bytes, started: float
    ) -> Work:
        """POST /v2/models/NAME/infer: prepared tensors, or encoded pictures."""

        def work(task: Task) -> Answer:
            begun = time.perf_counter()
            plain = unpack(body, headers.get(b"content-encoding"), self._limits.body_bytes)
            request = v2.parse(plain, headers.get(v2.HEADER_LENGTH))
            request.wanted(model.outputs)
            images, pixels, arrays = self._arrays(model, request)
            decoded = time.perf_counter()
            outputs = _run(model, arrays, task)
            inferred = time.perf_counter()
            taken = [
                self._take(image, some, started) for image, some in zip(images, pixels, strict=True)
            ]
            raw, extra, kind = v2.encode(
                request, slot.deployment.name, slot.version, _named(model, outputs)
            )
            answer = Answer(
                raw,
                headers=extra,
                content_type=kind,
                decode_s=decoded - begun,
                infer_s=inferred - decoded,
                pictures=len(arrays),
                after=self._behind(slot, model, outputs, taken),
            )
            answer.post_s = time.perf_counter() - inferred
            return answer

        return work

    def _image(self, headers: Headers, body: bytes) -> bytes:
        plain = unpack(body, headers.get(b"content-encoding"), self._limits.body_bytes)
        content_type = headers.get(b"content-type", b"")
        image = multipart.file_of(plain, content_type) if multipart.is_form(content_type) else plain
        if not image:
            raise BadRequest(
                "the request has no picture",
                fix="send the file's bytes as the body: curl --data-binary @a.jpg …",
            )
        return image

    def _arrays(
        self, model: Model, request: v2.InferRequest
    ) -> tuple[list[bytes], list[Pixels | None], Sequence[Floats]]:
        """Encoded pictures, their pixels and the network's inputs, one each."""
        names = sorted(request.tensors)
        tensor = request.tensors[names[0]] if len(names) == 1 else None
        if tensor is None or not len(tensor):
            raise BadRequest(
                f"one input that is not empty is needed, got {names}",
                fix=f"send {TENSOR_INPUT!r} (prepared FP32) or {PICTURE_INPUT!r} (encoded pictures)",
            )
        if len(tensor) > self._limits.batch:
            raise TooLarge(
                f"{len(tensor)} pictures in one request; the limit is {self._limits.batch}",
                fix="send several requests, or raise serve.max_batch",
            )
        if names == [PICTURE_INPUT] and not isinstance(tensor, np.ndarray):
            both = [model.prepare(image) for image in tensor]
            return list(tensor), [pixels for pixels, _ in both], [array for _, array in both]
        if names == [TENSOR_INPUT] and isinstance(tensor, np.ndarray):
            _check_shape(model, tensor)
            return [b""] * len(tensor), [None] * len(tensor), list(tensor)
        raise BadRequest(
            f"there is no input {names[0]!r} of that type",
            fix=f"send {TENSOR_INPUT!r} as FP32 or {PICTURE_INPUT!r} as BYTES",
        )

    def _take(self, image: bytes, pixels: Pixels | None, started: float) -> _Picture:
        """Number the answer: from here on it counts, whatever happens to this process."""
        return _Picture(
            image=image,
            pixels=pixels,
            number=self._counter.next(),
            time=self._clock.now(),
            latency_ms=round((time.perf_counter() - started) * 1e3, 3),
        )

    def _id(self, number: int) -> str:
        return prediction_id(self._server, number)

    def _behind(
        self, slot: Slot, model: Model, outputs: Outputs, taken: Sequence[_Picture]
    ) -> Callable[[], None] | None:
        log = self._log
        if log is None:
            return None

        def record() -> None:
            rows = model.predictor.annotate(outputs)
            for row, (one, found) in enumerate(zip(taken, rows, strict=True)):
                probabilities = outputs.probabilities
                prediction = Prediction(
                    id=self._id(one.number),
                    image=digest_of(one.image) if one.image else "",
                    model=slot.deployment.model,
                    package=slot.deployment.package,
                    contract=model.contract_digest,
                    annotations=found,
                    probabilities=None
                    if probabilities is None
                    else tuple(_rounded(probabilities[row])),
                    time=utc_text(one.time),
                    source=f"deployment:{slot.deployment.name}",
                )
                log.add(
                    Entry(
                        prediction=prediction,
                        project=slot.deployment.project,
                        deployment=slot.deployment.name,
                        time=one.time,
                        latency_ms=one.latency_ms,
                        server=self._server,
                        number=one.number,
                        captured=_captured(prediction.id, one, outputs, row),
                    )
                )

        return record


def _run(model: Model, arrays: Sequence[Floats], task: Task) -> Outputs:
    """All rows, a few at a time: bigger batches are no faster here, and time-outs are noticed between."""
    parts: list[Outputs] = []
    for start in range(0, len(arrays), CHUNK):
        if task.abandoned:
            raise TimedOut("nobody waits for this answer any more")
        parts.append(model.predictor.run(np.stack(arrays[start : start + CHUNK])))
    if len(parts) == 1:
        return parts[0]
    return Outputs(
        probabilities=_joined([part.probabilities for part in parts]),
        embedding=_joined([part.embedding for part in parts]),
    )


def _joined(parts: Sequence[Floats | None]) -> Floats | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if there else None


def _check_shape(model: Model, tensor: Floats) -> None:
    if tensor.shape[1:] != model.input_chw:
        raise BadRequest(
            f"input {TENSOR_INPUT!r} has shape {list(tensor.shape)}, needs {[-1, *model.input_chw]}",
            fix=f"prepare the picture as the contract says, or send its bytes as {PICTURE_INPUT!r}",
        )


def _plain(
    slot: Slot, model: Model, outputs: Outputs, number_id: str, taken: _Picture
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": number_id,
        "deployment": slot.deployment.name,
        "model": slot.deployment.model,
        "label": None,
        "confidence": None,
        "latency_ms": taken.latency_ms,
        "time": utc_text(taken.time),
    }
    if outputs.probabilities is not None:
        values = _rounded(outputs.probabilities[0])
        best = int(np.argmax(outputs.probabilities[0]))
        said["label"], said["confidence"] = model.contract.classes[best], values[best]
        said["probabilities"] = dict(zip(model.contract.classes, values, strict=True))
    elif outputs.embedding is not None:
        said["embedding"] = _rounded(outputs.embedding[0])
    return said


def _named(model: Model, outputs: Outputs) -> dict[str, v2.Output]:
    named: dict[str, v2.Output] = {}
    if outputs.probabilities is not None:
        named[model.names.probabilities] = outputs.probabilities
    if outputs.embedding is not None:
        named[model.names.embedding] = outputs.embedding
    if outputs.probabilities is not None:
        best = outputs.probabilities.argmax(axis=1)
        named[LABEL_OUTPUT] = [model.contract.classes[index].encode() for index in best]
    return named


def _captured(prediction: str, one: _Picture, outputs: Outputs, row: int) -> Captured:
    probabilities, embedding = outputs.probabilities, outputs.embedding
    return Captured(
        prediction=prediction,
        image=one.image,
        statistics=b"" if one.pixels is None else vision.image_statistics(one.pixels).tobytes(),
        probabilities=b"" if probabilities is None else probabilities[row].tobytes(),
        embedding=b"" if embedding is None else embedding[row].astype("<f2").tobytes(),
    )


def _rounded(values: Floats) -> list[float]:
    return np.round(values.astype(np.float64), DECIMALS).tolist()
