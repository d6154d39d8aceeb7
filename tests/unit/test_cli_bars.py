"""Progress as a person at a terminal sees it: on stderr, with a rate, whether the end is known or not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading

import pytest

SCRIPT = """
import time
from visloop.faces.cli.bars import progress
def slow():
    for number in range(30):
        time.sleep(0.04)
        yield number
with progress(quiet={quiet}) as shown:
    print(sum(shown.track(slow(), doing="add", unit="picture", total={total})))
"""


def at_a_terminal(script: str) -> tuple[str, str]:
    """What the script writes on stdout, and on a terminal as its stderr."""
    ours, theirs = os.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    seen: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(ours, 65536):
                seen.append(data)
        except OSError:  # the other end is closed
            pass

    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=theirs, text=True, env=env
    ) as process:
        os.close(theirs)
        reader = threading.Thread(target=read)
        reader.start()
        out, _ = process.communicate(timeout=60)
        reader.join()
    os.close(ours)
    return out, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(seen).decode())


@pytest.mark.parametrize("total", [None, 30])
def test_a_bar_has_count_unit_and_rate(total: int | None) -> None:
    out, shown = at_a_terminal(SCRIPT.format(quiet=False, total=total))
    assert out == "435\n", shown
    assert re.search(rf"add .*\d+/{total or '[?]'} pictures +\d+/s", shown)
    if total:
        assert re.search(r"0:00:0\d", shown), "the time left"


def test_quiet_is_quiet() -> None:
    assert at_a_terminal(SCRIPT.format(quiet=True, total=None)) == ("435\n", "")
