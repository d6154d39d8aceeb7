"""Class folders and plain pictures out: where each picture lies, and what is named as lost."""

from __future__ import annotations

from pathlib import Path

from tests.unit.formats_any import load, write
from tests.unit.formats_parts import jpeg, sample
from visloop.vision import Box, ClassLabel


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_class_folders(tmp_path: Path) -> None:
    samples = [
        sample("a.jpg", jpeg(1), ClassLabel(label="cat"), split="train"),
        sample("b/a.jpg", jpeg(2), ClassLabel(label="dog"), ClassLabel(label="cat"), split="val"),
        sample("c.jpg", jpeg(3), Box(label="cat", xyxy=(1, 2, 3, 4)), split="test"),
    ]
    report = write("class-folders", samples, tmp_path / "out")
    assert files(tmp_path / "out") == [
        "test/unlabelled/c.jpg",
        "train/cat/a.jpg",
        "val/dog/b__a.jpg",
    ]
    lost = {loss.kind: loss.count for loss in report.losses}
    assert (lost["class_label"], lost["box"], lost["no_class"]) == (1, 1, 1)
    again, _, _ = load(tmp_path / "out", "class-folders")
    found = {
        path: (each.split, each.annotations[0].label)
        for path, each in again.items()
        if each.annotations
    }
    assert again["test/unlabelled/c.jpg"].annotations == ()
    assert found["train/cat/a.jpg"] == ("train", "cat")
    assert found["val/dog/b__a.jpg"] == ("val", "dog")


def test_splits_that_are_not_everywhere_are_left_out_and_named(tmp_path: Path) -> None:
    samples = [
        sample("a.jpg", jpeg(1), ClassLabel(label="cat"), split="train"),
        sample("b.jpg", jpeg(2), ClassLabel(label="x/y")),
    ]
    report = write("class-folders", samples, tmp_path / "out")
    assert files(tmp_path / "out") == ["cat/a.jpg", "x_y/b.jpg"]
    assert "splits" in {loss.kind for loss in report.losses}


def test_pictures_alone(tmp_path: Path) -> None:
    samples = [sample("b/a.jpg", jpeg(1), ClassLabel(label="cat")), sample("c.jpg", jpeg(2))]
    report = write("images", samples, tmp_path / "out")
    assert files(tmp_path / "out") == ["b/a.jpg", "c.jpg"]
    assert {loss.kind for loss in report.losses} == {"class_label", "class_dictionary"}
