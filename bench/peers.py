"""Other tools to measure beside us, each in an environment of its own: `bench/.envs/NAME`.

Nothing of theirs gets into ours. What cannot be installed in the time given is left out, and said.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ENVS = Path(__file__).resolve().parent / ".envs"
INSTALL_S = 600


def peer(name: str, requirement: str) -> Path | None:
    """The `bin` folder of an environment with `requirement`; None: it could not be installed."""
    folder = ENVS / name
    ready = folder / ".ready"
    if ready.exists() and ready.read_text("utf-8") == requirement:
        return folder / "bin"
    print(f"installing {requirement} …", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement]
    try:
        subprocess.run(pip, check=True, timeout=INSTALL_S, capture_output=True, text=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        print(f"skipped: {name} cannot be installed here: {_why(problem)}", file=sys.stderr)
        return None
    ready.write_text(requirement, "utf-8")
    return folder / "bin"


def _why(problem: subprocess.SubprocessError) -> str:
    said = getattr(problem, "stderr", None) or str(problem)
    return (said.decode() if isinstance(said, bytes) else said).strip().splitlines()[-1]
