"""Private folders for what is unpacked or fetched, gone when done; leftovers of the killed go too."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def scratch(under: Path | None) -> Generator[Path]:
    """A new empty folder that only its owner may enter; it goes away whatever happens.

    Whatever a killed process left under the same folder is removed first: its lock is free.

    Args:
        under: where to make it; None means the system's folder for temporary files.
    """
    home = under or Path(tempfile.gettempdir()) / f"visloop-{os.getuid()}"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / _LOCK).open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # nobody sweeps between making a folder and locking it
        _sweep(home)
        mine = Path(tempfile.mkdtemp(prefix="in-", dir=home))
        held = (mine / _LOCK).open("a")
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        inner = mine / "files"
        inner.mkdir(mode=0o700)
        yield inner
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        held.close()


def _sweep(home: Path) -> None:
    for folder in home.glob("in-*"):
        with suppress(OSError), (folder / _LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # at work
                continue
            shutil.rmtree(folder, ignore_errors=True)


def free_bytes(folder: Path) -> int:
    """How many bytes may be written where `folder` lies."""
    return shutil.disk_usage(folder).free
