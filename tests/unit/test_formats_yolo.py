"""YOLO in: every layout, every kind of line, and nothing goes missing without a word."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.formats_parts import jpeg, taken
from visloop.data.formats import LabelsUnreadable
from visloop.data.formats.yolo.lines import Schema, parse
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, ClassEntry, Refusal, Sample
from visloop.errors import VisloopError
from visloop.vision import Box, OrientedBox, Points, Polygon, Track

TOKENS = st.sampled_from(["0", "1", "0.5", ".25", "1e3", "-1", "nan", "1.01"]) | st.text(
    "0.5e-", max_size=4
)
NAMES = {0: "cat", 1: "dog", 5: "stop sign"}
BOX = "0 0.5 0.5 0.25 0.5\n"
CAT = Box(label="cat", xyxy=(24, 12, 40, 36))


def lay(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def seen(
    path: Path, **options: str
) -> tuple[dict[str, Sample], list[Refusal], list[str], tuple[ClassEntry, ...]]:
    found = scan([path], AddOptions(**options))
    assert found.formats == ("yolo",) or "format" in options
    samples, refusals, notes = taken(found)
    return {each.path: each for each in samples}, refusals, notes, found.classes


def test_an_ultralytics_set_with_splits_negatives_and_gaps_in_ids(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "data.yaml": "train: images/train\nval: [images/val]\ntest: test.txt\n"
            "names: {0: cat, 5: stop sign, 90: 'no'}\n",
            "images/train/a.jpg": jpeg(1),
            "images/train/none.jpg": jpeg(2),
            "images/train/absent.jpg": jpeg(3),
            "images/val/a.jpg": jpeg(4),
            "images/more/t.jpg": jpeg(5),
            "images/more/nobody.jpg": jpeg(6),
            "labels/train/a.txt": BOX + "5 .25 .25 .5 .5\n",
            "labels/train/none.txt": "",
            "labels/val/a.txt": "\ufeff" + BOX,
            "labels/val/gone.txt": BOX,
            "test.txt": "./images/more/t.jpg\n./images/more/lost.jpg\n",
        },
    )
    samples, refusals, notes, classes = seen(root)
    assert classes == (
        ClassEntry(id=0, name="cat"),
        ClassEntry(id=5, name="stop sign"),
        ClassEntry(id=90, name="no"),
    )
    assert {path: each.split for path, each in samples.items()} == {
        "train/a.jpg": "train",
        "train/absent.jpg": "train",
        "train/none.jpg": "train",
        "val/a.jpg": "val",
        "more/t.jpg": "test",
        "more/nobody.jpg": None,
    }
    assert samples["train/a.jpg"].annotations == (CAT, Box(label="stop sign", xyxy=(0, 0, 32, 24)))
    assert samples["val/a.jpg"].annotations == (CAT,)
    assert {(each.reason_code, each.path) for each in refusals} == {
        ("missing_image", "images/more/lost.jpg"),
        ("missing_image", "labels/val/gone.txt"),
    }
    assert any("1 picture has no label file: taken as background" in note for note in notes)
    assert any("2 pictures have no label file, nor has their folder" in note for note in notes)
    labels = {
        each.path: each.annotations
        for each in scan([root], AddOptions())
        if not isinstance(each, Refusal)
    }
    assert labels["train/none.jpg"] == labels["train/absent.jpg"] == ()
    assert labels["more/nobody.jpg"] is None


@pytest.mark.parametrize(
    "files",
    [
        {"data.yaml": "train: ../train/images\nval: x\nnames: [cat]\n", "train/images/a.jpg": 0,
         "train/labels/a.txt": BOX},
        {"obj.data": "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n",
         "obj.names": "cat\n", "train.txt": "data/obj_train_data/a.jpg\n",
         "obj_train_data/a.jpg": 0, "obj_train_data/a.txt": BOX},
        {"classes.txt": "cat\n", "a.jpg": 0, "a.txt": BOX},
        {"train/_darknet.labels": "cat\n", "train/a.jpg": 0, "train/a.txt": BOX},
        {"images/train/a.jpg": 0, "labels/train/a.txt": BOX, "labels/classes.txt": "cat"},
        {"config.yml": "path: /content/gone\ntrain: images\nval: images\nnames:\n  0: cat\n",
         "images/a.jpg": 0, "labels/a.txt": BOX},
    ],
)  # fmt: skip
def test_every_layout(tmp_path: Path, files: dict[str, str | int]) -> None:
    root = lay(tmp_path / "set", {k: v if isinstance(v, str) else jpeg() for k, v in files.items()})
    samples, refusals, _, classes = seen(root)
    assert not refusals
    assert [each.annotations for each in samples.values()] == [(CAT,)]
    assert [each.path.rpartition("/")[2] for each in samples.values()] == ["a.jpg"]
    assert classes == (ClassEntry(id=0, name="cat"),)
    train = any("train" in name for name in files) or "config.yml" in files
    assert [each.split for each in samples.values()] == ["train" if train else None]


def test_shares_are_of_the_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    root = lay(tmp_path, {"images/a.jpg": jpeg(exif=exif), "labels/a.txt": "0 .5 .25 .5 .5"})
    samples, _, _, _ = seen(root)
    assert samples["a.jpg"].annotations == (Box(label="0", xyxy=(12, 0, 36, 32)),)


def test_lines_of_every_kind() -> None:
    plain = Schema(NAMES)
    told = parse(
        "1 .5 .5 .5 .5 .75\n0 .5 .5 .5 .5 .75 17\n0 0 0 1 0 1 1\n0 0 0 1 0 1 1 .5\n"
        "0 0 0 1 0 1 1 0 1\n0.0 0 0 1 0 1 1 0 1\n",
        plain,
    )
    square = (0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0)
    assert told.annotations == [
        Box(label="dog", xyxy=(0.25, 0.25, 0.75, 0.75), score=0.75),
        Track(label="cat", track="17", xyxy=(0.25, 0.25, 0.75, 0.75), score=0.75),
        Polygon(label="cat", rings=(square[:6],)),
        Polygon(label="cat", rings=(square[:6],), score=0.5),
        Polygon(label="cat", rings=(square,)),
    ]
    assert (told.bad, told.doubles, told.corners) == ([], [6], 1)
    turned = parse("0 -.1 0 1 0 1 1.1 0 1\n", Schema(NAMES, "obb"))
    assert len(turned.annotations) == 1
    pose = Schema(NAMES, "pose", 2, 3, ("nose", "tail"))
    told = parse("0 .5 .5 .5 .5 .4 .4 2 0 0 0\n1 .5 .5 .5 .5 0 0 0 0 0 0\n", pose)
    assert told.annotations == [
        Box(label="cat", xyxy=(0.25, 0.25, 0.75, 0.75), attributes={"coco.object": 1}),
        Points(
            label="cat",
            points=((0.4, 0.4, 2), (0, 0, 0)),
            names=("nose", "tail"),
            attributes={"coco.object": 1},
        ),
        Box(label="dog", xyxy=(0.25, 0.25, 0.75, 0.75)),
    ]
    flat = parse("0 .5 .5 .5 .5 .4 .4 0 0 .9\n", Schema(NAMES, "pose", 2, 2))
    assert [each.score for each in flat.annotations] == [0.9, 0.9]
    assert isinstance(flat.annotations[1], Points)
    assert [seen for _, _, seen in flat.annotations[1].points] == [2, 0]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("0 .5 .5 nan .1", "not_finite"),
        ("0 .5 .5 inf .1", "not_finite"),
        ("7 .5 .5 .1 .1", "unknown_class"),
        ("-1 .5 .5 .1 .1", "unknown_class"),
        ("1.5 .5 .5 .1 .1", "unknown_class"),
        ("0 .5 .5 .1", "bad_geometry"),
        ("0", "bad_geometry"),
        ("cat .5 .5 .1 .1", "bad_geometry"),
        ("0,.5,.5,.1,.1", "bad_geometry"),
        ("0 .5 .5 -.1 .1", "zero_area_box"),
        ("0 .5 .5 0 .1", "zero_area_box"),
        ("0 .1 .1 .1 .1 .1 .1", "zero_area_box"),
        ("0 300 200 50 40", "bad_geometry"),
        ("0 .5 .5 .1 .1 9", "bad_geometry"),
        ("0 .1 .1 .9 .1 30 .9", "bad_geometry"),
    ],
)
def test_a_bad_line_is_one_object_not_taken(tmp_path: Path, line: str, code: str) -> None:
    root = lay(
        tmp_path,
        {"data.yaml": "train: images\nnames: [cat, dog]\n", "images/a.jpg": jpeg(),
         "labels/a.txt": f"{BOX}\n{line}\n"},
    )  # fmt: skip
    samples, refusals, _, _ = seen(root)
    assert samples["a.jpg"].annotations == (CAT,)
    (refusal,) = refusals
    assert (refusal.reason_code, refusal.path) == (code, "a.jpg")
    assert refusal.reason.startswith("line 3: ")
    assert refusal.source.endswith("labels/a.txt")


def test_four_corners_are_outlines_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    files = {"images/a.jpg": jpeg(), "labels/a.txt": "0 .25 .25 .75 .25 .75 .75 .25 .75"}
    root = lay(tmp_path, files)
    samples, _, notes, _ = seen(root)
    assert isinstance(samples["a.jpg"].annotations[0], Polygon)
    assert any("--format yolo-obb" in note for note in notes)
    samples, _, notes, _ = seen(root, format="yolo-obb")
    (box,) = samples["a.jpg"].annotations
    assert isinstance(box, OrientedBox)
    assert box.cxcywh == pytest.approx((32, 24, 32, 24))
    (root / "data.yaml").write_text("train: images\ntask: obb\nnames: {0: cat}\n")
    samples, _, notes, _ = seen(root)
    assert isinstance(samples["a.jpg"].annotations[0], OrientedBox)
    assert not notes


def test_what_leads_out_of_the_folder_is_refused_unless_the_file_is_named(tmp_path: Path) -> None:
    lay(tmp_path / "private", {"images/a.jpg": jpeg(), "labels/a.txt": BOX})
    yaml = f"path: {tmp_path}/private\ntrain: {tmp_path}/private/images\nnames: [cat]\n"
    root = lay(tmp_path / "set", {"data.yaml": yaml, "images/b.jpg": jpeg(2)})
    (root / "labels").mkdir()
    (root / "labels" / "b.txt").symlink_to(tmp_path / "private" / "labels" / "a.txt")
    samples, refusals, _, _ = seen(root)
    assert [each.reason_code for each in refusals] == ["outside_folder"]
    assert {path: each.annotations for path, each in samples.items()} == {"b.jpg": ()}
    samples, refusals, _, _ = seen(root / "data.yaml")
    assert not refusals
    assert samples["a.jpg"].annotations == (CAT,)


@pytest.mark.parametrize(
    "yaml",
    ["train: gone\nval: gone\nnames: [cat]\n", "train: images\nnames: {one: cat}\n"],
)
def test_a_description_that_leads_nowhere_is_an_error(tmp_path: Path, yaml: str) -> None:
    root = lay(tmp_path, {"data.yaml": yaml, "images/a.jpg": jpeg()})
    with pytest.raises(LabelsUnreadable) as problem:
        seen(root)
    assert "data.yaml" in problem.value.what
    assert problem.value.fix


def test_label_files_that_are_no_text_leave_the_picture_as_it_is(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {"data.yaml": "train: images\nnames: [cat]", "images/a.jpg": jpeg(),
         "labels/a.txt": b"\0\1\2", "images/b.jpg": jpeg(2), "labels/b.txt": "x\n" * 300},
    )  # fmt: skip
    samples, refusals, _, _ = seen(root)
    assert len(samples) == 2
    assert [each.path for each in refusals] == ["a.jpg"] + ["b.jpg"] * 101
    assert refusals[0].reason_code == "labels_unreadable"
    assert "200 lines" in refusals[-1].reason


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_no_text_breaks_the_reader_of_lines(text: str) -> None:
    for schema in (Schema(NAMES), Schema({}, "obb"), Schema(NAMES, "pose", 3, 2)):
        told = parse(text, schema)
        assert len(told.bad) <= len(re.split(r"\r|\n", text))


@given(
    st.lists(
        st.lists(
            TOKENS,
            max_size=12,
        ).map(" ".join),
        max_size=6,
    )
)
def test_every_line_is_an_object_a_refusal_or_a_double(lines: list[str]) -> None:
    told = parse("\n".join(lines), Schema(NAMES, "segment"))
    wanted = sum(1 for line in lines if line.split())
    assert len(told.annotations) + len(told.bad) + len(told.doubles) == wanted


@given(st.binary(max_size=300), st.sampled_from(["data.yaml", "obj.data", "visloop.jsonl"]))
def test_damaged_descriptions_raise_nothing_unexpected(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, name: str
) -> None:
    root = tmp_path_factory.mktemp("damaged")
    lay(root, {"images/a.jpg": jpeg(), "labels/a.txt": BOX, name: b"names: [cat]\ntrain: " + raw})
    with suppress(VisloopError):
        seen(root, format="yolo")
    shutil.rmtree(root)


@pytest.mark.shared
@pytest.mark.parametrize(("kind", "shape"), [("det", Box), ("seg", Polygon)])
def test_the_counts_of_real_labels_are_right(
    shared_data: Path, tmp_path: Path, kind: str, shape: type
) -> None:
    source = shared_data / "coco"
    shutil.copytree(source / "images", tmp_path / "images" / "train2017")
    shutil.copytree(source / f"labels-{kind}", tmp_path / "labels" / "train2017")
    shutil.copy(source / "config.yaml", tmp_path)
    samples, refusals, notes, classes = seen(tmp_path)
    rows = [
        line.split()
        for file in (source / f"labels-{kind}").iterdir()
        for line in file.read_text().splitlines()
    ]
    good = [row for row in rows if int(row[0]) < 80]
    made = [each for found in samples.values() for each in found.annotations]
    assert len(classes) == 80
    assert (len(samples), len(made)) == (14, len(good))
    assert {each.reason_code for each in refusals} <= {"unknown_class"}
    assert len(refusals) == len(rows) - len(good)
    assert all(isinstance(each, shape) for each in made)
    assert any("val2017" in note for note in notes)


@pytest.mark.shared
def test_numbers_of_coco_beside_names_counted_from_nought_are_told(
    shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "coco"
    shutil.copytree(source / "images", tmp_path / "images" / "train2017")
    shutil.copytree(source / "labels-seg", tmp_path / "labels" / "train2017")
    shutil.copy(source / "config.yaml", tmp_path)
    _, refusals, notes, _ = seen(tmp_path)
    (told,) = [note for note in notes if "without a name" in note]
    assert told.startswith(
        "7 objects have a class number without a name: 81, 82, 85 (2 times), 86 (2 times), 87"
    )
    assert "COCO's own category ids" in told, "all others are one of the 80 names, and a wrong one"
    assert all("in config.yaml" in each.fix for each in refusals)


def test_a_number_without_a_name_casts_doubt_on_the_others(tmp_path: Path) -> None:
    files = {"data.yaml": "train: images\nnames: [cat, dog]\n", "images/a.jpg": jpeg()}
    root = lay(tmp_path, {**files, "labels/a.txt": f"{BOX}2 .5 .5 .1 .1\n0 1 2\n"})
    _, refusals, notes, _ = seen(root)
    assert refusals[0].fix.startswith("name class 2 in data.yaml, or mend or remove the line")
    assert refusals[1].fix.startswith("mend or remove the line")
    (told,) = [note for note in notes if "without a name" in note]
    assert told.startswith("1 object has a class number without a name: 2;")
    assert "COCO" not in told
