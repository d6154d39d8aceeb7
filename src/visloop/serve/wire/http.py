"""The few pieces of HTTP that a raw ASGI application needs: bodies in, answers out."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from visloop.errors import VisloopError
from visloop.serve.errors import BadRequest, Busy, TooLarge
from visloop.serve.wire.reply import JSON, Reply, error_reply

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = dict[bytes, bytes]
_ZLIB_OR_GZIP: Final = 47
_DRAIN_BYTES: Final = 64 << 20
_DRAIN_S: Final = 2.0


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class BodyRefused(Exception):
    """A body that was not read to its end, and the error that says why."""

    def __init__(self, error: VisloopError) -> None:
        super().__init__(error.what)
        self.error = error


@dataclass(frozen=True)
class BodyBound:
    """How large a request's body may be, and whom to ask for more."""

    most_bytes: int
    fix: str = "or raise serve.body_limit_mb"

    def or_less(self, other: BodyBound | None) -> BodyBound:
        """The tighter one of both."""
        return self if other is None or other.most_bytes > self.most_bytes else other

    def kept(self, body: bytes) -> bytes:
        """The body.

        Raises:
            TooLarge: it is.
        """
        if len(body) > self.most_bytes:
            raise self.too_large(len(body))
        return body

    def too_large(self, size: int) -> TooLarge:
        """The error for so many bytes."""
        return TooLarge(
            f"the request body has {size:,} bytes or more; the limit is {self.most_bytes:,}",
            fix=f"send a smaller picture, {self.fix}",
        )


class BodyReader:
    """Reads request bodies under a limit for each and a budget for all that are under way."""

    def __init__(self, max_bytes: int, pending_bytes: int, timeout_s: float) -> None:
        self._bound = BodyBound(max_bytes)
        self._budget = pending_bytes
        self._timeout_s = timeout_s

    def reserve(self, size: int) -> bool:
        """Set memory aside for a body of so many bytes; False: no more is left."""
        if size > self._budget:
            return False
        self._budget -= size
        return True

    def release(self, size: int) -> None:
        """The body is complete, or nobody sends it any more."""
        self._budget += size

    async def read(
        self, headers: Headers, receive: Receive, bound: BodyBound | None = None
    ) -> bytes:
        """The whole body; `bound` where it is tighter than the server's.

        Raises:
            BodyRefused: with `TooLarge` (by its own word or by count), `Busy` (the bodies under way
                fill the memory set aside for them) or `BadRequest` (too slow, or no number).
            ClientGone: the connection closed first.
        """
        try:
            return await self._read(headers, receive, self._bound.or_less(bound))
        except VisloopError as error:
            raise BodyRefused(error) from None

    async def _read(self, headers: Headers, receive: Receive, bound: BodyBound) -> bytes:
        declared = _declared_length(headers)
        if declared is not None and declared > bound.most_bytes:
            if headers.get(b"expect") is None:
                await self._drain(receive)
            raise bound.too_large(declared)
        try:
            async with asyncio.timeout(self._timeout_s):
                message = await receive()
        except TimeoutError:
            raise self._too_slow() from None
        if not message.get("more_body", False) and message["type"] == "http.request":
            return bound.kept(message.get("body", b""))
        reserved = bound.most_bytes if declared is None else declared
        if not self.reserve(reserved):
            await self._drain(receive)
            raise Busy("too many request bodies at once", fix="try again in a moment")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._collect(message, receive, bound)
        except TimeoutError:
            raise self._too_slow() from None
        finally:
            self.release(reserved)

    async def _collect(self, message: Message, receive: Receive, bound: BodyBound) -> bytes:
        body = bytearray()
        while True:
            if message["type"] != "http.request":
                raise ClientGone
            body += message.get("body", b"")
            if len(body) > bound.most_bytes:
                await self._drain(receive)
                raise bound.too_large(len(body))
            if not message.get("more_body", False):
                return bytes(body)
            message = await receive()

    async def _drain(self, receive: Receive) -> None:
        """Read on for a moment: a client that is still sending would not see the answer."""
        seen = 0
        try:
            async with asyncio.timeout(_DRAIN_S):
                while seen < _DRAIN_BYTES:
                    message = await receive()
                    seen += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return
        except TimeoutError:
            return

    def _too_slow(self) -> BadRequest:
        return BadRequest(
            f"the request body did not arrive within {self._timeout_s:g} s",
            fix="send the body without pauses",
        )


def _declared_length(headers: Headers) -> int | None:
    raw = headers.get(b"content-length")
    if raw is None:
        return None
    if not raw.isdigit():
        raise BadRequest("content-length is not a number", fix="send the body's length in bytes")
    return int(raw)


def unpack(body: bytes, encoding: bytes | None, bound: BodyBound) -> bytes:
    """Undo a request's `Content-Encoding` (gzip or deflate), to at most so many bytes.

    Raises:
        BadRequest: another encoding, or bytes that are not it.
        TooLarge: it unpacks to more than the limit.
    """
    if encoding is None or encoding in {b"", b"identity"}:
        return body
    if encoding not in {b"gzip", b"deflate"}:
        raise BadRequest(
            f"content-encoding {encoding.decode('latin-1')!r} is not known",
            fix="send gzip, deflate or plain bytes",
        )
    unzip = zlib.decompressobj(_ZLIB_OR_GZIP)
    try:
        plain = unzip.decompress(body, bound.most_bytes + 1)
    except zlib.error as error:
        raise BadRequest(f"the body is not {encoding.decode()}: {error}") from error
    if len(plain) > bound.most_bytes:
        raise TooLarge(
            f"the body unpacks to more than {bound.most_bytes:,} bytes",
            fix=f"send less, {bound.fix}",
        )
    if not unzip.eof:
        raise BadRequest("the compressed body ends too early", fix="send all of it")
    return plain


async def respond(
    send: Send,
    status: int,
    body: bytes,
    *,
    content_type: bytes = JSON,
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """One complete answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", b"%d" % len(body)),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def send_reply(send: Send, reply: Reply) -> None:
    """A reply as an ASGI answer."""
    head = {"type": "http.response.start", "status": reply.status, "headers": reply.named}
    await send(head)
    await send({"type": "http.response.body", "body": reply.body})


async def respond_error(
    send: Send, error: VisloopError, *, as_text: bool = False, close: bool = False
) -> None:
    """`error` as JSON; see `error_reply`."""
    await send_reply(send, error_reply(error, as_text=as_text, close=close))
