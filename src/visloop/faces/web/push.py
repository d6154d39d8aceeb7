"""Pictures in by HTTP: `POST /api/v1/push/DATASET`, the body is one file, or several as a form.

    ?path=line3/0001.jpg   where it goes (one file; else its name in the form, else its digest)
    &split=train &camera=door &licence=CC0-1.0 &label=ok &add_classes=1 &frames=every:1s (of a video)

A form may say more of its files, in their order, in a field `about`: JSON, `[{"path": "a/0.jpg",
"label": "ok", "modified": 1700000000000}, …]` (modified: ms since 1970).

The answer says `{added, updated, unchanged, quarantined, notes}`; with it the bytes are on the disk.
The same bytes again at the same place change nothing. Which files need not be sent again is said by
`POST /api/v1/push/DATASET/missing` with such a list, each with its `size`, and the same parameters:
`{missing: [0, 3, …], unchanged}`.
"""

from __future__ import annotations

import math
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
_TOO_MANY: Final = 20_000
_YES: Final = frozenset({"1", "true", "yes"})


class TooLarge(Refused):
    """The body is larger than `serve.body_limit_mb`."""

    code, http_status = "push.too_large", 413


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """What a sender says of a file: `size` in bytes, `modified` in ms since 1970."""

    path: str
    label: str = ""
    modified: float | None = None
    size: int = 0

    @property
    def modified_ns(self) -> int | None:
        """As files have it."""
        return None if self.modified is None else modified_ns(self.modified)

    @property
    def labels(self) -> tuple[str, ...]:
        """None or one."""
        return (self.label,) if self.label else ()


def modified_ns(said: str | float) -> int:
    """A time of change in ms since 1970, as files have it.

    Raises:
        UsageError: it is none.
    """
    try:
        found = float(said) * 1e6
    except ValueError:
        found = math.nan
    if not abs(found) < 2**63:
        raise UsageError(f"modified says {said!r}, no time", fix="milliseconds since 1970")
    return int(found)


def routes(ports: Ports) -> list[Route]:
    """Files, and which of them need not be sent."""

    async def pushed(request: Request) -> Response:
        try:
            options, ask = _asked(request)
            scope = acting(request, ports)
            await run_in_threadpool(app.authorise, ports, scope, "data.write")
            body = await _body(request, ports.config.serve.body_limit_mb << 20)
            handed = await run_in_threadpool(_handed, request, body, ask)
            dataset: str = request.path_params["dataset"]
            done = await run_in_threadpool(app.push, ports, scope, dataset, handed, options)
        except VisloopError as error:
            return failure(error)
        return Response(msgspec.json.encode(done), media_type="application/json")

    async def missing(request: Request) -> Response:
        try:
            options, _ = _asked(request)
            said = _listed(await _body(request, 8 << 20))
            promised = [
                data.Promised(each.path, each.size, each.modified_ns or 0, each.labels)
                for each in said
            ]
            scope = acting(request, ports)
            dataset: str = request.path_params["dataset"]
            done = await run_in_threadpool(
                app.push_missing, ports, scope, dataset, promised, options
            )
        except VisloopError as error:
            return failure(error)
        return Response(msgspec.json.encode(done), media_type="application/json")

    place = "/api/v1/push/{dataset}"
    return [
        Route(place, pushed, methods=["POST"]),
        Route(f"{place}/missing", missing, methods=["POST"]),
    ]


def _listed(raw: bytes) -> list[Said]:
    try:
        said = msgspec.json.decode(raw, type=list[Said])
    except msgspec.DecodeError as error:
        raise UsageError(f"the list of files: {error}", fix='[{"path": "a.jpg"}, …]') from error
    if len(said) > _TOO_MANY:
        raise UsageError(f"{len(said):,} files at once", fix=f"at most {_TOO_MANY:,}")
    return said


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
    files, about = _form_files(body, str(kind.get_param("boundary", "")).encode("latin-1"))
    if not files:
        raise UsageError("the form holds no file", fix="curl -F file=@a.jpg -F file=@b.jpg …")
    if about is not None:
        return _told(files, _listed(about))
    if ask["path"] and len(files) > 1:
        raise UsageError("one path and several files", fix="leave path away: their names are used")
    return [
        data.Handed(content, ask["path"] or name, labels=ask["labels"]) for name, content in files
    ]


def _told(files: list[tuple[str, bytes]], said: list[Said]) -> list[data.Handed]:
    if len(said) != len(files):
        raise UsageError(
            f"the form says something about {len(said)} files and holds {len(files)}",
            fix="one entry of about for each file, in their order",
        )
    return [
        data.Handed(content, each.path, labels=each.labels, modified_ns=each.modified_ns)
        for (_, content), each in zip(files, said, strict=True)
    ]


def _form_files(body: bytes, boundary: bytes) -> tuple[list[tuple[str, bytes]], bytes | None]:
    """(file name, bytes) of every file of a form, and its field `about`: RFC 7578."""
    if not boundary:
        raise UsageError("the form names no boundary", fix="let curl or your library write it: -F")
    found: list[tuple[str, bytes]] = []
    about: bytes | None = None
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, _TOO_MANY + 2)[1:]
    if len(parts) > _TOO_MANY + 1:
        raise UsageError(f"a form of over {_TOO_MANY:,} files", fix="send fewer at once")
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if head.startswith(b"--"):
            break
        headers = HeaderParser().parsestr(head.decode("utf-8", "replace"))
        name = headers.get_filename()
        if name is not None:
            found.append((re.split(r"[\\/]", name)[-1], content))
        elif headers.get_param("name", header="content-disposition") == "about":
            about = content
    return found, about
