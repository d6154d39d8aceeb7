"""Files in MLflow's words: `mlflow-artifacts:/EXPERIMENT/RUN/artifacts/…` and `/EXPERIMENT/models/ID/…`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from visloop import app, registry, train
from visloop.errors import NotFound, UsageError
from visloop.faces.web.mlflow.wire import Call

_DEPTH: Final = 3


class ListAsk(msgspec.Struct, frozen=True):
    """Which folder."""

    path: str = ""
    run_id: str = ""
    run_uuid: str = ""


def owner_of(path: str) -> tuple[str, str]:
    """(run or logged model, path of the file) of an address below `mlflow-artifacts:/`.

    Raises:
        UsageError: it is none of ours.
    """
    parts = train.check_artifact_path(path.lstrip("/")).split("/")
    if len(parts) > _DEPTH and parts[1] == "models" and parts[3] == "artifacts":
        return parts[2], "/".join(parts[4:])
    if len(parts) >= _DEPTH and parts[2] == "artifacts":
        return parts[1], "/".join(parts[3:])
    raise UsageError(f"{path[:80]!r} is no place for artifacts", fix="EXPERIMENT/RUN/artifacts/…")


def list_by_address(call: Call) -> dict[str, Any]:
    """What lies in a folder, below its address."""
    owner, under = owner_of(call.read(ListAsk).path)
    if "@" in owner:
        files = [] if under else app.model_folder(call.ports, call.scope, owner)
        told = [{"path": f.path, "is_dir": False, "file_size": f.size} for f in files]
        return {"files": told}
    train.require_owner(call.ports.train, call.scope, owner)
    skip = len(under) + 1 if under else 0
    return {"files": [{**each, "path": each["path"][skip:]} for each in _level(call, owner, under)]}


def folder_of(version: registry.ModelLine) -> str:
    """Where a registered version lies: a folder that is made of its package when it is asked for."""
    return f"mlflow-artifacts:/0/models/{version.ref}/artifacts"


def content(call: Call, path: str) -> bytes:
    """The bytes of a file by its address.

    Raises:
        ArtifactNotFound, NotFound: there is none.
    """
    owner, name = owner_of(path)
    if "@" not in owner:
        return app.artifact_bytes(call.ports, call.scope, owner, name)
    for each in app.model_folder(call.ports, call.scope, owner):
        if each.path == name:
            return each.read()
    raise NotFound(f"{owner} has no file {name!r}", fix="MLmodel, model.onnx, contract.json …")


def list_of_run(call: Call) -> dict[str, Any]:
    """What lies in a folder of a run, paths from the run's root."""
    ask = call.read(ListAsk)
    run = ask.run_id or ask.run_uuid
    found = train.show_run(call.ports.train, call.scope, run, shown=1).run
    number = train.find_experiment(call.ports.train, call.scope, name=found.experiment).number
    root = f"mlflow-artifacts:/{number}/{run}/artifacts"
    return {"root_uri": root, "files": _level(call, run, train.check_artifact_path(ask.path))}


def _level(call: Call, owner: str, under: str) -> list[dict[str, Any]]:
    files = train.artifacts_of(call.ports.ledger, call.scope, owner, under)
    return [
        {"path": path, "is_dir": file is None, **({} if file is None else {"file_size": file.size})}
        for path, file in train.artifacts_in(files, under)
    ]


def remove(call: Call) -> dict[str, Any]:
    """Forget a file or a folder."""
    owner, path = owner_of(call.path["path"])
    with call.ports.ledger.write(call.scope) as write:
        train.drop_artifacts(write, owner, path)
    return {}
