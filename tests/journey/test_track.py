"""Any script as a run: by `visloop track`, or by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journey import worlds
from visloop import app
from visloop.faces import sdk

SCRIPT = """
import os, sys, time
import visloop
run = visloop.run(params={"lr": 0.1}, alive_s=2)
for step in range(5):
    run.log(loss=1 / (step + 1), step=step)
open("weights.txt", "w").write("w")
run.save("weights.txt", to="out")
print("printed")
match sys.argv[1]:
    case "crash": raise ValueError("too hot")
    case "exit": sys.exit(4)
    case "hang": run.flush(); print(run.id, flush=True); time.sleep(600)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scripts")
    app.create(place)
    (place / "train.py").write_text(SCRIPT, "utf-8")
    return place


def call(root: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("VISLOOP_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=root,
        env=env | more,
        capture_output=True,
        text=True,
        check=False,
    )


def newest(root: Path) -> dict[str, Any]:
    with sdk.local(root) as here:
        return here.call(app.runs_list, app.RunsList(limit=1)).rows[0]


def files(root: Path, run: str) -> dict[str, bytes]:
    with sdk.local(root) as here:
        rows = here.call(app.runs_artifacts, app.RunsArtifacts(run=run)).rows
        return {each["path"]: here.ports.blobs.get(each["digest"]) for each in rows}


def test_a_tracked_command_is_a_run_with_all_that_it_did(root: Path) -> None:
    done = call(root, "-m", "visloop", "track", "--json", "--", sys.executable, "train.py", "well")
    told = json.loads(done.stdout)
    assert told == {"run": told["run"], "status": "done", "exit_code": 0}
    row = newest(root)
    assert (row["id"], row["name"], row["status"]) == (told["run"], "train.py", "done")
    assert row["metrics"] == {"loss": 0.2}
    assert row["params"] == {"lr": "0.1"}
    assert row["cpu_s"] > 0
    kept = files(root, told["run"])
    assert kept["out/weights.txt"] == b"w"
    assert b"printed" in kept["output.log"]
    assert b"numpy" in kept["environment.json"]


def test_the_exit_code_is_passed_on_and_the_exception_kept(root: Path) -> None:
    command = ("-m", "visloop", "track", "--", sys.executable, "train.py")
    assert call(root, *command, "exit").returncode == 4
    assert newest(root)["status"] == "failed"
    crashed = call(root, *command, "crash")
    assert crashed.returncode == 1
    assert "too hot" in crashed.stderr
    with sdk.local(root) as here:
        shown = here.call(app.runs_show, app.RunsShow(run=newest(root)["id"])).run
    assert shown["error"]["code"] == "ValueError"
    assert "too hot" in shown["error"]["what"]


def test_alone_it_begins_a_run_of_its_own(root: Path) -> None:
    assert call(root, "train.py", "well").returncode == 0
    assert newest(root)["status"] == "done"
    assert call(root, "train.py", "exit").returncode == 4
    assert newest(root)["status"] == "failed"


def test_a_script_elsewhere_reports_to_a_server(root: Path, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT, "utf-8")
    with worlds.api(root) as url:
        where = {"VISLOOP_SERVER": url, "VISLOOP_TOKEN": app.token_of(root)}
        done = call(tmp_path, "train.py", "end", **where)
        refused = call(tmp_path, "train.py", "end", **where | {"VISLOOP_TOKEN": "wrong"})
    assert done.returncode == 0, done.stderr
    run = newest(root)
    assert (run["name"], run["status"], run["params"]) == ("train.py", "done", {"lr": "0.1"})
    assert run["metrics"]["loss"] == pytest.approx(0.2)
    assert files(root, run["id"])["out/weights.txt"] == b"w"
    assert refused.returncode != 0
    assert "token" in refused.stderr


def test_killed_it_is_lost(root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "train.py", "hang"], cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "printed"
    run = process.stdout.readline().strip()
    assert newest(root)["status"] == "running"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    worlds.until(lambda: newest(root)["status"] == "lost", what="the loss")
    assert newest(root)["id"] == run
    assert newest(root)["metrics"] == {"loss": 0.2}  # what was sent is there
