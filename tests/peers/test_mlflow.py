"""MLflow's own client, unmodified, logs to this server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.journey import worlds
from tests.peers.conftest import HERE
from visloop import app
from visloop.faces import sdk

ROUND_S = 240


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory, peers: Path) -> tuple[Path, dict[str, Any]]:
    root = tmp_path_factory.mktemp("tracked")
    app.create(root)
    with worlds.api(root) as url:
        where = {"MLFLOW_TRACKING_URI": url, "MLFLOW_TRACKING_TOKEN": app.token_of(root)}
        done = subprocess.run(
            [str(peers), str(HERE / "logging_with_mlflow.py")],
            env={**os.environ, **where},
            cwd=root,
            capture_output=True,
            text=True,
            timeout=ROUND_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return root, json.loads(done.stdout.rpartition("SEEN ")[2])


def test_the_client_reads_back_what_it_logged(logged: tuple[Path, dict[str, Any]]) -> None:
    _, seen = logged
    assert seen["status"] == ["FINISHED", "FINISHED", "FAILED"]
    assert seen["metrics"] == {"loss": pytest.approx(1 / 30), "accuracy": 0.9}
    assert seen["nan"]
    assert seen["params"] == {"lr": "0.1", "net": "small"}
    assert (seen["who"], seen["history"], seen["text"]) == ("me", 30, "hello")
    assert seen["files"] == ["figures.json", "notes"]
    assert seen["found"] == ["child", "parent"]
    assert seen["parent"] == seen["run"]


def test_its_runs_are_ours(logged: tuple[Path, dict[str, Any]]) -> None:
    root, seen = logged
    with sdk.local(root) as here:
        ask = app.RunsList(where="metrics.accuracy > 0.5", experiment="wear of bolts")
        (row,) = here.call(app.runs_list, ask).rows
        assert (row["id"], row["name"], row["status"]) == (seen["run"], "parent", "done")
        (curve,) = here.call(app.runs_curves, app.RunsCurves(runs=(row["id"],), key=("loss",))).rows
        assert curve["n"] == 30
        files = here.call(app.runs_artifacts, app.RunsArtifacts(run=row["id"])).rows
        assert [each["path"] for each in files] == ["figures.json", "notes/hello.txt"]
        children = here.call(app.runs_list, app.RunsList(parent=row["id"])).rows
        assert [each["name"] for each in children] == ["child"]


def test_what_cannot_be_is_said_in_its_own_errors(logged: tuple[Path, dict[str, Any]]) -> None:
    _, seen = logged
    code, told = seen["said_twice"]
    assert code == "INVALID_PARAMETER_VALUE"
    assert "lr" in told
    assert seen["no_run"][0] == "RESOURCE_DOES_NOT_EXIST"
    assert "mlflow.onnx.log_model" in seen["no_network"][1]
    assert "'bolt-net'" in seen["bad_name"][1]
