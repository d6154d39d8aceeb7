"""The ASGI application: routes, limits and errors. The event loop only moves bytes here.

POST /predict/NAME                          a picture in, JSON out, or ?as=v2|coco|picture|video
GET  /v2, /v2/health/live, /v2/health/ready
GET  /v2/models/NAME[/versions/V][/ready|/config]     POST …/infer     POST /v2/repository/index
GET  /metrics, /health/live, /health/ready, /openapi.json
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from visloop.errors import VisloopError
from visloop.serve import metadata as told
from visloop.serve.desk import Asked, Desk
from visloop.serve.errors import InternalError, NoSuchRoute, WrongMethod
from visloop.serve.forms.asking import PLAIN, form_of
from visloop.serve.keys.ring import Keyring
from visloop.serve.lineup import Lineup
from visloop.serve.wire import openapi
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
    send_reply,
)
from visloop.serve.wire.metrics import CONTENT_TYPE, Labels, Metrics
from visloop.serve.wire.reply import Reply
from visloop.serve.work.pool import Workers

log = logging.getLogger("visloop.serve")

_PREDICT: Final = "/predict/"
_MODELS: Final = "/v2/models/"
_OPENAPI: Final = "/openapi.json"
_OURS: Final = frozenset({_OPENAPI, "/metrics", "/health/live", "/health/ready"})


@dataclass(frozen=True)
class Parts:
    """What the application is made of; what it `takes` is said in V2's metadata."""

    guard: Guard
    bodies: BodyReader
    lineup: Lineup
    workers: Workers
    desk: Desk
    keys: Keyring
    metrics: Metrics
    takes: tuple[str, ...] = ()
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
            await self._predict(scope, headers, receive, send)
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

    async def _predict(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        _want(scope["method"], "POST")
        name: str = scope["path"][len(_PREDICT) :]
        form = form_of(scope["query_string"], headers.get(b"accept", b""))
        asked = Asked(name, headers, b"", time.perf_counter(), form=None if form == PLAIN else form)
        await self._ask(asked, receive, send)

    async def _ask(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Read the body, ask, reply; given up when the client hangs up before."""
        desk = self._parts.desk
        asked = desk.enter(asked)
        try:
            body = await self._parts.bodies.read(asked.headers, receive, desk.bound(asked.name))
        except BodyRefused as refused:
            desk.refused(asked.name, refused.error)
            raise
        replied: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        task = desk.ask(replace(asked, body=body), replied.set_result)
        if not replied.done():
            gone = asyncio.ensure_future(_gone(receive))
            try:
                await asyncio.wait({replied, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                if not replied.done() and task is not None:
                    desk.give_up(task)
        if not replied.done():
            raise ClientGone
        await send_reply(send, replied.result())

    async def _v2_model(
        self, rest: str, method: str, headers: Headers, receive: Receive, send: Send
    ) -> None:
        name, _, action = rest.partition("/")
        version = ""
        if action.startswith("versions/"):
            version, _, action = action.removeprefix("versions/").partition("/")
        slot, model = self._parts.desk.slot(name, version)
        if action == "infer":
            _want(method, "POST")
            asked = Asked(name, headers, b"", time.perf_counter(), v2=True, version=version)
            await self._ask(asked, receive, send)
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
                said: Any = told.server_metadata(self._parts.takes)
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
            case "/openapi.json":
                names = [slot.deployment.name for slot in self._parts.lineup]
                said = openapi.document(names, needs_key=self._parts.keys.needed)
                await respond(send, 200, msgspec.json.encode(said))
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
            "visloop_batch_limit": {
                (("deployment", slot.deployment.name),): slot.lane.batch
                for slot in self._parts.lineup
            },
            "visloop_queue_length": {(): workers.in_flight},
            "visloop_queue_limit": {(): workers.capacity},
            "visloop_log_rows_total": {(): state["written"]},
            "visloop_log_dropped_total": {(): state["dropped"]},
            "visloop_log_queue_length": {(): state["waiting"]},
            "visloop_deployment_generation": generations,
            **self._parts.keys.series(),
        }


def _want(method: str, wanted: str) -> None:
    if method != wanted and not (wanted == "GET" and method == "HEAD"):
        raise WrongMethod.of(method, wanted)


async def _gone(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


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
