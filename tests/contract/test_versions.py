"""Versions on a real ledger and real packs: commit, open, diff, status, log."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, facts, folder_of, kept, picture, view
from visloop import data
from visloop.data.tree.nodes import Nodes, Tree
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import Ref
from visloop.vision import Box, ClassLabel


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
        "renamed_by_class": 0,
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
    found = data.diff(
        ports, SCOPE, Ref.parse("pets@v1"), Ref.parse("pets"), choice=data.DiffChoice(limit=2)
    )
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
    needed = kept(ports)
    assert all(ports.blobs.has(digest) for digest in needed)
    assert {version.root, *(each.image for each in view(ports, "pets").values())} < needed


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


class TakesBack:
    """Blobs that take a staged change back in the moment between a commit's tree and its record."""

    def __init__(self, ports: data.DataPorts) -> None:
        self._ports, self._done = ports, False

    def __getattr__(self, name: str):
        return getattr(self._ports.blobs, name)

    def flush(self) -> None:
        self._ports.blobs.flush()
        if not self._done:
            self._done = True
            data.unstage(self._ports, SCOPE, "pets", ["cat/cat0.jpg"])


def test_what_is_taken_back_during_a_commit_is_in_no_version(ports, photos) -> None:
    data.add(ports, SCOPE, "pets", [photos])
    slow = data.DataPorts(ports.ledger, TakesBack(ports), ports.progress)
    assert data.commit(slow, SCOPE, "pets", "first").count == 6
    assert "cat/cat0.jpg" not in view(ports, "pets")
    assert not data.status(ports, SCOPE, "pets").staged.total
