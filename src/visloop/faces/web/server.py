"""The API and the page as one ASGI application; `serve` stands in front of it.

    GET  /                      the page              GET  /api/v1/openapi.json
    POST /api/v1/<verb>         every operation       GET  /media/image|thumbnail|cutout/<digest>
    GET  /reports/<model>       a report, one page
    GET  /exports?ref=&format=  a version, or what &where= finds, in another tool's format, one zip
    POST /api/v1/push/<dataset> pictures as they are   /api/2.0/mlflow/…   MLflow's protocol
    /api/v1/uploads/<dataset>   large files in pieces

Who may come in: requests for a loopback (or configured) host name, with the workspace's token or a
user's as a bearer token, as the password of basic authentication, or as the cookie that `/?token=…`
sets.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from visloop import app, train
from visloop.errors import Forbidden, Unauthenticated, Unavailable, VisloopError
from visloop.faces.web import api, artifacts, downloads, media, push, reports, uploads
from visloop.faces.web.acting import ACTOR
from visloop.faces.web.mlflow import routes as mlflow
from visloop.faces.web.page import HEADERS, Page
from visloop.faces.web.paths import Places

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from visloop.app import Ports
    from visloop.events import Actor

UI = Path(__file__).resolve().parent.parent / "ui"
COOKIE = "visloop_token_"  # and the port: browsers share cookies between ports
_YEAR_S = 365 * 24 * 3600
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


class Doorkeeper:
    """Checks the host name, the origin and the token of every request."""

    def __init__(
        self, inner: ASGIApp, *, holder: Callable[[str], Actor | None], hosts: tuple[str, ...]
    ) -> None:
        self._inner = inner
        self._holder = holder
        self._hosts = {*_LOOPBACK, *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer why not."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        try:
            self._check(scope)
        except VisloopError as error:
            await _refusal(scope, error)(scope, receive, send)
            return
        await self._inner(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = {key.lower(): value.decode("latin-1") for key, value in scope["headers"]}
        host = headers.get(b"host", "")
        if "*" not in self._hosts and _name(host) not in self._hosts:
            raise Forbidden(
                f"this server does not answer to the name {host!r}",
                fix="use 127.0.0.1, or list the name under serve.allowed_hosts in visloop.yaml",
            )
        origin = headers.get(b"origin", "")
        if origin not in ("", f"http://{host}", f"https://{host}"):
            raise Forbidden(f"a page from {origin} may not act here", fix="open the page itself")
        if _is_open(scope):
            return
        actor = self._holder(_given_token(headers))
        if actor is None:
            raise Unauthenticated(
                "this needs the workspace's token, or a user's",
                fix="open the address that `visloop up` prints, or send 'Authorization: Bearer "
                "TOKEN' with the content of .visloop/token, or with what `visloop user add` printed",
            )
        scope[ACTOR] = actor


class Settled:
    """Whoever asks sees every number that was taken before: it is stored first."""

    def __init__(self, inner: ASGIApp, *, inbox: train.Inbox) -> None:
        self._inner, self._inbox = inner, inbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store what waits, unless this is one more number."""
        if scope["type"] == "http" and self._inbox.waiting and scope["path"] != mlflow.SINGLE:
            with suppress(Unavailable):  # it is stored a moment later
                await run_in_threadpool(self._inbox.flush)
        await self._inner(scope, receive, send)


def _name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _is_open(scope: Scope) -> bool:
    """The way in itself, and the page's own files, which hold nothing of the user's."""
    path: str = scope["path"]
    return path in ("/", "/favicon.ico") or path.startswith("/ui/")


def _given_token(headers: dict[bytes, str]) -> str:
    kind, _, token = headers.get(b"authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    if (
        kind.lower() == "basic"
    ):  # any user name, the token as the password: what MLflow's client sends
        with suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(token.strip(), validate=True).decode().partition(":")[2]
    wanted = _cookie(headers.get(b"host", ""))
    for part in headers.get(b"cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""


def _cookie(host: str) -> str:
    port = host.rpartition("]")[2].rpartition(":")[2]
    return COOKIE + (port if port.isdecimal() else "80")


def _refusal(scope: Scope, error: VisloopError) -> Response:
    del scope
    return JSONResponse(error.to_dict(), status_code=error.http_status)


def build(ports: Ports, *, here: bool = False) -> Starlette:
    """The application over one open workspace; `here`: nobody but this machine can reach it."""
    holder = partial(app.actor_for, ports, own=app.token_of(ports.root))
    inbox = train.Inbox(ports.ledger, ports.inner / "inbox")
    inbox.recover()
    arriving = uploads.Uploads(ports)
    files = Page(UI)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        arriving.settle()
        yield
        inbox.close()

    def page(request: Request) -> Response:
        given = request.query_params.get("token")
        if given is None:
            return files.index()
        answer = RedirectResponse("/", status_code=303, headers=HEADERS)
        if holder(given) is not None:
            name = _cookie(request.headers.get("host", ""))
            answer.set_cookie(
                name, given, max_age=_YEAR_S, httponly=True, samesite="strict", path="/"
            )
        return answer

    return Starlette(
        routes=[
            Route("/", page),
            *push.routes(ports),
            *arriving.routes(),
            *artifacts.routes(ports),
            *mlflow.routes(ports, inbox),
            *api.routes(ports, Places.of(ports, here=here)),
            *media.routes(ports),
            *reports.routes(ports),
            *downloads.routes(ports),
            *files.routes(),
        ],
        middleware=[
            Middleware(Doorkeeper, holder=holder, hosts=ports.config.serve.allowed_hosts),
            Middleware(Settled, inbox=inbox),
        ],
        lifespan=lifespan,
    )
