"""REST, derived: every operation is `POST /api/v1/<name>`, dots become slashes.

Ask with `Accept: text/event-stream` and the answer comes as server-sent events: `progress` while
it works, then `answer` or `error`. With `Visloop-Cancel: on-close` the work ends when the connection
does; what it has kept by then stays.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from visloop import app
from visloop.errors import UsageError, VisloopError
from visloop.faces.web import openapi
from visloop.faces.web.acting import acting
from visloop.faces.web.streams import Reporter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from starlette.requests import Request

    from visloop.app import Operation, Ports
    from visloop.faces.web.paths import Places

    Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

_LIMIT_BYTES = 8 * 2**20
_log = logging.getLogger("visloop.web")


def routes(ports: Ports, places: Places) -> list[Route]:
    """One route an operation, and the description of all."""
    document = msgspec.json.encode(openapi.document(app.OPERATIONS))

    def described(_: Request) -> Response:
        return Response(document, media_type="application/json")

    return [
        Route("/api/v1/openapi.json", described),
        *(
            Route(_path(each), _endpoint(ports, places, each), methods=["POST"])
            for each in app.OPERATIONS
        ),
    ]


def _path(operation: Operation[Any, Any]) -> str:
    return "/api/v1/" + operation.name.replace(".", "/")


def _endpoint(ports: Ports, places: Places, operation: Operation[Any, Any]) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            ask = _decode(await _body(request), operation)
            scope = acting(request, ports)
            await run_in_threadpool(places.check, operation, ask, scope)
            if "text/event-stream" in request.headers.get("accept", ""):
                ends = request.headers.get("visloop-cancel", "") == "on-close"
                return _streamed(ports, scope, operation, ask, ends_with_it=ends)
            done = await run_in_threadpool(app.execute, ports, scope, operation, ask)
        except VisloopError as error:
            return failure(error)
        except Exception:  # noqa: BLE001 - a fault of ours must not take the server down
            _log.exception("api.crashed", extra={"operation": operation.name})
            return failure(_crash())
        return Response(msgspec.json.encode(done), media_type="application/json")

    return answer


def failure(error: VisloopError) -> Response:
    """The error as JSON with its HTTP status."""
    return Response(
        _error_json(error), status_code=error.http_status, media_type="application/json"
    )


def _error_json(error: VisloopError) -> bytes:
    body: dict[str, Any] = error.to_dict()
    body["error"]["exit_code"] = error.exit_code
    return msgspec.json.encode(body)


def _crash() -> VisloopError:
    return VisloopError("the server met an error of its own", fix="see its log, and report it")


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _LIMIT_BYTES:
            raise UsageError("the request is larger than 8 MiB", fix="send pictures to /predict")
        parts.append(part)
    return b"".join(parts)


def _decode(body: bytes, operation: Operation[Any, Any]) -> object:
    try:
        raw: Any = msgspec.json.decode(body) if body.strip() else {}
        known = {each.name for each in app.parameters(operation.request)}
        unknown = sorted(set(raw) - known) if isinstance(raw, dict) else []
        if unknown:
            raise UsageError(
                f"{operation.name} has no field {unknown[0]!r}",
                fix=f"its fields: {', '.join(sorted(known)) or 'none'}",
            )
        return msgspec.convert(raw, type=operation.request)
    except msgspec.DecodeError as error:
        raise UsageError(f"{operation.name}: {error}", fix="see /api/v1/openapi.json") from error


def _streamed(
    ports: Ports,
    scope: Any,
    operation: Operation[Any, Any],
    ask: object,
    *,
    ends_with_it: bool,
) -> Response:
    """Events; the work goes on when nobody listens any more, unless `ends_with_it`."""
    reporter = Reporter(asyncio.get_running_loop())
    watched = app.with_progress(ports, reporter)

    def work() -> None:
        try:
            done = app.execute(watched, scope, operation, ask)
            reporter.finish("answer", msgspec.json.encode(done))
        except VisloopError as error:
            reporter.finish("error", _error_json(error))
        except Exception:  # noqa: BLE001 - the same
            _log.exception("api.crashed", extra={"operation": operation.name})
            reporter.finish("error", _error_json(_crash()))

    async def events() -> AsyncIterator[bytes]:
        running = asyncio.ensure_future(run_in_threadpool(work))
        try:
            async for event in reporter.events():
                yield event
            await running
        finally:
            reporter.given_up = ends_with_it

    return StreamingResponse(events(), media_type="text/event-stream")
