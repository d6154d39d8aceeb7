"""Model versions to an MLflow server: registered beside their run, found again by the package's digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from visloop import registry
from visloop.errors import Forbidden, NotFound, Refused
from visloop.events import Scope
from visloop.registry import ModelFile, ModelVersion
from visloop.train.exchange.pushing import (
    DEFAULT,
    PROXIED,
    RUN_TAG,
    experiments,
    find_pushed,
    push_runs,
)
from visloop.train.exchange.server import Server
from visloop.train.records import RunNotFound, TrainPorts

MODEL_TAG: Final = "visloop.model"
PACKAGE_TAG: Final = "visloop.package"
FOLDER: Final = "model"
_CARD_CHARACTERS: Final = 5_000


@dataclass(frozen=True)
class PushedModel:
    """What was sent of a model version (with `dry_run`: what would be).

    `name` and `version` are what it is called there; `run` is its run's id there; `done` is
    `created`, `updated` (aliases moved) or `unchanged`.
    """

    model: str
    name: str
    version: str
    run: str
    url: str
    done: str
    aliases: tuple[str, ...]
    files: int
    bytes: int
    left_out: tuple[str, ...]


def push_model(
    ports: TrainPorts,
    scope: Scope,
    version: ModelVersion,
    server: Server,
    *,
    name: str,
    dry_run: bool = False,
) -> PushedModel:
    """Bring a version to a server's registry, with its run, its aliases and its card.

    The folder that it is registered from loads with `mlflow.pyfunc` and `mlflow.onnx`.

    Raises:
        Refused: the server takes no files over HTTP.
        ServerAway, ServerRefused, NotAServer, Unauthenticated, Forbidden: see `Server`.
    """
    detail = registry.show(ports.registry, scope, version)
    files = registry.flavoured(ports.registry, version)
    known = _known(server, name, version)
    wanted = [alias for alias in detail.version.aliases if _alias(server, name, alias) != known]
    done = PushedModel(
        model=version.ref,
        name=name,
        version=known,
        run="",
        url="",
        done="created" if not known else "updated" if wanted else "unchanged",
        aliases=tuple(wanted),
        files=0 if known else len(files),
        bytes=0 if known else sum(each.size for each in files),
        left_out=(),
    )
    if dry_run:
        return done
    run, number = "", known
    if not known:
        info = _run(ports, scope, version, server)
        source, run = _upload(ports, server, info, files), info["run_id"]
        card = registry.card(ports.registry, version)
        number = _register(server, name, version, run, source, card)
    left_out = _point(server, name, number, wanted)
    url = f"{server.uri}/#/models/{name}/versions/{number}"
    return replace(done, version=number, run=run, url=url, left_out=left_out)


def _known(server: Server, name: str, version: ModelVersion) -> str:
    """The number under which it stands there; empty where it does not."""
    where = f"name = '{name}'"
    for each in server.pages("model-versions/search", "model_versions", filter=where):
        tags = {tag["key"]: tag.get("value", "") for tag in each.get("tags", [])}
        if (tags.get(MODEL_TAG), tags.get(PACKAGE_TAG)) == (version.ref, version.package):
            return str(each["version"])
    return ""


def _alias(server: Server, name: str, alias: str) -> str:
    """The number that an alias means there; None of its own where it means nothing."""
    try:
        found = server.get("registered-models/alias", name=name, alias=alias)
    except NotFound:
        return "nothing"
    return str(found["model_version"]["version"])


def _point(server: Server, name: str, number: str, aliases: list[str]) -> tuple[str, ...]:
    left_out: list[str] = []
    for alias in aliases:
        try:
            server.post("registered-models/alias", name=name, alias=alias, version=number)
        except Forbidden as error:
            left_out.append(f"alias {alias}: {error.what}")
    return tuple(left_out)


def _run(
    ports: TrainPorts, scope: Scope, version: ModelVersion, server: Server
) -> Mapping[str, Any]:
    """The run that made it, there; one without more than its name where it was imported."""
    try:
        push_runs(ports, scope, [version.run], server)
    except RunNotFound:
        if find_pushed(server, version.run) is None:
            _bare_run(server, version)
    found = find_pushed(server, version.run)
    if found is None:
        raise NotFound(f"{version.run} is not on the server any more", fix="push it again")
    return found["info"]


def _bare_run(server: Server, version: ModelVersion) -> None:
    places = experiments(server)
    if DEFAULT not in places:
        places[DEFAULT] = server.post("experiments/create", name=DEFAULT)["experiment_id"]
    at = round(version.created.timestamp() * 1000)
    made = server.post(
        "runs/create",
        experiment_id=places[DEFAULT],
        run_name=version.ref,
        start_time=at,
        tags=[{"key": RUN_TAG, "value": version.run}],
    )
    run = made["run"]["info"]["run_id"]
    server.post("runs/update", run_id=run, status="FINISHED", end_time=at)


def _upload(
    ports: TrainPorts, server: Server, info: Mapping[str, Any], files: list[ModelFile]
) -> str:
    root: str = info["artifact_uri"]
    if not root.startswith(PROXIED):
        raise Refused(
            f"{server.uri} keeps files at {root.partition(':')[0]}: and takes none over HTTP",
            fix="start it with: mlflow server --serve-artifacts",
        )
    place = root.removeprefix(PROXIED).lstrip("/")
    for each in ports.progress.track(files, doing="upload", unit="file"):
        server.upload(f"{place}/{FOLDER}/{each.path}", each.read())
    return f"{root}/{FOLDER}"


def _register(
    server: Server, name: str, version: ModelVersion, run: str, source: str, card: str
) -> str:
    try:
        server.get("registered-models/get", name=name)
    except NotFound:
        server.post("registered-models/create", name=name)
    tags = {
        MODEL_TAG: version.ref,
        PACKAGE_TAG: version.package,
        "visloop.data": version.data,
        "visloop.recipe": version.recipe,
    }
    made = server.post(
        "model-versions/create",
        name=name,
        source=source,
        run_id=run,
        description=card[:_CARD_CHARACTERS],
        tags=[{"key": key, "value": value} for key, value in tags.items() if value],
    )
    return str(made["model_version"]["version"])
