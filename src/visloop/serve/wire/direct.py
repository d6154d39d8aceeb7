"""The short way of a picture: from uvicorn's parser to the desk, without ASGI between.

ASGI costs a task, a scope, an event and three messages for each request, as much as a small network.
What is not plain (another method or route, a query, a picture wanted back, chunks, `Expect`, a body of
more than a MiB, pipelined requests) goes uvicorn's own way. Time limits for heads and idle connections,
which uvicorn has not, hold for all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from visloop.serve.desk import Asked, Desk
from visloop.serve.errors import BadRequest
from visloop.serve.wire.reply import JSON, Reply, error_reply

if TYPE_CHECKING:
    from visloop.serve.wire.http import BodyReader, Headers
    from visloop.serve.work.pool import Task

_PREDICT: Final = b"/predict/"
_MODELS: Final = b"/v2/models/"
_INFER: Final = b"/infer"
_MOST_BYTES: Final = 1 << 20
_DRAWN: Final = (b"image/", b"video/")
_ODD: Final = (b"%", b"?", b"#")
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"


class _Short:
    """A request on the short way, in the place where uvicorn keeps its own."""

    def __init__(
        self, name: str, headers: Headers, size: int, *, v2: bool, keep_alive: bool
    ) -> None:
        self.name = name
        self.size = size
        self.headers = headers
        self.v2 = v2
        self.started = time.perf_counter()
        self.parts: list[bytes] = []
        self.task: Task | None = None
        self.whole = False
        # what uvicorn looks at
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False
        self.message_event = self

    def set(self) -> None:
        """Uvicorn wakes whoever waits for the client: nobody does here."""


class Direct(HttpToolsProtocol):
    """Uvicorn's protocol of one connection, with a short way."""

    desk: Desk
    bodies: BodyReader
    body_timeout_s: float
    most_bytes: int
    # uvicorn keeps its own kinds here, and None at times
    cycle: Any
    parser: Any
    _short: _Short | None = None
    _patience: asyncio.TimerHandle | None = None
    _in_head = False

    def connection_made(self, transport: Any) -> None:
        """A client has connected; it has as long to begin as an idle one has to go on."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more: what has not begun is not run."""
        short = self._short
        if short is not None and short.task is not None:
            self.desk.give_up(short.task)
        if short is not None and not short.whole:
            self.bodies.release(short.size)
        self._short = None
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; a request that is still incomplete has a limited time to arrive."""
        super().data_received(data)
        short = self._short
        arriving = self._in_head or (short is not None and not short.whole)
        if not arriving:
            self._calm()
        elif self._patience is None:
            self._patience = self.loop.call_later(self.body_timeout_s, self._too_slow)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Choose the way."""
        self._in_head = False
        route = self._route()
        if route is None:
            super().on_headers_complete()
            return
        name, v2, headers, size = route
        keep_alive = self.parser.should_keep_alive()
        self._short = _Short(name, headers, size, v2=v2, keep_alive=keep_alive)
        self.cycle = self._short

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self.cycle is self._short and self._short is not None:
            self._short.parts.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        short = self._short
        if short is None or self.cycle is not short:
            super().on_message_complete()
            return
        short.whole = True
        self.bodies.release(short.size)
        parts = short.parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        asked = Asked(short.name, short.headers, body, short.started, short.v2)
        task = self.desk.ask(asked, lambda reply: self._reply(short, reply))
        short.task = None if short.response_complete else task

    def _route(self) -> tuple[str, bool, Headers, int] | None:
        """(deployment, V2?, headers, bytes set aside) of a request that may go the short way."""
        place = _place(self.url)
        if place is None:
            return None
        name, v2 = place
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy or self.expect_100_continue or self.parser.get_method() != b"POST":
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length")
        if length is None or not length.isdigit() or int(length) > self._most(name):
            return None
        accepts = headers.get(b"accept", b"")
        odd = b"transfer-encoding" in headers or any(kind in accepts for kind in _DRAWN)
        if odd or self.parser.get_http_version() != "1.1":
            return None
        size = int(length)
        return (name, v2, headers, size) if self.bodies.reserve(size) else None

    def _most(self, name: str) -> int:
        bound = self.desk.bound(name)
        return self.most_bytes if bound is None else min(bound.most_bytes, self.most_bytes)

    def _reply(self, short: _Short, reply: Reply) -> None:
        """Write it at once, head and body in one piece."""
        short.response_complete = True
        self._short = short.task = None  # an idle connection must not keep a replaced model alive
        if self.transport.is_closing():
            return
        keep_alive = short.keep_alive and not reply.close
        self.transport.write(b"".join(self._pieces(reply, keep_alive=keep_alive)))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _pieces(self, reply: Reply, *, keep_alive: bool) -> list[bytes]:
        headers: list[tuple[bytes, bytes]] = [*self.server_state.default_headers]
        if reply.status == HTTPStatus.OK and reply.content_type == JSON:
            pieces = [_OK % len(reply.body)]
            headers += reply.headers
        else:
            phrase = HTTPStatus(reply.status).phrase.encode()
            pieces = [b"HTTP/1.1 %d %b\r\n" % (reply.status, phrase)]
            headers += reply.named
        for name, value in headers:
            pieces += (name, b": ", value, b"\r\n")
        if not keep_alive and not reply.close:
            pieces.append(b"connection: close\r\n")
        pieces += (b"\r\n", reply.body)
        return pieces

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        """The head or body did not arrive in time."""
        self._patience = None
        if self.transport.is_closing():
            return
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy and self._short is None:  # an answer is on its way on this connection
            self.transport.close()
            return
        self._refuse(
            f"the request did not arrive within {self.body_timeout_s:g} s",
            fix="send it without pauses",
        )

    def send_400_response(self, msg: str) -> None:
        """Bytes that are not HTTP."""
        self._refuse(msg.rstrip(".").lower(), fix="send HTTP/1.1")

    def _refuse(self, what: str, fix: str) -> None:
        v2 = self._short is not None and self._short.v2
        reply = error_reply(BadRequest(what, fix=fix), as_text=v2, close=True)
        self.transport.write(b"".join(self._pieces(reply, keep_alive=False)))
        self.transport.close()


@lru_cache(maxsize=1024)
def _place(url: bytes) -> tuple[str, bool] | None:
    """(deployment, V2?) of a plain URL; None for any other: servers are asked for a few, again and again."""
    if url.startswith(_PREDICT):
        name, v2 = url[len(_PREDICT) :], False
    elif url.startswith(_MODELS) and url.endswith(_INFER):
        name, v2 = url[len(_MODELS) : -len(_INFER)], True
    else:
        return None
    if b"/" in name or any(odd in name for odd in _ODD):
        return None
    return name.decode("latin-1"), v2


def protocol(
    desk: Desk, bodies: BodyReader, body_timeout_s: float, max_bytes: int
) -> Callable[..., Direct]:
    """What uvicorn makes a connection's protocol with."""
    here = {
        "desk": desk,
        "bodies": bodies,
        "body_timeout_s": body_timeout_s,
        "most_bytes": min(max_bytes, _MOST_BYTES),
    }
    return type("DirectHere", (Direct,), here)
