"""A serving process of one model, alone in a workspace of its own, under load that has an end.

It is the process that `deploy` starts: the same program, prediction log and spool switched on. So the
figures hold for what users will meet, and nothing of the measured workspace is touched.
"""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visloop import evaluate, registry, serve, store
from visloop.deploy.load.clients import Clients, Stretch
from visloop.deploy.load.usage import busy_s, cpu_s, pss_mb
from visloop.deploy.process import Child, Running, stop
from visloop.errors import Unavailable, UsageError
from visloop.events import Scope

if TYPE_CHECKING:
    from visloop.progress import Progress

NAME: Final = "load"
ROUNDS: Final = 10
_GRACE_S: Final = 10.0
_PATIENCE_S: Final = 60.0
_START_S: Final = 120.0
_WARM: Final = 2
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class NotServed(Unavailable):
    """The serving process did not answer the model's first picture."""

    code = "deploy.not_served"


@dataclass(frozen=True)
class Level:
    """What so many connections at once met, stretch by stretch."""

    connections: int
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Loaded:
    """Everything that was seen: levels, seconds of each cold start to the first answer, PSS samples."""

    levels: tuple[Level, ...]
    starts_s: tuple[float, ...]
    memory_mb: tuple[float, ...]
    machine: evaluate.Machine


def under_load(
    package: registry.Package,
    pictures: Sequence[bytes],
    plan: evaluate.LoadSettings,
    progress: Progress,
) -> Loaded:
    """Start a serving process of `package` on a free port of loopback, load it, and end it.

    The levels take turns, a tenth of their time each: a bad moment of the machine hits all of them.

    Args:
        package: the model.
        pictures: encoded pictures, sent in turn as they are; at least one.
        plan: how much.
        progress: who watches.

    Raises:
        NotServed: no answer to the first picture.
        UsageError: no pictures.
    """
    if not pictures:
        raise UsageError("a load needs pictures to send", fix="name data that has some: --on REF")
    with tempfile.TemporaryDirectory(prefix="visloop-load-") as name:
        folder = Path(name)
        _prepare(folder, package)
        starts: list[float] = []
        levels: tuple[Level, ...] = ()
        memory: tuple[float, ...] = ()
        for left in progress.track(range(plan.starts)[::-1], doing="start", unit="process"):
            with _process(folder, plan, left) as (port, life, begun):
                _first_answer(port, life, pictures[0])
                starts.append(time.perf_counter() - begun)
                if not left:
                    levels, memory = _levels(port, life, pictures, plan, progress)
        return Loaded(levels, tuple(starts), memory, evaluate.Machine.here())


def _prepare(folder: Path, package: registry.Package) -> None:
    """A workspace that holds this one model, deployed."""
    register, deploy = registry.register, serve.deploy  # named first: this declares their tables
    ledger = store.Ledger.open(f"sqlite:///{folder / 'ledger.db'}", clock=store.SystemClock())
    blobs = store.PackBlobs(folder / "blobs")
    scope = Scope()
    try:
        with ledger.write(scope) as write:
            store.metadata.create_all(write.connection)
        ports = registry.RegistryPorts(ledger, blobs)
        version = register(ports, scope, NAME, package, run="run-load")
        deploy(serve.ServePorts(ledger, blobs, folder), scope, NAME, version)
    finally:
        blobs.close()
        ledger.close()


@contextmanager
def _process(
    folder: Path, plan: evaluate.LoadSettings, number: int
) -> Generator[tuple[int, Running, float]]:
    """(port, process, moment of its start); it inherits a socket that listens already."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        fd = listening.fileno()
        settings = serve.ServeSettings(
            ledger=f"sqlite:///{folder / 'ledger.db'}",
            blobs=str(folder / "blobs"),
            state=str(folder),
            fd=fd,
            threads=plan.threads,
        )
        child = Child(
            name=f"serve-{number}",
            argv=(sys.executable, "-m", "visloop.serve", settings.to_json()),
            env=_ONE_THREAD,
            fds=(fd,),
            orphan_signal=signal.SIGKILL,
        )
        begun = time.perf_counter()
        life = Running(child, folder / f"{child.name}.log")
        try:
            yield listening.getsockname()[1], life, begun
        finally:
            stop([life], _GRACE_S)


def _first_answer(port: int, life: Running, picture: bytes) -> None:
    """Wait for it: the request is in the socket's queue before the process looks."""
    clients = Clients(port, f"/predict/{NAME}", [picture], 1)
    try:
        done = clients.run(_START_S, 1, _START_S)
    finally:
        clients.close()
    if not done.waits_s:
        status = life.ended()
        why = f"it ended with status {status}" if status is not None else f"{dict(done.others)}"
        raise NotServed(
            f"the serving process did not answer the first picture: {why}",
            fix="try the model itself: visloop predict MODEL PICTURE",
        )


def _levels(
    port: int,
    life: Running,
    pictures: Sequence[bytes],
    plan: evaluate.LoadSettings,
    progress: Progress,
) -> tuple[tuple[Level, ...], tuple[float, ...]]:
    """Every level's stretches, in turns; and the memory after each."""
    path = f"/predict/{NAME}"
    clients = {count: Clients(port, path, pictures, count) for count in plan.connections}
    stretches: dict[int, list[Stretch]] = {count: [] for count in clients}
    memory: list[float] = []
    try:
        for count, some in clients.items():
            some.run(_PATIENCE_S, _WARM * count, _PATIENCE_S)
        for _ in progress.track(range(ROUNDS), doing="load", unit="round", total=ROUNDS):
            for count, some in clients.items():
                spent = sum(one.seconds for one in stretches[count])
                sent = sum(len(one.waits_s) + one.others.total() for one in stretches[count])
                if spent < plan.seconds and sent < plan.requests:
                    stretches[count].append(_stretch(some, life.pid, plan, sent))
                    memory.append(pss_mb(life.pid))
    finally:
        for some in clients.values():
            some.close()
    levels = tuple(Level(count, tuple(found)) for count, found in stretches.items())
    return levels, tuple(memory)


def _stretch(clients: Clients, pid: int, plan: evaluate.LoadSettings, sent: int) -> Stretch:
    cpu, busy, own = cpu_s(pid), busy_s(), time.process_time()
    most = min(plan.requests - sent, max(1, -(-plan.requests // ROUNDS)))
    done = clients.run(plan.seconds / ROUNDS, most, _PATIENCE_S)
    done.cpu_s = cpu_s(pid) - cpu
    others = busy_s() - busy - done.cpu_s - (time.process_time() - own)
    done.elsewhere_s = max(0.0, others)
    return done
