"""What the server itself costs, and what batches bring: rows V4 (by processor time as well) and V10.

    python bench/bench_hot_path.py [--rounds 8] [--requests 800] [--only V4,V10]

All contenders run at once and are asked in turns, one connection each, so that what else the machine
does meets them alike; processor time is that of all threads (`/proc/PID/task/*/schedstat`).

V4: a network that does nothing, against raw ASGI: asked with a JPEG of 8 x 8, which must be decoded, and
with the tensor itself (V2, raw bytes), so that what is left is the server.
V10: a network whose cost is reading its weights (one layer of 50 MB), sixteen connections: `serve.batch`
`auto` against `off`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import figures
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from serving import world

from visloop.vision import Contract, Resize

HERE = Path(__file__).resolve().parent
WARM = 200


class Child:
    """A server on a free port."""

    def __init__(self, argv: list[str], port: int) -> None:
        self.port = port
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(argv, env=env, stdout=quiet, stderr=quiet)
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.05)
        raise RuntimeError(f"it does not begin: {argv}")

    def cpu_us(self) -> float:
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((each / "schedstat").read_text().split()[0]) for each in tasks) / 1e3

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ours(workspace: world.Workspace, **options: object) -> Child:
    port = free_port()
    told = workspace.settings(port, statistics_burst=1, **options)
    return Child([sys.executable, "-m", "visloop.serve", told], port)


def raw() -> Child:
    port = free_port()
    return Child([sys.executable, str(HERE / "serving" / "raw.py"), str(port)], port)


def request(path: str, body: bytes, head_bytes: int = 0) -> bytes:
    more = f"inference-header-content-length: {head_bytes}\r\n" if head_bytes else ""
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\n{more}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def tensor() -> tuple[bytes, int]:
    given = {"name": "input", "shape": [1, 3, 1, 1], "datatype": "FP32"}
    given["parameters"] = {"binary_data_size": 12}
    head = json.dumps({"outputs": [{"name": "probabilities"}], "inputs": [given]}).encode()
    return head + np.zeros(3, "<f4").tobytes(), len(head)


def asked(port: int, sent: bytes, count: int) -> list[float]:
    """Seconds of each of so many requests, one after another."""
    waits = []
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            started = time.perf_counter()
            one.sendall(sent)
            whole(one)
            waits.append(time.perf_counter() - started)
    return waits


def whole(one: socket.socket) -> None:
    got = b""
    while True:
        got += one.recv(1 << 16)
        head, found, body = got.partition(b"\r\n\r\n")
        if found:
            assert head.startswith(b"HTTP/1.1 200"), got
            at = head.lower().find(b"content-length:") + 15
            if len(body) >= int(head[at:].split(b"\r\n", 1)[0]):
                return


def overhead(folder: Path, rounds: int, count: int) -> list[dict]:
    idle = world.Workspace(folder / "idle", *world.nothing())
    body, head = tensor()
    sent = {
        "jpeg": request("/predict/bench", world.dot()),
        "tensor": request("/v2/models/bench/infer", body, head),
    }
    children = {"raw": raw(), "ours": ours(idle), "no_log": ours(idle, log=False)}
    seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
    try:
        for raw_bytes in sent.values():
            for child in children.values():
                asked(child.port, raw_bytes, WARM)
        for _ in range(rounds):
            for name, raw_bytes in sent.items():
                for who, child in children.items():
                    before = child.cpu_us()
                    waits = asked(child.port, raw_bytes, count)
                    time.sleep(0.4)  # the log writes behind the answers: its time belongs to them
                    cpu = (child.cpu_us() - before) / count
                    pair = statistics.median(waits) * 1e6, cpu
                    seen.setdefault((who, name), []).append(pair)
    finally:
        for child in children.values():
            child.end()
    return [told(name, seen) for name in sent]


def told(name: str, seen: dict[tuple[str, str], list[tuple[float, float]]]) -> dict:
    row: dict = {"row": "V4", "asked_with": name}
    for at, what in enumerate(("p50_us", "cpu_us")):
        bare = [each[at] for each in seen["raw", name]]
        for who in ("raw", "ours", "no_log"):
            mine = [each[at] for each in seen[who, name]]
            of_raw = [one / other for one, other in zip(mine, bare, strict=True)]
            row[f"{who}_{what}"] = round(statistics.median(mine), 1)
            row[f"{who}_{what}_of_raw"] = round(statistics.median(of_raw), 2)
    return row


def weighty(rows: int = 4096, px: int = 32) -> tuple[bytes, Contract]:
    """Flatten and two layers: 50 MB of weights for each run, however many pictures it has."""
    random = np.random.default_rng(1)
    weights = random.standard_normal((3 * px * px, rows), np.float32) / 100
    last = random.standard_normal((rows, 3), np.float32) / 100
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("MatMul", ["active", "last"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, px, px])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(last, "last")]
    graph = helper.make_graph(nodes, "weighty", [given], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    resize = Resize(mode="squash", size_px=px, crop_px=None)
    return model.SerializeToString(), Contract(resize=resize, classes=("a", "b", "c"))


def batches(folder: Path, rounds: int, seconds: float) -> dict:
    workspace = world.Workspace(folder / "weighty", *weighty())
    body = folder / "dot.jpg"
    body.write_bytes(world.dot())
    children = {"auto": ours(workspace), "off": ours(workspace, batch="off")}
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in children}
    try:
        decided = batching(children["auto"].port)
        for _ in range(rounds):
            for name, child in children.items():
                load(child.port, body, 0.3)
                before = child.cpu_us()
                said = load(child.port, body, seconds)
                cpu = (child.cpu_us() - before) / said["answers"]
                seen[name].append((said["rps"], said["p50_ms"], cpu))
    finally:
        for child in children.values():
            child.end()
    row: dict = {"row": "V10", "connections": 16, **decided}
    for at, what in enumerate(("rps", "p50_ms", "cpu_us")):
        both = [(one[at], other[at]) for one, other in zip(seen["auto"], seen["off"], strict=True)]
        row[what] = round(statistics.median(one for one, _ in both), 2)
        row[f"{what}_off"] = round(statistics.median(other for _, other in both), 2)
        row[f"{what}_of_off"] = round(statistics.median(one / other for one, other in both), 2)
    return row


def batching(port: int) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/v2/models/bench")
        return json.load(io.BytesIO(connection.getresponse().read()))["parameters"]["batching"]


def load(port: int, body: Path, seconds: float) -> dict:
    given = [str(port), "/predict/bench", str(body), "image/jpeg", "16", str(seconds)]
    line = [sys.executable, str(HERE / "serving" / "load.py"), *given]
    return json.loads(subprocess.run(line, capture_output=True, check=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--requests", type=int, default=800)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", default="V4,V10")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visloop-bench-") as folder:
        if "V4" in given.only.split(","):
            for row in overhead(Path(folder), given.rounds, given.requests):
                figures.keep(row)
        if "V10" in given.only.split(","):
            figures.keep(batches(Path(folder), given.rounds, given.seconds))


if __name__ == "__main__":
    main()
