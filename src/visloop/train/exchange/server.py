"""An MLflow tracking server, by its REST protocol: the dozen calls that pushing needs.

Who we are comes from the environment, as MLflow's own client reads it: MLFLOW_TRACKING_TOKEN, or
MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; a name and password in the address win. They
never stand in a message. Source: mlflow/protos/service.proto, model_registry.proto (Apache-2.0).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from visloop.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    UsageError,
    VisloopError,
)

TIMEOUT_S: Final = 60.0
CONNECT_S: Final = 10.0
OLDEST: Final = (2, 4)
"""The first with inputs of runs; aliases came with 2.3."""
_CHUNK: Final = 1 << 20
_SHOWN: Final = 300
_WAYS: Final = "set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"


class ServerAway(Unavailable):
    """The MLflow server does not answer."""

    code = "mlflow.server_away"


class NotAServer(Refused):
    """What answers there is no MLflow server, or one that is too old."""

    code = "mlflow.not_a_server"


class ServerRefused(Refused):
    """The MLflow server does not take it."""

    code = "mlflow.refused"


class Server:
    """One server; a context manager that keeps the connection."""

    def __init__(self, uri: str) -> None:
        self.uri, auth = _address(uri)
        headers = {"User-Agent": "visloop"}
        token = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
        if auth is None and token:
            headers["Authorization"] = f"Bearer {token}"
        insecure = os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("1", "true")
        self._client = httpx.Client(
            auth=auth or (None if token else _from_environment()),
            headers=headers,
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S),
            verify=not insecure,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def check(self) -> str:
        """Its version; empty where it does not say (a gateway in front, another server).

        Raises:
            NotAServer: it is too old, or no MLflow server.
            ServerAway, Unauthenticated, Forbidden: it cannot be asked.
        """
        reply = self._send("GET", "/version")
        said = reply.text.strip() if reply.is_success else ""
        found = re.fullmatch(r"(\d+)\.(\d+)[\w.+-]*", said)
        if found and (int(found[1]), int(found[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise NotAServer(
                f"{self.uri} is MLflow {said}; pushing needs {oldest} or later",
                fix="update the server: pip install -U mlflow",
            )
        self.get("experiments/search", max_results=1)
        return said if found else ""

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Ask.

        Raises:
            NotFound: it is not there.
            ServerAway, ServerRefused, NotAServer, Unauthenticated, Forbidden.
        """
        return self._said(self._send("GET", f"/api/2.0/mlflow/{path}", params=query))

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Tell. The errors are those of `get`, and Conflict where it is there already."""
        return self._said(self._send("POST", f"/api/2.0/mlflow/{path}", json=body))

    def pages(self, path: str, key: str, **body: Any) -> Iterator[dict[str, Any]]:
        """What a search finds, page after page. The errors are those of `get`."""
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            if path == "model-versions/search":
                found = self.get(path, **body, **more)
            else:
                found = self.post(path, **body, **more)
            yield from found.get(key, [])
            token = found.get("next_page_token", "")
            if not token:
                return

    def history(self, run: str, key: str) -> list[dict[str, Any]]:
        """Every number of one curve."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            reply = self.get(
                "metrics/get-history", run_id=run, metric_key=key, max_results=25_000, **more
            )
            found += reply.get("metrics", [])
            token = reply.get("next_page_token", "")
            if not token:
                return found

    def upload(self, place: str, data: bytes | memoryview) -> None:
        """Put a file below `mlflow-artifacts:/`. The errors are those of `get`."""
        path = f"/api/2.0/mlflow-artifacts/artifacts/{quote(place)}"
        size = {"Content-Length": str(len(data)), "Content-Type": "application/octet-stream"}
        view = memoryview(data)
        parts = (bytes(view[at : at + _CHUNK]) for at in range(0, len(view), _CHUNK))
        self._said(self._send("PUT", path, content=parts, headers=size))

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._client.request(method, self.uri + path, **more)
        except httpx.TimeoutException as error:
            raise ServerAway(
                f"{self.uri} does not answer in {TIMEOUT_S:g} s", fix="try again: pushing is safe"
            ) from error
        except (httpx.TransportError, OSError) as error:
            raise ServerAway(
                f"no MLflow server answers at {self.uri}: {error}",
                fix="start it (mlflow server --port …), or correct --to",
            ) from error

    def _said(self, reply: httpx.Response) -> dict[str, Any]:
        said = _decoded(reply)
        if reply.is_success and said is not None:
            return said
        raise _refusal(self.uri, reply, said)


def _address(uri: str) -> tuple[str, httpx.BasicAuth | None]:
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UsageError("the address cannot be read", fix="--to http://HOST:PORT") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{parts.scheme or 'nothing'}: is no server that runs can be pushed to",
            fix="--to http://HOST:PORT; of a folder or data base: start `mlflow server` over it",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    auth = httpx.BasicAuth(parts.username, parts.password or "") if parts.username else None
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}", auth


def _from_environment() -> httpx.BasicAuth | None:
    name = os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    return httpx.BasicAuth(name, os.environ.get("MLFLOW_TRACKING_PASSWORD", "")) if name else None


def _decoded(reply: httpx.Response) -> dict[str, Any] | None:
    if not reply.content.strip():
        return {}
    try:
        said = msgspec.json.decode(reply.content)
    except msgspec.DecodeError:
        return None
    return said if isinstance(said, dict) else None


_SPOKEN: Final[Mapping[str, type[VisloopError]]] = {
    "PERMISSION_DENIED": Forbidden,
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "RESOURCE_ALREADY_EXISTS": Conflict,
}


def _refusal(uri: str, reply: httpx.Response, said: Mapping[str, Any] | None) -> VisloopError:
    status, code = reply.status_code, str((said or {}).get("error_code", ""))
    told = " ".join(str((said or {}).get("message", "")).split())[:_SHOWN]
    if status == 401:  # noqa: PLR2004 - unauthorised
        return Unauthenticated(f"{uri} wants to know who you are", fix=_WAYS)
    if code in _SPOKEN or status == 403:  # noqa: PLR2004 - forbidden
        kind = _SPOKEN.get(code, Forbidden)
        return kind(f"{uri}: {told or 'forbidden'}", fix=_WAYS if kind is Forbidden else "")
    if code and status < 500:  # noqa: PLR2004 - a fault of the server
        return ServerRefused(f"{uri} does not take it: {told or code}", fix="see its log")
    if code:
        return ServerAway(f"{uri} failed: {told or code}", fix="see its log, then push again")
    what = f"{reply.request.method} {reply.request.url.path} answers {status}"
    return NotAServer(
        f"what answers at {uri} does not speak MLflow's protocol ({what})",
        fix="give the address of `mlflow server`, without a page's path",
    )
