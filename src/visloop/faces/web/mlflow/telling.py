"""Runs as MLflow's messages: many of them cost as many questions as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from visloop import train
from visloop.faces.web.mlflow import wire
from visloop.faces.web.mlflow.wire import Call

DEFAULT: Final = "Default"
PARENT, NAME, NOTE = "mlflow.parentRunId", "mlflow.runName", "mlflow.note.content"
COMMIT: Final = "mlflow.source.git.commit"
STATUS: Final = {
    "done": "FINISHED",
    "failed": "FAILED",
    "lost": "FAILED",
    "pruned": "KILLED",
    "queued": "SCHEDULED",
}


def told_run(call: Call, run: str) -> dict[str, Any]:
    """One run.

    Raises:
        RunNotFound: there is none of that id.
    """
    return told_runs(call, [run])[0]


def told_runs(call: Call, runs: Sequence[str]) -> list[dict[str, Any]]:
    """Several, in that order.

    Raises:
        RunNotFound: one of them is not there.
    """
    ports, scope = call.ports.train, call.scope
    found = train.newest(ports, scope, runs)
    names = {run.experiment for run, _ in found}
    numbers = {name: train.find_experiment(ports, scope, name=name).number for name in names}
    models: dict[str, list[str]] = {}
    for model in train.logged_models(ports, scope, runs=runs):
        models.setdefault(model.run or "", []).append(model.id)
    return [
        _told(run, points, str(numbers[run.experiment]), models.get(run.id, []))
        for run, points in found
    ]


def _told(
    run: train.Run, points: Sequence[train.Point], number: str, models: Sequence[str]
) -> dict[str, Any]:
    tags = {NAME: run.name or run.id, **run.tags}
    if run.notes:
        tags[NOTE] = run.notes
    if run.parent:
        tags[PARENT] = run.parent
    killed = run.status == "failed" and (run.error or {}).get("code") == "killed"
    return {
        "info": {
            "run_id": run.id,
            "run_uuid": run.id,
            "run_name": run.name or run.id,
            "experiment_id": number,
            "user_id": run.actor,
            "status": "KILLED" if killed else STATUS.get(run.status, "RUNNING"),
            "start_time": wire.ms(run.started or run.created),
            "end_time": wire.ms(run.ended) or 0,
            "artifact_uri": f"mlflow-artifacts:/{number}/{run.id}/artifacts",
            "lifecycle_stage": "deleted" if run.removed else "active",
        },
        "data": {
            "metrics": [
                {
                    "key": each.key,
                    "value": wire.number(each.value),
                    "timestamp": round(each.time * 1000),
                    "step": each.step,
                }
                for each in points
            ],
            "params": wire.listed(run.params),
            "tags": wire.listed(tags),
        },
        "inputs": {},
        "outputs": {"model_outputs": [{"model_id": each} for each in models]},
    }
