"""CSV: tables of many tools are read, ours comes back as it went out, bad lines are named."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats_any import comes_back_equal, data_set, load, write
from tests.unit.formats_parts import jpeg, sample
from visloop.data.formats.table.columns import columns_of, delimiter_of
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Sample
from visloop.demo import Line, write_images
from visloop.errors import VisloopError
from visloop.vision import Box, ClassLabel, NumberValue, OrientedBox

BOX = Box(label="cat", xyxy=(10, 12, 40, 36))


def table(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "a.jpg").write_bytes(jpeg(1))
    (folder / "images" / "b.jpg").write_bytes(jpeg(2))
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,64,48,cat,10,12,40,36\n",
        "image_path;label;x;y;w;h\na.jpg;cat;10,0;12,0;30;24\n",
        "Image ID\tCategory\tx1\ty1\tx2\ty2\na\tcat\t10\t12\t40\t36\n",
        'image_id,width,height,bbox,label\na,64,48,"[10, 12, 30, 24]",cat\n',
        "file_name,class_name,x_center,y_center,width,height\nimages\\a.jpg,cat,25,24,30,24\n",
        "images/a.jpg,10,12,40,36,cat\n",
        "TRAIN,gs://bucket/images/a.jpg,cat,0.15625,0.25,,,0.625,0.75,,\n",
        "filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,0.15625,0.25,0.625,0.75\n",
        "\ufefffilename,class,xmin,ymin,xmax,ymax\r\n\r\na.jpg,cat,10,12,40,36\r\n",
        "filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,10,12,40,36\n".encode("utf-16"),
    ],
)
def test_tables_of_many_tools(tmp_path: Path, text: str | bytes) -> None:
    samples, refused, _ = load(table(tmp_path, text))
    assert not refused
    assert scan([tmp_path], AddOptions()).formats == ("csv",)
    assert {path: each.annotations for path, each in samples.items()} == {"a.jpg": (BOX,)}


def test_whole_pictures_negatives_numbers_splits_and_attributes(tmp_path: Path) -> None:
    text = (
        "path,label,set,value,unit,weather,xmin,ymin,xmax,ymax\n"
        "a.jpg,cat,training,,,wet,,,,\na.jpg,dog,training,,,,10,12,40,36\n"
        "b.jpg,,VALIDATE,,,,,,,\nb.jpg,gauge,VALIDATE,4.5,bar,3,,,,\n"
    )
    samples, refused, _ = load(table(tmp_path, text))
    assert not refused
    assert samples["a.jpg"].annotations == (
        ClassLabel(label="cat", attributes={"weather": "wet"}),
        Box(label="dog", xyxy=(10, 12, 40, 36)),
    )
    assert samples["b.jpg"].annotations == (
        NumberValue(label="gauge", value=4.5, unit="bar", attributes={"weather": 3}),
    )
    assert [each.split for each in samples.values()] == ["train", "val"]


def test_bad_lines_are_named_by_their_number(tmp_path: Path) -> None:
    text = (
        "filename,class,xmin,ymin,xmax,ymax,score\na.jpg,cat,10,12,40,36,\n"
        "a.jpg,cat,ten,12,40,36,\na.jpg,cat,nan,12,40,36,\na.jpg,cat,10,,40,36,\n"
        "a.jpg,,10,12,40,36,\na.jpg,cat,10,12,40,36,7\n,cat,10,12,40,36,\n"
        "gone.jpg,cat,10,12,40,36,\na.jpg,cat,30,12,30,36,\nb.jpg\n"
    )
    samples, refused, _ = load(table(tmp_path, text))
    assert samples["a.jpg"].annotations == (BOX,)
    assert samples["b.jpg"].annotations == ()
    told = [(each.reason_code, each.reason) for each in refused["a.jpg"]]
    assert [code for code, _ in told] == [
        "bad_geometry", "not_finite", "bad_geometry", "unknown_class", "bad_geometry",
        "zero_area_box",
    ]  # fmt: skip
    assert [reason.partition(":")[0] for _, reason in told[:5]] == [
        f"line {number}" for number in (3, 4, 5, 6, 7)
    ]
    assert refused["gone.jpg"][0].reason_code == "missing_image"
    (nameless,) = refused[str(tmp_path / "labels.csv")]
    assert nameless.reason.startswith("line 8:")


def test_an_old_encoding_is_read_and_told(tmp_path: Path) -> None:
    text = "filename,class\na.jpg,Größe\n".encode("cp1252")
    samples, _, notes = load(table(tmp_path, text))
    assert samples["a.jpg"].annotations == (ClassLabel(label="Größe"),)
    assert any("Windows-1252" in note for note in notes)


def test_tables_that_do_not_label_pictures_are_left_alone(tmp_path: Path) -> None:
    table(tmp_path, "camera,iso\na,100\n")
    assert scan([tmp_path], AddOptions()).formats == ("folder",)


def test_what_others_read_and_what_they_do_not(tmp_path: Path) -> None:
    samples = [
        sample("a.jpg", jpeg(1), Box(label="cat", xyxy=(1.5, 2, 11, 22), score=0.5), split="train"),
        sample("b.jpg", jpeg(2), OrientedBox(label="cat", cxcywh=(20, 20, 8, 4), angle_deg=0)),
        sample("c.jpg", jpeg(3)),
        sample("d.jpg", jpeg(4), labelled=False, metadata={"lux": 3}),
    ]
    report = write("csv", samples, tmp_path)
    lines = (tmp_path / "labels.csv").read_text().splitlines()
    assert lines[1] == "images/a.jpg,train,cat,1.5,2,11,22,64,48,0.5,,,,,"
    assert lines[2].startswith("images/b.jpg,,cat,16,18,24,22,64,48,,,,,")
    assert lines[3] == "images/c.jpg,,,,,,,64,48,,,,,,"
    assert {each.kind for each in report.losses} == {
        "oriented_box",
        "unlabelled_pictures",
        "metadata",
    }


@settings(max_examples=40, deadline=None)
@given(data_set())
def test_import_export_import_is_the_same(samples: list[Sample]) -> None:
    comes_back_equal("csv", samples)


@given(st.text(max_size=60))
def test_any_first_line_has_columns(line: str) -> None:
    assert isinstance(columns_of(line, delimiter_of(line)).useful, bool)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text('a.jpg,"\n1.5', max_size=60).map(str.encode))
def test_garbled_tables_raise_nothing_unexpected(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = table(
        tmp_path_factory.mktemp("garbled"),
        b"image,label,xmin,ymin,xmax,ymax,attributes,visloop,visloop_picture\n" + raw,
    )
    with suppress(VisloopError):
        load(folder)


def test_the_truth_of_the_demo_world_is_read_only_where_it_is_named(tmp_path: Path) -> None:
    write_images(Line(seed=7), tmp_path, count=6, layout="flat")
    assert scan([tmp_path], AddOptions()).formats == ("folder",)
    assert scan([tmp_path / "truth.csv"], AddOptions()).formats == ("csv",)
