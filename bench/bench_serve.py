"""Serving against its physical limit: rows V1 to V8 of the budgets, as JSON lines on stdout.

    python bench/bench_serve.py [--seconds 3] [--rounds 3] [--only V1,V2]

Everything runs interleaved, round by round, on this machine: the bare loop (the same decoder, the same
session, no server), a plain FastAPI application, and our server with the prediction log on and off.
Roles (`--role`) are the child processes of the bench itself.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from onnx import TensorProto, helper
from PIL import Image
from starlette.concurrency import run_in_threadpool

from visloop import infer, registry, serve
from visloop.events import Scope
from visloop.registry import tables as registry_tables
from visloop.serve import tables as serve_tables
from visloop.store import Ledger, PackBlobs, SystemClock, metadata
from visloop.vision import Contract, Decode, Resize

HERE = Path(__file__).resolve()
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


# --- what is served ---------------------------------------------------------------------------------


def photo() -> bytes:
    """A JPEG of 500 × 375 with the detail of a photograph (about 45 KB)."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 255, (12, 16, 3), np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC))
    noisy = np.clip(smooth + random.normal(0, 9, smooth.shape), 0, 255).astype(np.uint8)
    raw = io.BytesIO()
    Image.fromarray(noisy).save(raw, "JPEG", quality=88)
    return raw.getvalue()


def real_network() -> tuple[bytes, Contract]:
    """EfficientNet-Lite0 with a head of ten classes."""
    random = np.random.default_rng(7)
    start = infer.backbone()
    onnx = infer.with_head(start.onnx, random.normal(0, 0.02, (10, 1280)), np.zeros(10))
    return onnx, Contract(classes=tuple(f"class-{n}" for n in range(10)))


def nothing() -> tuple[bytes, Contract]:
    """A network that does nothing, on a picture of one pixel."""
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["probabilities"], axis=1),
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, 1, 1])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "nothing", [given], [answer])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    resize = Resize(mode="squash", size_px=1, crop_px=None)
    return model.SerializeToString(), Contract(
        resize=resize, classes=("a", "b", "c"), decode=Decode()
    )


class Workspace:
    """A ledger, blobs and one deployment called `bench`."""

    def __init__(self, root: Path, onnx: bytes, contract: Contract) -> None:
        assert registry_tables.models is not None
        assert serve_tables.deployments is not None
        root.mkdir()
        self.root = root
        self.ledger = Ledger.open(f"sqlite:///{root / 'ledger.db'}", clock=SystemClock())
        with self.ledger.write(Scope()) as write:
            metadata.create_all(write.connection)
        self.ports = serve.ServePorts(self.ledger, PackBlobs(root / "blobs"), root)
        self._package = registry.Package(onnx=onnx, contract=contract)
        self.deploy()

    def deploy(self) -> serve.Deployment:
        ports = registry.RegistryPorts(self.ledger, self.ports.blobs)
        run = f"run-{time.monotonic_ns()}"
        version = registry.register(ports, Scope(), "bench", self._package, run=run)
        return serve.deploy(self.ports, Scope(), "bench", version)

    def settings(self, **options: object) -> str:
        where = {"ledger": str(self.ledger.url), "blobs": str(self.root / "blobs")}
        told = {**where, "state": str(self.root), "port": 0, **options}
        return json.dumps(told)


# --- child processes ----------------------------------------------------------------------------------


class Child:
    """A server of some kind; its first line on stdout is its address."""

    def __init__(self, argv: list[str]) -> None:
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *argv], stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD}
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode().strip()
        self.port = int(line.rpartition(":")[2])
        self.start_s = time.perf_counter() - started

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pss_mb(self) -> float:
        rows = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("Pss:")) / 1024

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def role_bare(folder: Path, seconds: float) -> None:
    """The bare loop: decode, prepare, run; prints pictures a second and CPU-ms each."""
    contract = Contract.from_json((folder / "contract.json").read_bytes())
    predictor = infer.Predictor.load((folder / "model.onnx").read_bytes(), contract)
    image = (folder / "photo.jpg").read_bytes()
    for _ in range(5):
        predictor.run(predictor.prepare(image)[None])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count, started, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - started < seconds:
        predictor.run(predictor.prepare(image)[None])
        count += 1
    spent = time.perf_counter() - started
    told = {"rps": count / spent, "cpu_ms": (time.process_time() - cpu) / count * 1e3}
    sys.stdout.write(json.dumps(told) + "\n")


def role_fastapi(folder: Path) -> None:
    """What one writes first: a FastAPI route, a thread pool, a dict."""
    contract = Contract.from_json((folder / "contract.json").read_bytes())
    predictor = infer.Predictor.load((folder / "model.onnx").read_bytes(), contract)
    app = FastAPI()

    def answer(body: bytes) -> dict[str, object]:
        outputs = predictor.run(predictor.prepare(body)[None])
        values = outputs.probabilities[0].tolist()
        best = max(range(len(values)), key=values.__getitem__)
        named = dict(zip(contract.classes, values, strict=True))
        return {"label": contract.classes[best], "confidence": values[best], "probabilities": named}

    @app.post("/predict/bench")
    async def predict(request: Request) -> dict[str, object]:
        return await run_in_threadpool(answer, await request.body())

    _serve_app(app)


def role_raw() -> None:
    """The least an ASGI application can do with the same body."""
    said = json.dumps({"label": "a", "confidence": 0.5, "probabilities": {"a": 0.5}}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(said))]

    async def app(_scope: dict, receive, send) -> None:  # noqa: ANN001
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": said})

    _serve_app(app)


def _serve_app(app: object) -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", ws="none", lifespan="off", log_level="error"
    )
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


def role_load(port: int, body: Path, connections: int, seconds: float) -> None:
    """Closed-loop clients on raw sockets in one thread; prints answers a second and latencies."""
    if shutil.which("wrk"):
        _wrk(port, body, connections, seconds)
        return
    data = body.read_bytes()
    head = f"POST /predict/bench HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(data)}\r\n\r\n"
    request = head.encode() + data
    selector = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    parts: dict[socket.socket, bytes] = {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(one, selectors.EVENT_READ)
        parts[one] = b""
        sent[one] = time.perf_counter()
        one.sendall(request)
    waits: list[float] = []
    failed = 0
    started = time.perf_counter()
    end = started + seconds
    while sent:
        for key, _ in selector.select(5):
            one = key.fileobj
            parts[one] += one.recv(1 << 16)
            top, found, rest = parts[one].partition(b"\r\n\r\n")
            if not found or len(rest) < _length(top):
                continue
            now = time.perf_counter()
            failed += not top.startswith(b"HTTP/1.1 200")
            waits.append(now - sent.pop(one))
            parts[one] = b""
            if now < end:
                sent[one] = time.perf_counter()
                one.sendall(request)
    spent = time.perf_counter() - started
    waits.sort()
    told = {
        "rps": len(waits) / spent,
        "p50_ms": waits[len(waits) // 2] * 1e3,
        "p99_ms": waits[int(0.99 * (len(waits) - 1))] * 1e3,
        "failed": failed,
        "answers": len(waits),
    }
    sys.stdout.write(json.dumps(told) + "\n")


WRK = """
wrk.method = "POST"
local file = io.open("%s", "rb"); wrk.body = file:read("*a"); file:close()
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read
  io.write(string.format('{"rps": %%f, "p50_ms": %%f, "p99_ms": %%f, "failed": %%d, "answers": %%d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, failed + summary.errors.timeout, summary.requests))
end
"""


def _wrk(port: int, body: Path, connections: int, seconds: float) -> None:
    """The same with wrk where it is installed: it takes less of the machine for itself."""
    script = body.with_suffix(".lua")
    script.write_text(WRK % body)
    url = f"http://127.0.0.1:{port}/predict/bench"
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    done = subprocess.run(
        ["wrk", *options, "-s", str(script), url], capture_output=True, check=True, text=True
    )
    sys.stdout.write(done.stdout.strip().splitlines()[-1] + "\n")


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:") + 15
    return int(head[at:].split(b"\r\n", 1)[0])


# --- measuring ------------------------------------------------------------------------------------


class Bench:
    """One run: the same pictures to every contender, round by round."""

    def __init__(self, folder: Path, seconds: float, rounds: int) -> None:
        self.folder = folder
        self.seconds = seconds
        self.rounds = rounds
        onnx, contract = real_network()
        (folder / "model.onnx").write_bytes(onnx)
        (folder / "contract.json").write_bytes(contract.to_json())
        (folder / "photo.jpg").write_bytes(photo())
        self.real = Workspace(folder / "real", onnx, contract)

    def load(
        self, port: int, connections: int, body: str = "photo.jpg", seconds: float = 0
    ) -> dict:
        argv = ["--role", "load", "--port", str(port), "--connections", str(connections)]
        argv += ["--body", str(self.folder / body), "--seconds", str(seconds or self.seconds)]
        done = subprocess.run(
            [sys.executable, str(HERE), *argv], capture_output=True, check=True, text=True
        )
        return json.loads(done.stdout)

    def bare(self, processes: int) -> dict:
        argv = [sys.executable, str(HERE), "--role", "bare", "--folder", str(self.folder)]
        argv += ["--seconds", str(self.seconds)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        running = [
            subprocess.Popen(argv, env={**os.environ, **ONE_THREAD}, **pipes)
            for _ in range(processes)
        ]
        for one in running:
            one.stdout.readline()
        for one in running:
            one.stdin.write("go\n")
            one.stdin.flush()
        told = [json.loads(one.stdout.readline()) for one in running]
        for one in running:
            one.communicate()
        return {
            "rps": sum(one["rps"] for one in told),
            "cpu_ms": statistics.mean(one["cpu_ms"] for one in told),
        }

    def measured(self, child: Child, connections: int) -> dict:
        before = child.cpu_s()
        told = self.load(child.port, connections)
        assert not told["failed"], told
        told["cpu_ms"] = (child.cpu_s() - before) / told["answers"] * 1e3
        return told

    def throughput(self, row: str, connections: int, cores: int) -> dict:
        """V1, V2, V3 and with them V7: ours with the log and without, FastAPI, the bare loop."""
        contenders = {
            # the burst of statistics is over: what a busy server does for hours
            "ours": lambda: ["-m", "visloop.serve", self.real.settings(statistics_burst=1)],
            "no_log": lambda: ["-m", "visloop.serve", self.real.settings(log=False)],
            "fastapi": lambda: [str(HERE), "--role", "fastapi", "--folder", str(self.folder)],
        }
        seen: dict[str, list[dict]] = {name: [] for name in (*contenders, "bare")}
        memory = 0.0
        for _ in range(self.rounds):
            seen["bare"].append(self.bare(cores))
            for name, argv in contenders.items():
                with ended(Child(argv())) as child:
                    self.load(child.port, connections, seconds=0.5)
                    seen[name].append(self.measured(child, connections))
                    memory = child.pss_mb() if name == "ours" else memory
        ours, none, peer, bare = (seen[name] for name in ("ours", "no_log", "fastapi", "bare"))
        return {
            "row": row,
            "connections": connections,
            "ours_rps": middle(ours, "rps"),
            "limit_rps": middle(bare, "rps"),
            "peer": "fastapi",
            "peer_rps": middle(peer, "rps"),
            "of_limit": ratio(ours, bare, "rps"),
            "of_limit_without_log": ratio(none, bare, "rps"),
            "of_peer": ratio(ours, peer, "rps"),
            "log_costs": round(1 - ratio(ours, none, "rps"), 3),
            "cpu_ms": middle(ours, "cpu_ms"),
            "cpu_of_bare": ratio(ours, bare, "cpu_ms"),
            "cpu_of_bare_without_log": ratio(none, bare, "cpu_ms"),
            "log_cpu_us": round((middle(ours, "cpu_ms") - middle(none, "cpu_ms")) * 1e3),
            "p50_ms": middle(ours, "p50_ms"),
            "p99_ms": middle(ours, "p99_ms"),
            "p99_of_p50": round(
                statistics.median(one["p99_ms"] / one["p50_ms"] for one in ours), 2
            ),
            "peer_p99_ms": middle(peer, "p99_ms"),
            "pss_mb": round(memory),
            "failed": sum(one["failed"] for one in ours),
        }

    def overhead(self) -> dict:
        """V4: a network that does nothing, against raw ASGI with the same body."""
        raw = io.BytesIO()
        Image.new("RGB", (8, 8)).save(raw, "JPEG")
        (self.folder / "dot.jpg").write_bytes(raw.getvalue())
        idle = Workspace(self.folder / "idle", *nothing())
        ours, bare, quiet = [], [], []
        for _ in range(self.rounds):
            for argv, kept in (
                ([str(HERE), "--role", "raw"], bare),
                (["-m", "visloop.serve", idle.settings()], ours),
                (["-m", "visloop.serve", idle.settings(log=False)], quiet),
            ):
                with ended(Child(argv)) as child:
                    self.load(child.port, 1, "dot.jpg", 0.5)
                    kept.append(self.load(child.port, 1, "dot.jpg"))
        return {
            "row": "V4",
            "ours_p50_ms": middle(ours, "p50_ms"),
            "no_log_p50_ms": middle(quiet, "p50_ms"),
            "limit_p50_ms": middle(bare, "p50_ms"),
            "of_limit": ratio(ours, bare, "p50_ms"),
            "of_limit_without_log": ratio(quiet, bare, "p50_ms"),
            "ours_rps": middle(ours, "rps"),
        }

    def start(self) -> dict:
        """V5: from the command to the first answer."""
        seconds = []
        for _ in range(max(5, self.rounds)):
            started = time.perf_counter()
            with ended(Child(["-m", "visloop.serve", self.real.settings()])) as child:
                connection = http.client.HTTPConnection("127.0.0.1", child.port)
                connection.request(
                    "POST", "/predict/bench", (self.folder / "photo.jpg").read_bytes()
                )
                assert connection.getresponse().status == 200
                seconds.append(time.perf_counter() - started)
                connection.close()
        middle_s = round(statistics.median(seconds), 3)
        return {"row": "V5", "ours_s": middle_s, "best_s": round(min(seconds), 3)}

    def switch(self) -> dict:
        """V8: three switches under eight connections."""
        with ended(Child(["-m", "visloop.serve", self.real.settings()])) as child:
            calm = self.load(child.port, 8)
            argv = ["--role", "load", "--port", str(child.port), "--connections", "8"]
            argv += ["--body", str(self.folder / "photo.jpg"), "--seconds", "4"]
            client = subprocess.Popen([sys.executable, str(HERE), *argv], stdout=subprocess.PIPE)
            time.sleep(1)
            waited = []
            for _ in range(3):
                started = time.perf_counter()
                done = self.real.deploy()
                serve.wait_ready(self.real.ports, "bench", done.generation, 20)
                waited.append(time.perf_counter() - started)
            during = json.loads(client.communicate()[0])
        return {
            "row": "V8",
            "failed": during["failed"],
            "switch_s": round(statistics.median(waited), 3),
            "calm_p99_ms": round(calm["p99_ms"], 1),
            "switch_p99_ms": round(during["p99_ms"], 1),
            "ratio": round(during["p99_ms"] / calm["p99_ms"], 2),
        }


@contextlib.contextmanager
def ended(child: Child):  # noqa: ANN201
    try:
        yield child
    finally:
        child.end()


def middle(runs: list[dict], key: str) -> float:
    return round(statistics.median(one[key] for one in runs), 3)


def ratio(ours: list[dict], theirs: list[dict], key: str) -> float:
    """The median of the ratios of runs that stood side by side."""
    return round(statistics.median(a[key] / b[key] for a, b in zip(ours, theirs, strict=True)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="V1,V2,V3,V4,V5,V8")
    parser.add_argument("--role", default="")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--body", type=Path)
    parser.add_argument("--connections", type=int, default=1)
    given = parser.parse_args()
    roles = {
        "bare": lambda: role_bare(given.folder, given.seconds),
        "fastapi": lambda: role_fastapi(given.folder),
        "raw": role_raw,
        "load": lambda: role_load(given.port, given.body, given.connections, given.seconds),
    }
    if given.role:
        roles[given.role]()
        return
    with tempfile.TemporaryDirectory(prefix="visloop-bench-") as folder:
        bench = Bench(Path(folder), given.seconds, given.rounds)
        rows = {
            "V1": lambda: bench.throughput("V1", 1, 1),
            "V2": lambda: bench.throughput("V2", 8, 2),
            "V3": lambda: bench.throughput("V3", 32, 2),
            "V4": bench.overhead,
            "V5": bench.start,
            "V8": bench.switch,
        }
        for row in given.only.split(","):
            print(json.dumps(rows[row]()), flush=True)


if __name__ == "__main__":
    main()
