"""Runs to an MLflow server: pushed again they are brought up to date, never doubled.

A pushed run carries the tag `visloop.run`; by it the next push finds it, wherever it was moved.
Points that are there already are not sent again; files are sent when any of them has changed
(`visloop.files` is their digest).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from visloop.events import Scope
from visloop.ids import digest_of
from visloop.train.exchange.server import Server
from visloop.train.records import Run, TrainPorts
from visloop.train.tracking import finding
from visloop.train.tracking.artifacts import Artifact, artifacts_of
from visloop.train.tracking.points import Curve

RUN_TAG: Final = "visloop.run"
FILES_TAG: Final = "visloop.files"
DEFAULT: Final = "Default"
METRICS_AT_ONCE: Final = 1_000
NAMES_AT_ONCE: Final = 100
PARAM_CHARACTERS: Final = 6_000
TAG_CHARACTERS: Final = 5_000
DIGEST_CHARACTERS: Final = 36
PROXIED: Final = "mlflow-artifacts:"
_STATUS: Final = {
    "done": "FINISHED",
    "failed": "FAILED",
    "lost": "KILLED",
    "pruned": "KILLED",
    "queued": "SCHEDULED",
}
_NOT_NAMES: Final = re.compile(r"[^\w./ :-]", re.ASCII)
_LARGEST: Final = 1.7976931348623157e308
T = TypeVar("T")


@dataclass(frozen=True)
class Pushed:
    """What was sent of a run (with `dry_run`: what would be); `remote` is its id there.

    `done`: `created`, `updated`, or `unchanged`. `left_out` says what the server cannot hold.
    """

    run: str
    remote: str
    url: str
    done: str
    metrics: int = 0
    params: int = 0
    tags: int = 0
    files: int = 0
    bytes: int = 0
    left_out: tuple[str, ...] = ()


@dataclass
class _Sent:
    """What goes to one run, counted."""

    curves: dict[str, list[dict[str, Any]]]
    params: dict[str, str]
    tags: dict[str, str]
    files: list[Artifact]
    left_out: list[str] = field(default_factory=list[str])

    @property
    def points(self) -> list[dict[str, Any]]:
        return [point for curve in self.curves.values() for point in curve]


def push_runs(
    ports: TrainPorts, scope: Scope, runs: Sequence[str], server: Server, *, dry_run: bool = False
) -> list[Pushed]:
    """Bring runs to a server, parents before their children.

    Raises:
        RunNotFound: one of them is not there.
        ServerAway, ServerRefused, NotAServer, Unauthenticated, Forbidden: see `Server`.
    """
    found = [finding.show_run(ports, scope, run, shown=1).run for run in dict.fromkeys(runs)]
    parents = {run.id: run.parent for run in found}
    found.sort(key=lambda run: _depth(run.id, parents))
    places = experiments(server)
    work = ports.progress.track(found, doing="push", unit="run")
    return [_Push(ports, scope, server, places, dry_run=dry_run).run(each) for each in work]


def _depth(run: str, parents: Mapping[str, str | None]) -> int:
    parent = parents.get(run)
    return 0 if parent is None else 1 + _depth(parent, parents)


def experiments(server: Server) -> dict[str, str]:
    """Name → id there."""
    found = server.pages("experiments/search", "experiments", max_results=1_000)
    return {each["name"]: each["experiment_id"] for each in found}


def find_pushed(
    server: Server, run: str, places: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """The run as it stands there, in whatever experiment; None where it was never pushed."""
    ids = sorted((experiments(server) if places is None else places).values())
    where = f"tags.`{RUN_TAG}` = '{run}'"
    found = server.pages("runs/search", "runs", experiment_ids=ids, filter=where)
    return next(iter(found), None)


@dataclass
class _Push:
    """The way of one run."""

    ports: TrainPorts
    scope: Scope
    server: Server
    places: dict[str, str]
    dry_run: bool

    def run(self, run: Run) -> Pushed:
        known = find_pushed(self.server, run.id, self.places)
        sent = self._content(run, known)
        parent = None if run.parent is None else find_pushed(self.server, run.parent, self.places)
        if parent is not None:
            sent.tags["mlflow.parentRunId"] = parent["info"]["run_id"]
        elif run.parent is not None and not self.dry_run:
            sent.left_out.append(f"its parent: {run.parent} is not there")
        sent.tags = _news(sent.tags, known, "tags")
        sent.params = _new_params(sent, known)
        info = {} if known is None else known["info"]
        changed = bool(sent.points or sent.tags or sent.params or sent.files)
        changed = changed or info.get("status") != _STATUS.get(run.status, "RUNNING")
        if not self.dry_run and (known is None or changed):
            info = self._create(run, sent) if known is None else info
            self._send(run, info, sent)
        done = "updated" if changed else "unchanged"
        return Pushed(
            run=run.id,
            remote=info.get("run_id", ""),
            url=_page(self.server.uri, info),
            done="created" if known is None else done,
            metrics=len(sent.points),
            params=len(sent.params),
            tags=len(sent.tags),
            files=len(sent.files),
            bytes=sum(each.size for each in sent.files),
            left_out=tuple(sent.left_out),
        )

    def _content(self, run: Run, known: Mapping[str, Any] | None) -> _Sent:
        left_out: list[str] = []
        curves = finding.curves(self.ports, self.scope, [run.id], shown=None)
        files = artifacts_of(self.ports.ledger, self.scope, run.id)
        tags = {
            _named(key, left_out): _cut(value, TAG_CHARACTERS, f"tag {key}", left_out)
            for key, value in _tags(run, files).items()
        }
        place = known["info"]["artifact_uri"] if known else PROXIED
        before = _pairs(known, "tags").get(FILES_TAG) if known else None
        if files and not place.startswith(PROXIED):
            left_out.append(
                f"{len(files)} files: the server keeps them at {place.partition(':')[0]}:"
            )
            tags.pop(FILES_TAG)
        same = not place.startswith(PROXIED) or before == tags.get(FILES_TAG)
        params: dict[str, str] = {}
        for key, value in run.params.items():
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            told = _cut(text, PARAM_CHARACTERS, f"parameter {key}", left_out)
            params[_named(key, left_out)] = told
        points = self._points(run, curves, known, left_out)
        return _Sent(points, params, tags, [] if same else files, left_out)

    def _points(
        self,
        run: Run,
        curves: Sequence[Curve],
        known: Mapping[str, Any] | None,
        left_out: list[str],
    ) -> dict[str, list[dict[str, Any]]]:
        """The points of each curve that are not there yet; figures without a curve are one point."""
        there = _pairs(known, "metrics") if known else {}
        ended = round((run.ended or run.started or run.created).timestamp() * 1000)
        drawn = {each.key: each for each in curves}
        missing: dict[str, list[dict[str, Any]]] = {}
        for key in dict.fromkeys([*drawn, *run.metrics]):
            curve, value = drawn.get(key), run.metrics.get(key)
            name = _named(key, left_out)
            rows = [] if value is None else [(0, ended / 1000, value)]
            if curve is not None:
                rows = list(zip(curve.steps, curve.times_s, curve.values, strict=True))
            held = (
                self.server.history(known["info"]["run_id"], name)
                if known and name in there
                else []
            )
            seen = {
                (int(each["step"]), int(each["timestamp"]), _value(each["value"])) for each in held
            }
            points = [_point(name, *row) for row in rows]
            missing[name] = [
                point
                for point in points
                if (point["step"], point["timestamp"], _value(point["value"])) not in seen
            ]
        return missing

    def _create(self, run: Run, sent: _Sent) -> dict[str, Any]:
        name = run.experiment or DEFAULT
        if name not in self.places:
            made = self.server.post("experiments/create", name=name)
            self.places[name] = made["experiment_id"]
        made = self.server.post(
            "runs/create",
            experiment_id=self.places[name],
            user_id=run.actor,
            run_name=run.name or run.id,
            start_time=_ms(run),
            tags=_listed({RUN_TAG: sent.tags[RUN_TAG]}),
        )
        info: dict[str, Any] = made["run"]["info"]
        if sent.files and not info["artifact_uri"].startswith(PROXIED):
            where = info["artifact_uri"].partition(":")[0]
            sent.left_out.append(f"{len(sent.files)} files: the server keeps them at {where}:")
            sent.files.clear()
            sent.tags.pop(FILES_TAG)
        return info

    def _send(self, run: Run, info: Mapping[str, Any], sent: _Sent) -> None:
        remote = info["run_id"]
        if run.data:
            self.server.post("runs/log-inputs", run_id=remote, datasets=[_dataset(run)])
        for params in _some(sorted(sent.params.items()), NAMES_AT_ONCE):
            self.server.post("runs/log-batch", run_id=remote, params=_listed(dict(params)))
        for points in _some(sent.points, METRICS_AT_ONCE):
            self.server.post("runs/log-batch", run_id=remote, metrics=points)
        place = info["artifact_uri"].removeprefix(PROXIED).lstrip("/")
        for each in self.ports.progress.track(sent.files, doing="upload", unit="file"):
            self.server.upload(f"{place}/{each.path}", self.ports.blobs.view(each.digest))
        for tags in _some(sorted(sent.tags.items()), NAMES_AT_ONCE):
            self.server.post("runs/log-batch", run_id=remote, tags=_listed(dict(tags)))
        status = _STATUS.get(run.status, "RUNNING")
        ended = {} if run.ended is None else {"end_time": round(run.ended.timestamp() * 1000)}
        name = run.name or run.id
        self.server.post("runs/update", run_id=remote, status=status, run_name=name, **ended)


def _tags(run: Run, files: Sequence[Artifact]) -> dict[str, str]:
    """What people said of the run, and what it was made of."""
    own = {key: value for key, value in run.tags.items() if not key.startswith("mlflow.parent")}
    said = {
        "mlflow.note.content": run.notes,
        "mlflow.source.git.commit": run.commit or "",
        "mlflow.user": run.actor,
        "visloop.recipe": run.recipe,
        "visloop.data": run.data,
        "visloop.model": run.model or "",
        "visloop.seed": str(run.seed) if run.recipe else "",
        "visloop.error": str((run.error or {}).get("what", "")),
        RUN_TAG: run.id,
        FILES_TAG: digest_of(*(f"{each.path}\0{each.digest}" for each in files)) if files else "",
    }
    return {**own, **{key: value for key, value in said.items() if value}}


def _dataset(run: Run) -> dict[str, Any]:
    source = msgspec.json.encode({"uri": f"visloop:{run.data}"}).decode()
    told = {
        "name": run.data,
        "digest": run.data_root[:DIGEST_CHARACTERS],
        "source_type": "visloop",
        "source": source,
    }
    return {"dataset": told, "tags": [{"key": "mlflow.data.context", "value": "training"}]}


def _point(key: str, step: int, time_s: float, value: float) -> dict[str, Any]:
    told: Any = "NaN" if math.isnan(value) else max(-_LARGEST, min(_LARGEST, value))
    return {"key": key, "value": told, "timestamp": round(time_s * 1000), "step": step}


def _value(told: Any) -> str:
    """A number as two sides can compare it: NaN equals NaN; MLflow keeps infinities as the largest."""
    value = float(told)
    return "NaN" if math.isnan(value) else repr(max(-_LARGEST, min(_LARGEST, value)))


def _named(key: str, left_out: list[str]) -> str:
    """A name that MLflow takes."""
    name = _NOT_NAMES.sub("_", key)
    if name != key:
        left_out.append(f"the name {key!r}: it is {name!r} there")
    return name


def _news(given: Mapping[str, str], known: Mapping[str, Any] | None, kind: str) -> dict[str, str]:
    there = _pairs(known, kind) if known else {}
    return {key: value for key, value in given.items() if there.get(key) != value}


def _new_params(sent: _Sent, known: Mapping[str, Any] | None) -> dict[str, str]:
    """Those that are not there; MLflow lets no parameter become another."""
    there = _pairs(known, "params")
    for key, value in sent.params.items():
        if there.get(key, value) != value:
            sent.left_out.append(f"parameter {key}: it is {there[key][:60]!r} there, for good")
    return {key: value for key, value in sent.params.items() if key not in there}


def _pairs(known: Mapping[str, Any] | None, kind: str) -> dict[str, Any]:
    data = {} if known is None else known.get("data", {})
    return {each["key"]: each.get("value", "") for each in data.get(kind, [])}


def _listed(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in given.items()]


def _some(items: Sequence[T], count: int) -> Iterator[Sequence[T]]:
    return (items[at : at + count] for at in range(0, len(items), count))


def _cut(text: str, characters: int, what: str, left_out: list[str]) -> str:
    if len(text) > characters:
        left_out.append(f"{what}: all but {characters} characters")
    return text[:characters]


def _ms(run: Run) -> int:
    return round((run.started or run.created).timestamp() * 1000)


def _page(uri: str, info: Mapping[str, Any]) -> str:
    if not info:
        return ""
    return f"{uri}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}"
