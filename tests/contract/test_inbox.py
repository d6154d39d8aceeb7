"""Single numbers over HTTP: seen by whoever asks next, and kept when the process is killed."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey import worlds
from visloop import app, train
from visloop.errors import UsageError
from visloop.events import Actor, Scope
from visloop.faces import sdk
from visloop.train import Inbox, Point


@pytest.fixture
def root(tmp_path: Path) -> Path:
    app.create(tmp_path / "ws")
    return tmp_path / "ws"


def begun(here: sdk.Local, *keys: str) -> str:
    run = here.call(app.runs_start, app.RunsStart(alive_s=0)).run
    for key in keys:
        here.call(app.runs_log, app.RunsLog(run=run, metrics={key: 0.0}, alive_s=0))
    return run


def steps(here: sdk.Local, run: str) -> dict[str, list[int]]:
    rows = here.call(app.runs_curves, app.RunsCurves(runs=(run,), points=0)).rows
    return {each["key"]: list(each["steps"]) for each in rows}


def test_only_a_name_that_was_reported_is_taken(root: Path, tmp_path: Path) -> None:
    with sdk.local(root) as here:
        run, box = begun(here, "loss"), Inbox(here.ports.ledger, tmp_path / "inbox")
        one = Point("loss", 0.5, 1, 1.0)
        assert not box.take(Scope(), run, one)
        box.trust(Scope(), run, "loss")
        assert box.take(Scope(), run, one)
        assert not box.take(Scope(), run, Point("other", 0.5, 1, 1.0))
        assert not box.take(Scope(project="another"), run, one)
        assert not box.take(Scope(actor=Actor("user", "eve")), run, one)
        with pytest.raises(UsageError):
            box.take(Scope(), run, Point("loss", 0.5, 2**64, 1.0))
        box.close()
        assert steps(here, run) == {"loss": [0, 1]}
        assert not list((tmp_path / "inbox").iterdir())


def test_what_a_killed_process_had_taken_is_stored_once(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    with sdk.local(root) as here:
        run = begun(here, "loss")
        values = [float("nan"), float("-inf"), 0.25]
        child = os.fork()
        if child == 0:  # takes three numbers, stores nothing, and is gone
            box = Inbox(here.ports.ledger, folder)
            box._thread = object()  # type: ignore[assignment] - nobody stores
            box.trust(Scope(), run, "loss")
            for step, value in enumerate(values, 1):
                box.take(Scope(), run, Point("loss", value, step, float(step)))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        (file,) = folder.iterdir()
        # stored, and killed before it could say so
        said = train.Report(points=[Point("loss", values[0], 1, 1.0)])
        train.report(here.ports.train, Scope(), run, said)
        # the last line is torn by a power cut, one is of a run that is gone
        with file.open("ab") as torn:
            torn.write(b'["run-nobody","loss","1.0",1,1.0]\n["run-')
        done = Inbox(here.ports.ledger, folder).recover()
        assert (done.stored, done.known, done.lost) == (2, 2, 1)
        assert steps(here, run) == {"loss": [0, 1, 2, 3]}
        assert not list(folder.iterdir())


def test_the_file_of_a_process_that_lives_is_left_alone(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    with sdk.local(root) as here, (folder / "1.points").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert Inbox(here.ports.ledger, folder).recover().stored == 0
        assert (folder / "1.points").exists()


def test_mlflow_s_single_calls_are_seen_at_once_and_survive_a_kill(root: Path) -> None:
    port = worlds.free_port()
    process = worlds.start(root, "api", "--port", str(port))
    url, token = f"http://127.0.0.1:{port}", app.token_of(root)
    headers = {"Authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=f"{url}/api/2.0/mlflow/", headers=headers)

    def log(run: str, step: int, **more: Any) -> httpx.Response:
        said = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1000, "step": step}
        return client.post("runs/log-metric", json={**said, **more})

    try:
        worlds.wait_for(f"{url}/", process)
        run = client.post("runs/create", json={}).json()["run"]["info"]["run_id"]
        for step in range(50):
            log(run, step).raise_for_status()
        asked = {"run_id": run, "metric_key": "loss"}
        seen = client.get("metrics/get-history", params=asked).json()["metrics"]
        assert [each["step"] for each in seen] == list(range(50))
        assert log("run-nobody", 1).json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
        assert log(run, 1, key="bad\n").status_code == 400
        assert log(run, 1, value="x").status_code == 400
        log(run, 50).raise_for_status()
    finally:
        client.close()
        process.kill()
        process.wait()
    with worlds.api(root), sdk.local(root) as here:
        deadline = time.monotonic() + 30
        while steps(here, run)["loss"] != list(range(51)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert steps(here, run) == {"loss": list(range(51))}
