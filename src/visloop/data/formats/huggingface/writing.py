"""Hugging Face `imagefolder` out: `<split>/<path>` and a `metadata.jsonl` in each split folder.

`datasets.load_dataset("imagefolder", data_dir=…)` reads it with its splits. It guesses the types of
columns from each file and wants them equal: a picture without label has the label "", and where only
some splits hold boxes, `objects` is JSON as text. What no column can hold stands in the text column
`visloop`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.formats.beside import FIELD, lost, side_of, words
from visloop.data.formats.classes import details_of, listed
from visloop.data.formats.coco.encoding import around, box_of_corners, corners, seen_points
from visloop.data.formats.huggingface.reading import CLASSES_FILE, Row
from visloop.data.formats.huggingface.tables import KEY
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Target
from visloop.data.objects import extent_xyxy
from visloop.vision import Annotation, Box, ClassLabel, NumberValue, OrientedBox, Points

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.records import ClassDictionary, Sample

_FOLDERS: Final = {"train": "train", "val": "validation", "test": "test"}
"""The splits that `datasets` knows, by ours."""
_AS_TEXT: Final = (
    "some splits hold no boxes: `objects` is JSON as text, for `datasets` wants equal types"
)
_COLUMN: Final = "the column `visloop`"
LOSSES: Final = words(
    "imagefolder",
    _COLUMN,
    class_label="imagefolder has one label a picture: others are kept in the column `visloop`",
    splits="imagefolder knows train, validation and test: other splits (and none) lie in train/, "
    "and are kept in the column `visloop`",
    orientation=KEPT_TURNED,
)


def export_huggingface(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as an image folder; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    rows: dict[str, list[dict[str, Any]]] = {}
    labels: dict[str, None] = {}
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "", read_blob, losses, upright=upright)
        for sample in samples:
            folder = _FOLDERS.get(sample.split or "", "train")
            name = pictures.write(sample, f"{folder}/").removeprefix(f"{folder}/")
            row, used = _row(sample, name, losses)
            rows.setdefault(folder, []).append(row)
            labels |= dict.fromkeys(used)
            objects += len(sample.annotations)
        as_text = _fit(rows)
        for folder, held in rows.items():
            lines = b"".join(msgspec.json.encode(row) + b"\n" for row in held)
            target.write(f"{folder}/metadata.jsonl", lines)
        named = listed(classes, list(labels))
        sides = [(name, details_of(entry, -1) or {}) for name, entry in named]
        target.write(CLASSES_FILE, msgspec.json.encode(sides))
        if named:
            losses.add("class_dictionary", "", len(named))
    return ExportReport(
        format="huggingface",
        folder=str(target.folder),
        images=sum(map(len, rows.values())),
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=(*pictures.notes(), *((_AS_TEXT,) if as_text else ())),
    )


def _fit(rows: dict[str, list[dict[str, Any]]]) -> bool:
    """Make the columns of all splits alike; whether `objects` had to become text for that."""
    boxed = [any(row["objects"]["bbox"] for row in held) for held in rows.values()]
    every = [row for held in rows.values() for row in held]
    labelled = any(row["label"] for row in every)
    for row in every:
        if not labelled:
            del row["label"]
        if not any(boxed):
            del row["objects"]
        elif not all(boxed):
            row["objects"] = msgspec.json.encode(row["objects"]).decode()
    return any(boxed) and not all(boxed)


def _row(sample: Sample, name: str, losses: Losses) -> tuple[dict[str, Any], list[str]]:
    beside = Row(
        path="" if name == sample.path else sample.path,
        split=sample.split,
        metadata=sample.metadata,
        unlabelled=not sample.labelled,
    )
    if not sample.labelled:
        losses.add("unlabelled_pictures", sample.path)
    if sample.metadata:
        losses.add("metadata", sample.path)
    if sample.split not in _FOLDERS:
        losses.add("splits", sample.path)
    row: dict[str, Any] = {KEY: name, "label": "", "objects": {"bbox": [], "categories": []}}
    for each in sample.annotations:
        native = _native(each)
        if native is None or (isinstance(native, ClassLabel) and row["label"]):
            lost(each, None, losses, sample.path)
            beside.annotations.append(each)
            continue
        side = side_of(each, native)
        lost(each, native, losses, sample.path)
        if isinstance(native, ClassLabel):
            row["label"], beside.label = native.label, side
        elif isinstance(native, Box):
            row["objects"]["bbox"].append(list(box_of_corners(native.xyxy)))
            row["objects"]["categories"].append(native.label)
            beside.objects.append(side)
    if not any(beside.objects):
        beside.objects = []
    row[FIELD] = json.dumps(msgspec.to_builtins(beside), ensure_ascii=False)
    return row, [each.label for each in sample.annotations if each.label]


def _native(each: Annotation) -> Annotation | None:
    """What the columns say of an annotation: a label, or the box around it; None for nothing."""
    if not each.label or each.label.strip() != each.label or isinstance(each, NumberValue):
        return None
    if isinstance(each, ClassLabel):
        return ClassLabel(label=each.label)
    if isinstance(each, OrientedBox):
        place = around(corners(each))
    elif isinstance(each, Points):
        place = around(seen_points(each))
    else:
        place = extent_xyxy(each)
    if place is None:
        return None
    x, y, width, height = box_of_corners(place)
    return Box(label=each.label, xyxy=(float(x), float(y), float(x + width), float(y + height)))
