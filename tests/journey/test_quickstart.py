"""The first command that a new user types: the whole circle, from nothing to healed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.journey import worlds
from visloop import app
from visloop.faces import sdk


@pytest.mark.slow
def test_it_drifts_alarms_and_heals(tmp_path: Path) -> None:
    root = tmp_path / "line"
    command = worlds.command("quickstart", str(root), "--no-serve", "--json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    story = json.loads(done.stdout)
    lost = story["accuracy_before"] - story["accuracy_drifted"]
    assert lost >= 0.10, "the drift must cost something"
    assert story["accuracy_healed"] - story["accuracy_drifted"] >= 0.8 * lost
    assert 0 < story["alarm_after_images"] <= 100
    assert 0 < story["labels_used"] <= 300
    for line in ("add parts --to line", "train line@v1", "label import truth.csv", "loop status"):
        assert f"$ visloop {line}" in done.stderr, "it prints the commands that it runs"
    _what_is_left(root)


def _what_is_left(root: Path) -> None:
    """Everything has ended, and the record is whole."""
    with sdk.local(root) as here:
        assert here.call(app.audit, app.Audit()).ok
        kinds = [row["kind"] for row in here.call(app.facts, app.Facts(limit=1000)).rows]
        for kind in ("alert.opened", "loop.opened", "loop.done", "monitor.rebased", "alert.closed"):
            assert kinds.count(kind) == 1, kind
        newest = here.call(app.predictions, app.Predictions(name="belt", limit=1)).rows[0]
        traced = here.call(app.trace, app.Trace(prediction=newest["id"]))
        assert traced.model["ref"] == "inspector@v2"
        assert traced.data["ref"] == "line@v2"
        assert list(here.ports.blobs.verify()) == []


def test_it_touches_nothing_that_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    command = worlds.command("quickstart", str(tmp_path), "--no-serve", "--json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not empty" in json.loads(done.stdout)["error"]["what"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
