"""`add` on a real ledger and real packs: what happens to each file, and again on the next call."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, folder_of, picture, view
from visloop import data
from visloop.ids import Ref
from visloop.vision import ClassLabel


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "photos", cat=4, dog=3)


def test_new_bytes_and_moves_keep_the_sample_and_its_objects(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    data.commit(ports, SCOPE, "pets", "first")
    before = view(ports, "pets")
    picture(photos / "cat/cat0.jpg", 99)
    shutil.move(photos / "dog/dog0.jpg", photos / "dog/renamed.jpg")
    done = data.add(ports, SCOPE, "pets", [photos])
    assert (done.added, done.updated, done.unchanged) == (0, 2, 5)
    assert any("moved here from dog/dog0.jpg" in note for note in done.notes)
    after = view(ports, "pets@work")
    assert after["cat/cat0.jpg"].id == before["cat/cat0.jpg"].id
    assert after["cat/cat0.jpg"].image != before["cat/cat0.jpg"].image
    assert after["dog/renamed.jpg"].id == before["dog/dog0.jpg"].id
    assert after["dog/renamed.jpg"].annotations == before["dog/dog0.jpg"].annotations
    assert "dog/dog0.jpg" not in after
    found = data.diff(ports, SCOPE, Ref.parse("pets@v1"), Ref.parse("pets@work"))
    assert msgspec.to_builtins(found.samples) == {
        "added": 0,
        "removed": 0,
        "moved": 1,
        "changed": 1,
        "renamed_by_class": 0,
    }


def test_a_copy_put_where_a_moved_picture_was_is_a_sample_of_its_own(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    shutil.move(photos / "dog/dog0.jpg", photos / "dog/moved.jpg")
    data.add(ports, SCOPE, "pets", [photos])
    shutil.copy(photos / "dog/moved.jpg", photos / "dog/dog0.jpg")
    assert data.add(ports, SCOPE, "pets", [photos]).added == 1
    samples = view(ports, "pets@work")
    assert samples["dog/dog0.jpg"].image == samples["dog/moved.jpg"].image
    assert samples["dog/dog0.jpg"].id != samples["dog/moved.jpg"].id


def test_two_files_of_one_name_are_both_kept(ports, tmp_path) -> None:
    one, two = tmp_path / "card1", tmp_path / "card2"
    picture(one / "IMG_0001.jpg", 1)
    picture(two / "IMG_0001.jpg", 2)
    data.add(ports, SCOPE, "pets", [one])
    done = data.add(ports, SCOPE, "pets", [two])
    assert done.added == 1
    assert any("another file has this name" in note for note in done.notes)
    assert sorted(view(ports, "pets@work")) == ["IMG_0001 (2).jpg", "IMG_0001.jpg"]
    assert data.add(ports, SCOPE, "pets", [two]).unchanged == 1
    assert data.add(ports, SCOPE, "pets", [one]).unchanged == 1


def test_a_data_set_whose_folder_was_moved_elsewhere_is_updated_not_doubled(
    ports, photos, tmp_path
) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    moved = tmp_path / "elsewhere"
    shutil.move(photos, moved)
    picture(moved / "cat/cat1.jpg", 77)
    done = data.add(ports, SCOPE, "pets", [moved])
    assert (done.added, done.updated, done.unchanged) == (0, 1, 6)


def test_one_file_of_a_folder_given_by_itself_stays_the_same_sample(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    picture(photos / "cat/cat2.jpg", 55)
    done = data.add(ports, SCOPE, "pets", [photos / "cat/cat2.jpg"])
    assert (done.added, done.updated) == (0, 1)
    sample = view(ports, "pets@work")["cat/cat2.jpg"]
    assert [each.label for each in sample.annotations] == ["cat"]


def test_a_damaged_file_waits_in_quarantine_until_it_is_repaired(ports, photos) -> None:
    whole = (photos / "cat/cat1.jpg").read_bytes()
    (photos / "cat/cat1.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "dog/empty.jpg").write_bytes(b"")
    done = data.add(ports, SCOPE, "pets", [photos])
    assert (done.added, done.quarantined) == (6, 2)
    assert sum("quarantined" in note for note in done.notes) == 2
    assert data.add(ports, SCOPE, "pets", [photos]).quarantined == 2
    waiting = data.quarantine_list(ports, SCOPE, "pets")
    assert [(row.path, row.reason_code) for row in waiting] == [
        ("cat/cat1.jpg", "truncated"),
        ("dog/empty.jpg", "empty"),
    ]
    assert all(row.fix and row.reason for row in waiting)
    (photos / "cat/cat1.jpg").write_bytes(whole)
    retried = data.quarantine_retry(ports, SCOPE, "pets")
    assert (retried.added, retried.quarantined) == (1, 1)
    assert [a.label for a in view(ports, "pets@work")["cat/cat1.jpg"].annotations] == ["cat"]
    left = data.quarantine_list(ports, SCOPE)
    assert [row.path for row in left] == ["dog/empty.jpg"]
    data.quarantine_remove(ports, SCOPE, "pets", [left[0].id], "an empty file")
    assert data.quarantine_list(ports, SCOPE, "pets") == []
    again = data.add(ports, SCOPE, "pets", [photos])
    assert (again.unchanged, again.quarantined) == (8, 0)
    with pytest.raises(data.QuarantinedNotFound):
        data.quarantine_retry(ports, SCOPE, "pets", ["nonsense"])


def test_a_repaired_file_leaves_quarantine_by_adding_it_again_too(ports, photos) -> None:
    whole = (photos / "cat/cat1.jpg").read_bytes()
    (photos / "cat/cat1.jpg").write_bytes(whole[:100])
    data.add(ports, SCOPE, "pets", [photos])
    (photos / "cat/cat1.jpg").write_bytes(whole)
    assert data.add(ports, SCOPE, "pets", [photos]).added == 1
    assert data.quarantine_list(ports, SCOPE, "pets") == []


def test_later_imports_must_know_the_classes(ports, photos, tmp_path) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    strange = folder_of(tmp_path / "more", dogg=2)
    picture(strange / "cat" / "new.jpg", 5)
    with pytest.raises(data.UnknownClass) as refused:
        data.add(ports, SCOPE, "pets", [strange])
    assert "'dogg'" in refused.value.what
    assert "did you mean 'dog'" in refused.value.fix
    assert "--map dogg=dog" in refused.value.fix
    assert "--add-classes" in refused.value.fix
    assert len(view(ports, "pets@work")) == 7
    mapped = data.AddOptions(class_map={"dogg": "dog"})
    assert data.add(ports, SCOPE, "pets", [strange], mapped).classes_added == ()
    labels = {a.label for s in view(ports, "pets@work").values() for a in s.annotations}
    assert labels == {"cat", "dog"}
    bird = folder_of(tmp_path / "birds", bird=1)
    picture(bird / "cat" / "other.jpg", 6)
    let_in = data.AddOptions(add_classes=True)
    assert data.add(ports, SCOPE, "pets", [bird], let_in).classes_added == ("bird",)
    assert data.classes(ports, SCOPE, "pets").names == ("cat", "dog", "bird")


def test_a_dictionary_begun_by_hand_is_enforced_from_the_first_picture(ports, photos) -> None:
    data.add_classes(ports, SCOPE, "pets", ["cat", "hound"])
    with pytest.raises(data.UnknownClass):
        data.add(ports, SCOPE, "pets", [photos])
    data.add(ports, SCOPE, "pets", [photos], data.AddOptions(class_map={"dog": "hound"}))
    assert data.commit(ports, SCOPE, "pets", "first").count == 7
    entries = data.open(ports, Ref.parse("pets")).classes.entries
    assert [(entry.id, entry.name) for entry in entries] == [(0, "cat"), (1, "hound")]


def test_a_committed_test_picture_stays_in_the_test_split(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos / "cat"], data.AddOptions(split="test"))
    data.add(ports, SCOPE, "pets", [photos / "cat"], data.AddOptions(split="val"))
    assert {each.split for each in view(ports, "pets@work").values()} == {"val"}
    data.add(ports, SCOPE, "pets", [photos / "cat"], data.AddOptions(split="test"))
    data.commit(ports, SCOPE, "pets", "frozen")
    done = data.add(ports, SCOPE, "pets", [photos / "cat"], data.AddOptions(split="train"))
    assert {each.split for each in view(ports, "pets@work").values()} == {"test"}
    assert (done.updated, done.unchanged) == (0, 4)
    assert sum("stays in the frozen 'test' split" in note for note in done.notes) == 4
    assert data.open(ports, Ref.parse("pets@v1:test")).count == 4


def test_names_of_any_kind_come_back_as_they_were(ports, tmp_path) -> None:
    names = ["ä b 😀.jpg", "a\u0308.jpg", "ä.jpg", "x y/z (1).jpg", "%41.jpg", "A.JPG"]
    for number, name in enumerate(names):
        picture(tmp_path / "in" / name.replace("JPG", "jpg"), number).rename(tmp_path / "in" / name)
    raw = os.fsencode(tmp_path / "in") + b"/bad\xff.jpg"
    shutil.copy(tmp_path / "in" / names[0], raw)
    data.add(ports, SCOPE, "odd", [tmp_path / "in"])
    data.commit(ports, SCOPE, "odd", "names")
    assert set(view(ports, "odd")) == {*names, "bad%ff.jpg"}
    assert data.add(ports, SCOPE, "odd", [tmp_path / "in"]).unchanged == len(names) + 1
    assert data.status(ports, SCOPE, "odd").clean


def test_a_dry_run_says_the_same_and_leaves_no_trace(ports, photos) -> None:
    (photos / "dog/empty.jpg").write_bytes(b"")
    told = data.add(ports, SCOPE, "pets", [photos], data.AddOptions(dry_run=True))
    assert (told.added, told.quarantined, told.classes_added) == (7, 1, ("cat", "dog"))
    assert data.names(ports, SCOPE) == []
    assert ports.ledger.facts() == []
    assert data.add(ports, SCOPE, "pets", [photos]) == told


def test_labels_of_people_survive_when_the_picture_is_added_again(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    sample = view(ports, "pets@work")["cat/cat0.jpg"]
    with ports.ledger.write(SCOPE) as write:
        fixed = msgspec.structs.replace(sample, annotations=(ClassLabel(label="dog"),))
        data.stage(ports, write, "pets", [fixed])
    picture(photos / "cat/cat0.jpg", 4711)
    assert data.add(ports, SCOPE, "pets", [photos]).updated == 1
    assert [a.label for a in view(ports, "pets@work")["cat/cat0.jpg"].annotations] == ["dog"]


def test_adding_again_changes_nothing(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    again = data.add(ports, SCOPE, "pets", [photos])
    assert (again.added, again.updated, again.unchanged) == (0, 0, 7)
    data.commit(ports, SCOPE, "pets", "first")
    assert data.add(ports, SCOPE, "pets", [photos]).unchanged == 7
    with pytest.raises(data.NothingToCommit) as refused:
        data.commit(ports, SCOPE, "pets", "again")
    assert "visloop add" in refused.value.fix


def test_a_change_within_the_tick_of_the_clock_is_not_missed(ports, tmp_path) -> None:
    file = picture(tmp_path / "in" / "a.jpg", 1)
    just_now = time.time_ns() + 10**9
    os.utime(file, ns=(just_now, just_now))
    data.add(ports, SCOPE, "pets", [tmp_path / "in"])
    assert data.status(ports, SCOPE, "pets").folders[0].modified == 0
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    file.write_bytes(bytes(changed))
    os.utime(file, ns=(just_now, just_now))
    assert data.status(ports, SCOPE, "pets").folders[0].modified == 1
    assert data.add(ports, SCOPE, "pets", [tmp_path / "in"]).updated == 1


def test_a_picture_nobody_looked_at_is_told_from_one_that_holds_nothing(ports, tmp_path) -> None:
    picture(tmp_path / "pets" / "a.jpg", 1)
    data.add(ports, SCOPE, "pets", [tmp_path / "pets"])
    assert [each.labelled for each in view(ports, "pets@work").values()] == [False]
    data.commit(ports, SCOPE, "pets", "unseen")
    (tmp_path / "pets" / "labels.json").write_text(
        '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}'
    )
    assert data.add(ports, SCOPE, "pets", [tmp_path / "pets"]).updated == 1
    assert [each.labelled for each in view(ports, "pets@work").values()] == [True]
    (tmp_path / "pets" / "labels.json").unlink()
    data.add(ports, SCOPE, "pets", [tmp_path / "pets"])
    assert [each.labelled for each in view(ports, "pets@work").values()] == [True]


@pytest.mark.parametrize("mended", ["", "1 .5 .5 .2 .2\n"], ids=["removed", "mended"])
def test_an_object_left_out_is_counted_and_waits_until_its_line_is_mended(
    ports, tmp_path, mended
) -> None:
    picture(tmp_path / "pets/images/a.jpg", 1)
    (tmp_path / "pets/data.yaml").write_text("train: images\nnames: [cat, dog]\n")
    labels = tmp_path / "pets/labels/a.txt"
    labels.parent.mkdir()
    labels.write_text("0 .5 .5 .1 .1\n7 .5 .5 .2 .2\n")
    done = data.add(ports, SCOPE, "pets", [tmp_path / "pets"])
    assert (done.added, done.quarantined, done.left_out) == (1, 0, 1)
    (waiting,) = data.quarantine_list(ports, SCOPE, "pets")
    assert (waiting.reason_code, waiting.path) == ("unknown_class", "a.jpg")
    assert "then add the folder again" in waiting.fix
    again = data.quarantine_retry(ports, SCOPE, "pets")
    assert (again.added, again.updated, again.left_out) == (0, 0, 1), "the line is as it was"
    labels.write_text(f"0 .5 .5 .1 .1\n{mended}")
    done = data.add(ports, SCOPE, "pets", [tmp_path / "pets"])
    assert (done.left_out, done.updated) == (0, int(bool(mended)))
    assert data.quarantine_list(ports, SCOPE, "pets") == []
    assert len(view(ports, "pets@work")["a.jpg"].annotations) == 1 + bool(mended)
