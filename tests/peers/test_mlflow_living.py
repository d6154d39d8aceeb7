"""MLflow's own client against our server: registering, autologging, searching, files, passwords."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journey import worlds
from tests.peers import mlflow_world
from visloop import app, infer
from visloop.faces import sdk

Seen = dict[str, Any]


def own_model(folder: Path) -> tuple[Path, Path]:
    """ImageNet's network with its contract, as somebody brings it."""
    network = infer.imagenet_classifier()
    onnx, contract = folder / "net.onnx", folder / "contract.json"
    onnx.write_bytes(network.onnx)
    contract.write_bytes(network.contract.to_json())
    return onnx, contract


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, peers: Path) -> tuple[Path, Seen]:
    folder = tmp_path_factory.mktemp("lived")
    root = folder / "ws"
    app.create(root)
    files = [str(each) for each in own_model(folder)]
    with worlds.api(root) as url:
        env = {"MLFLOW_TRACKING_URI": url, "MLFLOW_TRACKING_USERNAME": "anybody"}
        env |= {"MLFLOW_TRACKING_PASSWORD": app.token_of(root)}
        return root, mlflow_world.run_script(peers, "living_with_mlflow.py", *files, env=env)


def test_a_logged_network_is_registered_and_loads_again(lived: tuple[Path, Seen]) -> None:
    root, seen = lived
    assert seen["registered"] == ["washer-net", "1", "READY"]
    assert seen["aliases"] == {"candidate": "1", "reserve": "1"}
    assert (seen["alias"], seen["versions"], seen["models"]) == ("1", ["1"], ["washer-net"])
    assert seen["models_like"] == ["washer-net"]
    assert seen["network"], "the weights that MLflow keeps in a file of their own are inside again"
    assert seen["by_run"] == "ModelProto"
    with sdk.local(root) as here:
        shown = here.call(app.model_show, app.ModelShow(ref="washer-net@candidate")).model
        assert shown["version"]["ref"] == "washer-net@v1"
        run = here.call(app.runs_show, app.RunsShow(run=shown["version"]["run"])).run
        assert run["experiment"] == "registered"


def test_autologging_is_kept(lived: tuple[Path, Seen]) -> None:
    told = lived[1]["autolog"]
    assert (told["C"], told["loads"]) == ("0.5", True)
    assert told["accuracy"] > 0.9
    assert "training_confusion_matrix.png" in told["files"]


def test_searches_find_what_they_ask_for(lived: tuple[Path, Seen]) -> None:
    seen = lived[1]
    assert seen["filters"] == {
        "metric": ["trial 2", "trial 3"],
        "odd metric": ["trial 3"],
        "parameter": ["trial 1", "trial 3"],
        "like": ["trial 1", "trial 2", "trial 3"],
        "tag": ["trial 2", "trial 3"],
        "parent": ["fold 3"],
        "id": ["trial 3"],
        "time": ["trial 3"],
        "null": [f"fold {n}" for n in range(4)],
    }
    assert seen["pages"] == [1, 1, None]
    assert seen["frame"] == [*(f"fold {n}" for n in range(4)), "trial 2", "trial 3"]


def test_files_come_back(lived: tuple[Path, Seen]) -> None:
    seen = lived[1]
    assert seen["listed"] == ["kept/a.txt", "kept/deep"]
    assert seen["downloaded"] == ["a.txt", "ü b.txt"]
    assert seen["same"]


def test_runs_end_as_they_are_told(lived: tuple[Path, Seen]) -> None:
    seen = lived[1]
    assert seen["async"] == {"slow": 1.0}
    assert (seen["deleted"], seen["killed"], seen["renamed"]) == ("deleted", "KILLED", "found")
