"""Merges and reverts on a real ledger and real packs: conflicts told, decided, recorded."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, facts, folder_of, picture, view
from visloop import data
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.vision import Box

CAT = "cat/cat0.jpg"


@pytest.fixture
def pets(ports, tmp_path: Path) -> Path:
    """Three cats and two dogs; the first cat has a box; a branch `fix`."""
    folder = folder_of(tmp_path / "photos", cat=3, dog=2)
    data.add(ports, SCOPE, "pets", [folder])
    change(ports, CAT, annotations=(box(1, 1, 9, 9),))
    data.commit(ports, SCOPE, "pets", "first")
    data.branch(ports, SCOPE, "pets", "fix")
    return folder


def box(*xyxy: float, label: str = "cat", name: str = "b1", **more) -> Box:
    return Box(id=name, label=label, xyxy=xyxy, **more)


def change(ports, path: str, **fields) -> None:
    sample = msgspec.structs.replace(view(ports, "pets@work")[path], **fields)
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [sample])


def on(ports, branch: str, path: str, **fields) -> data.Version:
    data.switch(ports, SCOPE, "pets", branch)
    change(ports, path, **fields)
    return data.commit(ports, SCOPE, "pets", f"on {branch}")


def back(ports) -> None:
    data.switch(ports, SCOPE, "pets", "main")


@pytest.mark.usefixtures("pets")
def test_each_field_of_one_box_is_merged_by_itself(ports) -> None:
    on(ports, "main", CAT, annotations=(box(1, 1, 12, 9),), metadata={"site": "north"})
    on(ports, "fix", CAT, annotations=(box(1, 1, 9, 9, label="dog", attributes={"wet": True}),))
    back(ports)
    done = data.merge(ports, SCOPE, "pets", "fix")
    assert (done.version.name, done.version.parents, done.conflicts) == ("v4", (2, 3), ())
    merged = view(ports, "pets")[CAT]
    assert merged.annotations == (box(1, 1, 12, 9, label="dog", attributes={"wet": True}),)
    assert merged.metadata == {"site": "north"}
    assert facts(ports, "data.merged") == [("data.merged", "pets@v4")]
    with pytest.raises(data.NothingToMerge):
        data.merge(ports, SCOPE, "pets", "fix")


@pytest.mark.usefixtures("pets")
def test_conflicts_wait_and_are_decided_one_by_one(ports) -> None:
    on(ports, "main", CAT, annotations=(box(1, 1, 12, 9),), split="train")
    on(ports, "fix", CAT, annotations=(box(1, 1, 9, 20),), split="val")
    back(ports)
    waits = data.merge(ports, SCOPE, "pets", "fix", message="by hand")
    assert waits.version is None
    found = {each.field: each for each in waits.open}
    assert found.keys() == {"split", "geometry"}
    assert (found["split"].base, found["split"].ours, found["split"].theirs) == (
        None,
        "train",
        "val",
    )
    assert found["geometry"].ours["xyxy"] == (1, 1, 12, 9)
    assert (found["geometry"].path, found["geometry"].object) == (CAT, "b1")
    assert len(data.log(ports, SCOPE, "pets")) == 3
    for refused in (
        lambda: data.merge(ports, SCOPE, "pets", "fix"),
        lambda: data.switch(ports, SCOPE, "pets", "fix"),
        lambda: data.revert(ports, SCOPE, "pets", "v1"),
    ):
        with pytest.raises(data.MergeWaits, match="not finished"):
            refused()
    with pytest.raises(data.ConflictNotFound):
        data.merge_resolve(ports, SCOPE, "pets", ["nothing"], "ours")
    with pytest.raises(UsageError, match="cannot take 'both'"):
        data.merge_resolve(ports, SCOPE, "pets", [found["split"].id], "both")
    left = data.merge_resolve(ports, SCOPE, "pets", [found["split"].id], "theirs")
    assert [each.field for each in left.open] == ["geometry"]
    done = data.merge_resolve(ports, SCOPE, "pets", [found["geometry"].id], "both")
    assert (done.version.message, done.version.parents) == ("by hand", (2, 3))
    merged = view(ports, "pets")[CAT]
    assert merged.split == "val"
    assert [each.xyxy for each in merged.annotations] == [(1, 1, 12, 9), (1, 1, 9, 20)]
    assert len({each.id for each in merged.annotations}) == 2
    with pytest.raises(data.NoMergeWaits):
        data.merge_status(ports, SCOPE, "pets")


@pytest.mark.usefixtures("pets")
def test_decisions_can_be_held_changed_and_taken_back(ports) -> None:
    on(ports, "main", CAT, annotations=(box(1, 1, 12, 9),), split="train")
    on(ports, "fix", CAT, annotations=(box(1, 1, 9, 20),), split="val")
    back(ports)
    first, second = (each.id for each in data.merge(ports, SCOPE, "pets", "fix").open)
    held = data.merge_resolve(ports, SCOPE, "pets", [], rule="theirs", hold=True)
    assert (held.version, held.open) == (None, ())
    assert [each.take for each in held.conflicts] == ["theirs", "theirs"]
    again = data.merge_resolve(ports, SCOPE, "pets", [first], "open", hold=True)
    assert [each.id for each in again.open] == [first]
    assert data.merge_finish(ports, SCOPE, "pets").version is None, "one is open"
    data.merge_resolve(ports, SCOPE, "pets", [first], "ours", hold=True)
    assert data.merge_resolve(ports, SCOPE, "pets", [second], "ours", hold=True).open == ()
    done = data.merge_finish(ports, SCOPE, "pets")
    assert done.version.parents == (2, 3)
    assert [each.name for each in done.sides] == ["v1", "v2", "v3"]
    merged = view(ports, "pets")[CAT]
    assert (merged.split, merged.annotations) == ("train", (box(1, 1, 12, 9),))
    with pytest.raises(data.NoMergeWaits):
        data.merge_finish(ports, SCOPE, "pets")


@pytest.mark.usefixtures("pets")
def test_a_conflict_is_shown_with_its_three_samples(ports) -> None:
    on(ports, "main", CAT, annotations=(box(1, 1, 12, 9),))
    on(ports, "fix", CAT, annotations=(box(1, 1, 9, 20),))
    back(ports)
    waits = data.merge(ports, SCOPE, "pets", "fix")
    (geometry,) = (each for each in waits.open if each.field == "geometry")
    conflict, sides = data.merge_show(ports, SCOPE, "pets", geometry.id)
    assert conflict == geometry
    assert [each.annotations[0].xyxy[2:] for each in sides] == [(9, 9), (12, 9), (9, 20)]
    with pytest.raises(data.ConflictNotFound, match="zz"):
        data.merge_show(ports, SCOPE, "pets", "zz")
    data.merge_abort(ports, SCOPE, "pets")
    gone = on(ports, "fix", CAT, annotations=())
    back(ports)
    data.remove(ports, SCOPE, "pets", [CAT])
    data.commit(ports, SCOPE, "pets", "no such cat")
    waits = data.merge(ports, SCOPE, "pets", gone.name)
    _, sides = data.merge_show(ports, SCOPE, "pets", waits.open[0].id)
    assert [each and len(each.annotations) for each in sides] == [1, None, 0]


@pytest.mark.usefixtures("pets")
def test_the_branch_may_move_on_while_a_merge_waits(ports) -> None:
    on(ports, "main", CAT, split="train")
    on(ports, "fix", CAT, split="val")
    back(ports)
    first = data.merge(ports, SCOPE, "pets", "fix").open[0]
    change(ports, CAT, metadata={"late": 1})
    with pytest.raises(data.StagedChanges):
        data.merge_resolve(ports, SCOPE, "pets", [first.id], "theirs")
    data.commit(ports, SCOPE, "pets", "meanwhile")
    done = data.merge_resolve(ports, SCOPE, "pets", [first.id], "theirs")
    assert done.version.parents == (4, 3)
    merged = view(ports, "pets")[CAT]
    assert (merged.split, merged.metadata) == ("val", {"late": 1})


@pytest.mark.usefixtures("pets")
def test_giving_up_leaves_everything_as_it_was(ports) -> None:
    on(ports, "main", CAT, split="train")
    on(ports, "fix", CAT, split="val")
    back(ports)
    data.merge(ports, SCOPE, "pets", "fix")
    data.merge_abort(ports, SCOPE, "pets")
    with pytest.raises(data.NoMergeWaits):
        data.merge_abort(ports, SCOPE, "pets")
    assert view(ports, "pets")[CAT].split == "train"
    tried = data.merge(ports, SCOPE, "pets", "fix", rule="theirs", dry_run=True)
    assert (tried.version, tried.conflicts[0].take) == (None, "theirs")
    assert data.merge(ports, SCOPE, "pets", "fix", rule="theirs").version is not None
    assert view(ports, "pets")[CAT].split == "val"


@pytest.mark.usefixtures("pets")
def test_the_newest_touch_wins_sample_by_sample(ports) -> None:
    other = "cat/cat1.jpg"
    on(ports, "main", CAT, split="train")
    on(ports, "fix", CAT, split="val")
    on(ports, "fix", other, split="val")
    on(ports, "main", other, split="train")
    done = data.merge(ports, SCOPE, "pets", "fix", rule="newest")
    assert len(done.conflicts) == 2
    samples = view(ports, "pets")
    assert (samples[CAT].split, samples[other].split) == ("val", "train")


@pytest.mark.usefixtures("pets")
def test_what_one_side_removed_and_the_other_changed(ports) -> None:
    data.remove(ports, SCOPE, "pets", [CAT, "dog/dog0.jpg"])
    data.commit(ports, SCOPE, "pets", "two less")
    on(ports, "fix", CAT, annotations=(box(1, 1, 5, 5),))
    back(ports)
    tried = data.merge(ports, SCOPE, "pets", "fix", dry_run=True)
    assert [(each.field, each.ours) for each in tried.open] == [("sample", None)]
    data.merge(ports, SCOPE, "pets", "fix", rule="union")
    assert CAT in view(ports, "pets")
    assert "dog/dog0.jpg" not in view(ports, "pets")


def test_two_pictures_at_one_path(ports, pets) -> None:
    late = pets / "cat" / "late.jpg"
    for at, branch in enumerate(("main", "fix")):
        data.switch(ports, SCOPE, "pets", branch)
        picture(late, 700 + at)
        data.add(ports, SCOPE, "pets", [pets])
        data.commit(ports, SCOPE, "pets", f"late on {branch}")
    back(ports)
    waits = data.merge(ports, SCOPE, "pets", "fix")
    assert [(each.field, each.path) for each in waits.open] == [("taken", "cat/late.jpg")]
    data.merge_resolve(ports, SCOPE, "pets", [waits.open[0].id], "both")
    late_ones = [path for path in view(ports, "pets") if "late" in path]
    assert len(late_ones) == 2
    images = {view(ports, "pets")[path].image for path in late_ones}
    assert images == {view(ports, f"pets@{v}")["cat/late.jpg"].image for v in ("v2", "v3")}


@pytest.mark.usefixtures("pets")
def test_a_class_renamed_on_one_side_renames_the_labels_of_the_other(ports) -> None:
    data.rename_class(ports, SCOPE, "pets", "cat", "feline")
    on(ports, "fix", "dog/dog0.jpg", annotations=(box(2, 2, 4, 4, name="b2"),))
    data.add_classes(ports, SCOPE, "pets", ["horse"])
    data.commit(ports, SCOPE, "pets", "horses will come")
    back(ports)
    data.add_classes(ports, SCOPE, "pets", ["cow"])
    data.commit(ports, SCOPE, "pets", "so will cows")
    done = data.merge(ports, SCOPE, "pets", "fix")
    assert done.conflicts == ()
    snapshot = data.open(ports, Ref.parse("pets"))
    assert set(snapshot.classes.names) == {"feline", "dog", "cow", "horse"}
    assert len({each.id for each in snapshot.classes.entries}) == 4
    assert {each.label for s in snapshot.samples() for each in s.annotations} == {"feline", "dog"}


@pytest.mark.usefixtures("pets")
def test_a_class_that_one_side_took_away_stays_while_labels_name_it(ports) -> None:
    data.add_classes(ports, SCOPE, "pets", ["horse"])
    data.commit(ports, SCOPE, "pets", "horses")
    data.branch(ports, SCOPE, "pets", "ride")
    data.remove_class(ports, SCOPE, "pets", "horse")
    data.commit(ports, SCOPE, "pets", "no horses")
    on(ports, "ride", CAT, annotations=(box(1, 1, 9, 9, label="horse"),))
    back(ports)
    data.merge(ports, SCOPE, "pets", "ride")
    assert "horse" in data.open(ports, Ref.parse("pets")).classes.names
    assert data.commit  # and the data set can still be worked on:
    on(ports, "main", "cat/cat1.jpg", annotations=(box(1, 1, 9, 9, label="horse"),))


@pytest.mark.usefixtures("pets")
def test_a_version_is_taken_back_and_later_work_stays(ports) -> None:
    bad = on(ports, "main", CAT, annotations=(box(1, 1, 9, 9, label="dog"),))
    on(ports, "main", CAT, metadata={"site": "north"})
    done = data.revert(ports, SCOPE, "pets", bad.name)
    assert (done.version.message, done.version.parents) == ("revert v2", (3,))
    sample = view(ports, "pets")[CAT]
    assert sample.annotations == (box(1, 1, 9, 9),)
    assert sample.metadata == {"site": "north"}
    with pytest.raises(data.NothingToMerge):
        data.revert(ports, SCOPE, "pets", bad.name)
    on(ports, "main", CAT, annotations=(box(3, 3, 9, 9),))
    on(ports, "main", CAT, annotations=(box(4, 4, 9, 9),))
    waits = data.revert(ports, SCOPE, "pets", "v5")
    assert [each.field for each in waits.open] == ["geometry"]
    data.merge_resolve(ports, SCOPE, "pets", [], rule="theirs")
    assert view(ports, "pets")[CAT].annotations == (box(1, 1, 9, 9),)


def test_the_first_version_is_taken_back_but_for_what_came_later(ports, pets) -> None:
    picture(pets / "cat" / "late.jpg", 700)
    data.add(ports, SCOPE, "pets", [pets])
    data.commit(ports, SCOPE, "pets", "a late one")
    data.revert(ports, SCOPE, "pets", "v1")
    snapshot = data.open(ports, Ref.parse("pets"))
    assert [each.path for each in snapshot.samples()] == ["cat/late.jpg"]
    assert snapshot.classes.names == ("cat",)
    assert data.add(ports, SCOPE, "pets", [pets / "cat"]).added == 3


@pytest.mark.usefixtures("pets")
def test_nothing_staged_is_mixed_in(ports) -> None:
    on(ports, "fix", CAT, split="val")
    back(ports)
    change(ports, CAT, metadata={"x": 1})
    with pytest.raises(data.StagedChanges, match="merge"):
        data.merge(ports, SCOPE, "pets", "fix")
    with pytest.raises(UsageError, match="no rule"):
        data.merge(ports, SCOPE, "pets", "fix", rule="mine")
