"""A rename and a merge of classes killed at random moments: all of the version, or none of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.journey import killing
from tests.journey.endings import ending
from tests.journey.killing import Nursery, Tally
from tests.journey.victims import copied
from visloop import app, data
from visloop.faces import sdk
from visloop.ids import Ref


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """A data set at its first version."""
    folder = tmp_path_factory.mktemp("line")
    root = folder / "ws"
    app.create(root)
    nursery.run(root, "demo", "images", str(folder / "parts"), "--count", "80", "--seed", "7")
    nursery.run(root, "add", str(folder / "parts"), "--to", "line")
    nursery.run(root, "commit", "line", "-m", "first")
    return root


@pytest.mark.parametrize(
    "change",
    [
        ("classes", "rename", "line", "bolt", "screw"),
        ("classes", "merge", "line", "nut", "bolt", "--into", "fastener"),
    ],
)
def test_a_change_of_classes_killed_anywhere_is_all_or_nothing(
    tmp_path: Path, line: Path, nursery: Nursery, tally: Tally, change: tuple[str, ...]
) -> None:
    draw = killing.draw_for(" ".join(change))
    twin = copied(line, tmp_path / "twin")
    span = nursery.measure(twin.root, *change)
    wanted = ending(twin.root)
    landed = 0
    for number in range(60):
        if landed >= killing.LEAST["rename"] / 2:
            break
        victim = copied(line, tmp_path / f"ws{number}")
        landed += span.kill(nursery.command(victim.root, *change), victim.root, draw)
        victim.must_stand()
        if not _is_done(victim.root):
            nursery.run(victim.root, *change)
        victim.must_stand()
        assert ending(victim.root) == wanted
        shutil.rmtree(victim.root)
    assert landed >= killing.LEAST["rename"] / 2
    tally.kills["rename"] += landed


def _is_done(root: Path) -> bool:
    """Whether the second version is there; then dictionary and labels are of one mind."""
    with sdk.local(root) as here:
        ports = here.ports.data
        newest = data.open(ports, Ref.parse("line"))
        labels = {each.label for sample in newest.samples() for each in sample.annotations}
        assert labels == set(newest.classes.names)
        return newest.version.number > 1
