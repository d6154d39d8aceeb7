"""`add --in-place`: files stay where they lie, are checked when read, and what became of them is told."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from tests.data_world import SCOPE, close, folder_of, make_ports, picture, view
from visloop import data, store
from visloop.ids import Ref

IN_PLACE = data.AddOptions(in_place=True)


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    blobs = data.following(made.blobs, made.ledger, tmp_path / "cache")
    yield dataclasses.replace(made, blobs=blobs)
    close(made)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "photos", cat=4, dog=3)


def stored_bytes(tmp_path: Path) -> int:
    return sum(file.stat().st_size for file in (tmp_path / "ws/blobs").glob("*.pack"))


def test_nothing_is_copied_and_everything_reads_the_same(ports, photos, tmp_path) -> None:
    picture(photos / "cat/big.png", 5, (600, 500))
    done = data.add(ports, SCOPE, "pets", [photos], IN_PLACE)
    assert done.added == 8
    data.commit(ports, SCOPE, "pets", "in place")
    assert stored_bytes(tmp_path) < (photos / "cat/big.png").stat().st_size / 10
    for path, sample in view(ports, "pets@v1").items():
        assert ports.blobs.get(sample.image) == (photos / path).read_bytes()
        assert bytes(ports.blobs.view(sample.image)) == (photos / path).read_bytes()
    out = data.export(ports, SCOPE, Ref.parse("pets@v1"), tmp_path / "out")
    assert out.images == 8
    assert data.add(ports, SCOPE, "pets", [photos], IN_PLACE).unchanged == 8
    (folder,) = data.status(ports, SCOPE, "pets").folders
    assert (folder.files, folder.in_place) == (8, 8)
    files = data.in_place(ports, [each.image for each in view(ports, "pets@v1").values()])
    assert set(files.values()) == {str(photos / path) for path in view(ports, "pets@v1")}


def test_a_changed_file_is_told_by_status_and_an_old_version_says_that_it_is_lost(
    ports, photos
) -> None:
    data.add(ports, SCOPE, "pets", [photos], IN_PLACE)
    data.commit(ports, SCOPE, "pets", "first")
    old = view(ports, "pets@v1")["cat/cat0.jpg"].image
    raw = (photos / "cat/cat0.jpg").read_bytes()
    picture(photos / "cat/cat0.jpg", 99)
    (photos / "dog/dog1.jpg").unlink()
    (folder,) = data.status(ports, SCOPE, "pets").folders
    assert (folder.new, folder.modified, folder.deleted) == (0, 1, 1)
    with pytest.raises(data.FileChanged, match=r"cat0\.jpg was left in place and was changed on"):
        ports.blobs.get(old)
    with pytest.raises(data.FileGone, match=r"dog1\.jpg was left in place and cannot be read"):
        ports.blobs.get(view(ports, "pets@v1")["dog/dog1.jpg"].image)
    assert data.add(ports, SCOPE, "pets", [photos], IN_PLACE).updated == 1
    new = view(ports, "pets@work")["cat/cat0.jpg"].image
    assert ports.blobs.get(new) == (photos / "cat/cat0.jpg").read_bytes()
    with pytest.raises(data.FileChanged):
        ports.blobs.get(old)
    (photos / "cat/cat0.jpg").write_bytes(raw)  # put back: the old version is whole again
    assert ports.blobs.get(old) == raw


def test_a_file_of_the_same_size_with_other_bytes_is_never_handed_out(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos], IN_PLACE)
    image = view(ports, "pets@work")["cat/cat1.jpg"].image
    raw = bytearray((photos / "cat/cat1.jpg").read_bytes())
    raw[-3] ^= 1
    (photos / "cat/cat1.jpg").write_bytes(raw)
    with pytest.raises(data.FileChanged):
        ports.blobs.get(image)


def test_a_moved_file_is_found_by_its_bytes(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos], IN_PLACE)
    data.commit(ports, SCOPE, "pets", "first")
    before = view(ports, "pets@v1")["dog/dog0.jpg"]
    shutil.move(photos / "dog/dog0.jpg", photos / "dog/renamed.jpg")
    done = data.add(ports, SCOPE, "pets", [photos], IN_PLACE)
    assert any("moved here from dog/dog0.jpg" in note for note in done.notes)
    after = view(ports, "pets@work")["dog/renamed.jpg"]
    assert (after.id, after.image) == (before.id, before.image)
    assert ports.blobs.get(before.image) == (photos / "dog/renamed.jpg").read_bytes()


def test_a_plain_add_stores_what_was_left_in_place(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos], IN_PLACE)
    data.commit(ports, SCOPE, "pets", "in place")
    images = [each.image for each in view(ports, "pets@v1").values()]
    done = data.add(ports, SCOPE, "pets", [photos])
    assert (done.added, done.updated, done.unchanged) == (0, 0, 7)
    assert data.in_place(ports, images) == {}
    assert data.status(ports, SCOPE, "pets").clean
    shutil.rmtree(photos)
    assert all(ports.blobs.get(image) for image in images)


def test_what_the_store_holds_already_is_not_left_in_place(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    data.add(ports, SCOPE, "others", [photos], IN_PLACE)
    shutil.rmtree(photos)
    assert all(ports.blobs.get(each.image) for each in view(ports, "others@work").values())


def test_a_refused_file_left_in_place_is_retried_in_place(ports, photos) -> None:
    whole = (photos / "cat/cat0.jpg").read_bytes()
    (photos / "cat/cat0.jpg").write_bytes(whole[:200])
    assert data.add(ports, SCOPE, "pets", [photos], IN_PLACE).quarantined == 1
    (photos / "cat/cat0.jpg").write_bytes(whole)
    assert data.quarantine_retry(ports, SCOPE, "pets").added == 1
    image = view(ports, "pets@work")["cat/cat0.jpg"].image
    assert data.in_place(ports, [image])
    assert ports.blobs.get(image) == whole


def test_a_name_that_is_not_utf8_is_read_in_place(ports, tmp_path) -> None:
    folder = tmp_path / "odd"
    file = picture(folder / "a.jpg", 1)
    file.rename(str(folder / "b\udcff.jpg"))
    data.add(ports, SCOPE, "pets", [folder], IN_PLACE)
    (sample,) = view(ports, "pets@work").values()
    assert ports.blobs.get(sample.image)


def test_a_rehearsal_notes_nothing(ports, photos) -> None:
    options = data.AddOptions(in_place=True, dry_run=True)
    assert data.add(ports, SCOPE, "pets", [photos], options).added == 7
    assert data.add(ports, SCOPE, "pets", [photos]).added == 7
    images = [each.image for each in view(ports, "pets@work").values()]
    assert data.in_place(ports, images) == {}


def test_bytes_nobody_ever_added_are_not_found(ports) -> None:
    with pytest.raises(store.BlobNotFound):
        ports.blobs.get("0" * 64)
