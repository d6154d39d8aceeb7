"""What both clients send and understand: where a deployment is, its requests, its replies."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from visloop.errors import NotFound, Refused, UsageError, VisloopError
from visloop.faces.client.replies import (
    PredictionReply,
    read_failed,
    read_reply,
    read_several,
)
from visloop.faces.client.tries import PATIENCE, REQUEST_ID, Patience, Tries, error_of

if TYPE_CHECKING:
    import httpx

INDEX: Final = "/v2/repository/index"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
JSON: Final = "application/json"
DrawnAs: TypeAlias = Literal["jpeg", "png"]
_TRACES: Final = "opentelemetry.trace"
_PLACES: Final = ("predict", "try")


@dataclass(frozen=True)
class Address:
    """Where to ask: the server, and the deployment where one was named."""

    base: str
    deployment: str

    @classmethod
    def of(cls, url: str, deployment: str | None) -> Address:
        """Read `http://HOST:PORT`, or `http://HOST:PORT/predict/NAME` as the page shows it.

        Raises:
            UsageError: no address of a server.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(
                f"{url!r} is no address of a server", fix="for example http://127.0.0.1:8484"
            )
        path = parts.path.rstrip("/")
        head, _, name = path.rpartition("/")
        before, _, place = head.rpartition("/")
        if place in _PLACES and name:
            return cls(f"{parts.scheme}://{parts.netloc}{before}", deployment or name)
        return cls(f"{parts.scheme}://{parts.netloc}{path}", deployment or "")

    @property
    def is_here(self) -> bool:
        """On this machine: no proxy stands between."""
        return urlsplit(self.base).hostname in _LOOPBACK


@dataclass(frozen=True)
class Asking:
    """The unchanging part of a client."""

    address: Address
    key: str | None
    patience: Patience

    def tries(self) -> Tries:
        """A new question."""
        return Tries(self.patience, self.address.base)

    def path(self, deployment: str, **query: object) -> str:
        """Where pictures go; `query` says in which form the answer shall come."""
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self.address.base}/predict/{quote(deployment, safe='')}{asked}"

    def headers(self, tries: Tries, left_s: float, accept: str) -> dict[str, str]:
        """Who asks, under which id, and how long anybody waits: later answers are not computed.

        A program that traces by OpenTelemetry has its span told as the parent (W3C Trace Context).
        """
        told = {
            "accept": accept,
            "content-type": "application/octet-stream",
            REQUEST_ID: tries.request_id,
            PATIENCE: str(max(1, int(left_s * 1e3))),
        }
        if _TRACES in sys.modules:
            importlib.import_module("opentelemetry.propagate").inject(told)
        return told | ({"authorization": f"Bearer {self.key}"} if self.key else {})


def reply_of(response: httpx.Response, tries: Tries) -> PredictionReply:
    """The answer with its types.

    Raises:
        VisloopError: it is not one that this client understands.
    """
    try:
        reply = read_reply(response.content)
    except msgspec.MsgspecError as error:
        raise _strange(error) from error
    given = response.headers.get(REQUEST_ID, tries.request_id)
    return msgspec.structs.replace(reply, request_id=given)


def listed(urls: Iterable[str]) -> bytes:
    """A list of addresses as it is sent."""
    return msgspec.json.encode({"urls": list(urls)})


def replies_of(
    response: httpx.Response, tries: Tries, *, keep_going: bool
) -> list[PredictionReply | VisloopError]:
    """The answers to a film's frames or to a list of addresses.

    Raises:
        VisloopError: one of them is an error, unless `keep_going`.
    """
    given = response.headers.get(REQUEST_ID, tries.request_id)
    found: list[PredictionReply | VisloopError] = []
    try:
        several = read_several(response.content)
        for raw in several.frames or several.pictures:
            error = read_failed(raw).error
            if error is None:
                reply = msgspec.structs.replace(read_reply(raw), request_id=given)
                found.append(reply)
                continue
            met = error_of(Refused.http_status, raw)
            if not keep_going:
                raise met
            found.append(met)
    except msgspec.MsgspecError as problem:
        raise _strange(problem) from problem
    return found


def coco_of(response: httpx.Response) -> list[dict[str, Any]]:
    """COCO's results.

    Raises:
        VisloopError: the answer is none.
    """
    try:
        return msgspec.json.decode(response.content, type=list[dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise _strange(error) from error


def names_of(response: httpx.Response) -> list[str]:
    """The deployments that a server's index names.

    Raises:
        VisloopError: it is no index.
    """
    try:
        said: Sequence[dict[str, Any]] = msgspec.json.decode(response.content)
        return sorted(str(each["name"]) for each in said)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise _strange(error) from error


def only_one(names: Sequence[str], base: str) -> str:
    """The deployment that is meant when none is named.

    Raises:
        NotFound: there is none.
        UsageError: there are several.
    """
    if len(names) == 1:
        return names[0]
    if not names:
        raise NotFound(f"{base} serves nothing", fix="visloop deploy MODEL --as NAME")
    raise UsageError(f"{base} serves {', '.join(names)}", fix=f"say which: deployment={names[0]!r}")


def check(response: httpx.Response, tries: Tries) -> float | None:
    """None when it is an answer, else the seconds to wait before the next try.

    Raises:
        VisloopError: what the server said, where another try would not help.
    """
    if response.is_success:
        return None
    return tries.refused(response.status_code, response.headers, response.content)


def _strange(error: Exception) -> VisloopError:
    met = error_of(502, b"")
    met.what = f"the answer is not one of a Visloop server that this version knows: {error}"
    met.fix = "check the address; update the client: pip install -U visloop"
    return met
