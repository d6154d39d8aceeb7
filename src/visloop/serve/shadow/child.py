"""The process in which a copy answers: `python -m visloop.serve.shadow.idle FD` comes here.

It has no ledger, no files and no network: models and pictures come in by a socket, answers go out.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from contextlib import suppress

from visloop.errors import VisloopError
from visloop.infer import Predictor
from visloop.serve.shadow import wire
from visloop.serve.shadow.agreement import compare
from visloop.vision import Contract, Prediction

_Models = dict[str, tuple[str, Predictor]]


def main(fd: int) -> None:
    """Answer until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    models: _Models = {}
    with socket.socket(fileno=fd) as link, suppress(EOFError, OSError):
        while True:
            wire.send(link, _reply(models, wire.receive(link)))


def _reply(models: _Models, message: wire.Message) -> wire.Seen:
    match message:
        case wire.Take():
            return _take(models, message)
        case wire.Look():
            return _look(models, message)
        case wire.Seen():
            return wire.Seen(error="not a question")


def _take(models: _Models, message: wire.Take) -> wire.Seen:
    try:
        contract = Contract.from_json(message.contract)
        models[message.package] = (message.model, Predictor.load(message.onnx, contract))
    except VisloopError as error:
        return wire.Seen(error=_words(error))
    return wire.Seen()


def _look(models: _Models, message: wire.Look) -> wire.Seen:
    model, predictor = models[message.package]
    started = time.perf_counter()
    try:
        answer = predictor.predict(message.image, author=f"model:{model}")
    except Exception as error:  # noqa: BLE001 - whatever a model does on a picture is what we want to know
        return wire.Seen(error=_words(error))
    latency_ms = round((time.perf_counter() - started) * 1e3, 3)
    said = Prediction(
        id="", image="", model="", package="", contract="", annotations=answer.annotations
    )
    label, confidence = said.top or (None, None)
    both = compare(message.said, answer.annotations)
    return wire.Seen(
        annotations=answer.annotations,
        label=label,
        confidence=confidence,
        agrees=both.agrees,
        agreement=both.agreement,
        score_difference=both.score_difference,
        latency_ms=latency_ms,
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:500]


if __name__ == "__main__":
    main(int(sys.argv[1]))
