"""Files of runs over HTTP: `GET` and `PUT /api/v1/runs/RUN/files/PATH`, the body is the file."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from visloop import app
from visloop.errors import VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.api import failure
from visloop.faces.web.bodies import spooled

if TYPE_CHECKING:
    from starlette.requests import Request

    from visloop.app import Ports

_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "text/plain"})
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
}
"""A file of a run may be a page with scripts: it gets none of this site's rights."""


def routes(ports: Ports) -> list[Route]:
    """The one address."""

    async def answered(request: Request) -> Response:
        run: str = request.path_params["run"]
        path: str = request.path_params["path"]
        try:
            scope = acting(request, ports)
            if request.method == "PUT":
                async with spooled(ports, request) as file:
                    kept = await run_in_threadpool(app.keep_artifact, ports, scope, run, path, file)
                return Response(msgspec.json.encode(kept), media_type="application/json")
            body = await run_in_threadpool(app.artifact_bytes, ports, scope, run, path)
        except VisloopError as error:
            return failure(error)
        return Response(body, media_type=media_type(path), headers=HEADERS)

    return [Route("/api/v1/runs/{run}/files/{path:path}", answered, methods=["GET", "PUT"])]


def media_type(path: str) -> str:
    """What a browser may show as it is; everything else is bytes."""
    guessed = mimetypes.guess_type(path)[0] or ""
    if guessed.startswith("text/") and guessed != "text/html":
        return "text/plain; charset=utf-8"
    return guessed if guessed in _SHOWN else "application/octet-stream"
