"""Pictures for the page: the stored bytes, and small ones drawn once and kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from visloop import app
from visloop.errors import UsageError, VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.api import failure

if TYPE_CHECKING:
    from starlette.requests import Request

    from visloop.app import Ports

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BOX = re.compile(r"[0-9]{1,6}(,[0-9]{1,6}){3}")
_FOREVER = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
_SIZES_PX = (64, 160, 320, 640, 1280)


def routes(ports: Ports) -> list[Route]:
    """What a picture's digest or a prediction's name leads to.

    `/media/image/DIGEST`, `/media/thumbnail/DIGEST?px=160`, `/media/answer/PREDICTION?px=160`, and
    `/media/cutout/DIGEST?box=x1,y1,x2,y2&px=160`: a part, in pixels of the upright picture.
    """
    cutouts = app.Cutouts(ports)

    async def image(request: Request) -> Response:
        try:
            digest = _digest(request)
            body, media = await run_in_threadpool(app.image_bytes, ports, digest)
        except VisloopError as error:
            return failure(error)
        return Response(body, media_type=media, headers=_FOREVER)

    async def thumbnail(request: Request) -> Response:
        try:
            digest, px = _digest(request), _size(request)
            body = await run_in_threadpool(app.thumbnail, ports, digest, px)
        except VisloopError as error:
            return failure(error)
        return Response(body, media_type="image/jpeg", headers=_FOREVER)

    async def cutout(request: Request) -> Response:
        try:
            digest, box, px = _digest(request), _box(request), _size(request)
            body = await run_in_threadpool(cutouts.draw, digest, box, px)
        except VisloopError as error:
            return failure(error)
        return Response(body, media_type="image/jpeg", headers=_FOREVER)

    async def answer(request: Request) -> Response:
        try:
            scope, px = acting(request, ports), _size(request)
            prediction: str = request.path_params["prediction"]
            body = await run_in_threadpool(app.answered_thumbnail, ports, scope, prediction, px)
        except VisloopError as error:
            return failure(error)
        return Response(body, media_type="image/jpeg", headers=_FOREVER)

    return [
        Route("/media/answer/{prediction}", answer),
        Route("/media/cutout/{digest}", cutout),
        Route("/media/image/{digest}", image),
        Route("/media/thumbnail/{digest}", thumbnail),
    ]


def _digest(request: Request) -> str:
    digest: str = request.path_params["digest"]
    if not _DIGEST.fullmatch(digest):
        raise UsageError(f"{digest!r} is not a digest", fix="64 hexadecimal digits")
    return digest


def _box(request: Request) -> tuple[int, int, int, int]:
    text = request.query_params.get("box", "")
    if not _BOX.fullmatch(text):
        raise UsageError(f"{text[:40]!r} is no box", fix="box=x1,y1,x2,y2 in whole pixels")
    x1, y1, x2, y2 = map(int, text.split(","))
    return x1, y1, x2, y2


def _size(request: Request) -> int:
    text = request.query_params.get("px", "160")
    if text not in map(str, _SIZES_PX):
        raise UsageError(f"no thumbnails of {text!r} pixels", fix=f"one of {_SIZES_PX}")
    return int(text)
