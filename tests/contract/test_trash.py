"""A data set removed and brought back, or purged: nothing is lost, no number means two things."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data_world import SCOPE, close, collect, folder_of, make_ports, picture, view
from visloop import data
from visloop.data import DatasetInTrash, DatasetNotFound, NotInTrash
from visloop.ids import Ref


@pytest.fixture
def photos(ports, tmp_path: Path) -> Path:
    folder = folder_of(tmp_path / "photos", cat=3)
    data.add(ports, SCOPE, "pets", [folder])
    data.commit(ports, SCOPE, "pets", "first")
    picture(folder / "cat" / "late.jpg", 77)
    (folder / "cat" / "bad.jpg").write_bytes(b"\xff\xd8\xff no picture")
    data.add(ports, SCOPE, "pets", [folder])
    data.tag(ports, SCOPE, Ref.parse("pets@v1"), "gold")
    return folder


def kinds(ports) -> list[str]:
    return [each.kind for each in ports.ledger.facts() if "dataset_" in each.kind]


@pytest.mark.usefixtures("photos")
def test_what_was_removed_is_nowhere_and_comes_back_as_it_was(ports) -> None:
    before, staged = view(ports, "pets"), view(ports, "pets@work")
    gone = data.throw_away(ports, SCOPE, "pets", "wrong line")
    assert (gone.versions, gone.samples, gone.staged, gone.quarantined) == (1, 3, 1, 1)
    assert data.names(ports, SCOPE) == []
    assert data.datasets(ports, SCOPE) == []
    assert data.quarantine_list(ports, SCOPE) == []
    for wanted in (
        lambda: data.log(ports, SCOPE, "pets"),
        lambda: view(ports, "pets@v1"),
        lambda: data.throw_away(ports, SCOPE, "pets"),
    ):
        with pytest.raises(DatasetInTrash, match="in the trash since") as told:
            wanted()
        assert "visloop datasets restore pets" in told.value.fix
    assert [each.name for each in data.trash_list(ports, SCOPE)] == ["pets"]
    data.take_out(ports, SCOPE, "pets")
    assert (view(ports, "pets"), view(ports, "pets@work")) == (before, staged)
    assert data.names(ports, SCOPE) == ["pets"]
    assert [each.name for each in data.tag_list(ports, SCOPE, "pets")] == ["gold"]
    assert len(data.quarantine_list(ports, SCOPE)) == 1
    with pytest.raises(NotInTrash, match="holds no data set 'pets'"):
        data.take_out(ports, SCOPE, "pets")
    assert kinds(ports)[1:] == ["data.dataset_removed", "data.dataset_restored"]


def test_its_name_stays_taken_while_it_lies_in_the_trash(ports, photos: Path) -> None:
    data.throw_away(ports, SCOPE, "pets")
    with pytest.raises(DatasetInTrash):
        data.add(ports, SCOPE, "pets", [photos])
    with pytest.raises(DatasetNotFound) as told:
        data.log(ports, SCOPE, "pet")
    assert "pets" not in told.value.fix


def test_gc_frees_what_was_purged_and_only_that(ports, photos: Path, tmp_path: Path) -> None:
    other = folder_of(tmp_path / "other", dog=2)
    data.add(ports, SCOPE, "dogs", [other, photos / "cat" / "late.jpg"])
    data.commit(ports, SCOPE, "dogs", "with one of the cats")
    held = view(ports, "dogs")
    data.throw_away(ports, SCOPE, "pets")
    close(ports)
    ports = make_ports(tmp_path / "ws")
    assert collect(ports).swept.removed == 0  # the trash keeps everything
    data.purge(ports, SCOPE, "pets")
    assert collect(ports).swept.removed >= 3
    assert view(ports, "dogs") == held
    assert all(ports.blobs.get(each.image) for each in held.values())
    assert list(ports.blobs.verify()) == []
    with pytest.raises(DatasetNotFound, match="no data set 'pets'"):
        data.log(ports, SCOPE, "pets")
    close(ports)


def test_numbers_of_versions_go_on_after_a_purge(ports, photos: Path) -> None:
    data.throw_away(ports, SCOPE, "pets")
    data.purge(ports, SCOPE, "pets")
    data.add(ports, SCOPE, "pets", [photos])
    with pytest.raises(data.VersionNotFound, match="has no version yet"):
        view(ports, "pets@v1")
    made = data.commit(ports, SCOPE, "pets", "anew")
    assert (made.name, made.parent) == ("v2", None)
    assert len(view(ports, "pets@v2")) == 4
    with pytest.raises(data.VersionNotFound, match="no version 'v1'"):
        view(ports, "pets@v1")
    assert data.tag_list(ports, SCOPE, "pets") == []


@pytest.mark.usefixtures("photos")
def test_what_lay_there_for_long_is_overdue(ports) -> None:
    data.throw_away(ports, SCOPE, "pets")
    assert data.overdue(ports, 30) == []
    assert data.overdue(ports, 0) == [(SCOPE.project, "pets")]
