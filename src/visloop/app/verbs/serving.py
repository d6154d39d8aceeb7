"""Verbs over deployments and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import registry
from visloop import serve as serving
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.ids import Ref, check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Deploy:
    """Serve a model under a name; under a running server the switch loses no request."""

    model: str = arg("for example reader@v1")
    as_: str = opt("the deployment's name", name="as")
    wait_s: float = opt("wait so long for the serving processes to switch", default=30.0)


@dataclass(frozen=True)
class Deployed:
    """Where it answers; `ready` when every serving process that runs has switched."""

    name: str
    url: str
    model: str
    previous: str | None
    ready: bool


@operation("deploy", permission="serve.deploy")
def deploy(ports: Ports, scope: Scope, ask: Deploy) -> Deployed:
    """Record the deployment, wait for the serving processes that run."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.model))
    name = check_name(ask.as_, "deployment name")
    done = serving.deploy(ports.serve, scope, name, version)
    return _deployed(ports, scope, done, ask.wait_s)


@dataclass(frozen=True)
class Rollback:
    """Put a deployment's previous model back."""

    name: str = arg("the deployment")
    wait_s: float = opt("wait so long for the serving processes to switch", default=30.0)


@operation("rollback", permission="serve.deploy")
def rollback(ports: Ports, scope: Scope, ask: Rollback) -> Deployed:
    """The previous model becomes the current one, unless it was rejected or archived since."""
    previous = serving.deployment(ports.serve, scope, ask.name).previous
    if previous is not None:
        before = registry.resolve(ports.registry, scope, Ref.parse(previous))
        serving.require_servable(before)
    done = serving.rollback(ports.serve, scope, ask.name)
    return _deployed(ports, scope, done, ask.wait_s)


def _deployed(ports: Ports, scope: Scope, done: serving.Deployment, wait_s: float) -> Deployed:
    ready = wait_s > 0 and serving.wait_ready(ports.serve, done.name, done.generation, wait_s)
    return Deployed(
        name=done.name,
        url=serving.url_of(ports.serve, scope, done.name),
        model=done.model,
        previous=done.previous,
        ready=ready,
    )


@dataclass(frozen=True)
class Deployments:
    """List what is served, by which model, and by which processes."""


@operation("deployments", permission="serve.read")
def deployments(ports: Ports, scope: Scope, ask: Deployments) -> Rows:
    """One row a deployment."""
    del ask
    return rows_of(serving.deployments(ports.serve, scope))


@dataclass(frozen=True)
class Predictions:
    """List the newest answers of a deployment."""

    name: str = arg("the deployment")
    limit: int = opt("at most so many", default=50)


@operation("predictions", permission="serve.read")
def predictions(ports: Ports, scope: Scope, ask: Predictions) -> Rows:
    """Newest first."""
    return rows_of(serving.predictions(ports.serve, scope, ask.name, limit=ask.limit))


@dataclass(frozen=True)
class Predict:
    """Answer pictures without a server: files, folders, films, versions of data sets.

    --out takes a file for JSON lines, a `.json` file for COCO's results, or a folder for pictures
    with the answers drawn in.
    """

    model: str = arg("for example reader@champion")
    sources: tuple[str, ...] = arg("pictures, folders, films, or NAME@VERSION", path=True)
    out: str | None = opt("answers.jsonl, results.json, or a folder", default=None, path=True)
    every: float = opt("seconds between two frames of a film", default=1.0)


@operation("predict", permission="serve.predict")
def predict(ports: Ports, scope: Scope, ask: Predict) -> Rows:
    """One row a picture; what cannot be read says so in its row."""
    return rows_of(handlers.predict_files(ports, scope, ask.model, ask.sources, ask.out, ask.every))
