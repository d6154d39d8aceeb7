"""What goes back to a client, whichever way its request came."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from visloop.errors import VisloopError
from visloop.serve.errors import Busy, Upstream, WrongMethod

JSON: Final = b"application/json"


class Reply(NamedTuple):
    """A whole answer; `close` ends the connection, as the rest of the request was not read."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    close: bool = False

    @property
    def named(self) -> list[tuple[bytes, bytes]]:
        """All of its headers."""
        named = [
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
        ]
        return [*named, (b"connection", b"close")] if self.close else named


def error_reply(error: VisloopError, *, as_text: bool = False, close: bool = False) -> Reply:
    """`error` as JSON; `as_text` is the V2 protocol's shape, where `error` is a string."""
    said: dict[str, Any] = error.to_dict()
    if as_text:
        said = {"error": str(error).replace("\n ", ";"), **said["error"]}
    later: tuple[tuple[bytes, bytes], ...] = ()
    if isinstance(error, Busy | Upstream):
        retry_s = error.retry_s if isinstance(error, Busy) else 1
        later = ((b"retry-after", b"%d" % retry_s),)
    elif isinstance(error, WrongMethod):
        later = ((b"allow", error.allow.encode()),)
    return Reply(error.http_status, msgspec.json.encode(said), JSON, later, close)
