"""Reads with MLflow's own client, unmodified, what was pushed to a server, and prints it: `SEEN {…}`.

Runs in the environment of the peers: MLFLOW_TRACKING_URI says where. Arguments: pictures.
"""

import json
import math
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient


def told(run) -> dict:
    return {
        "id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "params": run.data.params,
        "tags": run.data.tags,
        "curves": {
            key: [
                [
                    each.step,
                    each.timestamp,
                    str(each.value) if math.isnan(each.value) else each.value,
                ]
                for each in client.get_metric_history(run.info.run_id, key)
            ]
            for key in run.data.metrics
        },
        "data": [[e.dataset.name, e.dataset.digest] for e in run.inputs.dataset_inputs],
        "files": sorted(each.path for each in client.list_artifacts(run.info.run_id)),
    }


def answers(uri: str) -> dict:
    model = mlflow.pyfunc.load_model(uri)
    raw = [Path(each).read_bytes() for each in pictures]
    by_path = model.predict(pictures)
    return {
        "answers": by_path,
        "bytes": model.predict(pd.DataFrame({"image": raw})) == by_path,
        "bare": type(mlflow.onnx.load_model(uri)).__name__,
        "said": model.metadata.metadata,
    }


pictures = sys.argv[1:]
client = MlflowClient()
ids = [each.experiment_id for each in client.search_experiments()]
seen = {"runs": [told(run) for run in client.search_runs(ids)], "models": {}, "loaded": {}}
for model in client.search_registered_models():
    versions = client.search_model_versions(f"name = '{model.name}'")
    seen["models"][model.name] = [[each.version, each.tags, each.run_id] for each in versions]
    for alias in client.get_registered_model(model.name).aliases:
        if pictures:
            seen["loaded"][alias] = answers(f"models:/{model.name}@{alias}")
print("SEEN " + json.dumps(seen))
