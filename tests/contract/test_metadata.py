"""Metadata on real data sets: typed, held on every write, imported from tables, versioned, compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import data_world as world
from tests.data_world import SCOPE
from visloop import data
from visloop.data import AddOptions, Chosen, DataPorts, Field, WrongMetadata
from visloop.errors import Refused
from visloop.ids import Ref

ALL = Chosen(all=True)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[DataPorts]:
    made = world.make_ports(tmp_path / "w")
    yield made
    world.close(made)


@pytest.fixture
def parts(ports: DataPorts, tmp_path: Path) -> DataPorts:
    data.add(ports, SCOPE, "parts", [world.folder_of(tmp_path / "in", bolt=2, nut=2)])
    data.commit(ports, SCOPE, "parts", "first")
    return ports


def _metadata(ports: DataPorts, path: str = "bolt/bolt0.jpg") -> dict[str, object]:
    return world.view(ports, "parts@work")[path].metadata


def test_units_are_turned_into_the_fields(parts: DataPorts) -> None:
    data.field_add(parts, SCOPE, "parts", Field(name="height", type="number", unit="mm"))
    done = data.meta_set(parts, SCOPE, "parts", Chosen(("bolt/*",)), {"height": "3 cm"})
    assert (done.matched, done.changed) == (2, 2)
    assert _metadata(parts)["height"] == 30.0
    assert "height" not in _metadata(parts, "nut/nut0.jpg")
    data.field_add(parts, SCOPE, "parts", Field(name="height", type="number", unit="m"))
    assert _metadata(parts)["height"] == 0.03


def test_a_wrong_value_is_named_and_nothing_is_written(parts: DataPorts) -> None:
    data.field_add(
        parts, SCOPE, "parts", Field(name="shift", type="choice", choices=("day", "night"))
    )
    before = world.view(parts, "parts@work")
    for said in ({"shift": "noon"}, {"exif.iso": "fast"}, {"captured": "yesterday"}):
        with pytest.raises(WrongMetadata) as error:
            data.meta_set(parts, SCOPE, "parts", ALL, {"site": "a", **said})
        key, value = next(iter(said.items()))
        assert key in error.value.what
        assert value in error.value.what
        assert error.value.fix
    sample = before["bolt/bolt0.jpg"]
    wrong = data.Sample(**{**_fields(sample), "metadata": {"exif.iso": "fast"}})
    with pytest.raises(WrongMetadata, match="bolt/bolt0"), parts.ledger.write(SCOPE) as write:
        data.stage(parts, write, "parts", [wrong])
    assert world.view(parts, "parts@work") == before


def _fields(sample: data.Sample) -> dict[str, object]:
    return {name: getattr(sample, name) for name in sample.__struct_fields__}


def test_a_new_key_is_learnt_told_and_versioned(parts: DataPorts) -> None:
    done = data.meta_set(parts, SCOPE, "parts", ALL, {"batch": "007", "count": "3"})
    assert done.notes[0].startswith("new field 'batch': text")
    assert done.notes[1].startswith("new field 'count': integer")
    data.commit(parts, SCOPE, "parts", "described")
    names = {each.name: each.type for each in data.field_list(parts, SCOPE, Ref.parse("parts@v2"))}
    assert (names["batch"], names["count"], names["exif.iso"]) == ("text", "integer", "integer")
    old = {each.name for each in data.field_list(parts, SCOPE, Ref.parse("parts@v1"))}
    assert "batch" not in old
    data.meta_set(parts, SCOPE, "parts", Chosen(("nut/nut0.jpg",)), {"count": 2})
    with pytest.raises(WrongMetadata):
        data.meta_set(parts, SCOPE, "parts", ALL, {"count": "many"})


def test_diff_tells_each_value_and_unstage_takes_it_back(parts: DataPorts) -> None:
    data.meta_set(parts, SCOPE, "parts", ALL, {"site": "north"})
    data.commit(parts, SCOPE, "parts", "sites")
    data.meta_set(parts, SCOPE, "parts", Chosen(where={"class": "nut"}), {"site": "south"})
    data.meta_set(parts, SCOPE, "parts", Chosen(("nut/nut1.jpg",)), {}, ["site"])
    found = data.diff(parts, SCOPE, Ref.parse("parts@v2"), Ref.parse("parts@work"))
    told = {each.path: [(m.field, m.was, m.now) for m in each.metadata] for each in found.details}
    assert told == {
        "nut/nut0.jpg": [("site", "north", "south")],
        "nut/nut1.jpg": [("site", "north", None)],
    }
    assert data.unstage(parts, SCOPE, "parts") == 2
    assert data.diff(parts, SCOPE, Ref.parse("parts@v2"), Ref.parse("parts@work")).details == ()
    fields = data.diff(parts, SCOPE, Ref.parse("parts@v1"), Ref.parse("parts@v2")).fields
    assert [(each.kind, each.name, each.now) for each in fields] == [("added", "site", "text")]


def test_a_dry_run_changes_nothing(parts: DataPorts) -> None:
    done = data.meta_set(parts, SCOPE, "parts", ALL, {"site": "north"}, dry_run=True)
    assert done.changed == 4
    assert data.status(parts, SCOPE, "parts").staged.total == 0


def test_a_table_finds_its_samples_and_names_the_rest(parts: DataPorts, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        'name;depth (cm);note\nbolt0.jpg;1.5;"two\nlines"\nnobody.jpg;1;x\nbolt0.jpg;2;again\n'
        "nut0.jpg;;empty\n"
    )
    data.field_add(parts, SCOPE, "parts", Field(name="depth", type="number", unit="mm"))
    done = data.meta_import(parts, SCOPE, "parts", table, key="name")
    assert (done.rows, done.matched, done.changed) == (4, 2, 2)
    assert [(each.line, each.key) for each in done.unplaced] == [
        (4, "nobody.jpg"),
        (5, "bolt0.jpg"),
    ]
    assert _metadata(parts) == {"depth": 15.0, "note": "two\nlines"}
    assert _metadata(parts, "nut/nut0.jpg") == {"note": "empty"}


def test_wrong_cells_are_all_told_with_their_lines(parts: DataPorts, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("path,exif.iso\nbolt/bolt0.jpg,fast\nnut/nut0.jpg,100\nnut/nut1.jpg,slow\n")
    with pytest.raises(WrongMetadata) as error:
        data.meta_import(parts, SCOPE, "parts", table)
    assert "line 2" in error.value.what
    assert "line 4" in error.value.what
    assert _metadata(parts, "nut/nut0.jpg") == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", '[{"stem": "bolt0", "ok": true, "depth (cm)": 2, "gone": null}]'),
        ("t.json", '{"bolt0": {"ok": true, "depth (cm)": 2}}'),
        ("t.jsonl", '\n{"stem": "bolt0", "ok": true, "depth (cm)": 2}\n'),
    ],
)
def test_json_of_every_shape(parts: DataPorts, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    data.field_add(parts, SCOPE, "parts", Field(name="depth", type="number", unit="mm"))
    data.meta_import(parts, SCOPE, "parts", tmp_path / name, key="stem")
    assert _metadata(parts) == {"ok": True, "depth": 20.0}


def test_add_notes_licence_camera_and_values(ports: DataPorts, tmp_path: Path) -> None:
    folder = world.folder_of(tmp_path / "in", bolt=1)
    options = AddOptions(licence="CC-BY-4.0", camera="dock", metadata={"height (cm)": "3"})
    with pytest.raises(data.CameraNotFound):
        data.add(ports, SCOPE, "parts", [folder], options)
    data.camera_add(ports, SCOPE, "dock")
    rehearsed = data.add(
        ports, SCOPE, "parts", [folder], AddOptions(metadata={"height (cm)": "3"}, dry_run=True)
    )
    assert rehearsed.notes[0].startswith("new field 'height': integer in cm")
    data.add(ports, SCOPE, "parts", [folder], options)
    assert _metadata(ports) == {"licence": "CC-BY-4.0", "camera": "dock", "height": 3}
    again = data.add(ports, SCOPE, "parts", [folder], options)
    assert (again.unchanged, again.updated) == (1, 0)


def test_a_field_goes_only_when_unused(parts: DataPorts) -> None:
    data.meta_set(parts, SCOPE, "parts", ALL, {"site": "north"})
    with pytest.raises(Refused, match="4 samples"):
        data.field_remove(parts, SCOPE, "parts", "site")
    data.field_rename(parts, SCOPE, "parts", "site", "place")
    assert _metadata(parts) == {"place": "north"}
    data.meta_set(parts, SCOPE, "parts", ALL, {}, ["place"])
    data.field_remove(parts, SCOPE, "parts", "place")
    assert data.status(parts, SCOPE, "parts").staged.total == 0


def test_clocks_are_corrected_and_cameras_lined_up(parts: DataPorts) -> None:
    data.camera_add(
        parts, SCOPE, "left", {"serial": "L1", "clock_offset_s": -3.0, "utc_offset": "+02:00"}
    )
    data.camera_set(
        parts, SCOPE, "left", {"clock_offset_s": 0.0, "since": "2024-05-01T11:00:00+02:00"}
    )
    data.camera_add(parts, SCOPE, "right", {"serial": "R1"})
    shots = {
        "bolt/bolt0.jpg": {"exif.serial": "L1", "exif.taken": "2024-05-01T10:00:00"},
        "bolt/bolt1.jpg": {"exif.serial": "R1", "exif.taken": "2024-05-01T08:00:03.25Z"},
        "nut/nut0.jpg": {"exif.serial": "L1", "exif.taken": "2024-05-01T12:00:00"},
        "nut/nut1.jpg": {"exif.serial": "R1", "exif.taken": "2024-05-01T10:00:09Z"},
    }
    for path, said in shots.items():
        data.meta_set(parts, SCOPE, "parts", Chosen((path,)), said)
    data.camera_apply(parts, SCOPE, "parts")
    assert _metadata(parts)["captured"] == "2024-05-01T08:00:03Z"
    assert _metadata(parts)["exif.taken"] == "2024-05-01T10:00:00"
    assert _metadata(parts, "nut/nut0.jpg")["captured"] == "2024-05-01T10:00:00Z"
    work = Ref.parse("parts@work")
    found = data.align(parts, SCOPE, work, 0.5, group_field="moment")
    assert [[shot.path for shot in group.shots] for group in found.groups] == [
        ["bolt/bolt0.jpg", "bolt/bolt1.jpg"]
    ]
    assert (found.alone, found.groups[0].spread_s, found.changed) == (2, 0.25, 2)
    for seed in range(5):
        data.split(parts, SCOPE, "parts", seed=seed, group_by="moment", redo=True)
        seen = world.view(parts, "parts@work")
        assert seen["bolt/bolt0.jpg"].split == seen["bolt/bolt1.jpg"].split
    kinds = [kind for kind, _ in world.facts(parts, "camera.added", "camera.changed")]
    assert kinds == ["camera.added", "camera.changed", "camera.added"]


def test_an_export_says_that_declarations_of_fields_stay_behind(parts, tmp_path) -> None:
    quiet = data.export(parts, SCOPE, Ref.parse("parts@work"), tmp_path / "a")
    assert not [each for each in quiet.losses if "field_declarations" in each]
    data.field_add(parts, SCOPE, "parts", Field(name="height", type="number", unit="mm"))
    told = data.export(parts, SCOPE, Ref.parse("parts@work"), tmp_path / "b")
    (said,) = [each for each in told.losses if "field_declarations" in each]
    assert said.startswith("1 × ")
    assert "(first: height)" in said
