"""How a model came to be, as one record: data, run, evidence, decisions, the facts themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data, registry, train
from visloop.app.handlers.judging.evaluating import report_on
from visloop.app.handlers.judging.gating import verdict_on
from visloop.app.rows import plain
from visloop.errors import NotFound
from visloop.ids import FORMAT, Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_OF_THE_RUN = (
    *("id", "recipe", "params", "seed", "threads", "data", "data_root", "pictures", "metrics"),
    *("commit", "dirty", "environment", "started", "ended", "cpu_s", "actor", "parent"),
)


def lineage_of(ports: Ports, scope: Scope, version: registry.ModelVersion) -> dict[str, Any]:
    """JSON values: `model`, `run`, `data`, `report`, `verdict`, `approvals`, `facts`, `origin`.

    What is not known here is empty; `origin` is the lineage that an imported model brought along.
    """
    shown = registry.show(ports.registry, scope, version)
    brought = registry.lineage(ports.registry, version)
    run = _run(ports, scope, version.run)
    return msgspec.to_builtins(
        {
            "format": FORMAT,
            "model": {
                "ref": version.ref,
                "project": version.project,
                "digest": version.digest,
                "recipe": version.recipe,
                "metrics": version.metrics,
                "classes": shown.manifest.classes,
                "contract": version.contract,
                "state": version.state,
                "aliases": shown.version.aliases,
                "created": version.created,
                "actor": version.actor,
            },
            "run": run,
            "data": _data(ports, scope, version),
            "report": report_on(ports, scope, version) or {},
            "verdict": verdict_on(ports, scope, version) or {},
            "approvals": shown.approvals,
            "facts": _facts(ports, scope, version, run),
            "origin": msgspec.json.decode(brought) if brought else {},
        }
    )


def _run(ports: Ports, scope: Scope, run: str) -> dict[str, Any]:
    try:
        found = plain(train.show_run(ports.train, scope, run).run)
    except NotFound:
        return {}
    return {key: found[key] for key in _OF_THE_RUN}


def _data(ports: Ports, scope: Scope, version: registry.ModelVersion) -> dict[str, Any]:
    if not version.data:
        return {}
    ref = Ref.parse(version.data)
    try:
        found = data.open(ports.data, Ref(ref.name, ref.version), scope.project).version
    except NotFound:
        return {"ref": version.data}
    return {
        "ref": version.data,
        "root": found.root,
        "samples": found.count,
        "committed": found.time,
        "actor": found.actor,
        "message": found.message,
    }


def _facts(
    ports: Ports, scope: Scope, version: registry.ModelVersion, run: dict[str, Any]
) -> list[dict[str, Any]]:
    """What happened to the run and to the version, in order."""
    subjects = [version.ref, *([str(run["id"])] if run else [])]
    found = [
        fact
        for subject in subjects
        for fact in ports.ledger.facts(project=scope.project, subject=subject)
    ]
    return [plain(each) for each in sorted(found, key=lambda fact: fact.seq)]
