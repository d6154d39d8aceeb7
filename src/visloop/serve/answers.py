"""What a worker does with one request: bytes → picture → network → answer.

Only what the client waits for; the rest is `journal`'s, when the answer is on its way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from msgspec.json import encode
from numpy.typing import NDArray

from visloop.infer import Outputs, Picture
from visloop.serve.errors import BadRequest, TimedOut, TooLarge
from visloop.serve.forms.longer import Longer
from visloop.serve.forms.writing import Answered, check, named, plain, written
from visloop.serve.journal.clerk import Clerk, Taken
from visloop.serve.lineup import Slot
from visloop.serve.metadata import PICTURE_INPUT, TENSOR_INPUT
from visloop.serve.model import Model
from visloop.serve.pool import Answer, Task
from visloop.serve.switching.failures import Failures, Request, Work
from visloop.serve.wire import multipart, v2
from visloop.serve.wire.http import unpack
from visloop.serve.wire.reply import JSON
from visloop.vision import Annotation

CHUNK: Final = 2

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """Of one request: bytes once unpacked, pictures of a V2 request."""

    body_bytes: int
    batch: int


@dataclass(frozen=True, slots=True)
class _Batch:
    """Encoded pictures (empty for ready-made tensors), decoded, the network's inputs: N each."""

    images: Sequence[bytes]
    pictures: Sequence[Picture | None]
    arrays: Sequence[Floats]


class Answers:
    """Makes the work for requests."""

    def __init__(self, clerk: Clerk, limits: Limits, failures: Failures, longer: Longer) -> None:
        self._clerk = clerk
        self._longer = longer
        self._limits = limits
        self.failures = failures

    def picture(self, request: Request) -> Work:
        """POST /predict/NAME: one picture, as the body or as the form field `file`."""
        return self.failures.covered(self._picture, request)

    def tensors(self, request: Request) -> Work:
        """POST /v2/models/NAME/infer: prepared tensors, or encoded pictures."""
        return self.failures.covered(self._tensors, request)

    def several(self, request: Request) -> Work | None:
        """POST /predict/NAME with what is no picture: a film or a list of addresses; None: neither."""
        body = self._image(request)
        if not self._longer.knows(body):
            return None
        return self.failures.covered(lambda each: self._longer.work(each, body), request)

    def _picture(self, request: Request) -> Work:
        def work(_task: Task) -> Answer:
            if request.form is not None:
                check(request.form, request.model)
            begun = time.perf_counter()
            image = self._image(request)
            picture, array = request.model.prepare(image)
            decoded = time.perf_counter()
            outputs = request.model.predictor.run(array[None])
            inferred = time.perf_counter()
            slot, model, form = request.slot, request.model, request.form
            said = _said(slot, model, outputs, [picture])
            taken = self._clerk.take(image, picture.pixels, request.started)
            one = Answered(slot, model, outputs, 0, taken, said[0] if said else (), picture.size_hw)
            body, kind = (encode(plain(one)), JSON) if form is None else written(form, one)
            return Answer(
                body,
                content_type=kind,
                decode_s=decoded - begun,
                infer_s=inferred - decoded,
                post_s=time.perf_counter() - inferred,
                pictures=1,
                after=self._behind(request, outputs, [taken], said),
            )

        return work

    def _tensors(self, request: Request) -> Work:
        def work(task: Task) -> Answer:
            slot, model = request.slot, request.model
            begun = time.perf_counter()
            asked = v2.parse(self._unpacked(request), request.headers.get(v2.HEADER_LENGTH))
            asked.wanted(model.outputs)
            batch = self._batch(model, asked)
            decoded = time.perf_counter()
            outputs = _run(model, batch.arrays, task)
            inferred = time.perf_counter()
            said = _said(slot, model, outputs, batch.pictures)
            taken = [
                self._clerk.take(image, picture and picture.pixels, request.started)
                for image, picture in zip(batch.images, batch.pictures, strict=True)
            ]
            given = named(model, outputs, said)
            body, extra, kind = v2.encode(asked, slot.deployment.name, slot.version, given)
            return Answer(
                body,
                headers=extra,
                content_type=kind,
                decode_s=decoded - begun,
                infer_s=inferred - decoded,
                post_s=time.perf_counter() - inferred,
                pictures=len(taken),
                after=self._behind(request, outputs, taken, said),
            )

        return work

    def _behind(
        self,
        request: Request,
        outputs: Outputs,
        taken: Sequence[Taken],
        said: Sequence[tuple[Annotation, ...]],
    ) -> Callable[[], None] | None:
        look = None if request.holder is None else request.holder.look
        return self._clerk.behind(request.slot, request.model, outputs, taken, said, look)

    def _unpacked(self, request: Request) -> bytes:
        encoding = request.headers.get(b"content-encoding")
        return unpack(request.body, encoding, self._limits.body_bytes)

    def _image(self, request: Request) -> bytes:
        body = self._unpacked(request)
        content_type = request.headers.get(b"content-type", b"")
        image = multipart.file_of(body, content_type) if multipart.is_form(content_type) else body
        if not image:
            raise BadRequest(
                "the request has no picture",
                fix="send the file's bytes as the body: curl --data-binary @a.jpg …",
            )
        return image

    def _batch(self, model: Model, asked: v2.InferRequest) -> _Batch:
        names = sorted(asked.tensors)
        tensor = asked.tensors[names[0]] if len(names) == 1 else None
        if tensor is None or not len(tensor):
            raise BadRequest(
                f"one input that is not empty is needed, got {names}",
                fix=f"send {TENSOR_INPUT!r} (prepared FP32) or {PICTURE_INPUT!r} (encoded pictures)",
            )
        if len(tensor) > self._limits.batch:
            raise TooLarge(
                f"{len(tensor)} pictures in one request; the limit is {self._limits.batch}",
                fix="send several requests",
            )
        if names == [PICTURE_INPUT] and not isinstance(tensor, np.ndarray):
            both = [model.prepare(image) for image in tensor]
            return _Batch(tensor, [picture for picture, _ in both], [array for _, array in both])
        if names == [TENSOR_INPUT] and isinstance(tensor, np.ndarray):
            _check_shape(model, tensor)
            count = len(tensor)
            return _Batch([b""] * count, [None] * count, list(tensor))
        raise BadRequest(
            f"there is no input {names[0]!r} of that type",
            fix=f"send {TENSOR_INPUT!r} as FP32 or {PICTURE_INPUT!r} as BYTES",
        )


def _run(model: Model, arrays: Sequence[Floats], task: Task) -> Outputs:
    """All rows, a few at a time: bigger batches are no faster here, and time-outs are noticed between."""
    parts: list[Outputs] = []
    for start in range(0, len(arrays), CHUNK):
        if task.abandoned:
            raise TimedOut("nobody waits for this answer any more")
        parts.append(model.predictor.run(np.stack(arrays[start : start + CHUNK])))
    return Outputs.joined(parts)


def _said(
    slot: Slot, model: Model, outputs: Outputs, pictures: Sequence[Picture | None]
) -> list[tuple[Annotation, ...]]:
    """Boxes, masks or numbers of each picture; empty for a model that classifies or embeds."""
    if not model.raw:
        return []
    author = f"model:{slot.deployment.model}"
    return [
        model.predictor.say(outputs, row, model.place(picture), author=author)
        for row, picture in enumerate(pictures)
    ]


def _check_shape(model: Model, tensor: Floats) -> None:
    wanted = model.contract.input_shape
    if tensor.shape[1:] != wanted:
        raise BadRequest(
            f"input {TENSOR_INPUT!r} has shape {list(tensor.shape)}, needs {[-1, *wanted]}",
            fix=f"prepare the picture as the contract says, or send its bytes as {PICTURE_INPUT!r}",
        )
