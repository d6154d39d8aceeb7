"""Models in MLflow's words: logged ones are folders of files; registered ones are ours, with a contract."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from visloop import app, registry, train
from visloop.errors import Forbidden, NotFound, UsageError
from visloop.faces.web.mlflow import wire
from visloop.faces.web.mlflow.artifacts import folder_of, owner_of
from visloop.faces.web.mlflow.runs import experiment_of
from visloop.faces.web.mlflow.wire import Call, NotSpoken, Pair
from visloop.ids import Ref

_READY: Final = "READY"
_STATUS: Final = {"1": "PENDING", "2": "READY", "3": "UPLOAD_FAILED"}


class LoggedAsk(msgspec.Struct, frozen=True):
    """What requests about logged models say."""

    model_id: str = ""
    experiment_id: str = "0"
    experiment_ids: list[str] = []
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    status: str = ""
    params: list[Pair] = []
    tags: list[Pair] = []
    max_results: int = wire.PAGE
    page_token: str = ""
    filter: str = ""


class ModelAsk(msgspec.Struct, frozen=True):
    """What requests about registered models and their versions say."""

    name: str = ""
    new_name: str = ""
    version: str = ""
    alias: str = ""
    source: str = ""
    run_id: str = ""
    model_id: str = ""
    description: str = ""
    key: str = ""
    value: str = ""
    tags: list[Pair] = []
    filter: str = ""
    max_results: int = wire.PAGE
    page_token: str = ""


def create_logged(call: Call) -> dict[str, Any]:
    """A folder for a model's files."""
    ask = call.read(LoggedAsk)
    made = train.log_model(
        call.ports.train,
        call.scope,
        name=ask.name,
        experiment=experiment_of(call, ask.experiment_id).name,
        run=ask.source_run_id or None,
        kind=ask.model_type,
        params=wire.pairs(ask.params),
        tags=wire.pairs(ask.tags),
    )
    return {"model": _told_logged(call, made)}


def get_logged(call: Call) -> dict[str, Any]:
    """One of them."""
    return {"model": _told_logged(call, _logged(call))}


def finalize_logged(call: Call) -> dict[str, Any]:
    """Its files are there, or never will be."""
    status = call.read(LoggedAsk).status.removeprefix("LOGGED_MODEL_")
    status = _STATUS.get(status, status)
    change = train.change_logged(call.ports.train, call.scope, call.path["model"], status=status)
    return {"model": _told_logged(call, change)}


def tag_logged(call: Call) -> dict[str, Any]:
    """Say more of it."""
    tags = wire.pairs(call.read(LoggedAsk).tags)
    change = train.change_logged(call.ports.train, call.scope, call.path["model"], tags=tags)
    return {"model": _told_logged(call, change)}


def param_logged(call: Call) -> dict[str, Any]:
    """Say with what it was made."""
    params = wire.pairs(call.read(LoggedAsk).params)
    train.change_logged(call.ports.train, call.scope, call.path["model"], params=params)
    return {}


def search_logged(call: Call) -> dict[str, Any]:
    """Those of some experiments, newest first."""
    ask = call.read(LoggedAsk)
    holds = train.parse_where(ask.filter.replace("source_run_id", "parent"))
    offset, size = wire.page(ask.page_token, ask.max_results)
    names = {experiment_of(call, each).name for each in ask.experiment_ids}
    rows = [
        each
        for each in train.logged_models(call.ports.train, call.scope)
        if (each.experiment in names or not names)
        and all(
            c.holds(_row(each.name, id=each.id, parent=each.run, status=each.status)) for c in holds
        )
    ]
    told = [_told_logged(call, each) for each in rows[offset : offset + size]]
    return {"models": told, **wire.next_page(offset, size, len(rows))}


def _logged(call: Call) -> train.LoggedModel:
    return train.find_logged(call.ports.train, call.scope, call.path["model"])


def _told_logged(call: Call, model: train.LoggedModel) -> dict[str, Any]:
    number = train.find_experiment(call.ports.train, call.scope, name=model.experiment).number
    return {
        "info": {
            "model_id": model.id,
            "experiment_id": str(number),
            "name": model.name,
            "creation_timestamp_ms": wire.ms(model.created),
            "last_updated_timestamp_ms": wire.ms(model.updated),
            "artifact_uri": f"mlflow-artifacts:/{number}/models/{model.id}/artifacts",
            "status": f"LOGGED_MODEL_{model.status}",
            "model_type": model.kind,
            "source_run_id": model.run or "",
            "tags": wire.listed(model.tags),
        },
        "data": {"params": wire.listed(model.params), "metrics": []},
    }


def create_model(call: Call) -> dict[str, Any]:
    """A name for versions.

    Raises:
        Conflict: it is taken.
    """
    ask = call.read(ModelAsk)
    app.name_model(call.ports, call.scope, ask.name)
    return {"registered_model": _told_model(call, ask.name, [])}


def get_model(call: Call) -> dict[str, Any]:
    """A name with its newest version."""
    name = call.read(ModelAsk).name
    known = registry.model_names(call.ports.registry, call.scope)
    if name not in known:
        raise registry.ModelNotFound(f"there is no model {name!r}", fix="visloop models")
    return {"registered_model": _told_model(call, name, _lines(call, name))}


def search_models(call: Call) -> dict[str, Any]:
    """All names; of filters only `name = '…'` and `name like '…'`."""
    ask = call.read(ModelAsk)
    offset, size = wire.page(ask.page_token, ask.max_results)
    holds = train.parse_where(ask.filter)
    names = [
        name
        for name in registry.model_names(call.ports.registry, call.scope)
        if all(each.holds(_row(name)) for each in holds)
    ]
    told = [_told_model(call, name, _lines(call, name)) for name in names[offset : offset + size]]
    return {"registered_models": told, **wire.next_page(offset, size, len(names))}


def _row(name: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(train.RUN_FIELDS)
    tags = {"mlflow.prompt.is_prompt": "false"}  # what the client asks of everything
    return row | {"name": name, "metrics": {}, "params": {}, "tags": tags} | more


def _lines(call: Call, name: str) -> list[registry.ModelLine]:
    found = registry.list_models(call.ports.registry, call.scope)
    return [each for each in found if each.model == name]


def _told_model(call: Call, name: str, lines: list[registry.ModelLine]) -> dict[str, Any]:
    del call
    return {
        "name": name,
        "creation_timestamp": wire.ms(lines[-1].created) if lines else 0,
        "last_updated_timestamp": wire.ms(lines[0].created) if lines else 0,
        "latest_versions": [_told_version(lines[0])] if lines else [],
        "aliases": [
            {"alias": alias, "version": line.version[1:]}
            for line in lines
            for alias in line.aliases
        ],
        "tags": [],
    }


def _told_version(line: registry.ModelLine, source: str = "") -> dict[str, Any]:
    return {
        "name": line.model,
        "version": line.version[1:],
        "creation_timestamp": wire.ms(line.created),
        "last_updated_timestamp": wire.ms(line.created),
        "user_id": line.actor,
        "current_stage": line.stage,
        "status": _READY,
        "run_id": line.run,
        "source": source or folder_of(line),
        "description": "",
        "tags": [{"key": "visloop.state", "value": line.state}],
        "aliases": list(line.aliases),
    }


def create_version(call: Call) -> dict[str, Any]:
    """A logged ONNX file with its contract becomes the next version of a model.

    Raises:
        Refused: there is no ONNX file, or no contract, or they do not fit; it says how.
    """
    ask = call.read(ModelAsk)
    owner, under = _source(ask)
    model = train.model_or_none(call.ports.train, call.scope, owner)
    run = ask.run_id or (model.run if model else owner) or ""
    ref = app.register_logged(call.ports, call.scope, ask.name, owner, under, run or None)
    line = next(each for each in _lines(call, ask.name) if each.ref == ref)
    return {"model_version": _told_version(line, ask.source)}


def _source(ask: ModelAsk) -> tuple[str, str]:
    """(run or logged model, folder) that a version is made of."""
    if ask.model_id:
        return ask.model_id, ""
    scheme, _, rest = ask.source.partition(":/")
    if scheme == "mlflow-artifacts":
        return owner_of(rest)
    if scheme in ("models", "runs"):
        owner, _, folder = rest.lstrip("/").partition("/")
        return owner, folder
    raise UsageError(
        f"a version cannot be made of {ask.source[:80]!r}",
        fix="log the model to this server first, then register models:/ID or runs:/RUN/PATH",
    )


def get_version(call: Call) -> dict[str, Any]:
    """One version."""
    ask = call.read(ModelAsk)
    return {"model_version": _told_version(_line(call, f"v{ask.version}", ask.name))}


def _line(call: Call, version: str, name: str) -> registry.ModelLine:
    found = registry.resolve(call.ports.registry, call.scope, Ref(name, version))
    return next(each for each in _lines(call, name) if each.ref == found.ref)


def search_versions(call: Call) -> dict[str, Any]:
    """Versions by `name = '…'` or `run_id = '…'`."""
    ask = call.read(ModelAsk)
    offset, size = wire.page(ask.page_token, ask.max_results)
    holds = train.parse_where(ask.filter.replace("run_id", "id"))
    rows = [
        each
        for each in registry.list_models(call.ports.registry, call.scope)
        if all(c.holds(_row(each.model, id=each.run)) for c in holds)
    ]
    told = [_told_version(each) for each in rows[offset : offset + size]]
    return {"model_versions": told, **wire.next_page(offset, size, len(rows))}


def latest_versions(call: Call) -> dict[str, Any]:
    """The newest one."""
    return {
        "model_versions": [
            _told_version(each) for each in _lines(call, call.read(ModelAsk).name)[:1]
        ]
    }


def download_uri(call: Call) -> dict[str, Any]:
    """Where a version's files lie."""
    ask = call.read(ModelAsk)
    return {"artifact_uri": _told_version(_line(call, f"v{ask.version}", ask.name))["source"]}


def set_alias(call: Call) -> dict[str, Any]:
    """A name for a version; `champion` moves by the gate's yes, not by hand."""
    ask = call.read(ModelAsk)
    ref = f"{ask.name}@v{ask.version}"
    if ask.alias == registry.CHAMPION:
        raise Forbidden(
            f"{ask.alias!r} moves by the gate's yes, not by hand",
            fix=f"visloop model promote {ref}",
        )
    version = registry.resolve(call.ports.registry, call.scope, Ref.parse(ref))
    registry.set_alias(call.ports.registry, call.scope, version, ask.alias)
    return {}


def get_by_alias(call: Call) -> dict[str, Any]:
    """The version that it means."""
    ask = call.read(ModelAsk)
    if not ask.alias or (ask.alias.startswith("v") and ask.alias[1:].isdecimal()):
        raise NotFound(f"{ask.alias!r} is no alias", fix="visloop models")
    return {"model_version": _told_version(_line(call, ask.alias, ask.name))}


def nothing_more(call: Call) -> dict[str, Any]:
    """Descriptions and tags of models live on their cards and runs."""
    del call
    raise NotSpoken(
        "registered models are described by their card and their run, not by tags",
        fix="tag the run, or log a description with it",
    )
