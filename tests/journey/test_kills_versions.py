"""`gc`, `merge`, `revert`, `switch` and `checkout` killed at random moments end where they would have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.journey import killing
from tests.journey.killing import LEAST, Nursery, Tally
from tests.journey.victims import Victim, copied
from visloop import app, data
from visloop.faces import sdk
from visloop.ids import Ref

TRIES = 60


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """Two branches that changed different things, and one field of all pictures differently; garbage."""
    folder = tmp_path_factory.mktemp("versions")
    root = folder / "ws"
    app.create(root)

    def run(*words: str) -> None:
        nursery.run(root, *words)

    for name, count in (("parts", "30"), ("more", "25")):
        run("demo", "images", str(folder / name), "--count", count, "--seed", count)
    run("add", str(folder / "parts"), "--to", "line")
    run("commit", "line", "-m", "first")
    run("branch", "line", "fix", "--switch")
    run("meta", "set", "line", "--all", "--set", "checked=ann")
    run("commit", "line", "-m", "checked")
    run("switch", "line", "main")
    run("meta", "set", "line", "--all", "--set", "lamp=new")
    run("commit", "line", "-m", "a new lamp")
    run("branch", "line", "other", "--switch")
    run("meta", "set", "line", "--all", "--set", "shift=day")
    run("commit", "line", "-m", "by day")
    run("switch", "line", "main")
    run("meta", "set", "line", "--all", "--set", "shift=night")
    run("commit", "line", "-m", "by night")
    run("add", str(folder / "more"), "--to", "line")
    run("unstage", "line")
    return root


def ending(root: Path) -> dict[str, list[tuple[str, str, object]]]:
    """Every version's samples, and what is worked on."""
    with sdk.local(root) as here:
        log = here.call(app.log, app.Log(dataset="line")).rows
        branches = here.call(app.branch_list, app.BranchList(dataset="line")).rows
        found = {
            row["version"]: [
                (each.path, each.image, sorted(each.metadata.items(), key=str))
                for each in data.open(here.ports.data, Ref("line", row["version"])).samples()
            ]
            for row in log
        }
        found["branches"] = [(each["name"], each["version"], each["working"]) for each in branches]
        return found


CASES = {
    "merge": (("merge", "line", "fix"), "data.nothing_to_merge"),
    "resolve": (("merge", "line", "other", "--rule", "theirs"), "data.nothing_to_merge"),
    "revert": (("revert", "line", "v5"), "data.nothing_to_merge"),
    "switch": (("switch", "line", "fix"), ""),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_command_killed_anywhere_is_done_whole_or_not_at_all(
    tmp_path: Path, template: Path, nursery: Nursery, tally: Tally, kind: str
) -> None:
    words, done_already = CASES[kind]
    draw = killing.draw_for(kind)
    before = ending(template)
    twin = copied(template, tmp_path / "twin")
    span = nursery.measure(twin.root, *words)
    wanted = ending(twin.root)
    for number in range(TRIES):
        if tally.has_enough(kind):
            break
        victim = copied(template, tmp_path / f"ws{number}")
        tally.kills[kind] += span.kill(nursery.command(victim.root, *words), victim.root, draw)
        victim.must_stand()
        assert ending(victim.root) in (before, wanted)
        again = nursery.command(victim.root, *words)
        if again.end() != 0:
            assert done_already, again.said
            assert done_already in again.said, again.said
        assert ending(victim.root) == wanted
        shutil.rmtree(victim.root)
    assert tally.has_enough(kind)


def test_gc_killed_anywhere_loses_no_version_and_is_ended_by_the_next(
    tmp_path: Path, template: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("gc")
    before = ending(template)
    twin = copied(template, tmp_path / "twin")
    span = nursery.measure(twin.root, "gc")
    size = nursery.run(twin.root, "storage")["blobs"]
    for number in range(TRIES):
        if tally.has_enough("gc"):
            break
        victim = copied(template, tmp_path / f"ws{number}")
        child = nursery.command(victim.root, "gc")
        tally.kills["gc"] += span.kill(child, victim.root, draw, begin=0.3)
        victim.must_stand()
        assert ending(victim.root) == before
        nursery.run(victim.root, "gc")
        nursery.run(victim.root, "gc")  # a pack that was left behind is found, and emptied
        victim.must_stand()
        assert ending(victim.root) == before
        left = nursery.run(victim.root, "storage")
        assert (left["blobs"], left["dead_bytes"]) == (size, 0)
        shutil.rmtree(victim.root)
    assert tally.has_enough("gc")
    assert LEAST["gc"] > 0


def test_checkout_killed_anywhere_goes_on_and_leaves_other_files_alone(
    tmp_path: Path, template: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("checkout")
    victim = Victim(template)
    whole = tmp_path / "whole"
    checkout = ("checkout", "line@v1")
    span = nursery.measure(victim.root, *checkout, str(whole))
    wanted = _files(whole)
    for number in range(TRIES):
        if tally.has_enough("checkout"):
            break
        folder = tmp_path / f"out{number}"
        folder.mkdir()
        child = nursery.command(victim.root, *checkout, str(folder))
        tally.kills["checkout"] += child.kill_after(draw.uniform(0.02, span.took_s))
        (folder / "mine.txt").write_text("a person's own")
        done = nursery.run(victim.root, *checkout, str(folder))
        assert done["written"] + done["unchanged"] == len(wanted)
        assert _files(folder) == wanted | {"mine.txt": b"a person's own"}
        again = nursery.run(victim.root, *checkout, str(folder))
        assert (again["written"], again["removed"]) == (0, 0)
        shutil.rmtree(folder)
    assert tally.has_enough("checkout")


def _files(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in found
        if not each.name.startswith(".visloop")
    }
