"""`visloop up` under load, its processes killed again and again: every answer is logged or counted."""

from __future__ import annotations

import http.client
import itertools
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec
import pytest

from tests.journey import killing, worlds
from tests.journey.killing import Tally
from tests.journey.victims import Victim
from visloop import app, deploy, serve
from visloop.faces import sdk

LOST_AT_MOST_S = 1.0
_VICTIMS = ("serve-0", "serve-1", "serve-0", "worker", "serve-1", "serve-0", "api", "serve-1")


@dataclass
class Load:
    """Pictures posted without a pause; what was answered, by id, and when."""

    port: int
    pictures: list[bytes]
    answered: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._threads = [worlds.in_background(self._post) for _ in range(2)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join(30)

    def goes_on(self, more: int) -> None:
        """Wait for that many answers more."""
        wanted = len(self.answered) + more
        worlds.until(lambda: len(self.answered) >= wanted, what="new answers")

    def _post(self) -> None:
        for picture in itertools.cycle(self.pictures):
            if self._stop.is_set():
                return
            try:
                answer = self._ask(picture)
            except (OSError, http.client.HTTPException):
                self.refused += 1  # nobody answered: nothing that could be lost
                time.sleep(0.02)
            else:
                self.answered[answer] = time.time()

    def _ask(self, picture: bytes) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/predict/belt", picture, {"Content-Type": "image/jpeg"})
            reply = connection.getresponse()
            body = reply.read()
            if reply.status != 200:
                raise http.client.HTTPException(reply.status)
            return msgspec.json.decode(body)["id"]
        finally:
            connection.close()


class Up:
    """`visloop up` with two serving processes on one port."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        """As a person does: again while the port is not free yet."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            process = worlds.start(self.root, "up", "--port", str(self.port))
            try:
                worlds.wait_for(f"http://127.0.0.1:{self.port}/health/ready", process)
            except AssertionError:
                worlds.stop(process)
            else:
                return process
        raise AssertionError("visloop up does not come up")

    def pid_of(self, name: str) -> int:
        """The process number of a child; 0 while it waits to be started again."""
        found = deploy.running(self.root / app.INNER / "run")
        return next((c.pid for c in found.children if c.name == name), 0) if found else 0

    def restart_killed(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def stop(self) -> None:
        worlds.stop(self._process)


@pytest.fixture
def up(tmp_path: Path, world: worlds.World) -> Iterator[Up]:
    root = world.copy(tmp_path / "ws")
    with (root / "visloop.yaml").open("a", encoding="utf-8") as settings:
        settings.write("serve: {processes: 2}\n")
    running = Up(root, worlds.free_port())
    yield running
    running.stop()
    shutil.rmtree(root)


def _kill(up: Up, name: str, draw: random.Random) -> tuple[int, float]:
    """SIGKILL to that child at a random moment of its life; its number, and when."""
    time.sleep(draw.uniform(0.0, 1.0))
    deadline = time.monotonic() + 30
    while not (pid := up.pid_of(name)):
        assert time.monotonic() < deadline, f"{name} was not started again"
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return pid, time.time()


def test_processes_killed_under_load_lose_at_most_the_last_second_and_count_it(
    up: Up, world: worlds.World, tally: Tally
) -> None:
    draw = killing.draw_for("serve")
    victim = Victim(up.root)
    pictures = [each.read_bytes() for each in sorted(world.parts.rglob("*.jpg"))]
    killed: dict[int, float] = {}
    with Load(up.port, pictures) as load:
        for number, name in enumerate(itertools.cycle(_VICTIMS)):
            if tally.has_enough("serve"):
                break
            if number % 2:  # under full load; the others at any moment, also while they start
                load.goes_on(20)
            pid, when = _kill(up, name, draw)
            killed[pid] = when
            tally.kills[name.partition("-")[0]] += 1
            _write(up.root, number)
            victim.must_stand()
        load.goes_on(20)
        up.restart_killed()
        tally.kills["up"] += 1
        load.goes_on(20)
    up.stop()
    victim.must_stand()
    for log in (up.root / app.INNER / "run").glob("*.log"):
        assert "Traceback" not in log.read_text("utf-8"), log
    _every_answer_is_accounted_for(up.root, load, killed)


def _write(root: Path, number: int) -> None:
    """State and a fact, acknowledged: `must_stand` looks for it ever after."""
    with sdk.local(root) as here:
        here.call(app.classes_add, app.ClassesAdd(dataset="line", names=(f"extra-{number}",)))


def _every_answer_is_accounted_for(root: Path, load: Load, killed: dict[int, float]) -> None:
    with sdk.local(root) as here:
        ports, scope = here.ports, here.scope
        balance = serve.lost(ports.serve, scope)
        rows = serve.predictions(ports.serve, scope, "belt", limit=None)
        died = {each.id: killed.get(each.pid) for each in serve.servers(ports.serve, scope)}
        (deployment,) = serve.deployments(ports.serve, scope)
    logged = {each.id for each in rows}
    assert len(logged) == len(rows)
    assert balance.answered == balance.logged + balance.dropped + balance.lost
    missing = load.answered.keys() - logged
    print(f"{len(load.answered)} answered, {len(missing)} of them not in the log, {balance}")
    assert len(load.answered) > 100
    assert len(missing) <= balance.lost
    for each in missing:
        when = died[f"server-{each.split('-')[1]}"]
        assert when is not None, "only a killed process loses answers"
        assert when - load.answered[each] <= LOST_AT_MOST_S
    assert deployment.model == "inspector@v1"
