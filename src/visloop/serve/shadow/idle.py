"""Begins the process of a copy, out of everybody's way from its first moment: libraries come after that.

It runs on processors only that nobody else wants, and dies with the process that began it, even while a
model hangs. Linux shares processors out between sessions first (autogroups, where they are on): in the
session of the server, what a copy computes would be taken off the server's own share.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

BORN: Final = b"!"
"""What it says on its socket before anything else: it may be stopped from now on."""
_PR_SET_PDEATHSIG: Final = 1
_NICE: Final = 10  # as a session beside those of others
_NICEST: Final = 19
_AUTOGROUP: Final = Path("/proc/self/autogroup")


def stand_back() -> None:
    """Become such a process."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - where it is needed

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with suppress(OSError):
            os.setsid()
            _AUTOGROUP.write_text(str(_NICE), "ascii")
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    os.nice(_NICEST)


if __name__ == "__main__":
    stand_back()
    os.write(int(sys.argv[1]), BORN)  # fails where the other has gone meanwhile
    runpy.run_module("visloop.serve.shadow.child", run_name="__main__")
