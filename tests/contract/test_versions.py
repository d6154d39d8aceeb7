"""Data sets end to end on a real ledger and real packs: add, commit, diff, status, kills, races."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, close, facts, folder_of, make_ports, picture, view
from visloop import data
from visloop.data.tree.nodes import Nodes, Tree
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import Ref
from visloop.vision import Box, ClassLabel


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    yield made
    close(made)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "photos", cat=4, dog=3)


def test_a_folder_becomes_a_version_that_reads_back(ports, photos) -> None:
    done = data.add(ports, SCOPE, "pets", [photos])
    assert (done.added, done.updated, done.unchanged, done.quarantined) == (7, 0, 0, 0)
    assert done.classes_added == ("cat", "dog")
    version = data.commit(ports, SCOPE, "pets", "first")
    assert (version.name, version.ref, version.count) == ("v1", "pets@v1", 7)
    snapshot = data.open(ports, Ref.parse("pets"))
    assert snapshot.count == 7
    assert snapshot.classes.names == ("cat", "dog")
    sample = snapshot.get("cat/cat0.jpg")
    assert sample is not None
    assert ports.blobs.get(sample.image) == (photos / "cat/cat0.jpg").read_bytes()
    assert (sample.width, sample.height, sample.media) == (32, 24, "image/jpeg")
    assert [each.label for each in sample.annotations] == ["cat"]
    assert all(each.id for each in sample.annotations)
    assert [s.path for s in snapshot.page(3, 2)] == ["cat/cat3.jpg", "dog/dog0.jpg"]
    assert facts(ports, "data.dataset_created", "data.added", "data.committed") == [
        ("data.dataset_created", "pets"),
        ("data.added", "pets"),
        ("data.committed", "pets@v1"),
    ]


def test_adding_again_changes_nothing(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    again = data.add(ports, SCOPE, "pets", [photos])
    assert (again.added, again.updated, again.unchanged) == (0, 0, 7)
    data.commit(ports, SCOPE, "pets", "first")
    assert data.add(ports, SCOPE, "pets", [photos]).unchanged == 7
    with pytest.raises(data.NothingToCommit) as refused:
        data.commit(ports, SCOPE, "pets", "again")
    assert "visloop add" in refused.value.fix


def test_the_same_content_has_the_same_root_whatever_the_way_there(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    first = data.commit(ports, SCOPE, "pets", "all at once")
    data.remove(ports, SCOPE, "pets", ["dog/dog1.jpg"])
    second = data.commit(ports, SCOPE, "pets", "one less")
    data.unstage(ports, SCOPE, "pets")
    restored = data.open(ports, Ref.parse("pets@v1")).get("dog/dog1.jpg")
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [restored])
    third = data.commit(ports, SCOPE, "pets", "back again")
    assert third.root == first.root != second.root
    assert [version.name for version in data.log(ports, SCOPE, "pets")] == ["v3", "v2", "v1"]


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


def test_classes_are_versioned_with_the_data(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    data.commit(ports, SCOPE, "pets", "first")
    data.add_classes(ports, SCOPE, "pets", ["horse"])
    assert data.status(ports, SCOPE, "pets").staged.classes
    data.commit(ports, SCOPE, "pets", "horses will come")
    assert data.open(ports, Ref.parse("pets@v1")).classes.names == ("cat", "dog")
    assert data.open(ports, Ref.parse("pets@v2")).classes.names == ("cat", "dog", "horse")
    found = data.diff(ports, SCOPE, Ref.parse("pets@v1"), Ref.parse("pets@v2"))
    assert [(each.kind, each.name) for each in found.classes] == [("added", "horse")]


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


def test_which_pictures_a_data_set_holds(ports, photos) -> None:
    assert data.images_held(ports, "default", "pets", ["0" * 64]) == set()
    data.add(ports, SCOPE, "pets", [photos / "cat"])
    data.commit(ports, SCOPE, "pets", "cats")
    data.add(ports, SCOPE, "pets", [photos / "dog"])
    data.remove(ports, SCOPE, "pets", ["cat0.jpg"])
    samples = view(ports, "pets@work")
    removed = view(ports, "pets")["cat0.jpg"]
    asked = [samples["cat1.jpg"].image, samples["dog1.jpg"].image, removed.image, "0" * 64]
    assert data.images_held(ports, "default", "pets", asked) == set(asked[:2])
    snapshot = data.open(ports, Ref.parse("pets@work"))
    assert snapshot.with_image(asked[0]) == [samples["cat1.jpg"]]
    assert snapshot.with_id(samples["dog1.jpg"].id) == samples["dog1.jpg"]


def test_a_dry_run_says_the_same_and_leaves_no_trace(ports, photos) -> None:
    (photos / "dog/empty.jpg").write_bytes(b"")
    told = data.add(ports, SCOPE, "pets", [photos], data.AddOptions(dry_run=True))
    assert (told.added, told.quarantined, told.classes_added) == (7, 1, ("cat", "dog"))
    assert data.names(ports, SCOPE) == []
    assert ports.ledger.facts() == []
    assert data.add(ports, SCOPE, "pets", [photos]) == told


def test_what_is_staged_can_be_taken_back_and_added_again(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    assert data.unstage(ports, SCOPE, "pets", ["cat/cat0.jpg"]) == 1
    assert "cat/cat0.jpg" not in view(ports, "pets@work")
    assert data.add(ports, SCOPE, "pets", [photos]).added == 1
    assert data.unstage(ports, SCOPE, "pets") == 7
    assert view(ports, "pets@work") == {}


def test_staging_what_is_committed_already_is_no_change(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    data.commit(ports, SCOPE, "pets", "first")
    sample = view(ports, "pets")["cat/cat0.jpg"]
    other = msgspec.structs.replace(sample, annotations=(ClassLabel(label="dog"),))
    with ports.ledger.write(SCOPE) as write:
        assert data.stage(ports, write, "pets", [other]).changed == 1
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [sample])
    assert data.status(ports, SCOPE, "pets").staged.total == 0


def test_a_correction_relabels_the_object_and_the_diff_says_so(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    data.commit(ports, SCOPE, "pets", "first")
    sample = view(ports, "pets")["cat/cat0.jpg"]
    with ports.ledger.write(SCOPE) as write:
        fixed = msgspec.structs.replace(sample, annotations=(ClassLabel(label="dog"),))
        data.stage(ports, write, "pets", [fixed])
    found = data.diff(ports, SCOPE, Ref.parse("pets@v1"), Ref.parse("pets@work"))
    assert found.objects.relabelled == 1
    assert (found.objects.added, found.objects.removed) == (0, 0)
    (change,) = found.details[0].objects
    assert (change.was_label, change.label) == ("cat", "dog")


def test_labels_of_people_survive_when_the_picture_is_added_again(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    sample = view(ports, "pets@work")["cat/cat0.jpg"]
    with ports.ledger.write(SCOPE) as write:
        fixed = msgspec.structs.replace(sample, annotations=(ClassLabel(label="dog"),))
        data.stage(ports, write, "pets", [fixed])
    picture(photos / "cat/cat0.jpg", 4711)
    assert data.add(ports, SCOPE, "pets", [photos]).updated == 1
    assert [a.label for a in view(ports, "pets@work")["cat/cat0.jpg"].annotations] == ["dog"]


def boxed(sample: data.Sample, *boxes: tuple[str, tuple[float, float, float, float]]):
    return msgspec.structs.replace(
        sample, annotations=tuple(Box(label=label, xyxy=xyxy) for label, xyxy in boxes)
    )


def test_a_diff_goes_down_to_one_box(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    samples = view(ports, "pets@work")
    first = boxed(
        samples["cat/cat0.jpg"],
        ("cat", (0, 0, 10, 10)),
        ("dog", (20, 0, 30, 10)),
        ("cat", (0, 12, 8, 20)),
    )
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [first])
    data.commit(ports, SCOPE, "pets", "boxes")
    second = boxed(
        samples["cat/cat0.jpg"],
        ("cat", (1, 0, 11, 10)),
        ("cat", (20, 0, 30, 10)),
        ("dog", (25, 15, 31, 23)),
    )
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [second])
    data.commit(ports, SCOPE, "pets", "moved, relabelled, removed, added")
    found = data.diff(ports, SCOPE, Ref.parse("pets@v1"), Ref.parse("pets@v2"))
    assert msgspec.to_builtins(found.objects) == {
        "added": 1,
        "removed": 1,
        "moved": 1,
        "relabelled": 1,
        "attributes": 0,
    }
    (detail,) = found.details
    moved = next(each for each in detail.objects if each.kind == "moved")
    assert moved.iou == pytest.approx(90 / 110, abs=1e-3)
    assert not found.truncated


def test_a_diff_counts_everything_and_details_the_first_ones(ports, photos) -> None:
    data.add_classes(ports, SCOPE, "pets", ["cat", "dog"])
    data.commit(ports, SCOPE, "pets", "nothing but classes")
    data.add(ports, SCOPE, "pets", [photos])
    data.commit(ports, SCOPE, "pets", "pictures")
    found = data.diff(ports, SCOPE, Ref.parse("pets@v1"), Ref.parse("pets"), limit=2)
    assert (found.samples.added, found.objects.added) == (7, 7)
    assert len(found.details) == 2
    assert found.truncated
    back = data.diff(ports, SCOPE, Ref.parse("pets"), Ref.parse("pets@v1"))
    assert (back.samples.removed, back.objects.removed) == (7, 7)


def test_status_sees_new_modified_and_deleted_files(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    data.commit(ports, SCOPE, "pets", "first")
    assert data.status(ports, SCOPE, "pets").clean
    picture(photos / "cat/fresh.jpg", 123)
    picture(photos / "cat/cat0.jpg", 124, size=(40, 40))
    (photos / "dog/dog2.jpg").unlink()
    (photos / "notes.txt").write_text("not a picture")
    os.utime(photos / "cat/cat3.jpg", (1, 1))
    status = data.status(ports, SCOPE, "pets")
    (folder,) = status.folders
    assert (folder.new, folder.modified, folder.deleted) == (1, 1, 1)
    assert any(text.startswith("new: ") for text in folder.examples)
    assert not status.clean
    assert status.staged.total == 0
    data.add(ports, SCOPE, "pets", [photos])
    staged = data.status(ports, SCOPE, "pets").staged
    assert (staged.added, staged.changed, staged.removed) == (1, 1, 0)


def test_status_of_a_folder_that_is_not_mounted_calls_nothing_deleted(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    photos.rename(photos.with_name("away"))
    (folder,) = data.status(ports, SCOPE, "pets").folders
    assert folder.missing
    assert folder.deleted == 0


def test_a_change_within_the_tick_of_the_clock_is_not_missed(ports, tmp_path) -> None:
    file = picture(tmp_path / "in" / "a.jpg", 1)
    data.add(ports, SCOPE, "pets", [tmp_path / "in"])
    stat, old = file.stat(), file.read_bytes()
    changed = bytearray(old)
    changed[len(old) // 2] ^= 1
    file.write_bytes(bytes(changed))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    if data.status(ports, SCOPE, "pets").folders[0].modified != 1:
        pytest.skip("the first add came later than the clock's tick: equal times are trusted")
    assert data.add(ports, SCOPE, "pets", [tmp_path / "in"]).updated == 1


def test_references_that_name_nothing_say_what_is_meant(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    with pytest.raises(data.VersionNotFound, match="no version yet"):
        data.open(ports, Ref.parse("pets"))
    data.commit(ports, SCOPE, "pets", "first")
    with pytest.raises(data.DatasetNotFound) as dataset:
        data.open(ports, Ref.parse("pest"))
    assert "did you mean 'pets'" in dataset.value.fix
    with pytest.raises(data.VersionNotFound) as version:
        data.open(ports, Ref.parse("pets@v11"))
    assert "did you mean 'v1'" in version.value.fix
    with pytest.raises(data.SplitNotFound):
        data.open(ports, Ref.parse("pets@v1:test"))
    with pytest.raises(UsageError):
        data.add(ports, SCOPE, "Not A Name", [photos])
    with pytest.raises(data.SourceNotFound):
        data.add(ports, SCOPE, "pets", [photos / "nowhere"])
    assert (
        data.open(ports, Ref.parse("pets@v1")).version
        == data.open(ports, Ref.parse("default/pets@main")).version
    )


def test_projects_do_not_see_each_other(ports, photos) -> None:
    other = Scope(project="lab")
    data.add(ports, SCOPE, "pets", [photos])
    data.add(ports, other, "pets", [photos / "cat"])
    data.commit(ports, SCOPE, "pets", "here")
    data.commit(ports, other, "pets", "there")
    assert data.open(ports, Ref.parse("pets"), "lab").count == 4
    assert data.open(ports, Ref.parse("lab/pets")).count == 4
    assert [row.samples for row in data.datasets(ports, SCOPE)] == [7]


def test_a_version_needs_exactly_the_blobs_it_names(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    version = data.commit(ports, SCOPE, "pets", "first")
    kept = set(data.kept_blobs(ports, version))
    assert all(ports.blobs.has(digest) for digest in kept)
    assert {each.image for each in view(ports, "pets").values()} <= kept


def test_committing_one_change_in_a_large_data_set_writes_little(ports) -> None:
    sample = data.Sample(id="x", path="x", image="f" * 64, bytes=1, width=1, height=1)
    many = [
        msgspec.structs.replace(sample, id=f"{n:032x}", path=f"{n:06d}.jpg") for n in range(20_000)
    ]
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "big", many)
    first = data.commit(ports, SCOPE, "big", "all")
    with ports.ledger.write(SCOPE) as write:
        changed = msgspec.structs.replace(many[12_345], metadata={"seen": True})
        data.stage(ports, write, "big", [changed])
    second = data.commit(ports, SCOPE, "big", "one")
    nodes = [
        set(Tree.open(Nodes(ports.blobs), data.open(ports, Ref("big", v.name)).tree.digest)
            .node_digests())
        for v in (first, second)
    ]  # fmt: skip
    assert len(nodes[1] - nodes[0]) <= 4
    found = data.diff(ports, SCOPE, Ref("big", "v1"), Ref("big", "v2"))
    assert [(each.path, each.fields) for each in found.details] == [("012345.jpg", ("metadata",))]


# — several processes ————————————————————————————————————————————————————————————————


def _add_in_process(workspace: Path, folder: Path) -> None:
    ports = make_ports(workspace)
    data.add(ports, SCOPE, "pets", [folder], data.AddOptions(add_classes=True))
    close(ports)


def _stage_and_commit(workspace: Path, number: int) -> None:
    ports = make_ports(workspace)
    sample = data.Sample(
        id=str(number), path=f"{number}", image="0" * 64, bytes=1, width=1, height=1
    )
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [sample])
    with suppress(data.NothingToCommit):  # another process took this change along
        data.commit(ports, SCOPE, "pets", f"by {number}")
    close(ports)


def _in_processes(target, argument_lists) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=target, args=arguments) for arguments in argument_lists]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0


def test_two_processes_adding_at_once_lose_nothing(tmp_path) -> None:
    workspace = tmp_path / "ws"
    close(make_ports(workspace))
    one = folder_of(tmp_path / "one", cat=30, dog=30)
    two = folder_of(tmp_path / "two", bird=30, cow=30)
    shared = folder_of(tmp_path / "shared", fox=20, hen=20)
    _in_processes(
        _add_in_process,
        [(workspace, one), (workspace, two), (workspace, shared), (workspace, shared)],
    )
    ports = make_ports(workspace)
    samples = view(ports, "pets@work")
    assert len(samples) == 160
    assert set(data.classes(ports, SCOPE, "pets").names) == {
        "bird",
        "cat",
        "cow",
        "dog",
        "fox",
        "hen",
    }
    ids = [entry.id for entry in data.classes(ports, SCOPE, "pets").entries]
    assert len(set(ids)) == 6
    assert all(ports.blobs.has(sample.image) for sample in samples.values())
    assert data.commit(ports, SCOPE, "pets", "all of it").count == 160
    close(ports)


def test_commits_of_several_processes_form_one_line_and_lose_nothing(tmp_path) -> None:
    workspace = tmp_path / "ws"
    close(make_ports(workspace))
    _in_processes(_stage_and_commit, [(workspace, number) for number in range(4)])
    ports = make_ports(workspace)
    log = data.log(ports, SCOPE, "pets")
    assert [version.number for version in log] == list(range(len(log), 0, -1))
    assert [version.parent for version in log] == [*range(len(log) - 1, 0, -1), None]
    assert sorted(view(ports, "pets")) == ["0", "1", "2", "3"]
    close(ports)


_KILLED = """
import sys
from pathlib import Path
from tests.data_world import SCOPE, make_ports
from visloop import data
from visloop.data.intake import add
add.BATCH = 20
ports = make_ports(Path(sys.argv[1]))
print("ready", flush=True)
data.add(ports, SCOPE, "pets", [Path(sys.argv[2])])
data.commit(ports, SCOPE, "pets", "first")
print("done", flush=True)
"""


def _run_killed(workspace: Path, folder: Path, after_s: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(workspace), str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    child.stdout.close()


def test_killed_at_any_moment_add_and_commit_end_where_they_would_have(tmp_path) -> None:
    folder = folder_of(tmp_path / "photos", cat=150, dog=150)
    (folder / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    calm = make_ports(tmp_path / "calm")
    data.add(calm, SCOPE, "pets", [folder])
    data.commit(calm, SCOPE, "pets", "first")
    wanted = _without_time(view(calm, "pets"))
    draw = random.Random(3)
    for kill in range(10):
        workspace = tmp_path / f"ws{kill}"
        close(make_ports(workspace))
        for _ in range(2):
            _run_killed(workspace, folder, draw.uniform(0.0, 0.25))
            ports = make_ports(workspace)
            if data.names(ports, SCOPE):
                for version in data.log(ports, SCOPE, "pets"):  # never half a version
                    assert version.count == sum(1 for _ in view(ports, version.ref))
            close(ports)
        ports = make_ports(workspace)
        data.add(ports, SCOPE, "pets", [folder])
        with suppress(data.NothingToCommit):
            data.commit(ports, SCOPE, "pets", "first")
        assert _without_time(view(ports, "pets")) == wanted
        assert data.open(ports, Ref("pets")).classes == data.open(calm, Ref("pets")).classes
        assert len(data.quarantine_list(ports, SCOPE, "pets")) == 1
        assert not ports.ledger.verify().broken
        assert data.status(ports, SCOPE, "pets").clean
        close(ports)
    close(calm)


def _without_time(samples: dict[str, data.Sample]) -> dict[str, data.Sample]:
    return {path: msgspec.structs.replace(sample, added="") for path, sample in samples.items()}
