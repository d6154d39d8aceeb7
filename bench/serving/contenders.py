"""Who is measured: ours, plain FastAPI, BentoML, MLServer, LitServe, each in an environment of its own."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import peers

from serving.world import BOUNDARY, Workspace

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"
SOURCES = HERE.parents[1] / "src"
# what our decoder and session need, in the same versions as here
_LIBRARIES = ("numpy", "onnxruntime", "onnx", "msgspec", "simplejpeg", "pillow", "blake3")
_VERSIONS = {
    "fastapi": "fastapi==0.165.0 uvicorn[standard]==0.54.0",
    "bentoml": "bentoml==1.4.39",
    "mlserver": "mlserver==1.7.1 uvloop==0.21.0",  # its workers die of a newer uvloop
    "litserve": "litserve==0.2.19 python-multipart==0.0.20",
}
PEERS = tuple(_VERSIONS)
_FORM = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Contender:
    """How a server is started on a port, and how it is asked; `body` is a file of the model's folder."""

    name: str
    argv: Callable[[int], list[str]]
    path: str
    body: str = "body.jpg"
    kind: str = "image/jpeg"
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[int], object] | None = None


def ours(name: str, workspace: Workspace, **options: object) -> Contender:
    """Our server; its burst of statistics is over: what a busy server does for hours."""
    told = {"statistics_burst": 1, **options}
    return Contender(
        name,
        lambda port: [sys.executable, "-m", "visloop.serve", workspace.settings(port, **told)],
        "/predict/bench",
    )


def raw() -> Contender:
    return Contender(
        "raw ASGI", lambda port: [sys.executable, str(HERE / "raw.py"), str(port)], "/"
    )


def installed(names: tuple[str, ...]) -> dict[str, Path]:
    """The `bin` folder of each peer that can be had here."""
    found = {name: peers.peer(name, _requirement(name)) for name in names}
    return {name: folder for name, folder in found.items() if folder}


def peer(name: str, folder: Path, model: Path, work: Path) -> Contender:
    """One of the others, serving what lies in `model`."""
    env = {
        "VISLOOP_BENCH_MODEL": str(model),
        "PYTHONPATH": f"{SOURCES}{os.pathsep}{APPS}",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "BENTOML_HOME": str(work / "bentoml"),
    }
    python, app = str(folder / "python"), str(APPS / f"{name}_app.py")
    if name == "bentoml":
        line = [str(folder / "bentoml"), "serve", "bentoml_app:Bench", "--host", "127.0.0.1"]
        return Contender(
            name, lambda port: [*line, "--port", str(port)], "/predict", "body.images", _FORM, env
        )
    if name == "mlserver":
        place = work / f"mlserver-{model.name}"
        return Contender(
            name,
            lambda _: [str(folder / "mlserver"), "start", str(place)],
            "/v2/models/bench/infer",
            "body.v2",
            "application/json",
            env,
            lambda port: _mlserver(place, port),
        )
    form = ("body.request", _FORM) if name == "litserve" else ("body.jpg", "image/jpeg")
    return Contender(name, lambda port: [python, app, str(port)], "/predict", *form, env)


def _mlserver(place: Path, port: int) -> None:
    """Its two files of settings; no gzip (nobody asks for it here), no metrics, two workers."""
    place.mkdir(exist_ok=True)
    server = {
        "debug": False,
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "metrics_endpoint": None,
        "parallel_workers": 2,
        "gzip_enabled": False,
    }
    model = {"name": "bench", "implementation": "mlserver_app.Bench"}
    batching = {"max_batch_size": 4, "max_batch_time": 0.001}
    (place / "settings.json").write_text(json.dumps(server), "utf-8")
    (place / "model-settings.json").write_text(json.dumps({**model, **batching}), "utf-8")


def _requirement(name: str) -> str:
    lines = (HERE.parents[1] / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    wanted = [*_LIBRARIES, "opencv-python-headless"]
    return " ".join((_VERSIONS[name], *(f"{each}=={pins[each]}" for each in wanted)))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
