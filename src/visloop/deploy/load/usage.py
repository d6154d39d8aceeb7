"""What processes and the machine spend, as the kernel tells it. Source: proc(5)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_IDLE: Final = (3, 4)


def tree(pid: int) -> Iterator[int]:
    """A process and everything that it started, as long as it lives."""
    yield pid
    for children in sorted((_PROC / str(pid) / "task").glob("*/children")):
        for child in _read(children).split():
            yield from tree(int(child))


def cpu_s(pid: int) -> float:
    """User and system seconds of a process tree."""
    ticks = 0
    for one in tree(pid):
        fields = _read(_PROC / str(one) / "stat").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12]) if fields else 0
    return ticks * _TICK_S


def pss_mb(pid: int) -> float:
    """Proportional set size of a process tree: pages shared with others count by their share."""
    kib = 0
    for one in tree(pid):
        rows = _read(_PROC / str(one) / "smaps_rollup").splitlines()
        kib += next((int(row.split()[1]) for row in rows if row.startswith("Pss:")), 0)
    return kib / 1024


def busy_s() -> float:
    """Seconds that all cores of the machine have worked since its start, for whomever."""
    fields = [int(field) for field in _read(_PROC / "stat").split("\n", 1)[0].split()[1:9]]
    return sum(ticks for place, ticks in enumerate(fields) if place not in _IDLE) * _TICK_S


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended since
        return ""
