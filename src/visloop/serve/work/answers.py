"""What a worker does with one request: bytes → picture → network → answer.

Only what the client waits for; the rest is `journal`'s, when the answer is on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from msgspec.json import encode
from numpy.typing import NDArray

from visloop.infer import Outputs, Picture
from visloop.serve.errors import BadRequest, TooLarge
from visloop.serve.forms.longer import Longer
from visloop.serve.forms.writing import Answered, check, named, no_film, plain, written
from visloop.serve.journal.clerk import Clerk, Taken
from visloop.serve.lineup import Slot
from visloop.serve.metadata import PICTURE_INPUT, TENSOR_INPUT
from visloop.serve.model import Model
from visloop.serve.switching.failures import Failures, Request, Work
from visloop.serve.wire import multipart, v2
from visloop.serve.wire.http import BodyBound, unpack
from visloop.serve.wire.reply import JSON
from visloop.serve.work.jobs import Job
from visloop.serve.work.lane import Answer
from visloop.vision import Annotation

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """Of one request: its body once unpacked, pictures of a V2 request."""

    body: BodyBound
    batch: int


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

    def several(self, request: Request, tried: Work) -> Work | None:
        """POST /predict/NAME with what turned out to be no picture: a film or a list of addresses.

        None: it is neither.
        """
        body = tried.mine.file if isinstance(tried.mine, _OnePicture) else b""
        if not self._longer.knows(body):
            return None
        return self.failures.covered(lambda each: self._longer.work(each, body), request)

    def _picture(self, request: Request) -> _OnePicture:
        return _OnePicture(request, self._clerk, self._limits)

    def _tensors(self, request: Request) -> Job:
        return _Tensors(request, self._clerk, self._limits)


class _Asked(Job):
    """What both kinds of requests have in common."""

    def __init__(self, request: Request, clerk: Clerk, limits: Limits) -> None:
        super().__init__(request.model)
        self._request = request
        self._clerk = clerk
        self._limits = limits

    def _unpacked(self) -> bytes:
        encoding = self._request.headers.get(b"content-encoding")
        bound = self._limits.body.or_less(self._request.slot.body)
        return unpack(self._request.body, encoding, bound)

    def _behind(
        self, outputs: Outputs, taken: Sequence[Taken], said: Sequence[tuple[Annotation, ...]]
    ) -> Callable[[], None] | None:
        request = self._request
        return self._clerk.behind(request.slot, request.model, outputs, taken, said, request.look)


class _OnePicture(_Asked):
    """One encoded picture in, plain JSON out."""

    file = b""
    """What was sent, once it is unpacked."""
    _seen: Picture

    def prepare(self) -> Sequence[Floats]:
        if self._request.form is not None:
            check(self._request.form, self.model)
        self.file = self._sent()
        self._seen, array = self.model.prepare(self.file)
        if self._request.form is not None and self._request.form.shape == "video":
            raise no_film()
        return [array]

    def answer(self, outputs: Outputs) -> Answer:
        slot, model, form, picture = self._request.slot, self.model, self._request.form, self._seen
        del self._seen  # its pixels lie in memory that the next picture can take
        said = _said(slot, model, outputs, [picture])
        taken = self._clerk.take(self.file, picture.pixels, self._request.started)
        one = Answered(slot, model, outputs, 0, taken, said[0] if said else (), picture.size_hw)
        body, kind = (encode(plain(one)), JSON) if form is None else written(form, one)
        after = self._behind(outputs, [taken], said)
        return Answer(body, content_type=kind, pictures=1, after=after)

    def _sent(self) -> bytes:
        """The file, as the body or as the form field `file`."""
        body = self._unpacked()
        content_type = self._request.headers.get(b"content-type", b"")
        image = multipart.file_of(body, content_type) if multipart.is_form(content_type) else body
        if not image:
            raise BadRequest(
                "the request has no picture",
                fix="send the file's bytes as the body: curl --data-binary @a.jpg …",
            )
        return image


class _Tensors(_Asked):
    """A request of the Open Inference Protocol."""

    _asked: v2.InferRequest
    _images: Sequence[bytes]
    _pictures: Sequence[Picture | None]

    def prepare(self) -> Sequence[Floats]:
        length = self._request.headers.get(v2.HEADER_LENGTH)
        self._asked = v2.parse(self._unpacked(), length)
        self._asked.wanted(self.model.outputs)
        return self._rows(self._asked)

    def answer(self, outputs: Outputs) -> Answer:
        slot, model = self._request.slot, self.model
        said = _said(slot, model, outputs, self._pictures)
        taken = [
            self._clerk.take(image, picture and picture.pixels, self._request.started)
            for image, picture in zip(self._images, self._pictures, strict=True)
        ]
        given = named(model, outputs, said)
        body, extra, kind = v2.encode(self._asked, slot.deployment.name, slot.version, given)
        return Answer(
            body,
            headers=extra,
            content_type=kind,
            pictures=len(taken),
            after=self._behind(outputs, taken, said),
        )

    def _rows(self, asked: v2.InferRequest) -> Sequence[Floats]:
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
        self._request.shows(len(tensor), "send fewer pictures")
        if names == [PICTURE_INPUT] and not isinstance(tensor, np.ndarray):
            both = [self.model.prepare(image) for image in tensor]
            self._images, self._pictures = tensor, [picture for picture, _ in both]
            return [array for _, array in both]
        if names == [TENSOR_INPUT] and isinstance(tensor, np.ndarray):
            _check_shape(self.model, tensor)
            self._images, self._pictures = [b""] * len(tensor), [None] * len(tensor)
            return list(tensor)
        raise BadRequest(
            f"there is no input {names[0]!r} of that type",
            fix=f"send {TENSOR_INPUT!r} as FP32 or {PICTURE_INPUT!r} as BYTES",
        )


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
    wanted = model.predictor.input_shape
    if tensor.shape[1:] != wanted:
        raise BadRequest(
            f"input {TENSOR_INPUT!r} has shape {list(tensor.shape)}, needs {[-1, *wanted]}",
            fix=f"prepare the picture as the contract says, or send its bytes as {PICTURE_INPUT!r}",
        )
