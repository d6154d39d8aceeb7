"""Many samples changed at once: all or none, once under a key, taken back whole, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.data_world import folder_of, kept, picture
from visloop import app
from visloop.data.picking.changing import BulkNotFound, ChangedSince
from visloop.data.staging import FrozenSplit
from visloop.errors import UsageError, VisloopError
from visloop.faces import sdk
from visloop.faces.sdk import Connection


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Connection]:
    """Five pets, committed."""
    app.create(tmp_path / "w")
    with sdk.local(tmp_path / "w") as connection:
        pets = folder_of(tmp_path / "in", cat=3, dog=2)
        connection.call(app.add, app.Add(paths=(str(pets),), to="pets"))
        connection.call(app.commit, app.Commit(dataset="pets", message="first"))
        yield connection


def found(here: Connection, text: str, key: str = "path") -> list[Any]:
    rows = here.call(app.query, app.Query(text=text, at="pets")).rows
    return [row[key] for row in rows]


def bulk(here: Connection, where: str, **more: Any) -> app.BulkAnswer:
    return here.call(app.bulk, app.Bulk(dataset="pets", where=where, **more))


def facts(here: Connection, kind: str) -> int:
    return here.call(app.facts, app.Facts(kind=(kind,))).count


def test_a_pick_is_a_question_that_survives_what_is_said_of_its_samples(here: Connection) -> None:
    cats = found(here, "annotations.label = cat", "id")
    done = here.call(app.pick, app.Pick(dataset="pets", ids=tuple(cats)))
    again = here.call(app.pick, app.Pick(dataset="pets", where="annotations.label = cat"))
    assert (done.count, again) == (3, done)
    bulk(here, done.text, label="dog")
    assert sorted(found(here, done.text, "id")) == sorted(cats)
    assert found(here, f"{done.text} and name = cat1.jpg") == ["cat/cat1.jpg"]
    assert found(here, f"not {done.text}") == ["dog/dog0.jpg", "dog/dog1.jpg"]
    assert len(here.call(app.query, app.Query(text=done.text, of="objects", at="pets")).rows) == 3
    with pytest.raises(UsageError, match="nothing was picked"):
        found(here, "pick(s000000000000)")
    unknown: list[dict[str, Any]] = [{}, {"ids": ("xyz",)}, {"ids": ("ab",)}]
    for wrong in unknown:
        with pytest.raises(UsageError):
            here.call(app.pick, app.Pick(dataset="pets", **wrong))


def test_what_is_tried_changes_nothing_and_what_is_done_is_done_once(here: Connection) -> None:
    tried = bulk(here, "annotations.label = cat", tag=("night",), dry_run=True)
    assert (tried.matched, tried.changed, tried.key) == (3, 3, "")
    assert facts(here, "data.bulk_changed") == 0
    first = bulk(here, "annotations.label = cat", tag=("night",), key="one")
    late = bulk(here, "", tag=("day",), key="one")
    assert (first.changed, late.changed, late.again) == (3, 3, True)
    assert (len(found(here, "tag.night")), facts(here, "data.bulk_changed")) == (3, 1)
    assert bulk(here, "tag.night", tag=("night",)).changed == 0
    some = bulk(here, "sort by path desc", places="0,3-4", tag=("day",))
    assert (some.matched, found(here, "tag.day and annotations.label = dog")) == (
        3,
        ["dog/dog1.jpg"],
    )


@pytest.mark.parametrize(
    ("wish", "question", "after"),
    [
        ({"label": "dog"}, "annotations.label = dog", 5),
        ({"set": {"cat/cat0.jpg": "dog"}}, "annotations.label = dog", 3),
        ({"split": "train"}, "split = train", 3),
        ({"drop": True}, "", 2),
        ({"tag": ("a", "b")}, "tag.a and tag.b", 3),
    ],
)
@pytest.mark.parametrize("committed", [False, True])
def test_all_of_it_is_taken_back(
    here: Connection, wish: dict[str, Any], question: str, after: int, committed: bool
) -> None:
    before = here.call(app.samples, app.Samples(ref="pets@work")).rows
    done = bulk(here, "annotations.label = cat", **wish)
    assert len(found(here, question)) == after
    if committed:
        here.call(app.commit, app.Commit(dataset="pets", message="many"))
    assert here.call(app.bulk_undo, app.BulkUndo(done.key)).undone
    assert here.call(app.samples, app.Samples(ref="pets@work")).rows == before
    assert here.call(app.bulk_undo, app.BulkUndo(done.key)).again
    assert facts(here, "data.bulk_undone") == 1


def test_later_work_is_not_undone_with_it(here: Connection) -> None:
    done = bulk(here, "annotations.label = cat", label="dog")
    bulk(here, "name = cat2.jpg", label="cat")
    with pytest.raises(ChangedSince, match="1 of 3"):
        here.call(app.bulk_undo, app.BulkUndo(done.key))
    assert len(found(here, "annotations.label = dog")) == 4
    with pytest.raises(BulkNotFound):
        here.call(app.bulk_undo, app.BulkUndo("none"))


def test_one_wrong_sample_and_nothing_is_changed(here: Connection) -> None:
    bulk(here, "name = cat0.jpg", split="test")
    here.call(app.commit, app.Commit(dataset="pets", message="a test"))
    with pytest.raises(FrozenSplit):
        bulk(here, "", split="train", tag=("x",))
    assert found(here, "split exists") == found(here, "split = test") == ["cat/cat0.jpg"]
    for wrong in ({}, {"label": "horse"}, {"drop": True, "tag": ("a",)}, {"tag": ("a b",)}):
        with pytest.raises(VisloopError):
            bulk(here, "", **wrong)
    assert bulk(here, "", split="train", unfreeze=True).changed == 5


def test_the_queue_gets_them_once_and_undo_takes_back_those_that_wait(here: Connection) -> None:
    done = bulk(here, "annotations.label = cat", queue="odd light")
    assert (done.queued, bulk(here, "", queue="all").queued) == (3, 2)
    waiting = here.call(app.label_list, app.LabelList(dataset="pets")).rows
    assert {tuple(row["reasons"]) for row in waiting} == {("odd light",), ("all",)}
    mine = next(row for row in waiting if row["reasons"] == ("odd light",))
    here.call(app.label_accept, app.LabelAccept(task=mine["id"], label="dog"))
    here.call(app.bulk_undo, app.BulkUndo(done.key))
    left = here.call(app.label_list, app.LabelList(dataset="pets")).rows
    assert [row["reasons"] for row in left] == [("all",), ("all",)]
    assert len(found(here, "annotations.label = dog")) == 3


def test_what_was_given_to_people_since_stays_on_the_queue(here: Connection) -> None:
    done = bulk(here, "annotations.label = cat", queue="odd light")
    here.call(app.user_add, app.UserAdd(user="ana", role="annotator"))
    given = app.LabelAssign(dataset="pets", queued=True, limit=1, to=("ana",))
    assert here.call(app.label_assign, given).people == {"ana": 1}
    assert here.call(app.bulk_undo, app.BulkUndo(done.key)).undone
    (left,) = here.call(app.label_list, app.LabelList(dataset="pets")).rows
    assert left["rules"] is not None


def test_the_bytes_of_what_was_dropped_are_kept_as_long_as_it_can_come_back(
    here: Connection, tmp_path: Path
) -> None:
    new = picture(tmp_path / "new" / "owl.jpg", 99)
    here.call(app.add, app.Add(paths=(str(new),), to="pets"))
    (image,) = found(here, "name = owl.jpg", "image")
    done = bulk(here, "name = owl.jpg", drop=True)
    assert isinstance(here, sdk.Local)
    assert image in kept(here.ports.data)
    here.call(app.bulk_undo, app.BulkUndo(done.key))
    assert found(here, "name = owl.jpg", "image") == [image]


@pytest.fixture
def boxed(here: Connection, tmp_path: Path) -> Connection:
    """Three pictures with two boxes each, of 10 to 60 pixels, committed: gears, and two nuts."""
    boxes = [(n // 2, n, [n, 0, 10 * (n + 1), 20]) for n in range(6)]
    coco = {
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 80, "height": 60} for n in range(3)],
        "annotations": [
            {"id": n, "image_id": of, "category_id": 1 + (n > 3), "bbox": bbox}
            for of, n, bbox in boxes
        ],
        "categories": [{"id": 1, "name": "gear"}, {"id": 2, "name": "nut"}],
    }
    folder = tmp_path / "boxed"
    folder.mkdir()
    for n in range(3):
        picture(folder / f"{n}.jpg", n, (80, 60))
    (folder / "annotations.json").write_text(json.dumps(coco))
    here.call(app.add, app.Add(paths=(str(folder),), to="boxes"))
    here.call(app.commit, app.Commit(dataset="boxes", message="first"))
    return here


def objects(here: Connection, text: str = "") -> list[tuple[str, str, int]]:
    found = here.call(app.query, app.Query(text=text, at="boxes", of="objects"))
    return [(row["path"], row["label"], int(row["around"][2])) for row in found.rows]


def test_objects_are_given_a_class_seen_first_once_and_taken_back(boxed: Connection) -> None:
    before, small = objects(boxed), "label = gear and width <= 30"
    ask = app.Bulk(dataset="boxes", of="objects", where=small, label="nut", key="k", dry_run=True)
    tried = boxed.call(app.bulk, ask)
    assert (tried.matched, tried.changed, tried.objects, tried.key) == (2, 2, 3, "")
    assert objects(boxed) == before
    done = boxed.call(app.bulk, replace(ask, dry_run=False))
    again = boxed.call(app.bulk, replace(ask, dry_run=False))
    assert ((done.changed, done.objects), again) == ((2, 3), replace(done, again=True))
    assert [label for _, label, _ in objects(boxed)] == ["nut", "nut", "nut", "gear", "nut", "nut"]
    row = boxed.call(
        app.query, app.Query(text=small.replace("gear", "nut"), of="objects", at="boxes")
    ).rows[0]
    assert (row["author"], row["label"]) == ("user:owner", "nut")
    listed = boxed.call(app.bulk_list, app.BulkList(dataset="boxes")).rows
    assert listed[0]["says"] == {"relabel": 3, "label": "nut"}
    boxed.call(app.bulk_undo, app.BulkUndo(key="k"))
    assert objects(boxed) == before


def test_single_objects_of_an_answer_are_changed_as_long_as_it_holds(boxed: Connection) -> None:
    asked = boxed.call(app.query, app.Query(text="sort by width desc", of="objects", at="boxes"))
    ask = app.Bulk(
        dataset="boxes", of="objects", where="sort by width desc", places="0,2-3",
        state=asked.state, drop=True,
    )  # fmt: skip
    done = boxed.call(app.bulk, ask)
    assert (done.matched, done.changed, done.objects) == (2, 2, 3)
    assert [x2 for _, _, x2 in objects(boxed, "sort by width desc")] == [54, 21, 10]
    with pytest.raises(VisloopError, match="changed meanwhile"):
        boxed.call(app.bulk, ask)
    boxed.call(app.bulk_undo, app.BulkUndo(key=done.key))
    assert len(objects(boxed)) == 6
    with pytest.raises(UsageError, match="no place"):
        boxed.call(app.bulk, replace(ask, places="6"))
    with pytest.raises(VisloopError, match="class"):
        boxed.call(app.bulk, replace(ask, state="", drop=False, label="bolt"))


@pytest.mark.parametrize(
    "wrong",
    [{}, {"label": "nut", "drop": True}, {"label": "nut", "tag": ("a",)}, {"queue": "why"}],
)
def test_objects_get_a_class_or_go(boxed: Connection, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="the objects"):
        boxed.call(app.bulk, app.Bulk(dataset="boxes", of="objects", where="", **wrong))
    with pytest.raises(UsageError, match="'runs' cannot be changed"):
        boxed.call(app.bulk, app.Bulk(dataset="boxes", of="runs", where="", label="nut"))
