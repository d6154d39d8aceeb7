"""Logs with MLflow's own client, unmodified, and prints what it reads back: `SEEN {…}`.

Runs in the environment of the peers: MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN say where.
"""

import json
import math

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


def refused(what, *given, **named) -> list[str]:
    try:
        what(*given, **named)
    except MlflowException as error:
        return [error.error_code, str(error)]
    return ["", ""]


mlflow.set_experiment("wear of bolts")
with mlflow.start_run(run_name="parent") as parent:
    mlflow.log_params({"lr": 0.1, "net": "small"})
    for step in range(30):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"accuracy": 0.9, "nothing": math.nan}, step=3)
    mlflow.set_tag("who", "me")
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_dict({"a": [1, 2]}, "figures.json")
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("loss", 0.01)
try:
    with mlflow.start_run(run_name="broken") as broken:
        raise RuntimeError("no more memory")
except RuntimeError:
    pass

client = MlflowClient()
run = client.get_run(parent.info.run_id)
found = client.search_runs(
    [run.info.experiment_id],
    "metrics.loss < 0.5 and attributes.status = 'FINISHED'",
    order_by=["metrics.loss ASC"],
)
client.create_registered_model("bolt-net")
seen = {
    "run": run.info.run_id,
    "status": [client.get_run(each.info.run_id).info.status for each in (parent, child, broken)],
    "metrics": {k: v for k, v in run.data.metrics.items() if not math.isnan(v)},
    "nan": math.isnan(run.data.metrics["nothing"]),
    "params": run.data.params,
    "who": run.data.tags["who"],
    "history": len(client.get_metric_history(run.info.run_id, "loss")),
    "files": [each.path for each in client.list_artifacts(run.info.run_id)],
    "text": mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt"),
    "found": [each.info.run_name for each in found],
    "parent": client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"],
    "said_twice": refused(client.log_param, run.info.run_id, "lr", 0.3),
    "no_run": refused(client.get_run, "run-nobody"),
    "no_network": refused(
        client.create_model_version, "bolt-net", f"runs:/{run.info.run_id}/notes", run.info.run_id
    ),
    "bad_name": refused(client.create_registered_model, "Bolt Net"),
}
print("SEEN " + json.dumps(seen))
