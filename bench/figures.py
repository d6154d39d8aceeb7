"""What every bench shares: two sides timed in turns, rows printed as JSON lines and kept.

A row goes to stdout and to `bench/results/MACHINE.jsonl`, with the date, the machine's facts (no
names, no paths) and its load, because figures of a busy machine are worth their ratios only.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SIZES = (20_000, 100_000)
"""What every row about data is measured at."""
HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


@dataclass
class Row:
    """One row of the budgets: ours, a peer's, the limit's best seconds of several turns."""

    row: str
    work: str
    n: int
    ours: list[float] = field(default_factory=list[float])
    limit: list[float] = field(default_factory=list[float])
    peer: str = ""
    peers: list[float] = field(default_factory=list[float])
    rss_mb: float = 0.0
    peer_rss_mb: float = 0.0
    bar: str = ""
    cpu: list[float] = field(default_factory=list[float])  # where the machine is too busy for more
    limit_cpu: list[float] = field(default_factory=list[float])
    peer_cpu: list[float] = field(default_factory=list[float])

    def figures(self) -> dict[str, Any]:
        """The row as it is printed; `ratio` is ours over the limit, the best turn of each."""
        told: dict[str, Any] = {"row": self.row, "work": self.work, "n": self.n}
        told["ours_s"] = _seconds(self.ours)
        if self.peers:
            told |= {"peer": self.peer, "peer_s": _seconds(self.peers)}
            told["times_peer"] = round(min(self.peers) / min(self.ours), 1)
        if self.peer_rss_mb:
            told["peer_rss_mb"] = round(self.peer_rss_mb)
        if self.limit:
            told["limit_s"] = _seconds(self.limit)
            told["ratio"] = round(min(self.ours) / min(self.limit), 2)
        if self.cpu:
            told["cpu_s"] = _seconds(self.cpu)
        if self.limit_cpu:
            told["cpu_ratio"] = round(min(self.cpu) / min(self.limit_cpu), 2)
        if self.peer_cpu:
            told["peer_cpu_s"] = _seconds(self.peer_cpu)
        if self.rss_mb:
            told["rss_mb"] = round(self.rss_mb)
        return told | {"bar": self.bar, "runs": len(self.ours)}


def _seconds(turns: list[float]) -> float:
    return float(f"{min(turns):.4g}")


def publish(rows: list[Row]) -> None:
    """Print the rows, and keep them."""
    for row in rows:
        keep(row.figures())


def keep(told: Mapping[str, Any]) -> None:
    """Print figures, and keep them."""
    RESULTS.mkdir(exist_ok=True)
    facts = machine()
    name = f"{facts['os'].lower()}-{facts['cpus']}cpu.jsonl"
    line = json.dumps(dict(told) | facts, ensure_ascii=False)
    print(line, flush=True)
    with (RESULTS / name).open("a", encoding="utf-8") as kept:
        kept.write(line + "\n")


def machine() -> dict[str, Any]:
    """Facts that a figure depends on."""
    with Path("/proc/meminfo").open(encoding="utf-8") as file:
        memory_gb = round(int(file.readline().split()[1]) / 2**20)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "os": platform.system(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": memory_gb,
        "load": round(os.getloadavg()[0], 1),
    }


def _cpu() -> str:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def add_cpu(row: Row, turns: list[tuple[float, float]]) -> None:
    """Turns of `spent`."""
    row.ours += [seconds for seconds, _ in turns]
    row.cpu += [cpu for _, cpu in turns]


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that it takes, and CPU seconds of this process."""
    began = time.process_time()
    seconds = timed(work)
    return seconds, time.process_time() - began


def timed_with_helpers(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and peak memory in MB of this process and of all helpers that it started, together.

    What they share is counted twice.
    """
    done = threading.Event()
    peaks: dict[str, float] = {}

    def watch() -> None:
        while not done.wait(0.05):
            for name in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                with suppress(OSError, IndexError):  # it has just ended
                    peaks[name] = peak_mb(name)

    watcher = threading.Thread(target=watch)
    watcher.start()
    seconds = timed(work)
    done.set()
    watcher.join()
    return seconds, peak_mb() + sum(peaks.values())


def cpu_with_children() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    times = os.times()
    return sum(times[:4])


def peak_mb(process: int | str = "self") -> float:
    """Peak memory in MB of a process that lives.

    What `getrusage` says is at least the memory of the process that started it.
    """
    said = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(said.partition("VmHWM:")[2].split()[0]) / 1024


def alone(script: str, *arguments: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a part of a bench in a process of its own; what its last line of JSON says."""
    command = [sys.executable, script, *arguments]
    whole = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=whole)
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def byte_code() -> Generator[None]:
    """Commands run inside find their byte code compiled, as an installed package has it."""
    before = {name: os.environ.pop(name, None) for name in ("PYTHONDONTWRITEBYTECODE",)}
    before["PYTHONPYCACHEPREFIX"] = os.environ.get("PYTHONPYCACHEPREFIX")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        try:
            yield
        finally:
            os.environ.pop("PYTHONPYCACHEPREFIX")
            os.environ.update({name: text for name, text in before.items() if text is not None})


def command(line: list[str], cwd: Path) -> tuple[float, float]:
    """Seconds and peak memory in MB of one command; its output is thrown away.

    Raises:
        subprocess.CalledProcessError: it failed; what it said on stderr is in the error.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        line, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        peaks = [0.0]
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks))
        watcher.start()
        said = process.stderr.read() if process.stderr else ""
        process.wait()
        seconds = time.perf_counter() - started
        watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, line, stderr=said[-2000:])
    return seconds, max(peaks)


def _watch(process: int, peaks: list[float]) -> None:
    """Peak memory of a process as long as it lives, looked at every 20 ms."""
    with suppress(OSError, IndexError):  # it has ended
        while True:
            peaks.append(peak_mb(process))
            time.sleep(0.02)
