"""Keeps a set of child processes running: what `visloop up` is made of."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec

from visloop.deploy.process import Child, Running, stop
from visloop.errors import Conflict, Unavailable

log = logging.getLogger("visloop.deploy")

_STATE: Final = "processes.json"
_LOCK: Final = "processes.lock"
_STEP_S: Final = 0.05
_TAIL_BYTES: Final = 2048


class AlreadyRunning(Conflict):
    """Another supervisor looks after this folder."""

    code = "deploy.already_running"


class KeepsDying(Unavailable):
    """A child ended again and again right after its start."""

    code = "deploy.keeps_dying"


@dataclass(frozen=True)
class RestartPolicy:
    """How soon a dead child is started again: `first_s`, doubled each time, at most `longest_s`.

    A life of `settled_s` forgets the failures before it; `give_up_after` short lives in a row end
    everything.
    """

    first_s: float = 0.1
    longest_s: float = 5.0
    settled_s: float = 10.0
    give_up_after: int = 10


class ProcessState(msgspec.Struct, frozen=True, kw_only=True):
    """One child as the state file tells it; `pid` 0 waits to be started again."""

    name: str
    pid: int
    restarts: int
    started: str


class Processes(msgspec.Struct, frozen=True, kw_only=True):
    """A running supervisor and its children."""

    pid: int
    children: list[ProcessState]
    format: int = 1


class _Seat:
    """A child's place: its current life, and how many short ones it had."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.life: Running | None = None
        self.started = ""
        self.restarts = 0
        self.short_lives = 0
        self.start_at = 0.0


class Supervisor:
    """Starts `children`, restarts those that die, stops them together.

    Call `start` from a thread that lives as long as the children shall: they die with it. `folder`
    holds the state file and the children's output; one supervisor may look after it.
    """

    def __init__(
        self,
        children: Sequence[Child],
        folder: Path,
        *,
        grace_s: float = 10.0,
        policy: RestartPolicy | None = None,
    ) -> None:
        self._seats = [_Seat(child) for child in children]
        self._folder = folder
        self._grace_s = grace_s
        self._policy = policy or RestartPolicy()
        self._asked_to_stop = threading.Event()
        self._forward: list[int] = []
        self._lock = -1

    def start(self) -> None:
        """Start every child.

        Raises:
            AlreadyRunning: the folder has a living supervisor.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = -1
            raise _already_running(self._folder) from None
        for seat in self._seats:
            self._begin(seat)
        self._save()

    def step(self) -> None:
        """Look once: start again what has died and is due.

        Raises:
            KeepsDying: a child's short lives are too many; everything else has been stopped.
        """
        changed = False
        for number in self._taken_signals():
            for life in self._lives():
                life.send(number)
        for seat in self._seats:
            if seat.life is not None and (status := seat.life.ended()) is not None:
                self._bury(seat, status)
                changed = True
            if seat.life is None and time.monotonic() >= seat.start_at:
                self._begin(seat)
                changed = True
        if changed:
            self._save()

    def run(self) -> None:
        """Start, watch until SIGTERM, SIGINT or `ask_to_stop`, and stop. For the main thread.

        SIGHUP and SIGUSR1 go on to the children.

        Raises:
            AlreadyRunning: the folder has a living supervisor.
            KeepsDying: a child does not stay alive.
        """
        before = self._handlers(
            {
                signal.SIGTERM: self._on_stop,
                signal.SIGINT: self._on_stop,
                signal.SIGHUP: self._on_forward,
                signal.SIGUSR1: self._on_forward,
            }
        )
        try:
            self.start()
            while not self._asked_to_stop.wait(_STEP_S):
                self.step()
        finally:
            self.stop()
            self._handlers(before)

    def ask_to_stop(self) -> None:
        """Let `run` end; may be called from any thread."""
        self._asked_to_stop.set()

    def stop(self) -> None:
        """End all children: SIGTERM, the grace, SIGKILL. May be called again."""
        stop(self._lives(), self._grace_s)
        for seat in self._seats:
            seat.life = None
        if self._lock >= 0:
            (self._folder / _STATE).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def pids(self) -> dict[str, int]:
        """Name → process number of the children that run."""
        return {seat.child.name: seat.life.pid for seat in self._seats if seat.life is not None}

    def _lives(self) -> list[Running]:
        return [seat.life for seat in self._seats if seat.life is not None]

    def _begin(self, seat: _Seat) -> None:
        seat.life = Running(seat.child, self._log_of(seat))
        seat.started = datetime.now(UTC).isoformat()
        log.info("deploy.started", extra={"child": seat.child.name, "pid": seat.life.pid})

    def _bury(self, seat: _Seat, status: int) -> None:
        """Note a death and when to start again."""
        assert seat.life is not None
        age_s = seat.life.age_s
        seat.life.kill_group()
        seat.life = None
        seat.restarts += 1
        seat.short_lives = 0 if age_s >= self._policy.settled_s else seat.short_lives + 1
        log.warning("deploy.child_died", extra={"child": seat.child.name, "status": status})
        if seat.short_lives >= self._policy.give_up_after:
            self.stop()
            raise KeepsDying(
                f"{seat.child.name} ended {seat.short_lives} times right after its start "
                f"(status {status}): {_last_line(self._log_of(seat))}",
                fix=f"read {self._log_of(seat)}",
            )
        pause_s = self._policy.first_s * 2 ** max(0, seat.short_lives - 1)
        seat.start_at = time.monotonic() + min(pause_s, self._policy.longest_s)

    def _log_of(self, seat: _Seat) -> Path:
        return self._folder / f"{seat.child.name}.log"

    def _save(self) -> None:
        told = [
            ProcessState(
                name=seat.child.name,
                pid=seat.life.pid if seat.life else 0,
                restarts=seat.restarts,
                started=seat.started,
            )
            for seat in self._seats
        ]
        fresh = self._folder / f"{_STATE}.new"
        fresh.write_bytes(msgspec.json.encode(Processes(pid=os.getpid(), children=told)))
        fresh.replace(self._folder / _STATE)

    def _handlers(self, wanted: Mapping[signal.Signals, Any]) -> dict[signal.Signals, Any]:
        return {number: signal.signal(number, handler) for number, handler in wanted.items()}

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop.set()

    def _on_forward(self, number: int, _frame: FrameType | None) -> None:
        self._forward.append(number)

    def _taken_signals(self) -> list[int]:
        taken, self._forward = self._forward, []
        return taken


def running(folder: Path) -> Processes | None:
    """The supervisor that looks after `folder` and its children, or None."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(folder)
    finally:
        os.close(lock)
    return None


def _read(folder: Path) -> Processes | None:
    try:
        return msgspec.json.decode((folder / _STATE).read_bytes(), type=Processes)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _already_running(folder: Path) -> AlreadyRunning:
    there = _read(folder)
    who = f" (process {there.pid})" if there else ""
    return AlreadyRunning(
        f"another process looks after {folder} already{who}",
        fix="stop that one first, or use it",
    )


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return _words(lines[-1]) if lines else "it wrote nothing"


def _words(line: str) -> str:
    """What a line of a log says, JSON or not."""
    try:
        told: Any = msgspec.json.decode(line)
        said = told["visloop"]["said"]
        return f"{said['what']} (fix: {said['fix']})"
    except (msgspec.DecodeError, KeyError, TypeError):
        return line
