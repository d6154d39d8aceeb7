"""`init`, `add`, `commit` and `export` killed at random moments end where they would have ended."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.journey import killing
from tests.journey.endings import ending
from tests.journey.killing import LEAST, Nursery, Tally
from tests.journey.victims import Victim, copied
from visloop import app


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """80 pictures in class folders and a broken one; 40 with boxes in COCO; an empty workspace."""
    folder = tmp_path_factory.mktemp("parts")
    empty = folder / "empty"
    app.create(empty)
    for layout, count, seed in (("classes", "80", "7"), ("coco", "40", "8")):
        picked = ("--count", count, "--seed", seed, "--layout", layout)
        nursery.run(empty, "demo", "images", str(folder / layout), *picked)
    first = next(each for each in sorted((folder / "classes").iterdir()) if each.is_dir())
    (first / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


def test_init_killed_anywhere_is_finished_by_the_next(
    tmp_path: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("init")
    twin = tmp_path / "twin"
    span = nursery.measure(twin, "init", str(twin))
    wanted = ending(twin)
    for number in range(100):
        if tally.has_enough("init"):
            break
        root = tmp_path / f"init{number}"
        tally.kills["init"] += span.kill(nursery.command(root, "init", str(root)), root, draw)
        nursery.run(root, "init", str(root))
        assert ending(root) == wanted
    assert tally.has_enough("init")


@pytest.mark.parametrize("layout", ["classes", "coco"])
@pytest.mark.parametrize("batch", [None, 16])
def test_add_killed_anywhere_ends_where_it_would_have(
    tmp_path: Path, parts: Path, nursery: Nursery, tally: Tally, layout: str, batch: int | None
) -> None:
    draw = killing.draw_for(f"add {layout} {batch}")
    add = ("add", str(parts / layout), "--to", "line")
    twin = copied(parts / "empty", tmp_path / "twin")
    span = nursery.measure(twin.root, *add, batch=batch)
    wanted = ending(twin.root)
    least = LEAST["add"] / 4
    landed = 0
    for number in range(100):
        if landed >= least:
            break
        victim = copied(parts / "empty", tmp_path / f"ws{number}")
        for _ in range(draw.randint(1, 3)):
            landed += span.kill(nursery.command(victim.root, *add, batch=batch), victim.root, draw)
            victim.must_stand()
        nursery.run(victim.root, *add, batch=batch)
        victim.must_stand()
        assert ending(victim.root) == wanted
        shutil.rmtree(victim.root)
    assert landed >= least
    tally.kills["add"] += landed


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, parts: Path, nursery: Nursery) -> Path:
    """A first version, and behind it pictures, splits and a class that no version holds yet."""
    root = copied(parts / "empty", tmp_path_factory.mktemp("staged") / "ws").root
    nursery.run(root, "add", str(parts / "classes"), "--to", "line")
    nursery.run(root, "commit", "line", "-m", "first")
    nursery.run(root, "add", str(parts / "coco"), "--to", "line", "--add-classes")
    nursery.run(root, "split", "line", "--set", "train=0.7", "--set", "test=0.3")
    return root


def _commit_to_the_end(nursery: Nursery, victim: Victim) -> None:
    """Again by hand; where the killed one had done it already, that is what is said."""
    child = nursery.command(victim.root, "commit", "line", "-m", "second")
    if child.end() != 0:
        assert "data.nothing_to_commit" in child.said


def test_commit_killed_anywhere_leaves_all_of_a_version_or_none(
    tmp_path: Path, staged: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("commit")
    twin = copied(staged, tmp_path / "twin")
    span = nursery.measure(twin.root, "commit", "line", "-m", "second")
    wanted = ending(twin.root)
    for number in range(200):
        if tally.has_enough("commit"):
            break
        victim = copied(staged, tmp_path / f"ws{number}")
        child = nursery.command(victim.root, "commit", "line", "-m", "second")
        tally.kills["commit"] += span.kill(child, victim.root, draw)
        victim.must_stand()
        _commit_to_the_end(nursery, victim)
        victim.must_stand()
        assert ending(victim.root) == wanted
        shutil.rmtree(victim.root)
    assert tally.has_enough("commit")


def test_export_killed_anywhere_leaves_no_half_folder(
    tmp_path: Path, staged: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("export")
    whole = tmp_path / "whole"
    span = nursery.measure(staged, "export", "line@v1", str(whole))
    wanted = _files(whole)
    for number in range(100):
        if tally.has_enough("export"):
            break
        folder = tmp_path / f"out{number}"
        child = nursery.command(staged, "export", "line@v1", str(folder))
        tally.kills["export"] += child.kill_after(draw.uniform(0.02, span.took_s))
        if not folder.exists():
            nursery.run(staged, "export", "line@v1", str(folder))
        assert _files(folder) == wanted
    assert tally.has_enough("export")


def _files(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


def test_three_adding_at_once_lose_and_double_nothing_also_when_one_is_killed(
    tmp_path: Path, parts: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("beside")
    own, shared = _halves(parts / "classes", tmp_path)
    twin = copied(parts / "empty", tmp_path / "twin")
    span = nursery.measure(twin.root, "add", shared, "--to", "line", batch=8)
    nursery.run(twin.root, "add", own, "--to", "line", batch=8)
    wanted = ending(twin.root)
    for number in range(100):
        if number >= 2 and tally.has_enough("add beside add"):
            break
        victim = copied(parts / "empty", tmp_path / f"ws{number}")
        beside = [
            nursery.command(victim.root, "add", folder, "--to", "line", batch=8)
            for folder in (own, shared)
        ]
        child = nursery.command(victim.root, "add", shared, "--to", "line", batch=8)
        if number >= 2:  # the first two times, nobody is killed
            tally.kills["add beside add"] += span.kill(child, victim.root, draw)
        for each in (*beside, child):
            assert each.end() in {0, -signal.SIGKILL}, each.said
        victim.must_stand()
        assert ending(victim.root) == wanted  # what the killed one did not add, another did
        shutil.rmtree(victim.root)
    assert tally.has_enough("add beside add")


def _halves(parts: Path, to: Path) -> tuple[str, str]:
    """The pictures in two folders of class folders."""
    for number, file in enumerate(sorted(parts.rglob("*.jpg"))):
        folder = to / ("own", "shared")[number % 2] / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / file.name)
    return str(to / "own"), str(to / "shared")
