"""A real MLflow server, scripts in its environment, and a workspace with runs and a model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.journey import worlds
from tests.peers.conftest import HERE
from visloop import app
from visloop.faces import sdk

SCRIPT_S = 240
START_S = 300
SOURCE = HERE.parent.parent / "src"


@contextmanager
def real_server(python: Path, folder: Path) -> Iterator[str]:
    """`mlflow server` on a free port, answering."""
    port = worlds.free_port()
    command = [str(python.parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    stores = ["--backend-store-uri", f"sqlite:///{folder}/runs.db"]
    stores += ["--artifacts-destination", str(folder / "files")]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *stores, "--workers", "1"],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **quiet, "PYTHONWARNINGS": ""},
            cwd=folder,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        worlds.wait_for(f"{url}/health", process, timeout_s=START_S)
        yield url
    finally:
        worlds.stop(process)


def run_script(python: Path, name: str, *arguments: str, env: Mapping[str, str]) -> dict[str, Any]:
    """What a script beside this file says it has seen."""
    here = {"PYTHONPATH": str(SOURCE), "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [str(python), str(HERE / name), *arguments],
        env={**os.environ, **here, "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", **env},
        capture_output=True,
        text=True,
        timeout=SCRIPT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.rpartition("SEEN ")[2])


def with_model(root: Path) -> list[Path]:
    """A workspace whose model `inspector` is the champion; some of its pictures."""
    app.create(root)
    (root / "visloop.yaml").write_text(worlds.SETTINGS, "utf-8")
    parts = root.parent / "parts"
    with sdk.local(root) as here:
        here.call(app.demo_images, app.DemoImages(directory=str(parts), count=120))
        here.call(app.add, app.Add(paths=(str(parts),), to="line"))
        here.call(app.split, app.Split(dataset="line", shares={"train": 0.75, "test": 0.25}))
        here.call(app.commit, app.Commit(dataset="line", message="parts"))
        here.call(app.train, app.Train(ref="line@v1", model="inspector"))
        here.call(app.gate, app.Gate(model="inspector@v1"))
        here.call(app.model_promote, app.ModelPromote(ref="inspector@v1"))
    return sorted(parts.glob("*/*.jpg"))[:3]
