"""Pictures in by HTTP: `POST /api/v1/push/DATASET`, the body is one file, or several as a form.

    ?path=line3/0001.jpg   where it goes (one file; else its name in the form, else its digest)
    &split=train &camera=door &licence=CC0-1.0 &label=ok &add_classes=1 &frames=every:1s (of a video)

The answer says `{added, updated, unchanged, quarantined, notes}`; with it the bytes are on the disk.
The same bytes again at the same place change nothing.
"""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from visloop import app, data
from visloop.errors import Refused, UsageError, VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.api import failure

if TYPE_CHECKING:
    from starlette.requests import Request

    from visloop.app import Ports

_KNOWN: Final = frozenset({"path", "split", "camera", "licence", "label", "add_classes", "frames"})
_YES: Final = frozenset({"1", "true", "yes"})


class TooLarge(Refused):
    """The body is larger than `serve.body_limit_mb`."""

    code, http_status = "push.too_large", 413


def routes(ports: Ports) -> list[Route]:
    """The one route."""

    async def pushed(request: Request) -> Response:
        try:
            options, ask = _asked(request)
            body = await _body(request, ports.config.serve.body_limit_mb << 20)
            handed = _handed(request, body, ask)
            scope = acting(request, ports)
            dataset: str = request.path_params["dataset"]
            done = await run_in_threadpool(app.push, ports, scope, dataset, handed, options)
        except VisloopError as error:
            return failure(error)
        return Response(msgspec.json.encode(done), media_type="application/json")

    return [Route("/api/v1/push/{dataset}", pushed, methods=["POST"])]


def _asked(request: Request) -> tuple[data.AddOptions, dict[str, Any]]:
    given = request.query_params
    if unknown := sorted(set(given) - _KNOWN):
        raise UsageError(
            f"push has no parameter {unknown[0]!r}",
            fix=f"its parameters: {', '.join(sorted(_KNOWN))}",
        )
    options = data.AddOptions(
        split=given.get("split"),
        camera=given.get("camera", ""),
        licence=given.get("licence", ""),
        frames=given.get("frames", ""),
        add_classes=given.get("add_classes", "") in _YES,
    )
    return options, {"path": given.get("path", ""), "labels": tuple(given.getlist("label"))}


async def _body(request: Request, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise TooLarge(
                f"the body is larger than {limit_bytes >> 20} MiB",
                fix="send fewer at once, or raise serve.body_limit_mb in visloop.yaml",
            )
        parts.append(part)
    return b"".join(parts)


def _handed(request: Request, body: bytes, ask: dict[str, Any]) -> list[data.Handed]:
    kind = Message()
    kind["content-type"] = request.headers.get("content-type", "application/octet-stream")
    if kind.get_content_type() != "multipart/form-data":
        if not body:
            raise UsageError("the body is empty", fix="curl --data-binary @picture.jpg …")
        return [data.Handed(body, ask["path"], labels=ask["labels"])]
    files = _form_files(body, str(kind.get_param("boundary", "")).encode("latin-1"))
    if not files:
        raise UsageError("the form holds no file", fix="curl -F file=@a.jpg -F file=@b.jpg …")
    if ask["path"] and len(files) > 1:
        raise UsageError("one path and several files", fix="leave path away: their names are used")
    return [
        data.Handed(content, ask["path"] or name, labels=ask["labels"]) for name, content in files
    ]


def _form_files(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    """(file name, bytes) of every file of a form: RFC 7578."""
    if not boundary:
        raise UsageError("the form names no boundary", fix="let curl or your library write it: -F")
    found: list[tuple[str, bytes]] = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if head.startswith(b"--"):
            break
        headers = HeaderParser().parsestr(head.decode("utf-8", "replace"))
        name = headers.get_filename()
        if name is not None:
            found.append((re.split(r"[\\/]", name)[-1], content))
    return found
