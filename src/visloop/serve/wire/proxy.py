"""A small streaming reverse proxy: whatever is not inference goes on to the page and its API.

Bodies pass in both directions as they come (server-sent events too); when the client goes away,
so does the request behind the proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import httpcore

from visloop.serve.errors import Upstream
from visloop.serve.wire.http import Receive, Scope, Send, respond_error

_OURS: Final = frozenset(
    {
        b"connection",
        b"date",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"server",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# the peer closes idle connections after 5 s: never send on one that it may be closing just now
_KEEP_ALIVE_S: Final = 2.0
_CONNECT_S: Final = 5.0
_FAILURES: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
_LAST_WORDS_S: Final = 1.0


class Proxy:
    """An ASGI application that answers with what `upstream` (`http://127.0.0.1:PORT`) answers."""

    def __init__(self, upstream: str) -> None:
        self._upstream = httpcore.URL(upstream)
        self._under_way: set[asyncio.Task[None]] = set()
        # not httpx: cookies, redirects and parsed headers cost each request half a millisecond
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=None, max_keepalive_connections=None, keepalive_expiry=_KEEP_ALIVE_S
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back."""
        sent = asyncio.Event()
        forward = asyncio.create_task(self._forward(scope, receive, send, sent))
        watch = asyncio.create_task(_until_gone(receive, sent))
        self._under_way.add(forward)
        try:
            await asyncio.wait({forward, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._under_way.discard(forward)
            watch.cancel()
            forward.cancel()
            _, failed = await asyncio.gather(watch, forward, return_exceptions=True)
        if isinstance(failed, Exception):
            raise failed

    def end_soon(self) -> None:
        """The server is shutting down: streams without an end get a moment for their last words."""
        loop = asyncio.get_running_loop()
        for task in self._under_way:
            loop.call_later(_LAST_WORDS_S, task.cancel)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._pool.aclose()

    async def _forward(
        self, scope: Scope, receive: Receive, send: Send, sent: asyncio.Event
    ) -> None:
        request = self._request(scope, receive, sent)
        try:
            answer = await self._pool.handle_async_request(request)
        except _FAILURES as error:
            await respond_error(
                send,
                Upstream(
                    f"the page and its API do not answer: {error or type(error).__name__}",
                    fix="they may still be starting: try again in a second",
                ),
                close=True,
            )
            return
        try:
            headers = [(k.lower(), v) for k, v in answer.headers if k.lower() not in _OURS]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            async for chunk in answer.aiter_stream():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()

    def _request(self, scope: Scope, receive: Receive, sent: asyncio.Event) -> httpcore.Request:
        query: bytes = scope["query_string"]
        path: bytes = scope["raw_path"] + (b"?" + query if query else b"")
        headers = [(k, v) for k, v in scope["headers"] if k not in _OURS]
        names = {k for k, _ in scope["headers"]}
        headers += _forwarded(scope)
        has_body = bool(names & {b"content-length", b"transfer-encoding"})
        if not has_body:
            sent.set()
        elif b"content-length" not in names:
            headers.append((b"transfer-encoding", b"chunked"))
        place = self._upstream
        return httpcore.Request(
            scope["method"],
            httpcore.URL(scheme=place.scheme, host=place.host, port=place.port, target=path),
            headers=headers,
            content=_body(receive, sent) if has_body else None,
            extensions={"timeout": {"connect": _CONNECT_S}},
        )


def _forwarded(scope: Scope) -> list[tuple[bytes, bytes]]:
    client = scope.get("client")
    told = [(b"x-forwarded-proto", scope["scheme"].encode())]
    if client:
        told.append((b"x-forwarded-for", client[0].encode()))
    return told


async def _body(receive: Receive, sent: asyncio.Event) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise httpcore.ReadError("the client closed the connection")
        more = message.get("more_body", False)
        if message.get("body"):
            yield message["body"]
    sent.set()


async def _until_gone(receive: Receive, sent: asyncio.Event) -> None:
    """Return when the client closes the connection; its request is read by then."""
    await sent.wait()
    while (await receive())["type"] != "http.disconnect":
        pass
