"""Real serving processes on a temporary workspace, with networks small enough to build on the spot."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from visloop import registry, serve
from visloop.events import Scope
from visloop.label import tables as label_tables
from visloop.registry import tables as registry_tables
from visloop.serve import tables as serve_tables
from visloop.store import Ledger, PackBlobs, SystemClock, metadata
from visloop.vision import Contract, Resize

CLASSES = ("red", "green", "blue")
SIZE_PX = 32
PROGRAM = ("-m", "visloop.serve")


def network(*, turned: int = 0, slow: int = 0, size_px: int = SIZE_PX) -> bytes:
    """The mean colour decides the class; `turned` shifts the answers, `slow` adds useless convolutions."""
    weights = np.roll(np.eye(3, dtype=np.float32) * 8, turned, axis=1)
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "weights"], ["scores"]),
    ]
    constants = [numpy_helper.from_array(weights, "weights")]
    last = "scores"
    if slow:
        extra, more = _useless(slow)
        nodes += extra
        constants += more
        nodes.append(helper.make_node("Add", ["scores", "nothing"], ["all_scores"]))
        last = "all_scores"
    nodes.append(helper.make_node("Softmax", [last], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, size_px, size_px])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _useless(layers: int) -> tuple[list, list]:
    """Each layer is a mean: its numbers stay normal; denormal ones take some CPUs 20 times as long."""
    wide = np.full((64, 3, 3, 3), 1 / (3 * 3 * 3), np.float32)
    deep = np.full((64, 64, 7, 7), 1 / (64 * 7 * 7), np.float32)
    nodes = [helper.make_node("Conv", ["input", "wide"], ["h0"], pads=[1] * 4)]
    nodes += [
        helper.make_node("Conv", [f"h{n}", f"deep{n}"], [f"h{n + 1}"], pads=[3] * 4)
        for n in range(layers)
    ]
    nodes += [
        helper.make_node("ReduceMean", [f"h{layers}"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "one"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
    ]
    constants = [
        numpy_helper.from_array(wide, "wide"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
    ]
    constants += [numpy_helper.from_array(deep, f"deep{n}") for n in range(layers)]
    return nodes, constants


def picture(
    colour: tuple[int, int, int] = (250, 10, 10), kind: str = "JPEG", px: int = 64
) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (px, px), colour).save(raw, kind)
    return raw.getvalue()


RED, GREEN, BLUE = picture((250, 10, 10)), picture((10, 250, 10)), picture((10, 10, 250))


@dataclass
class World:
    """A workspace's parts and the processes started on it."""

    root: Path
    ledger: Ledger
    ports: serve.ServePorts
    scope: Scope = field(default_factory=Scope)
    processes: list[Served] = field(default_factory=list)

    @classmethod
    def create(cls, root: Path) -> World:
        assert registry_tables.models is not None
        assert serve_tables.predictions is not None
        assert label_tables.tasks is not None
        ledger = Ledger.open(f"sqlite:///{root / 'ledger.db'}", clock=SystemClock())
        with ledger.write(Scope()) as write:
            metadata.create_all(write.connection)
        blobs = PackBlobs(root / "blobs")
        return cls(root, ledger, serve.ServePorts(ledger, blobs, root))

    def register(self, name: str = "colours", **options) -> registry.ModelVersion:
        size_px = options.get("size_px", SIZE_PX)
        contract = Contract(
            resize=Resize(mode="squash", size_px=size_px, crop_px=None), classes=CLASSES
        )
        return self.register_bytes(name, network(**options), contract)

    def register_bytes(self, name: str, onnx: bytes, contract: Contract) -> registry.ModelVersion:
        ports = registry.RegistryPorts(self.ledger, self.ports.blobs)
        run = f"run-{time.monotonic_ns()}"
        package = registry.Package(onnx=onnx, contract=contract)
        return registry.register(ports, self.scope, name, package, run=run)

    def deploy(self, version: registry.ModelVersion, name: str = "desk") -> serve.Deployment:
        return serve.deploy(self.ports, self.scope, name, version)

    def settings(self, **options) -> serve.ServeSettings:
        root = self.root
        options = {"port": 0, **options}
        return serve.ServeSettings(
            ledger=f"sqlite:///{root / 'ledger.db'}",
            blobs=str(root / "blobs"),
            state=str(root),
            **options,
        )

    def serve(self, *, program: tuple[str, ...] = PROGRAM, **options) -> Served:
        log = self.root / f"serve-{len(self.processes)}.log"
        one = Served(self.settings(**options), log, program)
        self.processes.append(one)
        return one.wait()

    def logged(self, name: str = "desk") -> list[serve.Logged]:
        return serve.predictions(self.ports, self.scope, name, limit=None, newest_first=False)

    def close(self) -> None:
        for one in self.processes:
            one.end(signal.SIGKILL)
        self.ports.blobs.close()
        self.ledger.close()


class Served:
    """One `python -m visloop.serve`."""

    def __init__(
        self, settings: serve.ServeSettings, log: Path, program: tuple[str, ...] = PROGRAM
    ) -> None:
        self.settings = settings
        self.log = log
        self._told = log.with_suffix(".url")
        with log.open("ab") as errors, self._told.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, *program, settings.to_json()],
                stdout=told,
                stderr=errors,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                pass_fds=() if settings.fd is None else (settings.fd,),
            )

    def wait(self, seconds: float = 30.0) -> Served:
        deadline = time.monotonic() + seconds
        while not (told := self._told.read_text()).endswith("\n"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)
        self.url = told.strip()
        self.port = urlsplit(self.url).port or 0
        return self

    def end(self, number: int = signal.SIGTERM, seconds: float = 20.0) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def ask(self, method: str, path: str, body: bytes | None = None, headers=None) -> Reply:
        return ask(self.port, method, path, body, headers)

    def predict(self, image: bytes, name: str = "desk") -> dict:
        reply = self.ask("POST", f"/predict/{name}", image)
        assert reply.status == 200, reply.body
        return reply.json()


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json()["error"]["code"]


def ask(port: int, method: str, path: str, body: bytes | None = None, headers=None) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


class Load(threading.Thread):
    """One client that sends pictures over one connection until told to stop; keeps every answer."""

    def __init__(self, port: int, image: bytes = RED, name: str = "desk") -> None:
        super().__init__(daemon=True)
        self.answers: list[dict] = []
        self.refused: list[int] = []
        self.broken: list[str] = []
        self.seconds: list[tuple[float, float]] = []
        self._port = port
        self._image = image
        self._path = f"/predict/{name}"
        self._ending = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._ending.is_set():
            started = time.monotonic()
            try:
                connection.request("POST", self._path, self._image)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(repr(error))
                connection.close()
                time.sleep(0.02)
                continue
            self.seconds.append((started, time.monotonic() - started))
            if answer.status == 200:
                self.answers.append(json.loads(body))
            else:
                self.refused.append(answer.status)
        connection.close()

    def stop(self) -> Load:
        self._ending.set()
        self.join(30)
        return self


def under_load(port: int, clients: int, image: bytes = RED) -> list[Load]:
    loads = [Load(port, image) for _ in range(clients)]
    for load in loads:
        load.start()
    return loads


def until(check, seconds: float = 15.0):
    deadline = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


def free_socket() -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    return listening
