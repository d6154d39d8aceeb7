"""Event files by TensorBoard's own code become runs, and ours are read by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import mlflow_world
from visloop import app
from visloop.errors import VisloopError
from visloop.faces import sdk

SCRIPT = "tensorboard_files.py"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[sdk.Local]:
    app.create(tmp_path / "ws")
    with sdk.local(tmp_path / "ws") as opened:
        yield opened


def test_event_files_go_both_ways(here: sdk.Local, tmp_path: Path, peers: Path) -> None:
    logs, out = tmp_path / "logs", tmp_path / "out"
    mlflow_world.run_script(peers, SCRIPT, "write", str(logs), env={})
    ask = app.RunsImport(directory=str(logs), experiment="old runs")
    planned = here.call(app.runs_import, app.RunsImport(directory=str(logs), dry_run=True)).rows
    rows = {each["name"]: each for each in here.call(app.runs_import, ask).rows}
    assert {each["name"]: each["points"] for each in planned} == {"deep/tf2": 10, "torch": 200}
    assert {name: each["points"] for name, each in rows.items()} == {"deep/tf2": 10, "torch": 200}
    assert rows["deep/tf2"]["left_out"] == ("1 text",)
    run = rows["torch"]["run"]
    shown = here.call(app.runs_show, app.RunsShow(run=run)).run
    assert shown["params"] == {"lr": "0.25", "net": "small", "flip": "true"}
    assert (shown["experiment"], shown["status"]) == ("old runs", "done")
    assert shown["ended"].startswith("1970-01-01T00:19:59")
    second = rows["deep/tf2"]["run"]
    (curve,) = here.call(app.runs_curves, app.RunsCurves(runs=(second,), points=0)).rows
    assert list(curve["steps"]) == list(range(-9, 1))
    assert curve["values"][0] == pytest.approx(0.9)
    again = here.call(app.runs_import, ask).rows
    assert {each["done"] for each in again} == {"unchanged"}

    made = here.call(app.runs_export, app.RunsExport(run=run, directory=str(out)))
    assert (made.points, made.curves) == (200, 1)
    seen = mlflow_world.run_script(peers, SCRIPT, "read", str(out), env={})
    assert seen["params"] == {"lr": 0.25, "net": "small", "flip": "true"}
    loss = seen["scalars"]["loss/train"]
    assert [each[:2] for each in loss] == [[step, 1000.0 + step] for step in range(200)]
    assert [each[2] for each in loss] == pytest.approx([1 / (step + 1) for step in range(200)])


def test_a_file_that_grows_and_one_that_is_damaged(
    here: sdk.Local, tmp_path: Path, peers: Path
) -> None:
    logs = tmp_path / "logs"
    mlflow_world.run_script(peers, SCRIPT, "write", str(logs), env={})
    (file,) = (logs / "torch").iterdir()
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) // 2])  # its writer is in the middle of a record
    ask = app.RunsImport(directory=str(logs / "torch"))
    (first,) = here.call(app.runs_import, ask).rows
    assert 0 < first["points"] < 200
    assert "cut off" in first["left_out"][0]
    file.write_bytes(raw)
    (second,) = here.call(app.runs_import, ask).rows
    assert (second["run"], second["done"]) == (first["run"], "updated")
    assert first["points"] + second["points"] == 200
    with pytest.raises(VisloopError) as told:
        here.call(app.runs_import, app.RunsImport(directory=str(tmp_path / "ws")))
    assert told.value.code == "train.no_events"
