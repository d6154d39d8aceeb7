"""Two processes that commit to one branch at once, over and over: all is in history, or one is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.data_world import picture
from tests.journey.killing import Nursery, draw_for
from tests.journey.victims import Victim
from visloop import app

ROUNDS = 6


def _changes(folder: Path, number: int, name: str) -> Path:
    """A folder with one new picture."""
    picture(folder / f"{name}{number}" / f"{name}{number}.jpg", 2 * number + (name == "b"))
    return folder / f"{name}{number}"


@pytest.fixture
def victim(tmp_path: Path, nursery: Nursery) -> Victim:
    root = tmp_path / "ws"
    app.create(root)
    nursery.run(root, "add", str(_changes(tmp_path, 99, "a")), "--to", "line")
    nursery.run(root, "commit", "line", "-m", "first")
    return Victim(root)


def _log(nursery: Nursery, victim: Victim) -> list[dict]:
    return nursery.run(victim.root, "log", "line", "--branch", "main")["rows"]


def _names(nursery: Nursery, victim: Victim, ref: str) -> set[str]:
    rows = nursery.run(victim.root, "samples", ref, "--limit", "500")["rows"]
    return {row["path"] for row in rows}


def test_two_committing_at_once_lose_nothing_and_the_slower_one_is_told(
    tmp_path: Path, nursery: Nursery, victim: Victim
) -> None:
    """Both staged, both commit what they know: the head as it was."""
    for number in range(ROUNDS):
        head = _log(nursery, victim)[0]["version"]
        for name in "ab":
            nursery.run(victim.root, "add", str(_changes(tmp_path, number, name)), "--to", "line")
        both = [
            nursery.command(victim.root, "commit", "line", "-m", name, "--base", head)
            for name in "ab"
        ]
        codes = [each.end() for each in both]
        assert sorted(codes) == [0, 1], [each.said for each in both]
        told = both[codes.index(1)].said
        assert "data.moved_on" in told or "data.nothing_to_commit" in told
        assert "line" in told
        victim.must_stand()
        assert _log(nursery, victim)[0]["parents"] == [head]
    wanted = {f"{name}{number}.jpg" for name in "ab" for number in range(ROUNDS)}
    assert _names(nursery, victim, "line@main") == wanted | {"a99.jpg"}


def test_two_adding_and_committing_at_once_end_with_both_in_history(
    tmp_path: Path, nursery: Nursery, victim: Victim
) -> None:
    """Each adds, then commits; who is refused does what the message says, and both meet in main."""
    draw = draw_for("two committers")
    for number in range(ROUNDS):
        head = _log(nursery, victim)[0]["version"]
        adds = [
            nursery.command(
                victim.root, "add", str(_changes(tmp_path, number, name)), "--to", "line"
            )
            for name in draw.sample("ab", 2)
        ]
        commits = []
        for name, add in zip("ab", adds, strict=True):
            assert add.end() == 0, add.said
            commits.append(
                nursery.command(victim.root, "commit", "line", "-m", name, "--base", head)
            )
        for name, each in zip("ab", commits, strict=True):
            if each.end() != 0 and "data.moved_on" in each.said:
                beside = ("--base", head, "--branch", f"{name}{number}")
                again = nursery.command(victim.root, "commit", "line", "-m", name, *beside)
                if again.end() == 0:
                    nursery.run(victim.root, "merge", "line", f"{name}{number}")
                else:  # the other one took it along after this one was refused
                    assert "data.nothing_to_commit" in again.said, again.said
        assert not nursery.run(victim.root, "status", "line")["rows"][0]["staged"]["added"]
        assert {f"a{number}.jpg", f"b{number}.jpg"} <= _names(nursery, victim, "line@main")
        victim.must_stand()
    shutil.rmtree(victim.root)
