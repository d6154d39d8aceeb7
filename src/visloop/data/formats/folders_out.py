"""Pictures out as plain folders: `<split>/<class>/<name>`, or just as they are called.

A picture of several classes lies in the folder of its first; one without a class lies in
`unlabelled/`, which we read back as no class; others may take it for one: the report says so.
Other objects have no place here, and are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.data.formats.beside import SHAPES, lost
from visloop.data.formats.folder import SPLITS, UNLABELLED
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut, below
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Target
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.records import ClassDictionary, Sample

_KINDS: Final = {
    "class_label": "one class a picture: the first counts, others are left out",
    "no_class": f"pictures without a class lie in the folder {UNLABELLED!r}",
    "splits": "splits other than train, val and test cannot be told from classes: left out",
    "attributes": "folders hold no attributes: left out",
    "score": "folders hold no scores: left out",
    "provenance": "folders hold no authors or review states: left out",
    "crowd": "folders hold no crowds: left out",
    "ignore": "folders do not say what to ignore: left out",
    "object_ids": "folders hold no ids of objects: left out",
    "unlabelled": "objects without a class: left out",
    "metadata": "folders hold no metadata: left out (EXIF stays in the files)",
    "class_dictionary": "folders hold no class ids, parents, aliases, colours: left out",
    "classes": "classes of no picture have no folder: left out",
    "not_labelled": "folders do not say whether anybody looked at a picture: left out",
    "orientation": KEPT_TURNED,
}
_SPLITS: Final = frozenset(SPLITS.values())
LOSSES: Final = {
    kind: f"folders hold no such objects: {kind} left out" for kind in SHAPES.values()
} | _KINDS


def export_class_folders(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write each picture into the folder of its class, below its split where all have one.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    held = list(samples)
    split = bool(held) and all(each.split in _SPLITS for each in held)
    losses = Losses(LOSSES)
    used: set[str] = set()
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "", read_blob, losses, upright=upright)
        for sample in held:
            first = next(
                (a for a in sample.annotations if isinstance(a, ClassLabel) and a.label), None
            )
            _name_lost(sample, first, losses, split=split)
            label = first.label if first else UNLABELLED
            used.add(label)
            objects += first is not None
            folder = label.replace("/", "_").replace("\\", "_")
            inside = f"{sample.split}/{folder}/" if split else f"{folder}/"
            if first is None:
                losses.add("no_class", sample.path)
            pictures.write(sample, inside, below(sample.path, sample.split, label))
        for entry in classes.entries:
            if entry.name not in used:
                losses.add("classes", entry.name)
            losses.add("class_dictionary", "")
    return _report("class-folders", target, pictures, losses, len(held), objects)


def export_images(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the pictures alone, under their paths.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    count = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "", read_blob, losses, upright=upright)
        for sample in samples:
            _name_lost(sample, None, losses, split=False)
            pictures.write(sample)
            count += 1
        for _ in classes.entries:
            losses.add("class_dictionary", "")
    return _report("images", target, pictures, losses, count, 0)


def _name_lost(sample: Sample, kept: ClassLabel | None, losses: Losses, *, split: bool) -> None:
    for each in sample.annotations:
        lost(each, ClassLabel(label=each.label) if each is kept else None, losses, sample.path)
    if sample.metadata:
        losses.add("metadata", sample.path)
    if not sample.labelled:
        losses.add("not_labelled", sample.path)
    if sample.split is not None and not split:
        losses.add("splits", sample.path)


def _report(
    name: str, target: Target, pictures: PicturesOut, losses: Losses, images: int, objects: int
) -> ExportReport:
    return ExportReport(
        format=name,
        folder=str(target.folder),
        images=images,
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )
