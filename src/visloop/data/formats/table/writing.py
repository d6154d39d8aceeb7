"""CSV out: `labels.csv`, a row an object, `classes.csv`, and `images/<logical path>`.

    image,split,label,xmin,ymin,xmax,ymax,width,height,score,value,unit,attributes,…
    images/a.jpg,train,cat,1.5,2,11,22,640,480,,,,,             an object
    images/a.jpg,train,night,,,,,640,480,,,,,                   a class of the whole picture
    images/b.jpg,val,,,,,,640,480,,,,,                          a picture that holds nothing

Corners are pixels of the upright picture, exact. Attributes are a JSON object. What the columns
cannot say lies as JSON in `visloop` (of the object) and `visloop_picture`, and is named as a loss.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from visloop.data.formats import beside, rle
from visloop.data.formats.classes import listed
from visloop.data.formats.coco.encoding import around, corners, seen_points
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.table.columns import split_of
from visloop.data.formats.table.reading import CLASSES_FILE
from visloop.data.formats.target import Target
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
    geometry_xyxy,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from visloop.data.records import ClassDictionary, ClassEntry, Sample

HEADER: Final = [
    "image",
    "split",
    "label",
    "xmin",
    "ymin",
    "xmax",
    "ymax",
    "width",
    "height",
    "score",
    "value",
    "unit",
    "attributes",
    "visloop",
    "visloop_picture",
]
LOSSES: Final = beside.words("CSV", "the columns visloop…", orientation=KEPT_TURNED)


def export_table(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as a table and a folder of pictures; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, HEADER, restval="")
    table.writeheader()
    images = objects = 0
    labels: dict[str, None] = {}
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright)
        for sample in samples:
            name = pictures.write(sample)
            rows = _rows(sample, name, losses)
            table.writerows(rows)
            images, objects = images + 1, objects + len(sample.annotations)
            labels |= dict.fromkeys(each.label for each in sample.annotations if each.label)
        target.write("labels.csv", text.getvalue().encode())
        target.write(CLASSES_FILE, _classes(listed(classes, list(labels)), classes.next_id))
    return ExportReport(
        format="csv",
        folder=str(target.folder),
        images=images,
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _rows(sample: Sample, name: str, losses: Losses) -> list[dict[str, Any]]:
    common: dict[str, Any] = {
        "image": f"images/{name}",
        "split": sample.split or "",
        "width": sample.width,
        "height": sample.height,
    }
    rows: list[dict[str, Any]] = []
    others: list[Annotation] = []
    for each in sample.annotations:
        native = _native(each)
        beside.lost(each, native, losses, sample.path)
        if native is None:
            others.append(each)
            continue
        row = common | _said(native)
        if (more := beside.side_of(each, native)) is not None:
            row["visloop"] = _json(more)
        rows.append(row)
    whole = beside.Whole(
        path=sample.path if name != sample.path else "",
        split=sample.split if split_of(sample.split or "") != sample.split else None,
        metadata=sample.metadata,
        annotations=others,
        unlabelled=not (sample.labelled or sample.annotations),
    )
    for kind, lost in (
        ("paths", whole.path),
        ("splits", whole.split),
        ("metadata", whole.metadata),
        ("unlabelled_pictures", whole.unlabelled),
    ):
        if lost:
            losses.add(kind, sample.path)
    rows = rows or [common]
    if whole.builtins:
        rows[0]["visloop_picture"] = _json(whole.builtins)
    return rows


def _native(each: Annotation) -> Annotation | None:
    """What the columns say of an annotation; None where they cannot say it."""
    common: dict[str, Any] = {
        "label": each.label,
        "attributes": each.attributes,
        "score": each.score,
    }
    if isinstance(each, NumberValue) and each.unit == each.unit.strip() and each.label == "":
        return NumberValue(value=each.value, unit=each.unit, **common)
    if not each.label or each.label != each.label.strip():
        return None
    match each:
        case ClassLabel():
            return ClassLabel(**common)
        case NumberValue():
            return NumberValue(value=each.value, unit=each.unit.strip(), **common)
        case _:
            box = _box(each)
            flat = box is None or box[0] >= box[2] or box[1] >= box[3]
            return None if box is None or flat else Box(xyxy=box, **common)


def _box(each: Annotation) -> tuple[float, float, float, float] | None:
    match each:
        case Mask():
            return rle.box_of(each.counts, each.size_hw)
        case OrientedBox():
            return around(corners(each))
        case Points():
            return around(seen_points(each))
        case Box() | Track() | Polygon():
            return geometry_xyxy(each)
        case _:
            return None


def _said(native: Annotation) -> dict[str, Any]:
    row: dict[str, Any] = {"label": native.label}
    if native.attributes:
        row["attributes"] = _json(native.attributes)
    if native.score is not None:
        row["score"] = repr(float(native.score))
    if isinstance(native, NumberValue):
        row |= {"value": repr(float(native.value)), "unit": native.unit}
    elif isinstance(native, Box):
        row |= dict(zip(("xmin", "ymin", "xmax", "ymax"), map(_number, native.xyxy), strict=True))
    return row


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _classes(named: Sequence[tuple[str, ClassEntry | None]], next_id: int) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(("id", "name", "parent", "aliases", "color", "definition"))
    for name, entry in named:
        if entry is None:
            table.writerow((next_id, name, "", "", "", ""))
            next_id += 1
        else:
            aliases = _json(list(entry.aliases)) if entry.aliases else ""
            row = (entry.id, name, entry.parent or "", aliases, entry.color, entry.definition)
            table.writerow(row)
    return text.getvalue().encode()
