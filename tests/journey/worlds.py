"""Workspaces for journeys: made once through the public calls, copied for each test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from visloop import app
from visloop.faces import sdk

SETTINGS = """\
format: 1
gate:
  checks: [{metric: accuracy, at_least: 0.5}]
monitor: {window: 25, alpha: 0.01}
capture: {below_confidence: 0.5, daily_limit: 60}
loop: {dataset: line, deployment: belt, model: inspector, labels: 40, every_s: 0.2}
"""


@dataclass(frozen=True)
class World:
    """A workspace with a served model, some traffic, an alarm and a queue."""

    root: Path
    parts: Path
    truth: Path

    def copy(self, to: Path) -> Path:
        shutil.copytree(self.root, to)
        return to


def build(folder: Path, *, count: int = 120) -> World:
    """From nothing to an alarm, by the same calls that a user makes."""
    root, parts, truth = folder / "template", folder / "parts", folder / "truth.csv"
    app.create(root)
    (root / "visloop.yaml").write_text(SETTINGS, "utf-8")
    with sdk.local(root) as here:
        here.call(app.demo_images, app.DemoImages(directory=str(parts), count=count))
        here.call(app.add, app.Add(paths=(str(parts),), to="line"))
        broken = folder / "broken.jpg"
        broken.write_text("no picture")
        here.call(app.add, app.Add(paths=(str(broken),), to="odd"))
        here.call(app.split, app.Split(dataset="line", shares={"train": 0.75, "test": 0.25}))
        here.call(app.commit, app.Commit(dataset="line", message="first parts"))
        here.call(app.train, app.Train(ref="line@v1", model="inspector"))
        here.call(app.gate, app.Gate(model="inspector@v1"))
        here.call(app.model_promote, app.ModelPromote(ref="inspector@v1"))
        here.call(app.deploy, app.Deploy(model="inspector@v1", as_="belt", wait_s=0))
        with serving(root) as url:
            stream = {"url": f"{url}/predict/belt", "truth": str(truth)}
            here.call(app.demo_stream, app.DemoStream(count=50, **stream))
            here.call(
                app.demo_stream, app.DemoStream(start=50, count=50, drift=("lamp",), **stream)
            )
        worker = app.Worker(here.ports, "test")
        worker.once()
        worker.let_go()
        assert here.call(app.alerts_list, app.AlertsList()).count, "the lamp must raise an alarm"
        assert here.call(app.label_list, app.LabelList()).count >= 20
    return World(root, parts, truth)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "visloop", *arguments]


@contextlib.contextmanager
def serving(root: Path, *, port: int = 0) -> Iterator[str]:
    """`visloop serve` on a free port, ready."""
    port = port or free_port()
    process = start(root, "serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/health/ready", process)
        yield url
    finally:
        stop(process)


@contextlib.contextmanager
def api(root: Path) -> Iterator[str]:
    """`visloop api` on a free port, ready."""
    port = free_port()
    process = start(root, "api", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/", process)
        yield url
    finally:
        stop(process)


def start(root: Path, *arguments: str) -> subprocess.Popen[bytes]:
    log = (root / ".visloop" / f"{arguments[0]}-{time.monotonic_ns()}.log").open("wb")
    with log:
        return subprocess.Popen(
            command(*arguments, "--workspace", str(root)),
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the process behind {url} ended with {process.returncode}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} did not answer within {timeout_s} s")


def free_port() -> int:

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(look: Any, *, timeout_s: float = 60, what: str = "it") -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


def in_background(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def plain(record: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(record))
