"""Hugging Face's imagefolder in and out: labels, objects, captions, splits."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.formats_any import (
    comes_back_equal,
    data_set,
    garbled,
    load,
    survives,
    write,
)
from tests.unit.formats_parts import jpeg, sample
from visloop.data.formats import LabelsUnreadable
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Sample
from visloop.errors import MissingExtra
from visloop.vision import Box, ClassLabel, OrientedBox


def lay(folder: Path, files: dict[str, bytes | str | list[dict[str, Any]]]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = content
        if isinstance(content, list):
            whole = "".join(json.dumps(row) + "\n" for row in content)
        file.write_bytes(whole.encode() if isinstance(whole, str) else bytes(whole))
    return folder


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def test_labels_objects_captions_and_splits(tmp_path: Path) -> None:
    objects = {"bbox": [[1, 2, 10, 20], [0, 0, 0, 4], [1, 2]], "categories": ["cat", 7, "dog"]}
    folder = lay(
        tmp_path,
        {
            "train/metadata.jsonl": [
                {"file_name": "a.jpg", "objects": objects, "text": "a cat", "odd": {"x": 1}},
                {"file_name": "sub/b.jpg", "label": "dog"},
                {"file_name": "gone.jpg", "label": "dog"},
                {"label": "dog"},
            ],
            "train/a.jpg": jpeg(1),
            "train/sub/b.jpg": jpeg(2),
            "train/unnamed.jpg": jpeg(3),
            "validation/metadata.csv": "file_name,label,score\nc.jpg,3,0.5\nd.jpg,,\n",
            "validation/c.jpg": jpeg(4),
            "validation/d.jpg": jpeg(5),
        },
    )
    samples, refused, notes = load(folder)
    assert samples["a.jpg"].annotations == (Box(label="cat", xyxy=(1, 2, 11, 22)),)
    assert samples["a.jpg"].metadata == {"text": "a cat"}
    assert samples["sub/b.jpg"].annotations == (ClassLabel(label="dog"),)
    assert samples["c.jpg"].annotations == (ClassLabel(label="3"),)
    assert (samples["c.jpg"].metadata, samples["c.jpg"].split) == ({"score": 0.5}, "val")
    assert (samples["d.jpg"].annotations, samples["d.jpg"].labelled) == ((), True)
    codes = {path: [each.reason_code for each in said] for path, said in refused.items()}
    assert codes["a.jpg"] == ["bad_geometry", "zero_area_box"]
    assert refused["a.jpg"][0].reason.startswith("line 1, objects.bbox[2]")
    assert codes["gone.jpg"] == ["missing_image"]
    assert codes["metadata.jsonl line 4"] == ["bad_row"]
    assert any("named in no label file" in note and "unnamed.jpg" in note for note in notes)


def test_one_name_in_two_splits_is_two_pictures(tmp_path: Path) -> None:
    rows = [{"file_name": "a.jpg", "label": "x"}]
    files = {"train/metadata.jsonl": rows, "test/metadata.jsonl": rows}
    folder = lay(tmp_path, files | {"train/a.jpg": jpeg(1), "test/a.jpg": jpeg(2)})
    samples, refused, _ = load(folder)
    assert not refused
    assert {path: each.split for path, each in samples.items()} == {
        "train/a.jpg": "train",
        "test/a.jpg": "test",
    }


@given(data_set())
@settings(max_examples=60, deadline=None)
def test_everything_goes_round(samples: list[Sample]) -> None:
    comes_back_equal("huggingface", samples)


def test_what_other_readers_see(tmp_path: Path) -> None:
    turned = OrientedBox(id="o", label="dog", cxcywh=(20, 20, 10, 4), angle_deg=90)
    samples = [
        sample("a.jpg", jpeg(1), ClassLabel(id="c", label="cat"), turned, split="val"),
        sample("b.jpg", jpeg(2), split="train"),
        sample("c.jpg", jpeg(3), split="gold"),
    ]
    report = write("huggingface", samples, tmp_path / "out")
    assert {loss.kind for loss in report.losses} == {
        "object_ids",
        "oriented_box",
        "splits",
        "class_dictionary",
    }
    (row,) = map(json.loads, _lines(tmp_path / "out/validation/metadata.jsonl"))
    assert (row["file_name"], row["label"]) == ("a.jpg", "cat")
    assert json.loads(row["objects"]) == {"bbox": [[18, 15, 4, 10]], "categories": ["dog"]}
    assert any("JSON as text" in note for note in report.notes)
    others = [json.loads(line) for line in _lines(tmp_path / "out/train/metadata.jsonl")]
    assert [(each["file_name"], each["label"]) for each in others] == [("b.jpg", ""), ("c.jpg", "")]
    assert all(each.keys() == row.keys() for each in others)


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    lay(tmp_path, {"metadata.csv": b"file_name,label\n\xff\xfe"})
    with pytest.raises(LabelsUnreadable, match=r"metadata\.csv"):
        scan([tmp_path], AddOptions())
    lay(tmp_path, {"metadata.csv": "name;of;file_name\n"})
    with pytest.raises(LabelsUnreadable, match="no column"):
        scan([tmp_path], AddOptions())


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="pyarrow is there")
def test_parquet_needs_pyarrow(tmp_path: Path) -> None:
    lay(tmp_path, {"metadata.parquet": b"PAR1file_name"})
    with pytest.raises(MissingExtra, match="pyarrow"):
        scan([tmp_path], AddOptions())


GOOD = json.dumps(
    {
        "file_name": "a.jpg",
        "label": "cat",
        "objects": {"bbox": [[1, 2, 3, 4]], "categories": ["cat"]},
        "visloop": '{"split": "gold", "objects": [null]}',
    }
).encode()


@given(garbled(GOOD))
@settings(max_examples=150, deadline=None)
def test_nothing_in_a_file_breaks_the_reader(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.jpg").write_bytes(jpeg())
        (folder / "metadata.jsonl").write_bytes(raw)
        survives("huggingface", folder)
        (folder / "metadata.jsonl").unlink()
        (folder / "metadata.csv").write_bytes(b"file_name,label,objects\n" + raw)
        survives("huggingface", folder)
