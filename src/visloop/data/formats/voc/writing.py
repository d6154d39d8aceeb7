"""Pascal VOC out: `JPEGImages/`, `Annotations/`, `ImageSets/Main/<split>.txt`, every picture kept.

Boxes become whole pixels, counted from 1, corners inclusive: xmin = x1 + 1, xmax = x2. Names are
flat (VOC's lists name stems), so a logical path with folders is kept in the xml beside it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from visloop.data.formats import rle
from visloop.data.formats.coco.encoding import around, corners, seen_points
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut, split_suffix
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Target
from visloop.vision import (
    Box,
    ClassLabel,
    Mask,
    OrientedBox,
    Points,
    Polygon,
    Track,
    geometry_xyxy,
    is_followed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.records import ClassDictionary, Sample
    from visloop.vision import Annotation

    Corners = tuple[float, float, float, float]

LOSSES: Final = {
    "class_label": "VOC has no class of a whole picture: kept in <visloop>, which other readers ignore",
    "number": "VOC has no numbers: left out",
    "unlabelled": "VOC objects need a class: left out",
    "outline": "VOC keeps outlines and masks in other files: only their boxes are written",
    "oriented_box": "VOC has no turned boxes: the upright box around them is written",
    "points": "VOC has no key points: the box around the visible ones is written",
    "track": "VOC has no tracks: only their boxes are written",
    "crowd": "VOC has no crowds: marked as difficult",
    "fractions": "VOC counts whole pixels: corners were rounded; the exact ones are in <visloop>, "
    "which other readers ignore",
    "thin": "boxes one pixel thin have equal corners in VOC, which most readers take as empty",
    "attributes": "VOC has no attributes: written as CVAT does, others ignore them",
    "metadata": "VOC has no metadata of pictures: left out (EXIF stays in the files)",
    "provenance": "VOC has no ids, authors, scores or review states: left out",
    "class_dictionary": "VOC has no class dictionary: ids, parents, aliases are left out",
    "class_names": "a label map cannot hold class names with colons or line breaks: left out of it",
    "path": "pictures that nobody has labelled have no xml, which would hold their logical path",
    "orientation": KEPT_TURNED,
}
_GREY: Final = frozenset({"1", "L", "I", "F", "I;16", "I;16B"})
_FLAGS: Final = ("truncated", "difficult", "occluded")


def export_voc(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as a Pascal VOC folder; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    splits: dict[str, list[str]] = {}
    images = objects = 0
    if any(entry.parent or entry.aliases or entry.definition for entry in classes.entries):
        losses.add("class_dictionary", "")
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "JPEGImages", read_blob, losses, upright=upright, flat=True)
        for sample in samples:
            stem, _ = split_suffix(name := pictures.write(sample))
            images += 1
            if sample.metadata:
                losses.add("metadata", sample.path)
            if sample.labelled:
                xml, count = _annotation(sample, name, losses)
                target.write(f"Annotations/{stem}.xml", xml)
                objects += count
            elif name != sample.path:
                losses.add("path", sample.path)
            if sample.split is not None:
                splits.setdefault(sample.split, []).append(stem)
        target.write("labelmap.txt", _labelmap(classes, losses))
        for split, stems in splits.items():
            target.write(f"ImageSets/Main/{split}.txt", "".join(f"{s}\n" for s in stems).encode())
    return ExportReport(
        format="voc",
        folder=str(target.folder),
        images=images,
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _labelmap(classes: ClassDictionary, losses: Losses) -> bytes:
    """Names and colours of the classes, as CVAT and Datumaro write them."""
    lines = ["# label:color_rgb:parts:actions"]
    for entry in classes.entries:
        if ":" in entry.name or len(entry.name.splitlines()) != 1 or entry.name[0] == "#":
            losses.add("class_names", entry.name)
            continue
        colour = entry.color.removeprefix("#")
        known = len(colour) == 6 and not colour.strip("0123456789abcdefABCDEF")  # noqa: PLR2004
        rgb = ",".join(str(int(colour[at : at + 2], 16)) for at in (0, 2, 4)) if known else ""
        lines.append(f"{entry.name}:{rgb}::")
    return "".join(f"{line}\n" for line in lines).encode()


def _annotation(sample: Sample, name: str, losses: Losses) -> tuple[bytes, int]:
    root = ET.Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", name)
    size = ET.SubElement(root, "size")
    depth = 1 if sample.mode in _GREY else 3
    for tag, value in (("width", sample.width), ("height", sample.height), ("depth", depth)):
        _add(size, tag, value)
    _add(root, "segmented", 0)
    ours = ET.Element("visloop")
    if name != sample.path:
        _add(ours, "path", sample.path)
    count = 0
    for each in sample.annotations:
        if isinstance(each, ClassLabel):
            losses.add("class_label", sample.path)
            _add(ours, "label", each.label)
            continue
        box = _box(each, sample.path, losses)
        if box is not None:
            root.append(_object(each, box, sample.path, losses))
            count += 1
    if len(ours):
        root.append(ours)
    ET.indent(root, "\t")
    return ET.tostring(root, encoding="utf-8", xml_declaration=False), count


def _add(node: ET.Element, tag: str, value: object) -> None:
    ET.SubElement(node, tag).text = str(value)


def _box(each: Annotation, path: str, losses: Losses) -> Corners | None:
    """The enclosing box; None for what lies nowhere."""
    if not each.label:
        losses.add("unlabelled", path)
        return None
    kind, box = _enclosing(each)
    if kind:
        losses.add(kind, path)
    if kind != "track" and is_followed(each):
        losses.add("track", path)
    return box


def _enclosing(each: Annotation) -> tuple[str, Corners | None]:  # noqa: PLR0911 - one a kind
    """The kind of loss (none for a plain box), and the box around it."""
    match each:
        case Box():
            return "", each.xyxy
        case Track():
            return "track", each.xyxy
        case Mask():
            return "outline", rle.box_of(each.counts, each.size_hw)
        case OrientedBox():
            return "oriented_box", around(corners(each))
        case Points():
            return "points", around(seen_points(each))
        case Polygon():
            return "outline", geometry_xyxy(each)
        case _:
            return "number", None


def _object(each: Annotation, box: Corners, path: str, losses: Losses) -> ET.Element:
    node = ET.Element("object")
    attributes: dict[str, Any] = dict(each.attributes)
    _add(node, "name", each.label)
    _add(node, "pose", attributes.pop("pose", "Unspecified"))
    flags = {flag: bool(attributes.pop(flag, False)) for flag in _FLAGS}
    flags["difficult"] = flags["difficult"] or each.ignore or each.crowd
    for flag, value in flags.items():
        if value or flag != "occluded":
            _add(node, flag, int(value))
    _lost_beside(each, attributes, path, losses)
    whole = _pixels(box)
    losing = False
    if any(value % 1 for value in box):
        losing = True
        losses.add("fractions", path)
    if whole[0] == whole[2] or whole[1] == whole[3]:
        losing = True
        losses.add("thin", path)
    corners_node = ET.SubElement(node, "bndbox")
    for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), whole, strict=True):
        _add(corners_node, tag, value)
    if losing:
        _add(ET.SubElement(node, "visloop"), "xyxy", " ".join(map(repr, box)))
    if attributes:
        listed = ET.SubElement(node, "attributes")
        for key, value in attributes.items():
            one = ET.SubElement(listed, "attribute")
            _add(one, "name", key)
            _add(one, "value", value)
    return node


def _lost_beside(each: Annotation, attributes: dict[str, Any], path: str, losses: Losses) -> None:
    if each.crowd:
        losses.add("crowd", path)
    if attributes:
        losses.add("attributes", path)
    if each.author or each.score is not None or each.review != "accepted":
        losses.add("provenance", path)


def _pixels(box: Corners) -> tuple[int, int, int, int]:
    """Inclusive pixels counted from 1, at least one wide and high."""
    x1, y1 = math.floor(box[0] + 0.5) + 1, math.floor(box[1] + 0.5) + 1
    x2, y2 = math.floor(box[2] + 0.5), math.floor(box[3] + 0.5)
    return x1, y1, max(x1, x2), max(y1, y2)
