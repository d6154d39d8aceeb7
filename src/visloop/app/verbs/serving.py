"""Verbs over deployments and answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import registry
from visloop import serve as serving
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref, check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Deploy:
    """Serve a model under a name; under a running server the switch loses no request.

    A deployment keeps its limits, whatever model is next; --limit queue=none takes one away.

    With --canary it gets a share of the requests beside the deployed model, judged by itself as
    visloop.yaml says (canary); with --shadow copies of them, whose answers nobody waits for.
    """

    model: str = arg("for example reader@v1")
    as_: str = opt("the deployment's name", name="as")
    canary: str | None = opt("beside the deployed model, with this share: 10%", default=None)
    shadow: bool = opt("beside the deployed model, with copies of the requests", default=False)
    limit: tuple[str, ...] = opt(
        "of this deployment: body_mb, megapixels, time_s, queue or at_once, as in queue=8; may be repeated",
        default=(),
    )
    wait_s: float = opt("wait so long for the serving processes to switch", default=30.0)


@dataclass(frozen=True)
class Deployed:
    """Where it answers; `ready` when every serving process that runs has switched.

    `candidate` is the canary or shadow that begins beside `model`, with its `share`; `limits` are the
    deployment's own.
    """

    name: str
    url: str
    model: str
    previous: str | None
    ready: bool
    candidate: str | None = None
    share: float | None = None
    limits: dict[str, float] = field(default_factory=dict[str, float])


@operation("deploy", permission="serve.deploy")
def deploy(ports: Ports, scope: Scope, ask: Deploy) -> Deployed:
    """Record the deployment, wait for the serving processes that run."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.model))
    name = check_name(ask.as_, "deployment name")
    if ask.canary is not None and ask.shadow:
        raise UsageError("either a canary or a shadow", fix="run the command twice for both")
    if ask.limit and (ask.canary is not None or ask.shadow):
        raise UsageError(
            "a candidate has the limits of its deployment",
            fix="set them with the deployed model: visloop deploy MODEL --as NAME --limit …",
        )
    if ask.canary is None and not ask.shadow:
        done = serving.deploy(ports.serve, scope, name, version, limits=ask.limit)
        return _deployed(ports, scope, done, ask.wait_s)
    begun = handlers.begin_candidate(ports, scope, name, version, ask.canary)
    done = serving.deployment(ports.serve, scope, name)
    deployed = _deployed(ports, scope, done, ask.wait_s)
    return replace(deployed, candidate=begun.model, share=begun.share)


@dataclass(frozen=True)
class Rollback:
    """Put a deployment's previous model back; while a canary runs, end the canary."""

    name: str = arg("the deployment")
    wait_s: float = opt("wait so long for the serving processes to switch", default=30.0)


@operation("rollback", permission="serve.deploy")
def rollback(ports: Ports, scope: Scope, ask: Rollback) -> Deployed:
    """The previous model becomes the current one, unless it was rejected or archived since."""
    previous = serving.deployment(ports.serve, scope, ask.name).previous
    running = serving.running_rollouts(ports.serve, scope)
    canary = any((each.deployment, each.kind) == (ask.name, "canary") for each in running)
    if previous is not None and not canary:
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
        limits=done.limits.told() if done.limits else {},
    )


@dataclass(frozen=True)
class Deployments:
    """List what is served, by which model, and which candidates run beside it."""


@operation("deployments", permission="serve.read")
def deployments(ports: Ports, scope: Scope, ask: Deployments) -> Rows:
    """One row a deployment."""
    del ask
    return rows_of(handlers.deployment_rows(ports, scope))


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
    """Answer pictures without a server: files, folders, patterns, films, buckets, versions of data sets.

    --out takes a file for JSON lines, a `.csv` or `.parquet` file for a table, a `.json` file for
    COCO's results, or a folder for pictures with the answers drawn in. What was cut off goes on where
    it was when it is asked again. Exit code 1: some pictures could not be read; they are named.
    """

    model: str = arg("for example reader@champion")
    sources: tuple[str, ...] = arg(
        "pictures, folders, '**/*.jpg', films, s3://…, or NAME@VERSION", path=True
    )
    out: str | None = opt(
        "answers.jsonl, .csv, .parquet, .json, or a folder", path=True, default=None
    )
    video: str | None = opt("the film with the answers drawn in: out.mp4", path=True, default=None)
    every: float | None = opt(
        "seconds between two frames of a film (default: 1; with --video 0, which is every frame)",
        default=None,
    )
    fresh: bool = opt("begin again, whatever was answered before", default=False)
    dry_run: bool = opt("count the pictures only", default=False)


@dataclass(frozen=True)
class Batches:
    """List batch predictions with an output: how far each is, where it lies, how it goes on."""

    model: str = opt("of this version only: reader@v1", default="")


@operation("batches", permission="serve.read")
def batches(ports: Ports, scope: Scope, ask: Batches) -> Rows:
    """Newest first; `state` is running, cut off (ask again: it goes on), done or dropped."""
    del scope
    return rows_of(handlers.batch_rows(ports, ask.model))


@dataclass(frozen=True)
class Predicted:
    """How many pictures, of which so many could not be read (`errors` names the first of them), and so
    many were answered before a cut. `rows`, one a picture, where nothing is written.
    """

    model: str
    count: int
    failed: int
    resumed: int
    out: str
    video: str
    errors: tuple[dict[str, str], ...]
    rows: tuple[dict[str, Any], ...]


def _unread(answer: Predicted) -> int:
    return 1 if answer.failed else 0


@operation("predict", permission="serve.predict", exit_code=_unread)
def predict(ports: Ports, scope: Scope, ask: Predict) -> Predicted:
    """Each picture once, in order; what cannot be read says so in its row."""
    wanted = handlers.Wanted(
        model=ask.model,
        sources=ask.sources,
        out=Path(ask.out) if ask.out else None,
        video=Path(ask.video) if ask.video else None,
        every_s=ask.every,
        fresh=ask.fresh,
        dry_run=ask.dry_run,
    )
    done = handlers.predict_files(ports, scope, wanted)
    return Predicted(
        model=done.model,
        count=done.count,
        failed=done.failed,
        resumed=done.resumed,
        out=ask.out or "",
        video=ask.video or "",
        errors=tuple(done.errors),
        rows=tuple(done.rows),
    )
