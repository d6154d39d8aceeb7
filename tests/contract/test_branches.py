"""Branches and tags on a real ledger and real packs: begun, worked on, read back, removed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.data_world import SCOPE, close, facts, folder_of, make_ports, picture, view
from visloop import data, store
from visloop.errors import UsageError
from visloop.ids import Ref


@pytest.fixture
def photos(ports, tmp_path: Path) -> Path:
    folder = folder_of(tmp_path / "photos", cat=3)
    data.add(ports, SCOPE, "pets", [folder])
    data.commit(ports, SCOPE, "pets", "first")
    return folder


@pytest.fixture
def years(tmp_path: Path):
    """v1 of 30 September 2026, v2 (on a branch) and v3 of October, v4 of November."""
    made = make_ports(tmp_path / "ws")
    clock = store.FakeClock(datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC))
    made.ledger.clock = clock
    folder = folder_of(tmp_path / "photos", cat=4)
    data.add(made, SCOPE, "pets", [folder])
    data.commit(made, SCOPE, "pets", "September")
    for branch, later in (("trial", 5 * 86400), ("main", 3600), ("main", 30 * 86400)):
        clock.advance(later)
        if branch != "main":
            data.branch(made, SCOPE, "pets", branch)
        data.switch(made, SCOPE, "pets", branch)
        data.remove(made, SCOPE, "pets", [min(view(made, "pets@work"))])
        data.commit(made, SCOPE, "pets", f"at {clock.now()}")
    yield made
    close(made)


@pytest.mark.parametrize(
    ("date", "version"),
    [
        ("2026-09", "v1"),
        ("2026-09-30", "v1"),
        ("2026-09-30T2359", "v1"),
        ("2026-10-05", "v1"),
        ("2026-10-06T0059Z", "v3"),
        ("2026-10", "v3"),
        ("2026-11", "v4"),
        ("2031-01", "v4"),
    ],
)
def test_a_date_is_what_main_was_when_it_ended(years, date: str, version: str) -> None:
    found = data.open(years, Ref.parse(f"pets@{date}"), SCOPE.project)
    assert found.version.name == version
    start = data.branch(years, SCOPE, "pets", "as-it-was", start=date)
    assert start.version == version


def test_a_question_takes_a_date_for_a_version(years) -> None:
    def changed(since: str) -> int:
        ref = Ref.parse("pets@v1")
        return data.query(years, SCOPE, ref, f"changed since {since}").count

    assert changed("2026-10") == changed("v3") == 1
    assert changed("2026-10-06T00:59") == 1
    assert changed("2026-11") == changed("v4") == 2


def test_a_date_before_the_first_version_says_when_that_was(years) -> None:
    with pytest.raises(data.VersionNotFound, match="no version on main yet at 2026-09-29") as told:
        view(years, "pets@2026-09-29")
    assert told.value.fix == "its first was made 2026-09-30 23:59: pets@v1"
    for wrong in ("2026-13", "2026-02-30", "2026-10T1200", "2026-10-05T2560", "26-10-05"):
        with pytest.raises(data.VersionNotFound, match="has no version"):
            view(years, f"pets@{wrong}")
    data.tag(years, SCOPE, Ref.parse("pets@v4"), "2026-10")
    assert data.open(years, Ref.parse("pets@2026-10"), SCOPE.project).version.name == "v4"


@pytest.mark.usefixtures("photos")
def test_a_branch_takes_the_commits_and_main_stays(ports) -> None:
    data.branch(ports, SCOPE, "pets", "fix")
    assert data.switch(ports, SCOPE, "pets", "fix").working
    data.remove(ports, SCOPE, "pets", ["cat/cat0.jpg"])
    made = data.commit(ports, SCOPE, "pets", "one less")
    assert (made.name, made.branch, made.parent) == ("v2", "fix", 1)
    assert len(view(ports, "pets@fix")) == len(view(ports, "pets@work")) == 2
    assert len(view(ports, "pets@main")) == len(view(ports, "pets")) == 3
    data.switch(ports, SCOPE, "pets", "main")
    assert len(view(ports, "pets@work")) == 3
    data.add_classes(ports, SCOPE, "pets", ["dog"])
    again = data.commit(ports, SCOPE, "pets", "dogs will come")
    assert (again.name, again.branch, again.parent) == ("v3", "main", 1)
    assert [each.number for each in data.log(ports, SCOPE, "pets")] == [3, 2, 1]
    assert [each.number for each in data.log(ports, SCOPE, "pets", "fix")] == [2, 1]
    found = {each.name: each for each in data.branch_list(ports, SCOPE, "pets")}
    assert (found["fix"].ahead_of_main, found["fix"].behind_main) == (1, 1)
    assert found["main"].working
    assert not found["fix"].working


def test_files_are_looked_at_anew_on_another_branch(ports, photos) -> None:
    data.branch(ports, SCOPE, "pets", "more")
    data.switch(ports, SCOPE, "pets", "more")
    picture(photos / "cat" / "late.jpg", 77)
    assert data.add(ports, SCOPE, "pets", [photos]).added == 1
    data.commit(ports, SCOPE, "pets", "a late one")
    data.switch(ports, SCOPE, "pets", "main")
    assert data.add(ports, SCOPE, "pets", [photos]).added == 1
    data.commit(ports, SCOPE, "pets", "here too")
    assert view(ports, "pets@main").keys() == view(ports, "pets@more").keys()


@pytest.mark.usefixtures("photos")
def test_nothing_staged_is_carried_to_another_branch(ports) -> None:
    data.branch(ports, SCOPE, "pets", "fix")
    data.remove(ports, SCOPE, "pets", ["cat/cat0.jpg"])
    with pytest.raises(data.StagedChanges, match="1 samples") as refused:
        data.switch(ports, SCOPE, "pets", "fix")
    assert "visloop unstage pets" in refused.value.fix
    data.unstage(ports, SCOPE, "pets")
    data.add_classes(ports, SCOPE, "pets", ["dog"])
    with pytest.raises(data.StagedChanges, match="classes"):
        data.switch(ports, SCOPE, "pets", "fix")


@pytest.mark.usefixtures("photos")
def test_a_tag_stays_where_it_is(ports) -> None:
    data.tag(ports, SCOPE, Ref.parse("pets"), "gold")
    data.remove(ports, SCOPE, "pets", ["cat/cat0.jpg"])
    data.commit(ports, SCOPE, "pets", "one less")
    assert data.open(ports, Ref.parse("pets@gold")).version.number == 1
    with pytest.raises(data.NameInUse) as taken:
        data.tag(ports, SCOPE, Ref.parse("pets@v2"), "gold")
    assert "--move" in taken.value.fix
    data.tag(ports, SCOPE, Ref.parse("pets@v2"), "gold", move=True)
    assert [(each.name, each.version) for each in data.tag_list(ports, SCOPE, "pets")] == [
        ("gold", "v2")
    ]
    data.tag_remove(ports, SCOPE, "pets", "gold")
    with pytest.raises(data.VersionNotFound):
        data.open(ports, Ref.parse("pets@gold"))
    kinds = ["data.tagged", "data.tag_removed"]
    assert [kind for kind, _ in facts(ports, *kinds)] == [kinds[0], kinds[0], kinds[1]]


@pytest.mark.usefixtures("photos")
def test_names_that_would_be_mistaken_are_refused(ports) -> None:
    for wrong in ("v3", "3", "work", "A b"):
        with pytest.raises(UsageError):
            data.tag(ports, SCOPE, Ref.parse("pets"), wrong)
        with pytest.raises(UsageError):
            data.branch(ports, SCOPE, "pets", wrong)
    with pytest.raises(UsageError):
        data.tag(ports, SCOPE, Ref.parse("pets@work"), "gold")
    data.branch(ports, SCOPE, "pets", "fix")
    data.tag(ports, SCOPE, Ref.parse("pets"), "gold")
    for make in (
        lambda: data.tag(ports, SCOPE, Ref.parse("pets"), "fix"),
        lambda: data.branch(ports, SCOPE, "pets", "gold"),
        lambda: data.branch(ports, SCOPE, "pets", "main"),
    ):
        with pytest.raises(data.NameInUse):
            make()
    with pytest.raises(data.VersionNotFound) as missing:
        data.open(ports, Ref.parse("pets@golf"))
    assert "gold" in missing.value.fix


@pytest.mark.usefixtures("photos")
def test_a_branch_goes_and_its_versions_stay(ports) -> None:
    data.branch(ports, SCOPE, "pets", "fix")
    data.switch(ports, SCOPE, "pets", "fix")
    data.remove(ports, SCOPE, "pets", ["cat/cat0.jpg"])
    data.commit(ports, SCOPE, "pets", "one less")
    for name in ("fix", "main"):
        with pytest.raises(data.BranchKept):
            data.branch_remove(ports, SCOPE, "pets", name)
    data.switch(ports, SCOPE, "pets", "main")
    data.branch_remove(ports, SCOPE, "pets", "fix")
    with pytest.raises(data.BranchNotFound):
        data.switch(ports, SCOPE, "pets", "fix")
    assert len(view(ports, "pets@v2")) == 2
