"""An answer in the form that was asked for: V2, COCO's results, or the picture with the answer drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import cv2
import msgspec
import numpy as np
import simplejpeg
from msgspec.structs import replace
from numpy.typing import NDArray

from visloop import data, infer, vision
from visloop.errors import Refused
from visloop.infer import Outputs
from visloop.serve.errors import BadRequest
from visloop.serve.forms.asking import JPEG, PNG, Form
from visloop.serve.journal.clerk import Taken
from visloop.serve.journal.entry import rounded
from visloop.serve.lineup import Slot
from visloop.serve.model import ANNOTATIONS_OUTPUT, LABEL_OUTPUT, Model
from visloop.serve.wire import v2
from visloop.store import utc_text
from visloop.vision import Annotation

_QUALITY: Final = 90
_QUICK_PNG: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1)
_BLACK: Final = (0, 0, 0)


class NotInThatForm(Refused):
    """This model's answers have no place in the form that was asked for."""

    code, http_status = "serve.not_in_that_form", 406


class Answered(NamedTuple):
    """One picture's answer: `row` of `outputs`; what was `said`, in pixels of a picture of `size_hw`."""

    slot: Slot
    model: Model
    outputs: Outputs
    row: int
    taken: Taken
    said: tuple[Annotation, ...]
    size_hw: tuple[int, int]

    @property
    def found(self) -> tuple[Annotation, ...]:
        """Boxes, masks, numbers, or the likeliest class."""
        if self.said or self.outputs.probabilities is None:
            return self.said
        row = self.outputs.probabilities[self.row]
        return self.model.predictor.annotate(row, author="")


def check(form: Form, model: Model) -> None:
    """Refuse, before anything is computed, what the form could not hold.

    Raises:
        NotInThatForm: a model of vectors or numbers.
    """
    task = model.contract.decode.task
    if form.shape == "coco" and task not in {"classify", "detect", "segment"}:
        raise NotInThatForm(
            f"COCO's results have no place for the answers of a model that does {task!r}",
            fix="use as=json",
        )
    if form.shape in {"picture", "video"} and task == "embed":
        raise NotInThatForm("a vector cannot be drawn", fix="use as=json")


def no_film() -> NotInThatForm:
    """What came is no film, and a film is asked for."""
    return NotInThatForm("only a film's answers are drawn into a film", fix="use as=picture")


def plain(one: Answered) -> dict[str, Any]:
    """The JSON of POST /predict/NAME."""
    outputs, model, taken = one.outputs, one.model, one.taken
    said: dict[str, Any] = {
        "id": taken.id,
        "deployment": one.slot.deployment.name,
        "model": one.slot.deployment.model,
        "label": None,
        "confidence": None,
        "latency_ms": taken.latency_ms,
        "time": utc_text(taken.time),
    }
    if outputs.probabilities is not None:
        row = outputs.probabilities[one.row]
        values, best = rounded(row), int(row.argmax())
        said["label"], said["confidence"] = model.contract.classes[best], values[best]
        said["probabilities"] = dict(zip(model.contract.classes, values, strict=True))
    elif outputs.embedding is not None:
        said["embedding"] = rounded(outputs.embedding[one.row])
    if model.raw:
        height, width = one.size_hw
        said |= {"annotations": one.said, "width": width, "height": height}
    return said


def named(
    model: Model, outputs: Outputs, said: Sequence[tuple[Annotation, ...]]
) -> dict[str, v2.Output]:
    """The outputs by the names that V2 clients know, in the order of the metadata."""
    given: dict[str, v2.Output] = dict(outputs.raw)
    if outputs.probabilities is not None:
        given[model.names.probabilities] = outputs.probabilities
    if outputs.embedding is not None:
        given[model.names.embedding] = outputs.embedding
    if said:
        given[ANNOTATIONS_OUTPUT] = [msgspec.json.encode(each) for each in said]
    if outputs.probabilities is not None:
        best = outputs.probabilities.argmax(axis=1)
        given[LABEL_OUTPUT] = [model.contract.classes[index].encode() for index in best]
    return given


def written(form: Form, one: Answered) -> tuple[bytes, bytes]:
    """Body and content type of one picture's answer in any form but plain JSON."""
    match form.shape:
        case "coco":
            return msgspec.json.encode(coco([one], form.image_id)), b"application/json"
        case "picture":
            kind = PNG if form.png else JPEG
            return drawn(one, png=form.png), kind.encode()
        case "v2":
            return as_v2(one.slot, one.model, one.outputs, [one.said]), b"application/json"
        case "json":
            return msgspec.json.encode(plain(one)), b"application/json"
        case "video":
            raise no_film()


def coco(answers: Sequence[Answered], first: int) -> list[dict[str, Any]]:
    """COCO's results of pictures whose ids count from `first`."""
    return [
        entry
        for number, one in enumerate(answers, first)
        for entry in data.coco_results(one.found, one.model.contract.classes, number)
    ]


def as_v2(
    slot: Slot, model: Model, outputs: Outputs, said: Sequence[tuple[Annotation, ...]]
) -> bytes:
    """A V2 answer with every output, as JSON."""
    asked = v2.InferRequest(v2.Head(inputs=[]), {})
    outputs_named = named(model, outputs, said if model.raw else [])
    body, _, _ = v2.encode(asked, slot.deployment.name, slot.version, outputs_named)
    return body


def drawn(one: Answered, *, png: bool) -> bytes:
    """The picture, upright at full size, with the answer drawn in.

    Raises:
        BadRequest: there is no picture: its tensor came ready-made.
    """
    if not one.taken.image:
        raise BadRequest("a tensor cannot be drawn into", fix="send the picture")
    whole = replace(one.model.reading.decoder, scaled=False)
    rgb = infer.decode(one.taken.image, replace(one.model.reading, decoder=whole))
    full = sheet(rgb, one)
    if not png:
        return simplejpeg.encode_jpeg(full, quality=_QUALITY)
    done, encoded = cv2.imencode(".png", full[:, :, ::-1], _QUICK_PNG)
    assert done
    return encoded.tobytes()


def sheet(rgb: NDArray[np.uint8], one: Answered) -> NDArray[np.uint8]:
    """The pixels of a picture, uint8 (H, W, 3), with its answer drawn in."""
    colours: Mapping[str, tuple[int, int, int]] = data.colours_of(one.model.contract.classes)
    return vision.drawn(rgb, one.found, lambda label: colours.get(label, _BLACK))
