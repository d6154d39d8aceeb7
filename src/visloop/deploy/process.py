"""Child processes under one supervisor: started, restarted when they die, stopped together.

Children die with the supervisor, however it dies: the kernel signals them (`PR_SET_PDEATHSIG`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """What to run. `fds` are inherited (a listening socket); its output goes to `NAME.log`.

    `orphan_signal` is what the kernel sends when the supervisor is gone.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    fds: tuple[int, ...] = ()
    cwd: Path | None = None
    orphan_signal: int = signal.SIGTERM


class Running:
    """One life of a child."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.started = time.monotonic()
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - argument lists from our own code, no shell
                list(child.argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **child.env},
                cwd=child.cwd,
                pass_fds=child.fds,
                start_new_session=True,
                preexec_fn=_dies_with_parent(child.orphan_signal),  # noqa: PLW1509 - starts from one thread
            )

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    @property
    def age_s(self) -> float:
        """How long this life lasts already."""
        return time.monotonic() - self.started

    def ended(self) -> int | None:
        """The exit status (minus the signal's number), or None while it runs.

        Leaves the dead process in the table, so that its number cannot become another's.
        """
        if self._process.returncode is not None:
            return self._process.returncode
        seen = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if seen is None:
            return None
        return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status

    def send(self, number: int) -> None:
        """Signal the child; nothing happens when it has ended."""
        if self.ended() is None:
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """Kill the child and whatever it started in its session; waits until it is gone."""
        if self._process.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()


def stop(lives: Sequence[Running], grace_s: float) -> None:
    """SIGTERM to all, a common grace, then SIGKILL for those that are still there."""
    for life in lives:
        life.send(signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(life.ended() is None for life in lives):
        time.sleep(0.02)
    for life in lives:
        life.kill_group()


def _dies_with_parent(number: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and here
            os._exit(1)

    return ask_kernel
