"""Servers and bare loops as child processes: when they answer first, what they cost, what they hold."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Self

from serving.contenders import Contender, free_port

HERE = Path(__file__).resolve().parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_READY_S = 90
_SAID = re.compile(r'label\\?": ?\\?"([\w-]+).*?confidence\\?": ?([0-9.e-]+)', re.DOTALL)


class Server:
    """A contender, started; `start_s` from the command to its first answer."""

    def __init__(self, contender: Contender, model: Path) -> None:
        self.contender = contender
        self.body = model / contender.body
        self.port = free_port()
        if contender.prepare:
            contender.prepare(self.port)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        env = {**os.environ, **ONE_THREAD, **contender.env}
        started = time.perf_counter()
        self.process = subprocess.Popen(
            contender.argv(self.port),
            env=env,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.answer = self._first_answer(started + _READY_S)
        self.start_s = time.perf_counter() - started

    def _first_answer(self, until: float) -> tuple[str, float]:
        while time.perf_counter() < until and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, said = self.ask()
                if status == 200:
                    found = _SAID.search(said)
                    assert found, said[:300]
                    return found[1], round(float(found[2]), 4)
            time.sleep(0.005)
        self._said.seek(0)
        told = self._said.read()[-2000:].decode(errors="replace")
        self.end()
        raise RuntimeError(f"{self.contender.name} does not answer:\n{told}")

    def ask(self) -> tuple[int, str]:
        """One request: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            headers = {"content-type": self.contender.kind}
            connection.request("POST", self.contender.path, self.body.read_bytes(), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def load(self, connections: int, seconds: float) -> dict:
        """Closed-loop clients.

        Raises:
            RuntimeError: an answer was not a 200: then nothing that was counted means anything.
        """
        told = json.loads(self.clients(connections, seconds).communicate()[0])
        if told["failed"]:
            raise RuntimeError(f"{self.contender.name} fails under load: {told}")
        return told

    def clients(self, connections: int, seconds: float) -> subprocess.Popen:
        """The same, running; what it says in the end is a line of JSON."""
        asked = [self.port, self.contender.path, self.body, self.contender.kind]
        line = [sys.executable, HERE / "load.py", *asked, connections, seconds]
        return subprocess.Popen([str(part) for part in line], stdout=subprocess.PIPE)

    def measured(self, connections: int, seconds: float) -> dict:
        """`load` with the processor time that all of the server's processes took for an answer."""
        before = self.cpu_s()
        told = self.load(connections, seconds)
        return told | {"cpu_ms": (self.cpu_s() - before) / told["answers"] * 1e3}

    def cpu_s(self) -> float:
        """Of all its processes, ended ones too."""
        ticks = 0
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(field) for field in stat[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    def pss_mb(self) -> float:
        """Memory of all its processes, what they share counted once."""
        found = 0
        for pid in tree(self.process.pid):
            with contextlib.suppress(OSError):
                rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                found += next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
        return found / 1024

    @contextlib.contextmanager
    def paused(self) -> Generator[None]:
        """None of its processes runs: some look for work all the time, also when there is none."""
        family = tree(self.process.pid)
        _tell(family, signal.SIGSTOP)
        try:
            yield
        finally:
            _tell(family, signal.SIGCONT)

    def end(self) -> None:
        """Asked to stop, and after ten seconds made to."""
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _tell(family: Iterable[int], what: signal.Signals) -> None:
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)


class Bare:
    """Bare loops, one process a core, that wait until they are told to run."""

    def __init__(self, model: Path, processes: int) -> None:
        line = [sys.executable, str(HERE / "bare.py"), str(model)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        env = {**os.environ, **ONE_THREAD}
        self._every = [subprocess.Popen(line, env=env, **pipes) for _ in range(processes)]
        for one in self._every:
            one.stdout.readline()

    def run(self, cores: int, seconds: float) -> dict:
        """Pictures a second of `cores` loops together, and processor time of one picture."""
        used = self._every[:cores]
        for one in used:
            one.stdin.write(f"{seconds}\n")
            one.stdin.flush()
        told = [json.loads(one.stdout.readline()) for one in used]
        return {
            "rps": sum(one["rps"] for one in told),
            "cpu_ms": statistics.mean(one["cpu_ms"] for one in told),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._every:
            one.communicate()


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
    return found
