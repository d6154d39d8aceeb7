"""Reports as pages of their own: `GET /reports/MODEL?slice=QUESTION`, to look at or to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from visloop import app
from visloop.errors import VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.api import failure
from visloop.faces.web.artifacts import HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request

    from visloop.app import Ports


def routes(ports: Ports) -> list[Route]:
    """The one address."""

    async def answered(request: Request) -> Response:
        model: str = request.path_params["model"]
        questions = tuple(request.query_params.getlist("slice"))
        try:
            scope = acting(request, ports)
            page = await run_in_threadpool(app.report_html, ports, scope, model, questions)
        except VisloopError as error:
            return failure(error)
        named = {"Content-Disposition": f'inline; filename="{model.replace("@", "-")}.html"'}
        return Response(page, media_type="text/html", headers=HEADERS | named)

    return [Route("/reports/{model}", answered)]
