"""The answer to a request with several pictures, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from visloop.errors import VisloopError
from visloop.infer import Outputs
from visloop.serve.forms import writing
from visloop.serve.forms.asking import Form
from visloop.serve.forms.writing import Answered
from visloop.serve.switching.failures import Request
from visloop.serve.wire.reply import JSON
from visloop.serve.work.lane import Answer


class Done(NamedTuple):
    """One picture: how it is named, and what was said of it or what is wrong with it."""

    named: dict[str, Any]
    answer: Answered | None
    error: VisloopError | None


@dataclass
class Several:
    """Seconds to bring the pictures here, and to answer them."""

    done: list[Done] = field(default_factory=list[Done])
    decode_s: float = 0.0
    infer_s: float = 0.0


def told(
    request: Request, form: Form, several: Several, besides: dict[str, Any], each: str
) -> Answer:
    """The answer to a request with several pictures.

    Args:
        request: whose form the answer has.
        form: the same, or the plain one.
        several: what was said of each.
        besides: stands beside them in plain JSON.
        each: what they are called there.
    """
    answers = [one.answer for one in several.done if one.answer is not None]
    forms: dict[str, Callable[[], bytes]] = {
        "json": lambda: _plain(request, several.done, besides, each),
        "coco": lambda: msgspec.json.encode(writing.coco(answers, form.image_id)),
        "v2": lambda: _v2(request, answers),
    }
    kind = JSON
    if form.shape == "picture":
        body, kind = writing.written(form, answers[0])
    else:
        body = forms[form.shape]()
    return Answer(
        body,
        content_type=kind,
        decode_s=several.decode_s,
        infer_s=several.infer_s,
        pictures=len(answers),
    )


def _plain(request: Request, done: Sequence[Done], besides: dict[str, Any], each: str) -> bytes:
    said: list[dict[str, Any]] = []
    for one in done:
        entry = one.error.to_dict() if one.error else {}
        if one.answer is not None:
            entry = writing.plain(one.answer)
        said.append(one.named | entry)
    deployment = request.slot.deployment
    whole = {"deployment": deployment.name, "model": deployment.model, **besides, each: said}
    return msgspec.json.encode(whole)


def _v2(request: Request, answers: Sequence[Answered]) -> bytes:
    outputs = Outputs.joined([one.outputs for one in answers])
    said = [one.said for one in answers]
    return writing.as_v2(request.slot, request.model, outputs, said)
