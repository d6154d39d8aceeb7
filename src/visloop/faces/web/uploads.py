"""Large files in pieces: the tus protocol 1.0.0 over `app`'s uploads (https://tus.io/protocols).

    OPTIONS /api/v1/uploads/DATASET      what is spoken here
    POST    /api/v1/uploads/DATASET      Upload-Length, Upload-Metadata → Location, Upload-Offset
    HEAD    …/DATASET/ID                 Upload-Offset: how much is there for certain
    PATCH   …/DATASET/ID                 more of it; Upload-Checksum is held against it (460)
    DELETE  …/DATASET/ID                 never mind
    GET     …/DATASET/ID                 (not of tus) what became of it: as `push` answers

Core, creation, checksum, termination, expiration. Upload-Metadata says what `push` says in its
parameters, and `modified` (ms since 1970): with it the same file again is the same upload, so that
whoever lost its address goes on where it stopped. The last piece is answered when the file is in the
data set. A piece is there for certain once it was answered; one without a checksum also as far as it
came.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from email.utils import formatdate
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from visloop import app, data
from visloop.errors import Conflict, Unavailable, UsageError, VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.api import failure
from visloop.faces.web.lines import Lines
from visloop.faces.web.push import modified_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.requests import Request

    from visloop.app import Ports

_VERSION: Final = "1.0.0"
_EXTENSIONS: Final = "creation,checksum,termination,expiration"
_SUMS: Final = ("sha256", "sha1", "md5")
_YES: Final = frozenset({"1", "true", "yes"})


class OtherProtocol(VisloopError):
    """The request speaks no tus, or another version of it."""

    code, http_status = "upload.other_protocol", 412


class WrongOffset(Conflict):
    """The piece does not follow what is there."""

    code = "upload.wrong_offset"


class WrongChecksum(VisloopError):
    """The piece is not what its checksum says: it was damaged on its way."""

    code, http_status = "upload.wrong_checksum", 460


class Uploads:
    """The routes."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lines = Lines()

    def routes(self) -> list[Route]:
        """Both addresses."""
        place = "/api/v1/uploads/{dataset}"
        return [
            Route(place, _guarded(self._options), methods=["OPTIONS"]),
            Route(place, _guarded(self._begin), methods=["POST"]),
            Route(f"{place}/{{upload}}", _guarded(self._look), methods=["GET", "HEAD"]),
            Route(f"{place}/{{upload}}", _guarded(self._more), methods=["PATCH"]),
            Route(f"{place}/{{upload}}", _guarded(self._drop), methods=["DELETE"]),
        ]

    def settle(self) -> None:
        """Take, beside everything else, what came whole right before the server ended."""
        Thread(target=app.uploads_settle, args=(self._ports,), daemon=True).start()

    async def _options(self, request: Request) -> Response:
        del request
        largest = self._ports.config.serve.upload_limit_mb << 20
        told = {"Tus-Version": _VERSION, "Tus-Extension": _EXTENSIONS}
        told |= {"Tus-Max-Size": str(largest), "Tus-Checksum-Algorithm": ",".join(_SUMS)}
        return Response(status_code=204, headers=told)

    async def _begin(self, request: Request) -> Response:
        _spoken(request)
        scope = acting(request, self._ports)
        size = _number(request, "upload-length")
        said = _said(request.headers.get("upload-metadata", ""))
        about = data.About(
            actor=str(scope.actor),
            project=scope.project,
            dataset=request.path_params["dataset"],
            path=said.get("path") or said.get("filename") or said.get("name") or "",
            size_bytes=size,
            modified_ns=modified_ns(said["modified"]) if said.get("modified") else None,
            labels=(said["label"],) if said.get("label") else (),
            options={
                "split": said.get("split") or None,
                "camera": said.get("camera", ""),
                "licence": said.get("licence", ""),
                "frames": said.get("frames", ""),
                "add_classes": said.get("add_classes", "") in _YES,
            },
        )
        if not about.path:
            raise UsageError("the upload has no path", fix="say it: Upload-Metadata: path BASE64")
        found = await run_in_threadpool(app.upload_begin, self._ports, scope, about)
        told = _told(found) | {"Location": f"/api/v1/uploads/{about.dataset}/{found.id}"}
        if found.whole:  # nothing is left to be sent: no piece will come after which it is taken
            await run_in_threadpool(app.upload_taken, self._ports, scope, found)
        return Response(status_code=201, headers=told)

    async def _look(self, request: Request) -> Response:
        found = await self._found(request)
        if request.method == "HEAD":
            _spoken(request)
            length = {"Upload-Length": str(found.about.size_bytes), "Cache-Control": "no-store"}
            return Response(status_code=200, headers=_told(found) | length)
        if not found.whole:
            raise WrongOffset(
                f"{found.offset:,} of {found.about.size_bytes:,} bytes are here",
                fix="send the rest",
            )
        return await self._taken(request, found, 200)

    async def _more(self, request: Request) -> Response:
        _spoken(request)
        if request.headers.get("content-type") != "application/offset+octet-stream":
            raise UsageError(
                "a piece is of the type application/offset+octet-stream", fix="say Content-Type so"
            )
        found = await self._found(request)
        async with self._lines.alone(found.id) as line:
            await _write(request, found, line.cut)
        if found.whole:
            return await self._taken(request, found, 204)
        return Response(status_code=204, headers=_told(found))

    async def _drop(self, request: Request) -> Response:
        _spoken(request)
        found = await self._found(request)
        async with self._lines.alone(found.id):
            found.drop()
        return Response(status_code=204)

    async def _found(self, request: Request) -> data.Arriving:
        scope, place = acting(request, self._ports), request.path_params
        return await run_in_threadpool(
            app.upload_find, self._ports, scope, place["dataset"], place["upload"]
        )

    async def _taken(self, request: Request, found: data.Arriving, status: int) -> Response:
        told, scope = _told(found), acting(request, self._ports)
        done = await run_in_threadpool(app.upload_taken, self._ports, scope, found)
        body = msgspec.json.encode(done) if status == 200 else b""  # noqa: PLR2004 - HTTP's OK
        return Response(body or None, status, told, media_type="application/json" if body else None)


def _guarded(
    answer: Callable[[Request], Coroutine[Any, Any, Response]],
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def guarded(request: Request) -> Response:
        try:
            told = await answer(request)
        except VisloopError as error:
            told = failure(error)
        except OSError as error:
            told = failure(
                Unavailable(
                    f"the upload cannot be kept: {error.strerror or error}",
                    fix="make room where the server runs, and send on: what was answered is there",
                )
            )
        except ClientDisconnect:
            told = Response(status_code=400)  # nobody reads it
        told.headers["Tus-Resumable"] = _VERSION
        return told

    return guarded


async def _write(request: Request, found: data.Arriving, cut: asyncio.Event) -> None:
    """What the body holds, behind what is there.

    Raises:
        WrongOffset, WrongChecksum, UsageError: it does not belong there.
        ClientDisconnect: the line broke; what came is kept unless a checksum was promised.
    """
    name, _, wanted = request.headers.get("upload-checksum", "").partition(" ")
    if name and name not in _SUMS:
        raise UsageError(f"the checksum {name!r} is not known", fix=f"one of: {', '.join(_SUMS)}")
    if (said := _number(request, "upload-offset")) != found.offset:
        raise WrongOffset(
            f"the piece begins at {said:,}, and {found.offset:,} bytes are here",
            fix="ask how far it is (HEAD), and go on there",
        )
    digest = hashlib.new(name, usedforsecurity=False) if name else None
    left = found.about.size_bytes - said
    piece = found.piece()
    try:
        async for part in _until_cut(request, cut):
            if piece.size + len(part) > left:
                raise UsageError("there is more of it than Upload-Length", fix="begin it anew")
            piece.write(part)
            if digest is not None:
                digest.update(part)
        if digest is not None and base64.b64encode(digest.digest()).decode() != wanted.strip():
            raise WrongChecksum("the piece was damaged on its way", fix="send it again")
        await run_in_threadpool(piece.keep)
    except ClientDisconnect:
        if digest is None:
            await run_in_threadpool(piece.keep)
        raise
    finally:
        piece.close()


async def _until_cut(request: Request, cut: asyncio.Event) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises:
        ClientDisconnect: its line broke, or somebody goes on with the upload on another.
    """
    stream, ended = request.stream(), asyncio.ensure_future(cut.wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(stream, None))
            await asyncio.wait({coming, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                raise ClientDisconnect
            part = await coming
            if part is None:
                return
            yield part
    finally:
        ended.cancel()


def _told(found: data.Arriving) -> dict[str, str]:
    return {
        "Upload-Offset": str(found.offset),
        "Upload-Expires": formatdate(found.expires, usegmt=True),
    }


def _spoken(request: Request) -> None:
    if (said := request.headers.get("tus-resumable", "")) != _VERSION:
        raise OtherProtocol(
            f"this speaks tus {_VERSION}, not {said!r}", fix=f"say Tus-Resumable: {_VERSION}"
        )


def _number(request: Request, header: str) -> int:
    said = request.headers.get(header, "")
    if not said.isdecimal():
        raise UsageError(f"{header.title()} says {said!r}, no number of bytes", fix="say how many")
    return int(said)


def _said(header: str) -> dict[str, str]:
    """`path bGluZTMvYS5qcGc=,split dHJhaW4=`: keys, and values in base64."""
    told: dict[str, str] = {}
    for pair in filter(None, header.split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            told[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise UsageError(
                f"Upload-Metadata: {key} is no base64 of UTF-8", fix="encode it"
            ) from None
    return told
