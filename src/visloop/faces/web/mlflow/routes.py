"""Which address is answered by what, and with which permission."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from visloop import app, train
from visloop.errors import VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.artifacts import HEADERS, media_type
from visloop.faces.web.bodies import bounded, spooled
from visloop.faces.web.mlflow import artifacts, models, runs, wire
from visloop.faces.web.mlflow.wire import Call

if TYPE_CHECKING:
    from starlette.requests import Request

    from visloop.app import Ports

Answer: TypeAlias = Callable[[Call], dict[str, Any]]
_READ, _RUN, _MODELS, _WRITE = "train.read", "train.run", "registry.read", "registry.write"
_PROMOTE: Final = "registry.promote"
_LIMIT_BYTES: Final = 8 * 2**20
SINGLE: Final = "/api/2.0/mlflow/runs/log-metric"
_log = logging.getLogger("visloop.web")

_V2: Final[tuple[tuple[str, str, str, Answer], ...]] = (
    ("POST", "experiments/create", _RUN, runs.create_experiment),
    ("GET", "experiments/get", _READ, runs.get_experiment),
    ("GET", "experiments/get-by-name", _READ, runs.get_experiment_by_name),
    ("GET", "experiments/search", _READ, runs.search_experiments),
    ("POST", "experiments/search", _READ, runs.search_experiments),
    ("POST", "experiments/update", _RUN, runs.change_experiment),
    ("POST", "experiments/delete", _RUN, partial(runs.change_experiment, removed=True)),
    ("POST", "experiments/restore", _RUN, partial(runs.change_experiment, removed=False)),
    ("POST", "experiments/set-experiment-tag", _RUN, runs.change_experiment),
    ("POST", "runs/create", _RUN, runs.create_run),
    ("GET", "runs/get", _READ, runs.get_run),
    ("POST", "runs/update", _RUN, runs.update_run),
    ("POST", "runs/delete", _RUN, partial(runs.remove_run, removed=True)),
    ("POST", "runs/restore", _RUN, partial(runs.remove_run, removed=False)),
    ("POST", "runs/log-batch", _RUN, runs.log_batch),
    ("POST", "runs/log-parameter", _RUN, runs.log_parameter),
    ("POST", "runs/set-tag", _RUN, runs.set_tag),
    ("POST", "runs/delete-tag", _RUN, runs.delete_tag),
    ("POST", "runs/log-inputs", _RUN, runs.log_inputs),
    ("POST", "runs/log-model", _RUN, runs.log_model),
    ("POST", "runs/outputs", _RUN, runs.log_outputs),
    ("POST", "runs/search", _READ, runs.search_runs),
    ("GET", "metrics/get-history", _READ, runs.get_history),
    ("GET", "artifacts/list", _READ, artifacts.list_of_run),
    ("POST", "logged-models", _RUN, models.create_logged),
    ("POST", "logged-models/search", _READ, models.search_logged),
    ("GET", "logged-models/{model}", _READ, models.get_logged),
    ("PATCH", "logged-models/{model}", _RUN, models.finalize_logged),
    ("PATCH", "logged-models/{model}/tags", _RUN, models.tag_logged),
    ("POST", "logged-models/{model}/params", _RUN, models.param_logged),
    ("POST", "registered-models/create", _WRITE, models.create_model),
    ("GET", "registered-models/get", _MODELS, models.get_model),
    ("GET", "registered-models/search", _MODELS, models.search_models),
    ("POST", "registered-models/get-latest-versions", _MODELS, models.latest_versions),
    ("GET", "registered-models/get-latest-versions", _MODELS, models.latest_versions),
    ("POST", "registered-models/alias", _PROMOTE, models.set_alias),
    ("GET", "registered-models/alias", _MODELS, models.get_by_alias),
    ("POST", "registered-models/set-tag", _WRITE, models.nothing_more),
    ("PATCH", "registered-models/update", _WRITE, models.nothing_more),
    ("POST", "model-versions/create", _WRITE, models.create_version),
    ("GET", "model-versions/get", _MODELS, models.get_version),
    ("GET", "model-versions/search", _MODELS, models.search_versions),
    ("GET", "model-versions/get-download-uri", _MODELS, models.download_uri),
    ("POST", "model-versions/set-tag", _WRITE, models.nothing_more),
    ("PATCH", "model-versions/update", _WRITE, models.nothing_more),
)


def routes(ports: Ports, inbox: train.Inbox) -> list[Route]:
    """All addresses of the protocol that are spoken, and one answer for all others."""
    table = [
        Route(f"/api/2.0/mlflow/{path}", _endpoint(ports, permission, answer), methods=[method])
        for method, path, permission, answer in _V2
    ]
    files = "/api/2.0/mlflow-artifacts/artifacts"
    return [
        Route(SINGLE, _single(ports, inbox), methods=["POST"]),
        *table,
        Route("/api/3.0/mlflow/server-info", _server_info, methods=["GET"]),
        Route(files, _endpoint(ports, _READ, artifacts.list_by_address), methods=["GET"]),
        Route(files + "/{path:path}", _endpoint(ports, _RUN, artifacts.remove), methods=["DELETE"]),
        Route(files + "/{path:path}", _file(ports), methods=["GET", "PUT"]),
        *(Route(f"/api/{n}.0/mlflow{rest}", _not_spoken, methods=["GET", "POST", "PATCH", "DELETE"])
          for n in (2, 3) for rest in ("/{path:path}", "-artifacts/{path:path}")),
    ]  # fmt: skip


def _server_info(_: Request) -> Response:
    told = {"store_type": "SqlStore", "workspaces_enabled": False}
    return Response(msgspec.json.encode(told), media_type="application/json")


def _not_spoken(request: Request) -> Response:
    what = f"{request.method} {request.url.path} is not spoken here"
    return wire.failed(wire.NotSpoken(what, fix="experiments, runs, files and models are"))


def _endpoint(ports: Ports, permission: str, answer: Answer) -> Any:
    async def answered(request: Request) -> Response:
        try:
            return await _answered(await _call(ports, request), request, permission, answer)
        except VisloopError as error:
            return wire.failed(error)

    return answered


async def _call(ports: Ports, request: Request) -> Call:
    scope = acting(request, ports)
    said = await bounded(request, _LIMIT_BYTES)
    return Call(ports, scope, request.path_params, said, request.query_params)


async def _answered(call: Call, request: Request, permission: str, answer: Answer) -> Response:
    def work() -> bytes:
        app.authorise(call.ports, call.scope, permission)
        return msgspec.json.encode(answer(call))

    try:
        return Response(await run_in_threadpool(work), media_type="application/json")
    except VisloopError as error:
        return wire.failed(error)
    except Exception:  # noqa: BLE001 - a fault of ours must not take the server down
        _log.exception("mlflow.crashed", extra={"path": request.url.path})
        return wire.failed(VisloopError("the server met an error of its own", fix="see its log"))


def _single(ports: Ports, inbox: train.Inbox) -> Any:
    slow = partial(runs.log_metric, inbox=inbox)

    async def answered(request: Request) -> Response:
        try:
            call = await _call(ports, request)
            if runs.take_metric(call, inbox):
                return Response(b"{}", media_type="application/json")
            return await _answered(call, request, _RUN, slow)
        except VisloopError as error:
            return wire.failed(error)

    return answered


def _file(ports: Ports) -> Any:
    async def answered(request: Request) -> Response:
        try:
            scope = acting(request, ports)
            path = request.path_params["path"]
            if request.method == "PUT":
                owner, path = artifacts.owner_of(path)
                async with spooled(ports, request) as file:
                    await run_in_threadpool(app.keep_artifact, ports, scope, owner, path, file)
                return Response(b"{}", media_type="application/json")
            call = Call(ports, scope, request.path_params, b"", request.query_params)
            body = await run_in_threadpool(artifacts.content, call, path)
        except VisloopError as error:
            return wire.failed(error)
        return Response(body, media_type=media_type(path), headers=HEADERS)

    return answered
