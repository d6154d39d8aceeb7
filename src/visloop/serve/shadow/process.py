"""One life of a copy's process, as the serving process sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from visloop.serve.shadow import wire
from visloop.serve.shadow.aside import Aside
from visloop.serve.shadow.idle import BORN

BUSY_S: Final = 10.0
WAIT_S: Final = 60.0
PATIENCE_S: Final = 2.0
_LOOK_S: Final = 0.5


class Hung(Exception):
    """The copy computes, or waits, longer than anybody should."""


class Crashed(Exception):
    """The copy's process ended."""


class Process:
    """A child that answers pictures one after another; to be used from one thread.

    It hangs when it computes for `busy_s` seconds of processor time on one picture, or says nothing for
    `wait_s` seconds: on a machine that is busy with answers, an idle-class process may wait long. It stands
    `aside` while something is answered, for `PATIENCE_S` at most; `beside_s` is how long it then computed
    its last answer without.
    """

    def __init__(
        self, aside: Aside | None = None, *, busy_s: float = BUSY_S, wait_s: float = WAIT_S
    ) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "visloop.serve.shadow.idle", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        self._link = ours
        self._aside = aside or Aside()
        self._still = False
        self._born = False
        self.beside_s = 0.0
        self._busy_s = busy_s
        self._wait_s = wait_s
        self.models: set[str] = set()

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def ask(self, message: wire.Take | wire.Look) -> wire.Seen:
        """Send one message and wait for its answer.

        Raises:
            Hung: it takes too long.
            Crashed: the process ended meanwhile.
        """
        try:
            self._await_birth()
            with self._aside.holding(self):
                self._link.settimeout(self._wait_s)
                wire.send(self._link, message)
                self._await()
                reply = wire.receive(self._link)
        except TimeoutError as error:
            raise Hung(f"it did not read for {self._wait_s:g} s") from error
        except (EOFError, OSError) as error:
            raise Crashed(f"its process ended: {self._status()}") from error
        assert isinstance(reply, wire.Seen)
        return reply

    def kill(self) -> None:
        """End it, whatever it does."""
        self._aside.let_go(self)  # after that, its number may be another process's
        self._link.close()
        self._process.kill()
        self._process.wait()

    def stand(self, *, still: bool) -> None:
        """Stand still, or go on."""
        if still != self._still:
            self._still = still
            self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def _await_birth(self) -> None:
        """Who stands still before it has asked to die with this process would outlive it for ever."""
        if not self._born:
            self._link.settimeout(self._wait_s)
            if self._link.recv(1) != BORN:
                raise EOFError
            self._born = True

    def _await(self) -> None:
        """Until the first byte of the answer lies there."""
        begun, spent = time.monotonic(), self._cpu_s()
        alone_from = float("inf")
        self._link.settimeout(_LOOK_S)
        while True:
            try:
                if not self._link.recv(1, socket.MSG_PEEK):
                    raise EOFError
            except TimeoutError:
                waited, busy = time.monotonic() - begun, self._cpu_s() - spent
                if waited >= PATIENCE_S and self._aside.let_go(self):
                    alone_from = time.monotonic()
                if busy >= self._busy_s or waited >= self._wait_s:
                    raise Hung(
                        f"it computed {busy:.0f} s of {waited:.0f} s on one picture"
                    ) from None
            else:
                self.beside_s = max(0.0, time.monotonic() - alone_from)
                self._link.settimeout(self._wait_s)
                return

    def _cpu_s(self) -> float:
        """Seconds of processor time so far; 0 where the system does not tell."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("ascii")
        except OSError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _status(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed its socket"
        return f"signal {-code}" if code < 0 else f"exit code {code}"
