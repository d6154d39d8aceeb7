"""A training in a process of its own, to be killed: `python -m tests.contract.torch_victim ROOT RECIPE`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.unit.torch_parts import RECIPES, TINY
from tests.unit.train_parts import SCOPE, Workspace
from visloop import store, train
from visloop.ids import Ref

KEY = "victim"
_BEGINS = "begins"
WEIGHTS = "weights"
"""Where in its folder the recipe `transformers` finds a network."""
_LEASE = timedelta(seconds=60)
_HOME = Path(__file__).resolve().parent.parent.parent


class _Later(store.SystemClock):
    """A clock that has gone on since the last attempt: a dead process's lease has run out."""

    def __init__(self, attempt: int) -> None:
        self._ahead = 2 * attempt * _LEASE

    def now(self) -> datetime:
        return super().now() + self._ahead


def start(root: Path, recipe: str, *, steady: bool = False) -> subprocess.Popen[str]:
    """The training begins, or goes on; `steady` keeps a checkpoint after every step."""
    attempts = root / "attempts"
    count = len(attempts.read_text()) if attempts.exists() else 0
    attempts.write_text("x" * (count + 1))
    words = [str(root), recipe, "0" if steady else "30", str(count)]
    command = [sys.executable, "-m", __name__, *words]
    return subprocess.Popen(command, cwd=_HOME, stdout=subprocess.PIPE, text=True)


def finished(root: Path, recipe: str) -> str:
    """The digest of the model that the training ends with."""
    process = start(root, recipe)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return said.split()[-1]


def timed(root: Path, recipe: str) -> tuple[str, float]:
    """As `finished`, and how many seconds the training took, without what came before it."""
    process = start(root, recipe)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == _BEGINS
    began = time.monotonic()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return said.split()[-1], time.monotonic() - began


def reproduced(root: Path, model: str) -> dict[str, Any]:
    """What `reproduce` finds in a process of its own."""
    command = [sys.executable, "-m", __name__, "reproduce", str(root), model]
    done = subprocess.run(command, cwd=_HOME, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def killed_after(root: Path, recipe: str, steps: int) -> bool:
    """SIGKILL as soon as so many checkpoints were seen; False when it ended before."""
    process = start(root, recipe, steady=True)
    seen: set[str] = set()
    deadline = time.monotonic() + 120
    while process.poll() is None and len(seen) < steps and time.monotonic() < deadline:
        seen |= {each.name for each in (root / "runs").glob("*/*") if each.suffix != ".part"}
        time.sleep(0.002)
    landed = process.poll() is None
    process.kill()
    process.communicate()
    return landed


def killed_within(root: Path, recipe: str, seconds: float) -> bool:
    """SIGKILL so long after the training began; False when it ended before."""
    process = start(root, recipe, steady=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == _BEGINS
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


def main(root: str, recipe: str, checkpoint_s: str, attempt: str) -> None:
    """Train, or go on with the run that was begun; tell the model's digest."""
    workspace = Workspace(Path(root), _Later(int(attempt)))
    workspace.training = replace(
        workspace.training,
        scratch=Path(root) / "runs",
        checkpoint_s=float(checkpoint_s),
        lease_s=_LEASE.total_seconds(),
    )
    begun = train.list_runs(workspace.training, SCOPE)
    print(_BEGINS, flush=True)
    if begun:
        done = train.resume(workspace.training, SCOPE, begun[0].id)
    else:
        ref, params = RECIPES.get(recipe, ("kinds@v1", {}))
        if recipe == "transformers":
            ref, params = "line@v1", {**TINY, "weights": str(Path(root) / WEIGHTS)}
        done = workspace.train(ref, recipe=recipe, params=params, key=KEY, threads=None)
    print(workspace.model(done.model).onnx)
    workspace.close()


def again(root: str, model: str) -> None:
    """Make the model again, and tell how it compares."""
    workspace = Workspace(Path(root), store.SystemClock())
    found = train.reproduce(workspace.training, SCOPE, Ref.parse(model))
    print(msgspec.json.encode(found).decode())
    workspace.close()


if __name__ == "__main__":
    if sys.argv[1] == "reproduce":
        again(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
