"""`train` killed at random moments: one model in the end, the same as without the kill."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.journey import killing, worlds
from tests.journey.endings import ending
from tests.journey.killing import LEAST, Nursery, Tally
from tests.journey.victims import Victim, copied
from visloop import app
from visloop.faces import sdk

TRAIN = ("train", "line@v1", "--model", "inspector")
# the package names its run, which is a new one each time; a killed run keeps its files
_OF_A_RUN = ("runs", "run_artifacts", "package", "run")


@pytest.fixture(scope="module")
def committed(
    tmp_path_factory: pytest.TempPathFactory, world: worlds.World, nursery: Nursery
) -> Path:
    """A version with splits that nobody has trained on: three classes of the world's pictures."""
    root = tmp_path_factory.mktemp("committed") / "ws"
    app.create(root)
    classes = sorted(str(each) for each in world.parts.iterdir() if each.is_dir())[:3]
    nursery.run(root, "add", *classes, "--to", "line")
    nursery.run(root, "split", "line", "--set", "train=0.75", "--set", "test=0.25")
    nursery.run(root, "commit", "line", "-m", "first")
    return root


def test_train_killed_anywhere_makes_one_model_in_the_end(
    tmp_path: Path, committed: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("train")
    twin = copied(committed, tmp_path / "twin")
    span = nursery.measure(twin.root, *TRAIN)
    wanted, model = ending(twin.root, but=_OF_A_RUN), _model(twin)
    for number in range(100):
        if tally.has_enough("train"):
            break
        victim = copied(committed, tmp_path / f"ws{number}")
        for _ in range(3):
            if _model(victim):
                break
            landed = span.kill(nursery.command(victim.root, *TRAIN), victim.root, draw)
            tally.kills["train"] += landed
            victim.must_stand()
        if not _model(victim):
            nursery.run(victim.root, *TRAIN)
        victim.must_stand()
        assert ending(victim.root, but=_OF_A_RUN) == wanted
        assert _model(victim) == model, "the same data and seed give the same network"
        assert _runs(victim).count("done") == 1
        shutil.rmtree(victim.root)
    assert tally.has_enough("train")


def test_a_full_run_kills_a_hundred_times(tally: Tally) -> None:
    assert sum(LEAST.values()) >= 100
    if tally.has_enough(*LEAST):  # not where only some of the tests were chosen
        assert tally.kills.total() >= 100


def _model(victim: Victim) -> tuple[str, str, dict[str, float]] | None:
    """Reference, digest of the network and metrics, when there is one."""
    with sdk.local(victim.root) as here:
        rows = here.call(app.models, app.Models()).rows
        if not rows:
            return None
        (row,) = rows
        shown = here.call(app.model_show, app.ModelShow(ref=row["ref"]))
        return row["ref"], shown.model["manifest"]["onnx"], row["metrics"]


def _runs(victim: Victim) -> list[str]:
    with sdk.local(victim.root) as here:
        return [row["status"] for row in here.call(app.runs_list, app.RunsList()).rows]
