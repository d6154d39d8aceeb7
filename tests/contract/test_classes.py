"""Classes renamed, merged, split over a whole data set; unknown ones kept out on every way in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, facts, folder_of, picture, view
from visloop import data
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.train.truth import choose
from visloop.vision import Box, ClassLabel


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "photos", cat=4, dog=3)


@pytest.fixture
def pets(ports, photos):
    """`pets@v1`: four cats and three dogs; of each picture a box with a size, too."""
    data.add(ports, SCOPE, "pets", [photos])
    boxed = []
    for number, sample in enumerate(view(ports, "pets@work").values()):
        name = sample.annotations[0].label
        size = {"size": "large" if number % 2 else "small"}
        box = Box(label=name, xyxy=(1, 1, 20, 20), attributes=size)
        boxed.append(msgspec.structs.replace(sample, annotations=(*sample.annotations, box)))
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", boxed)
    data.commit(ports, SCOPE, "pets", "first")
    return ports


def labels(ports, ref: str) -> list[str]:
    return [each.label for sample in view(ports, ref).values() for each in sample.annotations]


def difference(ports, a: str, b: str) -> data.Diff:
    return data.diff(ports, SCOPE, Ref.parse(a), Ref.parse(b))


def test_a_rename_is_one_version_that_reads_well(pets) -> None:
    before = view(pets, "pets")
    rehearsed = data.rename_class(pets, SCOPE, "pets", "cat", "feline", dry_run=True)
    assert (rehearsed.version, rehearsed.total, rehearsed.samples) == (None, 8, 4)
    assert [each.name for each in data.log(pets, SCOPE, "pets")] == ["v1"]
    done = data.rename_class(pets, SCOPE, "pets", "cat", "feline", message="as the vet says")
    assert (done.total, done.samples) == (8, 4)
    newest = data.log(pets, SCOPE, "pets")[0]
    assert (newest.name, newest.message) == ("v2", "class cat → feline: as the vet says")
    assert labels(pets, "pets").count("feline") == 8
    assert "cat" not in labels(pets, "pets")
    found = difference(pets, "pets@v1", "pets@v2")
    assert found.objects == data.ObjectCounts(renamed_by_class=8)
    assert found.samples == data.SampleCounts(renamed_by_class=4)
    assert found.details == ()
    (change,) = found.classes
    assert (change.kind, change.was_name, change.name) == ("renamed", "cat", "feline")
    assert facts(pets, "data.class_renamed") == [("data.class_renamed", "pets@v2")]
    after = view(pets, "pets")
    assert {k: v.id for k, v in before.items()} == {k: v.id for k, v in after.items()}
    back = data.rename_class(pets, SCOPE, "pets", "feline", "cat")
    assert back.version is not None
    assert view(pets, "pets") == before
    whole = difference(pets, "pets@v1", "pets@v3")
    assert whole.objects == data.ObjectCounts()
    assert whole.samples == data.SampleCounts()


def test_what_else_changed_is_told_beside_a_rename(pets) -> None:
    data.rename_class(pets, SCOPE, "pets", "cat", "feline")
    sample = view(pets, "pets")["cat/cat0.jpg"]
    box = msgspec.structs.replace(sample.annotations[1], xyxy=(2, 1, 21, 20))
    dog = view(pets, "pets")["dog/dog0.jpg"]
    as_cat = tuple(msgspec.structs.replace(each, label="feline") for each in dog.annotations)
    with pets.ledger.write(SCOPE) as write:
        moved = msgspec.structs.replace(sample, annotations=(sample.annotations[0], box))
        data.stage(pets, write, "pets", [moved, msgspec.structs.replace(dog, annotations=as_cat)])
    found = difference(pets, "pets@v1", "pets@work")
    assert found.objects == data.ObjectCounts(moved=1, relabelled=2, renamed_by_class=8)
    assert found.samples == data.SampleCounts(changed=2, renamed_by_class=3)
    assert [each.path for each in found.details] == ["cat/cat0.jpg", "dog/dog0.jpg"]


def test_labels_that_come_in_under_an_old_name_find_the_class(pets, tmp_path) -> None:
    data.rename_class(pets, SCOPE, "pets", "cat", "feline")
    data.merge_classes(pets, SCOPE, "pets", ["feline", "dog"], "animal")
    more = folder_of(tmp_path / "more", cat=6, dog=1, feline=1)
    done = data.add(pets, SCOPE, "pets", [more])
    assert (done.added, done.classes_added) == (3, ())
    assert set(labels(pets, "pets@work")) == {"animal"}


def test_two_classes_become_one_and_stay_themselves_in_older_versions(pets) -> None:
    done = data.merge_classes(pets, SCOPE, "pets", ["cat", "dog"], "animal", message="enough")
    assert done.objects == {("cat", "animal"): 8, ("dog", "animal"): 6}
    assert data.log(pets, SCOPE, "pets")[0].message == "class cat, dog merged into animal: enough"
    found = difference(pets, "pets@v1", "pets@v2")
    assert found.objects == data.ObjectCounts(renamed_by_class=14)
    assert [(each.kind, each.was_name) for each in found.classes[:2]] == [
        ("merged", "cat"),
        ("merged", "dog"),
    ]
    assert set(labels(pets, "pets@v1")) == {"cat", "dog"}
    assert data.open(pets, Ref.parse("pets@v1")).classes.names == ("cat", "dog")
    (row,) = data.list_classes(pets, SCOPE, Ref.parse("pets"))
    assert (row.id, row.name, row.objects, row.samples) == (2, "animal", 14, 7)


def test_a_class_is_split_by_attribute_and_nobody_is_forgotten(pets, tmp_path) -> None:
    way = {"by": "attribute=size", "chosen": {"large": "tiger"}}
    with pytest.raises(data.SplitIncomplete, match="small") as left:
        data.split_class(pets, SCOPE, "pets", "cat", **way)
    assert "--map small=CLASS" in left.value.fix or "--map (nothing)=CLASS" in left.value.fix
    assert [each.name for each in data.log(pets, SCOPE, "pets")] == ["v1"]
    rehearsed = data.split_class(pets, SCOPE, "pets", "cat", **way, rest="keep", dry_run=True)
    done = data.split_class(pets, SCOPE, "pets", "cat", **way, rest="keep")
    assert rehearsed.objects == done.objects == {("cat", "tiger"): 2}
    assert data.classes(pets, SCOPE, "pets").names == ("cat", "dog", "tiger")
    whole = data.split_class(
        pets, SCOPE, "pets", "cat", by="attribute=size", chosen={"small": "kitten"}, rest="moggy"
    )
    assert whole.objects == {("cat", "kitten"): 2, ("cat", "moggy"): 4}
    assert data.classes(pets, SCOPE, "pets").names == ("dog", "tiger", "kitten", "moggy")
    assert data.log(pets, SCOPE, "pets")[0].message == "class cat split into kitten, moggy"
    found = difference(pets, "pets@v1", "pets@v3")
    assert found.objects == data.ObjectCounts(renamed_by_class=8)
    with pytest.raises(data.UnknownClass) as unknown:
        data.add(pets, SCOPE, "pets", [folder_of(tmp_path / "more", cat=6)])
    assert "'cat' became: tiger, kitten, moggy" in unknown.value.fix


def test_a_class_is_split_by_folder_metadata_or_list(pets, tmp_path) -> None:
    split = lambda **how: data.split_class(pets, SCOPE, "pets", "dog", dry_run=True, **how)  # noqa: E731
    assert split(by="folder", chosen={"dog": "hound"}).objects == {("dog", "hound"): 6}
    assert split(by="folder", chosen={"*/dog0*": "hound"}, rest="keep").total == 2
    sample = view(pets, "pets")["dog/dog1.jpg"]
    one = sample.annotations[1].id
    listed = tmp_path / "list.csv"
    listed.write_text(f"id,class\n{one},hound\n{sample.path},pup\n")
    done = split(listed=listed, rest="keep")
    assert done.objects == {("dog", "hound"): 1, ("dog", "pup"): 1}
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps({sample.id: "pup"}))
    assert split(listed=listed, rest="keep").total == 2
    tagged = msgspec.structs.replace(sample, metadata={"exif": {"iso": 800}})
    with pets.ledger.write(SCOPE) as write:
        data.stage(pets, write, "pets", [tagged])
    data.commit(pets, SCOPE, "pets", "iso")
    assert split(by="metadata=exif.iso", chosen={"800": "pup"}, rest="keep").total == 2
    for wrong in ({}, {"by": "size", "chosen": {"a": "b"}}, {"by": "folder"}):
        with pytest.raises(UsageError):
            split(**wrong)
    listed.write_text("[1]")
    with pytest.raises(data.ListUnreadable):
        split(listed=listed)


def test_other_changes_are_not_mixed_in_unless_it_is_said(pets, tmp_path) -> None:
    data.add(pets, SCOPE, "pets", [folder_of(tmp_path / "more", cat=6)])
    with pytest.raises(data.OtherChanges, match="samples that no version holds") as mixed:
        data.rename_class(pets, SCOPE, "pets", "cat", "feline")
    assert "visloop commit pets" in mixed.value.fix
    done = data.rename_class(pets, SCOPE, "pets", "cat", "feline", with_staged=True)
    assert done.version is not None
    assert data.status(pets, SCOPE, "pets").staged.total == 0
    assert done.total == labels(pets, "pets").count("feline") == 6
    data.add_classes(pets, SCOPE, "pets", ["fox"])
    with pytest.raises(data.OtherChanges, match="changes to its classes or fields"):
        data.rename_class(pets, SCOPE, "pets", "dog", "hound")
    data.unstage(pets, SCOPE, "pets")
    assert data.classes(pets, SCOPE, "pets").names == ("feline", "dog")


def test_what_is_not_there_is_told_with_what_was_meant(pets) -> None:
    with pytest.raises(data.ClassNotFound, match="no class 'Cat'") as missing:
        data.rename_class(pets, SCOPE, "pets", "Cat", "feline")
    assert missing.value.fix == "did you mean 'cat'?"
    with pytest.raises(data.NameTaken):
        data.rename_class(pets, SCOPE, "pets", "cat", "dog")
    with pytest.raises(data.DatasetNotFound):
        data.rename_class(pets, SCOPE, "none", "cat", "dog")


def test_details_are_staged_and_versioned_with_the_data(pets) -> None:
    data.add_classes(pets, SCOPE, "pets", ["animal"], definition="it breathes")
    data.set_class(pets, SCOPE, "pets", "cat", parent="animal", color="#ff0000")
    data.alias_class(pets, SCOPE, "pets", "cat", ["Katze"])
    with pytest.raises(data.Circular):
        data.set_class(pets, SCOPE, "pets", "animal", parent="cat", dry_run=True)
    rows = {each.name: each for each in data.list_classes(pets, SCOPE, Ref.parse("pets"))}
    cat = rows["cat"]
    assert (cat.parent, cat.color, cat.aliases) == ("animal", "#ff0000", ("Katze",))
    assert (cat.objects, cat.samples, rows["animal"].objects) == (8, 4, 0)
    (first, _) = data.list_classes(pets, SCOPE, Ref.parse("pets@v1"), count=False)
    assert (first.name, first.parent, first.objects) == ("cat", None, None)
    data.commit(pets, SCOPE, "pets", "details")
    found = difference(pets, "pets@v1", "pets@v2")
    assert [(each.kind, each.name) for each in found.classes] == [
        ("redefined", "cat"),
        ("added", "animal"),
    ]
    assert data.show_class(pets, SCOPE, Ref.parse("pets"), "Katze").name == "cat"
    data.alias_class(pets, SCOPE, "pets", "cat", ["Katze"], remove=True)
    with pytest.raises(data.ClassNotFound):
        data.show_class(pets, SCOPE, Ref.parse("pets"), "Katze")


def test_only_a_class_that_nothing_carries_can_go_and_its_id_is_not_given_again(pets) -> None:
    with pytest.raises(data.ClassInUse, match="8 objects") as used:
        data.remove_class(pets, SCOPE, "pets", "cat")
    assert "classes merge pets cat" in used.value.fix
    data.add_classes(pets, SCOPE, "pets", ["fox"])
    assert data.remove_class(pets, SCOPE, "pets", "fox", dry_run=True).names == ("cat", "dog")
    assert data.classes(pets, SCOPE, "pets").names == ("cat", "dog", "fox")
    data.remove_class(pets, SCOPE, "pets", "fox")
    assert data.add_classes(pets, SCOPE, "pets", ["owl"]).entries[-1].id == 3


def test_a_rehearsal_changes_nothing(pets) -> None:
    seen = pets.ledger.facts()
    data.add_classes(pets, SCOPE, "pets", ["fox"], dry_run=True)
    data.add_classes(pets, SCOPE, "new", ["fox"], dry_run=True)
    data.merge_classes(pets, SCOPE, "pets", ["cat", "dog"], "animal", dry_run=True)
    assert pets.ledger.facts() == seen
    assert data.names(pets, SCOPE) == ["pets"]


def test_classes_go_out_and_come_in_again(pets, tmp_path) -> None:
    data.set_class(pets, SCOPE, "pets", "cat", definition="purrs", color="#abcdef")
    data.rename_class(pets, SCOPE, "pets", "dog", "hound", with_staged=True)
    known = data.classes(pets, SCOPE, "pets")
    file = tmp_path / "classes.json"
    file.write_text(data.written(known), "utf-8")
    taken, notes = data.import_classes(pets, SCOPE, "other", file)
    assert notes == ()
    assert [(each.id, each.name, each.aliases) for each in taken.entries] == [
        (0, "cat", ()),
        (1, "hound", ("dog",)),
    ]
    assert taken.entries[0].definition == "purrs"
    again, notes = data.import_classes(pets, SCOPE, "other", file)
    assert (again, notes) == (taken, ())
    assert data.written(known, names_only=True) == "cat\nhound\n"


def test_classes_come_from_coco_and_from_lists(ports, tmp_path) -> None:
    file = tmp_path / "instances.json"
    categories = [
        {"id": 18, "name": "dog", "supercategory": "animal"},
        {"id": 3, "name": "car", "supercategory": "vehicle", "color": "#00ff00"},
    ]
    file.write_text(json.dumps({"images": [], "categories": categories}))
    known, notes = data.import_classes(ports, SCOPE, "street", file)
    assert notes == ()
    assert {each.name: (each.id, each.parent) for each in known.entries} == {
        "car": (3, "vehicle"),
        "dog": (18, "animal"),
    }
    names = tmp_path / "names.txt"
    names.write_text("car\nbus\n\n")
    known, notes = data.import_classes(ports, SCOPE, "street", names)
    assert known.names == ("car", "dog", "bus")
    assert known.entries[-1].id == 19
    assert notes == ("bus: its id 1 is taken, so it gets 19",)
    for text in ("", "{}", '{"categories": [{}]}', "a\na\n", "[1]"):
        names.write_text(text)
        with pytest.raises(data.ClassesUnreadable):
            data.import_classes(ports, SCOPE, "street", names)


def test_an_unknown_class_gets_in_on_no_way_and_is_told_every_way_on(pets, tmp_path) -> None:
    more = folder_of(tmp_path / "more", Cat=6, dog=1)
    with pytest.raises(data.UnknownClass, match="'Cat' is not a class") as unknown:
        data.add(pets, SCOPE, "pets", [more])
    assert unknown.value.fix.startswith("did you mean 'cat'?")
    assert "--map Cat=cat" in unknown.value.fix
    assert "--add-class Cat" in unknown.value.fix
    with pytest.raises(data.UnknownClass):
        data.add(pets, SCOPE, "pets", [more], data.AddOptions(dry_run=True))
    sample = view(pets, "pets")["cat/cat0.jpg"]
    odd = msgspec.structs.replace(sample, annotations=(ClassLabel(label="Cat"),))
    with pets.ledger.write(SCOPE) as write, pytest.raises(data.UnknownClass):
        data.stage(pets, write, "pets", [odd])
    assert data.status(pets, SCOPE, "pets").staged.total == 0
    mapped = data.add(pets, SCOPE, "pets", [more], data.AddOptions(class_map={"Cat": "cat"}))
    assert mapped.added == 6
    assert set(labels(pets, "pets@work")) == {"cat", "dog"}


def test_one_new_class_is_let_in_by_name_and_only_that(pets, tmp_path) -> None:
    more = folder_of(tmp_path / "more", fox=2, owl=1)
    with pytest.raises(data.UnknownClass, match="'owl' is not a class"):
        data.add(pets, SCOPE, "pets", [more], data.AddOptions(new_classes=("fox",)))
    assert "owl" not in data.classes(pets, SCOPE, "pets").names
    done = data.add(pets, SCOPE, "pets", [more], data.AddOptions(new_classes=("fox", "owl")))
    assert done.added == 3
    assert data.classes(pets, SCOPE, "pets").names == ("cat", "dog", "fox", "owl")


def test_a_repaired_file_comes_in_under_the_name_of_today(pets, photos) -> None:
    broken = photos / "cat/late.jpg"
    good = picture(photos.parent / "good.jpg", 77)
    broken.write_bytes(b"\xff\xd8\xff")
    data.add(pets, SCOPE, "pets", [photos])
    data.rename_class(pets, SCOPE, "pets", "cat", "feline")
    shutil.move(good, broken)
    assert data.quarantine_retry(pets, SCOPE, "pets").added == 1
    assert view(pets, "pets@work")["cat/late.jpg"].annotations[0].label == "feline"
    data.split_class(
        pets, SCOPE, "pets", "dog", by="folder", chosen={"dog": "hound"}, with_staged=True
    )
    with pytest.raises(data.UnknownClass, match="'dog' is not a class"):
        data.add(pets, SCOPE, "pets", [folder_of(photos.parent / "more", dog=5)])


def test_a_picture_that_carried_both_classes_of_a_merge_says_the_new_one_once(pets) -> None:
    first = next(iter(view(pets, "pets").values()))
    both = (
        ClassLabel(id="a" * 32, label="cat", author="model:net@v1", review="proposed", score=0.9),
        ClassLabel(id="b" * 32, label="dog", author="user:ann"),
        Box(id="c" * 32, label="cat", xyxy=(1, 1, 9, 9)),
        Box(id="d" * 32, label="dog", xyxy=(1, 1, 9, 9)),
    )
    with pets.ledger.write(SCOPE) as write:
        data.stage(pets, write, "pets", [msgspec.structs.replace(first, annotations=both)])
    data.commit(pets, SCOPE, "pets", "both")
    data.merge_classes(pets, SCOPE, "pets", ["cat", "dog"], "animal")
    now = view(pets, "pets")[first.path].annotations
    assert [(type(each), each.id[0]) for each in now] == [
        (ClassLabel, "b"),
        (Box, "c"),
        (Box, "d"),
    ]
    assert {each.label for each in now} == {"animal"}
    chosen = choose(view(pets, "pets").values(), data.classes(pets, SCOPE, "pets"))
    assert {(each.label) for each in chosen.pictures} == {"animal"}
    assert (len(chosen.pictures), chosen.left_out) == (7, {})
    # under the old names it comes in said once, too
    with pets.ledger.write(SCOPE) as write:
        data.stage(pets, write, "pets", [msgspec.structs.replace(first, annotations=both)])
    again = view(pets, "pets@work")[first.path].annotations
    assert [each.id[0] for each in again] == ["b", "c", "d"]
