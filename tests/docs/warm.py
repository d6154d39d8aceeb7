"""`visloop` as a command that starts at once, for examples: forked from a process that has imported all.

It is the console script's own `main` with the caller's arguments, folder, variables and files; only the
interpreter's start and the imports, most of what a small command costs, are paid once for all. What
`PYTHONPATH` adds is not known there: such a call starts a process as everybody's does, and so do what
runs in the background, and the pages that a person reads first (`test_docs.COLD`).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from tests import preloading
from visloop import demo

_DRAWN = 100
"""Pictures after which the virtual line has made most of the parts that it shows."""
ROOT = Path(__file__).resolve().parent.parent.parent
_CLIENT = """\
#!{python} -IS
import os, socket, sys
if os.environ.get("PYTHONPATH") != {path!r}:
    os.execv({real!r}, [{real!r}, *sys.argv[1:]])
told = [os.getcwd(), str(len(sys.argv)), *sys.argv, *map("=".join, os.environ.items())]
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"!"], [0, 1, 2])
    server.sendall(os.fsencode("\\0".join(told)))
    server.shutdown(socket.SHUT_WR)
    code = server.recv(16)
sys.exit(int(code or b"70"))
"""


@contextlib.contextmanager
def commands(folder: Path) -> Iterator[Path]:
    """A folder for `PATH` whose `visloop` starts at once, as long as the context lasts."""
    address, command = folder / "socket", folder / "bin" / "visloop"
    command.parent.mkdir()
    real = str(Path(sys.executable).parent / "visloop")
    text = _CLIENT.format(
        python=sys.executable, real=real, address=str(address), path=os.environ.get("PYTHONPATH")
    )
    command.write_text(text, encoding="utf-8")
    command.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.docs.warm", str(listener.fileno())],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield command.parent
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _serve(listener: socket.socket) -> None:
    """Fork for each call; returns in the fork, as the process that the caller asked for."""
    for name in [*preloading.names(), "visloop.__main__"]:
        importlib.import_module(name)
    for index in range(_DRAWN):
        demo.Line().frame(index)
    gc.freeze()
    while True:
        caller, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _become(caller)
        caller.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _become(caller: socket.socket) -> None:
    _, files, _, _ = socket.recv_fds(caller, 1, 3)
    told = b"".join(iter(lambda: caller.recv(1 << 16), b""))
    folder, count, *words = os.fsdecode(told).split("\0")
    child = os.fork()
    if child:
        _answer(caller, child)
    caller.close()
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(folder)
    sys.argv[:] = words[: int(count)]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    os.environ.clear()
    os.environ.update(each.split("=", 1) for each in words[int(count) :])


def _answer(caller: socket.socket, child: int) -> NoReturn:
    """Wait for it, and tell how it ended as a shell would."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):  # nobody waits for it any more
        caller.sendall(b"%d" % (code if code >= 0 else 128 - code))
    os._exit(0)


def _run() -> NoReturn:
    """The console script, to the end of its process; what is in memory is not taken apart first."""
    script = sys.modules["__main__"] = importlib.import_module("visloop.__main__")
    code: object = 1
    try:
        code = script.main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - told as the interpreter would
        traceback.print_exc()
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
    _run()
