"""What scripts do with MLflow's client beside logging numbers; prints what came of it: `SEEN {…}`.

Runs in the environment of the peers: MLFLOW_TRACKING_URI, _USERNAME and _PASSWORD say where and who.
Arguments: an ONNX network and its contract.
"""

import json
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import onnx
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

network, contract = sys.argv[1:]
client = MlflowClient()
seen = {}

mlflow.set_experiment("registered")
with mlflow.start_run() as run:
    mlflow.log_artifact(contract)
    mlflow.onnx.log_model(onnx.load(network), name="net", registered_model_name="washer-net")
version = client.get_model_version("washer-net", "1")
client.set_registered_model_alias("washer-net", "candidate", 1)
seen["registered"] = [version.name, version.version, version.status]
seen["alias"] = client.get_model_version_by_alias("washer-net", "candidate").version
bare = mlflow.onnx.load_model("models:/washer-net@candidate")
seen["network"] = bare.SerializeToString() == onnx.load(network).SerializeToString()
seen["by_run"] = type(mlflow.onnx.load_model(f"runs:/{run.info.run_id}/net")).__name__
seen["models"] = [each.name for each in client.search_registered_models()]
seen["models_like"] = [
    each.name for each in client.search_registered_models("name LIKE 'washer%'", order_by=["name"])
]
seen["versions"] = [each.version for each in client.search_model_versions("name = 'washer-net'")]
client.set_registered_model_alias("washer-net", "reserve", 1)
seen["aliases"] = dict(client.get_registered_model("washer-net").aliases)

mlflow.set_experiment("learnt")
mlflow.sklearn.autolog(log_datasets=True)
rows = np.random.default_rng(0).normal(size=(60, 3))
with mlflow.start_run(run_name="autologged") as run:
    LogisticRegression(C=0.5).fit(rows, rows[:, 0] > 0)
mlflow.sklearn.autolog(disable=True)
logged = client.get_run(run.info.run_id)
again = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
seen["autolog"] = {
    "C": logged.data.params["C"],
    "accuracy": logged.data.metrics["training_accuracy_score"],
    "loads": bool((again.predict(rows) == (rows[:, 0] > 0)).mean() > 0.9),
    "files": sorted(each.path for each in client.list_artifacts(run.info.run_id)),
}

wear = mlflow.set_experiment("searched").experiment_id
for number in range(4):
    with mlflow.start_run(run_name=f"trial {number}") as run:
        mlflow.log_params({"lr": number / 10, "net": "small" if number % 2 else "large"})
        mlflow.log_metrics({"loss": 1 - number / 10, "val/loss": number})
        mlflow.set_tag("team", "a" if number < 2 else "b")
        with mlflow.start_run(nested=True, run_name=f"fold {number}"):
            mlflow.log_metric("loss", 0.5)
        last = run


def names(where: str, order: str = "attributes.start_time ASC") -> list[str]:
    found = client.search_runs([wear], where, order_by=[order])
    return [each.info.run_name for each in found]


seen["filters"] = {
    "metric": names("metrics.loss < 0.85 and metrics.loss > 0.6"),
    "odd metric": names("metrics.`val/loss` >= 3"),
    "parameter": names("params.net = 'small'"),
    "like": names("attributes.run_name LIKE 'trial%' and params.lr != '0.0'"),
    "tag": names("tags.team = 'b' and attributes.status = 'FINISHED'", "metrics.loss DESC"),
    "parent": names(f"tags.mlflow.parentRunId = '{last.info.run_id}'"),
    "id": names(f"attributes.run_id IN ('{last.info.run_id}')"),
    "time": names(f"attributes.start_time >= {last.info.start_time} and tags.team = 'b'"),
    "null": names("tags.team IS NULL and metrics.loss = 0.5"),
}
first = client.search_runs([wear], "params.net = 'small'", max_results=1)
rest = client.search_runs([wear], "params.net = 'small'", max_results=1, page_token=first.token)
seen["pages"] = [len(first), len(rest), rest.token]
frame = mlflow.search_runs(experiment_names=["searched"], filter_string="metrics.loss < 0.85")
seen["frame"] = sorted(frame["tags.mlflow.runName"])

with tempfile.TemporaryDirectory() as place:
    folder = Path(place) / "kept"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("first")
    (folder / "deep" / "ü b.txt").write_text("second")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "kept")
        mlflow.log_table({"a": [1, 2]}, "table.json")
        mlflow.log_image(np.zeros((4, 4, 3), np.uint8), "black.png")
        mlflow.log_metric("slow", 1.0, synchronous=False).wait()
    where = run.info.run_id
    seen["listed"] = [each.path for each in client.list_artifacts(where, "kept")]
    down = Path(
        mlflow.artifacts.download_artifacts(run_id=where, artifact_path="kept", dst_path=place)
    )
    seen["downloaded"] = sorted(each.name for each in down.rglob("*.txt"))
    seen["same"] = (down / "deep" / "ü b.txt").read_text() == "second"
seen["async"] = client.get_run(where).data.metrics
client.delete_run(where)
seen["deleted"] = client.get_run(where).info.lifecycle_stage
client.restore_run(where)
stopped = client.create_run(wear).info.run_id
client.set_terminated(stopped, "KILLED")
seen["killed"] = client.get_run(stopped).info.status
client.rename_experiment(wear, "found")
seen["renamed"] = client.get_experiment(wear).name
print("SEEN " + json.dumps(seen))
