"""The ASGI application: routes, limits and errors. The event loop only moves bytes here.

POST /predict/NAME                          a picture in, JSON out
GET  /v2, /v2/health/live, /v2/health/ready
GET  /v2/models/NAME[/versions/V][/ready|/config]     POST …/infer     POST /v2/repository/index
GET  /metrics, /health/live, /health/ready
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from visloop.errors import VisloopError
from visloop.serve import metadata as told
from visloop.serve.answers import Answers, Request
from visloop.serve.errors import DeploymentNotFound, NoSuchRoute, WrongMethod
from visloop.serve.lineup import Lineup, Slot
from visloop.serve.pool import Answer, Task, Workers
from visloop.serve.wire.guard import Guard
from visloop.serve.wire.http import (
    Application,
    BodyReader,
    BodyRefused,
    ClientGone,
    Headers,
    Receive,
    Scope,
    Send,
    respond,
    respond_error,
)
from visloop.serve.wire.metrics import CONTENT_TYPE, Labels, Metrics

log = logging.getLogger("visloop.serve")

_PREDICT: Final = "/predict/"
_MODELS: Final = "/v2/models/"
_OURS: Final = frozenset({"/metrics", "/health/live", "/health/ready"})
_STAGES: Final = ("decode", "queue", "infer", "post")


class InternalError(VisloopError):
    """A fault of ours; the log of the serving process has the details."""

    code = "serve.internal"


@dataclass(frozen=True)
class Parts:
    """What the application is made of."""

    guard: Guard
    bodies: BodyReader
    lineup: Lineup
    workers: Workers
    answers: Answers
    metrics: Metrics
    fallback: Application | None = None


class App:
    """One serving process's application; `draining` turns readiness off before the end."""

    def __init__(self, parts: Parts, log_state: Callable[[], dict[str, int]]) -> None:
        self._parts = parts
        self._log_state = log_state
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error leaves as JSON."""
        if scope["type"] != "http":
            await _refuse(scope, receive, send)
            return
        headers: Headers = dict(scope["headers"])
        path: str = scope["path"]
        as_text = path.startswith("/v2")
        try:
            self._parts.guard.check(headers.get(b"host"), headers.get(b"origin"))
            await self._route(path, scope, headers, receive, send)
        except ClientGone:
            return
        except BodyRefused as refused:
            await respond_error(send, refused.error, as_text=as_text, close=True)
        except VisloopError as error:
            await respond_error(send, error, as_text=as_text)
        except Exception:
            log.exception("serve.failed", extra={"path": path})
            error = InternalError(
                "the server failed on this request", fix="see the log of the serving process"
            )
            await respond_error(send, error, as_text=as_text)

    async def _route(
        self, path: str, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        method: str = scope["method"]
        if path.startswith(_PREDICT):
            await self._predict(path[len(_PREDICT) :], method, headers, receive, send)
        elif path.startswith(_MODELS):
            await self._v2_model(path[len(_MODELS) :], method, headers, receive, send)
        elif path == "/v2" or path.startswith("/v2/"):
            _want(method, "POST" if path == "/v2/repository/index" else "GET")
            await self._v2_server(path, send)
        elif path in _OURS:
            _want(method, "GET")
            await self._about(path, send)
        elif self._parts.fallback is not None:
            await self._parts.fallback(scope, receive, send)
        else:
            raise _no_route(path)

    async def _predict(
        self, name: str, method: str, headers: Headers, receive: Receive, send: Send
    ) -> None:
        _want(method, "POST")
        started = time.perf_counter()
        slot, model = self._parts.lineup.loaded(name)
        body = await self._parts.bodies.read(headers, receive)
        work = self._parts.answers.picture(Request(slot, model, headers, body, started))
        await self._answer(slot, work, len(body), started, send)

    async def _answer(
        self, slot: Slot, work: Callable[[Task], Answer], size: int, started: float, send: Send
    ) -> None:
        name, status, workers = slot.deployment.name, 500, self._parts.workers
        future: asyncio.Future[Answer] | None = None
        try:
            future = workers.submit(work, size)
            answer = await future
            status = 200
            kind, headers = answer.content_type, answer.headers
            await respond(send, 200, answer.body, content_type=kind, headers=headers)
            self._count(slot, answer, time.perf_counter() - started)
        except VisloopError as error:
            status = error.http_status
            raise
        finally:
            if future is not None:
                workers.settle(future)
            labels: Labels = (("deployment", name), ("code", str(status)))
            self._parts.metrics.count("visloop_requests_total", labels)

    def _count(self, slot: Slot, answer: Answer, seconds: float) -> None:
        metrics, deployment = self._parts.metrics, ("deployment", slot.deployment.name)
        model = (deployment, ("model", slot.deployment.model))
        metrics.count("visloop_predictions_total", model, answer.pictures)
        metrics.observe("visloop_request_seconds", (deployment,), seconds)
        spent = (answer.decode_s, answer.queue_s, answer.infer_s, answer.post_s)
        for stage, spent_s in zip(_STAGES, spent, strict=True):
            metrics.observe("visloop_stage_seconds", (("stage", stage),), spent_s)

    async def _v2_model(
        self, rest: str, method: str, headers: Headers, receive: Receive, send: Send
    ) -> None:
        name, _, action = rest.partition("/")
        slot, model = self._parts.lineup.loaded(name)
        if action.startswith("versions/"):
            version, _, action = action.removeprefix("versions/").partition("/")
            _check_version(slot, version)
        if action == "infer":
            _want(method, "POST")
            started = time.perf_counter()
            body = await self._parts.bodies.read(headers, receive)
            work = self._parts.answers.tensors(Request(slot, model, headers, body, started))
            await self._answer(slot, work, len(body), started, send)
            return
        _want(method, "GET")
        match action:
            case "":
                said: Any = told.model_metadata(slot, model)
            case "ready":
                said = {"name": name, "ready": True}
            case "config":
                said = told.model_config(slot, model)
            case _:
                raise _no_route(_MODELS + rest)
        await respond(send, 200, msgspec.json.encode(said))

    async def _v2_server(self, path: str, send: Send) -> None:
        match path.removeprefix("/v2").rstrip("/"):
            case "":
                said: Any = told.server_metadata()
            case "/health/live":
                said = {"live": True}
            case "/health/ready":
                await self._ready(send)
                return
            case "/repository/index":
                said = told.index(self._parts.lineup)
            case _:
                raise _no_route(path)
        await respond(send, 200, msgspec.json.encode(said))

    async def _about(self, path: str, send: Send) -> None:
        match path:
            case "/health/live":
                await respond(send, 200, b'{"live":true}')
            case "/health/ready":
                await self._ready(send)
            case _:
                text = self._parts.metrics.render(self._gauges())
                await respond(send, 200, text, content_type=CONTENT_TYPE)

    async def _ready(self, send: Send) -> None:
        """Ready while every deployment has a model; what is missing is named."""
        missing = {s.deployment.name: s.error for s in self._parts.lineup if s.model is None}
        ready = not missing and not self.draining
        said = {"ready": ready, "missing": missing, "draining": self.draining}
        await respond(send, 200 if ready else 503, msgspec.json.encode(said))

    def _gauges(self) -> dict[str, dict[Labels, float]]:
        workers, state = self._parts.workers, self._log_state()
        generations: dict[Labels, float] = {
            (
                ("deployment", slot.deployment.name),
                ("model", slot.deployment.model),
                ("package", slot.deployment.package),
            ): slot.deployment.generation
            for slot in self._parts.lineup
        }
        return {
            "visloop_queue_length": {(): workers.in_flight},
            "visloop_queue_limit": {(): workers.capacity},
            "visloop_log_rows_total": {(): state["written"]},
            "visloop_log_dropped_total": {(): state["dropped"]},
            "visloop_log_queue_length": {(): state["waiting"]},
            "visloop_deployment_generation": generations,
        }


def _want(method: str, wanted: str) -> None:
    if method != wanted and not (wanted == "GET" and method == "HEAD"):
        raise WrongMethod(f"{method} is not answered here", fix=f"use {wanted}")


def _check_version(slot: Slot, version: str) -> None:
    if version.removeprefix("v") != slot.version:
        raise DeploymentNotFound(
            f"{slot.deployment.name!r} serves version {slot.version}, not {version!r}",
            fix="leave the version out, or deploy the one that you mean",
        )


def _no_route(path: str) -> NoSuchRoute:
    return NoSuchRoute(
        f"nothing answers at {path!r}",
        fix="POST a picture to /predict/NAME; V2 is under /v2, figures under /metrics",
    )


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """No web sockets, and a start and an end that need nothing."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1003})
