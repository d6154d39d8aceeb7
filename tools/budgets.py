"""Start-up budgets: how long `import visloop` and `visloop --help` may take.

    python tools/budgets.py

Takes the least of several runs, since a busy machine only ever adds time. Exit code 1 when a budget
is broken. This is a check of its own and not a test, so that tests never fail for want of a quiet
machine.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

RUNS = 7
IMPORT_BUDGET_S = 0.050
HELP_BUDGET_S = 0.300
_IMPORT = """
import sys, time
began = time.perf_counter()
import visloop
took = time.perf_counter() - began
print(took)
print(",".join(sorted({"numpy", "cv2", "sqlalchemy", "pydantic"} & set(sys.modules))))
"""
_HELP = """
import sys
from visloop.__main__ import main
sys.argv = ["visloop", "--help"]
try:
    main()
finally:
    print(",".join(sorted({"numpy", "cv2", "sqlalchemy", "scipy"} & set(sys.modules))), file=sys.stderr)
"""


def import_s() -> tuple[float, str]:
    """Seconds to import the package in a fresh interpreter, and the vendors that came with it."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True
    )
    took, vendors = done.stdout.split("\n")[:2]
    return float(took), vendors


def help_s() -> float:
    """Seconds for `visloop --help`, from the shell's point of view."""
    command = [str(Path(sys.executable).with_name("visloop")), "--help"]
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def help_vendors() -> str:
    """Heavy vendors that `visloop --help` loads: tens of milliseconds each, whatever the machine does."""
    done = subprocess.run([sys.executable, "-c", _HELP], capture_output=True, text=True, check=True)
    return done.stderr.strip()


def main() -> int:
    """Print a line a budget; 1 when one is broken."""
    imports = [import_s() for _ in range(RUNS)]
    rows = [
        ("import visloop", min(took for took, _ in imports), IMPORT_BUDGET_S),
        ("visloop --help", min(help_s() for _ in range(RUNS)), HELP_BUDGET_S),
    ]
    brought = {"import visloop": imports[0][1], "visloop --help": help_vendors()}
    for what, took, budget in rows:
        verdict = "ok  " if took <= budget else "OVER"
        print(f"{verdict}  {what:16s} {took * 1000:6.1f} ms of {budget * 1000:.0f} ms")
    for what, vendors in brought.items():
        if vendors:
            print(f"OVER  {what} loads {vendors}, which it must not")
    return int(any(brought.values()) or any(took > budget for _, took, budget in rows))


if __name__ == "__main__":
    sys.exit(main())
