"""What is wrong with a data set: what was planted is found, kept, mended as one change, taken back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from tests.data_world import picture
from visloop import app
from visloop.errors import UsageError
from visloop.evaluate import FindingNotFound
from visloop.faces import sdk
from visloop.faces.sdk import Connection

SIDE = 20
ODD = {
    "doubled": [41.0, 40.0, SIDE, SIDE],
    "tiny": [90.0, 10.0, 2.0, 2.0],
    "odd-size": [1.0, 1.0, 110.0, 110.0],
    "odd-shape": [5.0, 100.0, 100.0, 4.0],
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Parts with faults in them, and 40 boxes of which four cannot be right and two clash."""
    folder = tmp_path_factory.mktemp("faults")
    app.create(folder / "w")
    with sdk.local(folder / "w") as connection:
        connection.call(app.demo_images, app.DemoImages(str(folder / "parts"), count=60, seed=7))
        for split in planted(folder / "parts", folder / "faulty"):
            place = str(folder / "faulty" / split)
            connection.call(app.add, app.Add(paths=(place,), to="line", split=split))
        connection.call(app.add, app.Add(paths=(str(boxed(folder / "boxed")),), to="boxes"))
        yield connection


def planted(parts: Path, faulty: Path) -> tuple[str, ...]:
    """One of each: dark, blurred, empty, a copy within train, copies in two splits, a wrong label."""
    for number, file in enumerate(sorted(parts.glob("*/*.jpg"), key=lambda each: each.name)):
        kind = {40: "gear"}.get(number, file.parent.name)
        place = faulty / ("test" if number % 4 == 3 else "train") / kind / f"p{number:02}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        if number == 1:
            image = ImageEnhance.Brightness(image).enhance(0.1)
        if number == 2:
            image = image.filter(ImageFilter.GaussianBlur(6))
        if number == 4:
            image = Image.new("RGB", image.size, (128, 130, 128))
        image.save(place, quality=92)
        if number in (5, 6, 7):
            twin = faulty / ("test" if number == 6 else "train") / kind / f"copy{number}.jpg"
            twin.parent.mkdir(parents=True, exist_ok=True)
            image.resize((200, 150)).save(twin, quality=70)
    return "train", "test"


def boxed(folder: Path) -> Path:
    for number in range(4):
        picture(folder / f"b{number}.jpg", number, (128, 128))
    boxes = [
        (at % 4, 1, [10.0 + 30 * (at // 12), 8.0 + 10 * (at % 12), SIDE, SIDE + at % 3])
        for at in range(36)
    ]
    boxes.append((0, 1, [40.0, 40.0, SIDE, SIDE]))
    boxes += [(0, 1, ODD["doubled"]), (1, 1, ODD["tiny"]), (2, 1, ODD["odd-size"])]
    boxes += [(3, 1, ODD["odd-shape"]), (1, 2, [100.5, 100.0, 24.0, 24.0])]
    boxes.append((1, 1, [100.0, 100.0, 24.0, 24.0]))
    coco = {
        "images": [
            {"id": at, "file_name": f"b{at}.jpg", "width": 128, "height": 128} for at in range(4)
        ],
        "annotations": [
            {"id": at, "image_id": owner, "category_id": kind, "bbox": box}
            for at, (owner, kind, box) in enumerate(boxes)
        ],
        "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "van"}],
    }
    (folder / "annotations.json").write_text(json.dumps(coco))
    return folder


def look(here: Connection, ref: str = "line", **more: Any) -> dict[str, dict[str, Any]]:
    return {row["kind"]: row for row in here.call(app.findings, app.Findings(ref, **more)).rows}


def names(row: dict[str, Any]) -> list[str]:
    return [each["path"].rpartition("/")[2] for each in row["found"]]


def test_what_was_planted_is_found_and_nothing_else(here: Connection) -> None:
    told = look(here)
    assert names(told["dark"]) == ["p01.jpg"]
    assert names(told["blurred"]) == ["p02.jpg"]
    assert names(told["flat"]) == ["p04.jpg"]
    assert names(told["bright"]) == []
    (copy,) = told["duplicates"]["found"]
    assert {Path(copy[key]).name for key in ("path", "other")} == {"copy5.jpg", "p05.jpg"}
    assert {"p06.jpg", "copy7.jpg"} <= set(names(told["leakage"])), "those of training go"
    wrong = {Path(each["path"]).name: each["label"] for each in told["labels"]["found"]}
    assert wrong["p40.jpg"] == "gear"
    assert len(wrong) <= 4
    again = look(here)
    assert all(again[kind]["made"] == told[kind]["made"] for kind in set(told) - {"quarantine"})


def test_odd_boxes_are_found_each_by_its_kind(here: Connection) -> None:
    told = look(here, "boxes")
    boxes: dict[str, list[list[float]]] = defaultdict(list)
    rows = here.call(app.samples, app.Samples(ref="boxes@work")).rows
    known = {each["id"]: each["xyxy"] for row in rows for each in row["annotations"]}
    for kind, row in told.items():
        for each in row.get("found", ()):
            x1, y1, x2, y2 = known[each["object"]] if each.get("object") else (0, 0, 0, 0)
            boxes[kind].append([x1, y1, x2 - x1, y2 - y1])
    for kind, box in ODD.items():
        assert box in boxes[kind], (kind, boxes[kind])
    assert len(boxes["doubled"]) == 1
    assert told["clashing"]["count"] == 1
    assert told["labels"]["count"] is None
    assert told["labels"]["problem"]["what"]


def test_a_finding_is_mended_once_and_taken_back(here: Connection) -> None:
    row = look(here, "boxes", kind=("doubled",))["doubled"]
    ask = app.Bulk(dataset="boxes", where=row["where"], fix="doubled", key="once")
    assert here.call(app.bulk, ask).changed == 1
    assert here.call(app.bulk, ask).changed == 1
    told = look(here, "boxes", kind=("doubled",), kept=True)["doubled"]
    assert told["stale"]
    assert [each["settled"] for each in told["found"]] == [True]
    fresh = app.Bulk(dataset="boxes", where=row["where"], fix="doubled", key="again")
    assert here.call(app.bulk, fresh).changed == 0
    here.call(app.bulk_undo, app.BulkUndo("once"))
    assert look(here, "boxes", kind=("doubled",))["doubled"]["count"] == 1


def test_labels_are_mended_with_the_class_that_fits(here: Connection) -> None:
    row = look(here, kind=("labels",))["labels"]
    fits = {each["path"]: each["suggested"] for each in row["found"]}
    assert fits["gear/p40.jpg"] == "bearing"
    ask = app.Bulk(dataset="line", where=row["where"], fix="labels", key="fits")
    assert here.call(app.bulk, ask).changed == len(fits)
    rows = here.call(app.query, app.Query(text=row["where"], at="line")).rows
    assert {each["path"]: each["annotations"][0]["label"] for each in rows} == fits
    here.call(app.bulk_undo, app.BulkUndo("fits"))


def test_another_bound_is_another_answer_and_nonsense_is_told(here: Connection) -> None:
    assert look(here, kind=("dark",), bound={"dark": 0.9})["dark"]["count"] > 50
    assert look(here, kind=("dark",), kept=True)["dark"]["bound"] == 0.9
    assert look(here, kind=("dark",))["dark"]["count"] == 1
    with pytest.raises(UsageError, match="darc"):
        look(here, kind=("darc",))
    with pytest.raises(UsageError, match="person"):
        here.call(app.bulk, app.Bulk(dataset="boxes", where="", fix="clashing"))


def test_what_was_found_goes_with_the_data_set(here: Connection, tmp_path: Path) -> None:
    one = picture(tmp_path / "in" / "one.jpg", 1)
    here.call(app.add, app.Add(paths=(str(one),), to="brief"))
    with pytest.raises(FindingNotFound):
        here.call(app.bulk, app.Bulk(dataset="brief", where="", fix="dark"))
    assert look(here, "brief", kind=("dark",))["dark"]["count"] == 0
    here.call(app.datasets_remove, app.DatasetsRemove("brief"))
    here.call(app.datasets_purge, app.DatasetsPurge("brief"))
    here.call(app.add, app.Add(paths=(str(one),), to="brief"))
    assert look(here, "brief", kind=("dark",), kept=True)["dark"]["count"] is None
