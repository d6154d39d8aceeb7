"""From one answer back to where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visloop import data, registry, serve, train
from visloop.errors import NotFound
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


def trace(ports: Ports, scope: Scope, prediction: str) -> dict[str, dict[str, Any]]:
    """One row a hop: prediction, picture, deployment, model, run, data.

    Raises:
        PredictionNotFound: no such answer in the log.
    """
    found = serve.prediction(ports.serve, scope, prediction)
    version = registry.resolve(ports.registry, scope, Ref.parse(found.model))
    trained = Ref.parse(version.data) if version.data else None
    return {
        "prediction": {
            "id": found.id,
            "time": found.time.isoformat(),
            "label": found.label,
            "confidence": found.confidence,
            "server": found.server,
        },
        "image": _image(ports, scope, found, trained),
        "deployment": _deployment(ports, scope, found),
        "beside": _beside(ports, found),
        "model": {
            "ref": version.ref,
            "package": found.package,
            "same_package": found.package == version.package,
            "contract": found.contract,
            "recipe": version.recipe,
            "state": version.state,
            "created": version.created.isoformat(),
        },
        "run": _run(ports, scope, version.run),
        "data": _data(ports, scope, trained) if trained else {},
    }


def _image(ports: Ports, scope: Scope, found: serve.Logged, trained: Ref | None) -> dict[str, Any]:
    """The picture, and the samples of the data set (committed or not) that hold the same bytes."""
    return {
        "digest": found.image,
        "kept": ports.blobs.has(found.image),
        "in_spool": serve.captured(ports.spool, found) is not None,
        "samples": _samples(ports, scope, found.image, trained.name) if trained else [],
    }


def _samples(ports: Ports, scope: Scope, image: str, dataset: str) -> list[str]:
    work = data.open(ports.data, Ref(dataset, "work"), scope.project)
    return [f"{dataset}:{each.path}" for each in work.with_image(image)]


def _deployment(ports: Ports, scope: Scope, found: serve.Logged) -> dict[str, Any]:
    try:
        now = serve.deployment(ports.serve, scope, found.deployment)
    except NotFound:
        return {"name": found.deployment, "serves_now": None}
    return {"name": now.name, "serves_now": now.model, "since": now.changed.isoformat()}


def _beside(ports: Ports, found: serve.Logged) -> dict[str, Any]:
    """Whether a canary was answering, and what other models said of the same picture."""
    told: dict[str, Any] = {}
    if found.rollout is not None:
        told |= {"canary_ran": found.rollout, "share": found.share}
    for each in serve.copied_answers(ports.serve, found.id):
        if each.error:
            told[each.model] = each.error
        else:
            same = "the same" if each.agrees else "another answer"
            told[each.model] = f"{each.label or same} {each.confidence or ''}".strip()
    return told


def _run(ports: Ports, scope: Scope, run: str) -> dict[str, Any]:
    try:
        found = train.show_run(ports.train, scope, run).run
    except NotFound:
        return {"id": run, "recipe": "", "data": ""}
    return {
        "id": found.id,
        "recipe": found.recipe,
        "params": dict(found.params),
        "seed": found.seed,
        "threads": found.threads,
        "data": found.data,
        "commit": found.commit,
        "dirty": found.dirty,
        "actor": found.actor,
    }


def _data(ports: Ports, scope: Scope, trained: Ref) -> dict[str, Any]:
    version = data.open(ports.data, Ref(trained.name, trained.version), scope.project).version
    return {
        "ref": version.ref,
        "root": version.root,
        "samples": version.count,
        "committed": version.time,
        "by": version.actor,
        "message": version.message,
    }
