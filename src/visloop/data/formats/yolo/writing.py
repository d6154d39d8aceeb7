"""YOLO out, as Ultralytics reads it: `data.yaml`, `images/SPLIT/…`, `labels/SPLIT/….txt`.

The richest shape decides what the set is: of outlines where there is one outline or mask, else of
turned boxes, of key points, of boxes, of whole pictures (`SPLIT/CLASS/…`); a format's name such as
`yolo-detect` decides otherwise. Every picture is kept: one that holds nothing gets an empty label
file, one that nobody labelled gets none. What YOLO cannot hold lies in `visloop.jsonl` and is named
as a loss. Boxes come back within 0.001 px at 10,000 px: shares are written with nine decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import PicturesOut, below
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.sidefile import SideOut
from visloop.data.formats.target import Names, Target
from visloop.data.formats.yolo.classify import NO_CLASS
from visloop.data.formats.yolo.encoding import (
    LOSSES,
    Encoder,
    Pose,
    all_classes,
    pose_of,
    task_for,
)
from visloop.data.formats.yolo.layout import RESERVED, UNSPLIT
from visloop.data.formats.yolo.texts import filler, label_path
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from visloop.data.formats.yolo.lines import Task
    from visloop.data.records import ClassDictionary, ClassEntry, Sample

KNOWN_SPLITS: Final = ("train", "val", "test")
_MOST_FILLERS: Final = 1000


@dataclass
class Out:
    """One export while it is written: pictures lie below `top`, in the `folders` of their splits."""

    target: Target
    pictures: PicturesOut
    top: str
    losses: Losses
    side: SideOut
    folders: dict[str | None, str] = field(default_factory=dict[str | None, str])
    names: Names = field(default_factory=Names)

    def folder(self, split: str | None) -> str:
        """The name of a split's folder."""
        if split not in self.folders:
            wanted = UNSPLIT if split is None else split.replace("/", "_")
            self.folders[split] = self.names.unique(wanted)
        return self.folders[split]

    def picture(self, sample: Sample, folder: str, called: str = "") -> str:
        """Write a picture into a folder; its path below the export."""
        name = self.pictures.write(sample, f"{folder}/", called)
        if name != f"{folder}/{sample.path}":
            self.losses.add("paths", sample.path)
        return f"{self.top}{name}"

    def common(self, sample: Sample) -> None:
        """Losses of the picture as a whole."""
        if not (sample.labelled or sample.annotations):
            self.losses.add("unlabelled_pictures", sample.path)
        if sample.metadata:
            self.losses.add("metadata", sample.path)
        if sample.split not in {None, *KNOWN_SPLITS}:
            self.losses.add("splits", sample.path)

    def report(self, format_name: str, images: int, objects: int, notes: list[str]) -> ExportReport:
        """What was written."""
        return ExportReport(
            format=format_name,
            folder=str(self.target.folder),
            images=images,
            objects=objects,
            baked=tuple(self.pictures.baked),
            renamed=self.pictures.renamed,
            losses=self.losses.report(),
            notes=(*notes, *self.pictures.notes()),
        )


def export_yolo(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
    task: Task = "",
) -> ExportReport:
    """Write the samples as a set of Ultralytics YOLO; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    kept = list(samples)
    chosen: Task = task or task_for(kept)
    known = all_classes(classes, kept)
    pose = pose_of(kept) if chosen == "pose" else Pose()
    losses = Losses(LOSSES)
    objects = 0
    with Target(out_dir, force=force) as target:
        top = "" if chosen == "classify" else "images/"
        pictures = PicturesOut(
            target, top.rstrip("/"), read_blob, losses, upright=upright, by_stem=True
        )
        out = Out(target, pictures, top, losses, SideOut("yolo"))
        split = any(sample.split is not None for sample in kept)
        if chosen == "classify":
            objects = _write_classes(out, kept, split=split)
        else:
            encoder = Encoder(chosen, pose, known, losses)
            for sample in kept:
                objects += _write_labels(out, encoder, sample)
        lost_details(known, losses)
        described = _data_yaml(out, known, chosen, pose)
        target.write("data.yaml", described.encode())
        out.side.write(target, known)
    notes = [f"written for the task {chosen!r} (another: --format yolo-detect, yolo-segment, …)"]
    return out.report(f"yolo-{task}" if task else "yolo", len(kept), objects, notes)


export_detect = partial(export_yolo, task="detect")
export_segment = partial(export_yolo, task="segment")
export_obb = partial(export_yolo, task="obb")
export_pose = partial(export_yolo, task="pose")
export_classify = partial(export_yolo, task="classify")


def lost_details(known: Sequence[ClassEntry], losses: Losses) -> None:
    """What classes have besides a number and a name."""
    more = [e for e in known if e.parent or e.aliases or e.definition or e.color]
    if more:
        losses.add("class_dictionary", more[0].name, len(more))


def _write_labels(out: Out, encoder: Encoder, sample: Sample) -> int:
    out.common(sample)
    file = out.picture(sample, out.folder(sample.split))
    text, objects = encoder.text(sample)
    raw = text.encode()
    if sample.labelled or sample.annotations:
        out.target.write(label_path(f"/{file}")[1:], raw)
    out.side.add(sample, file, raw)
    return objects


def _write_classes(out: Out, samples: Sequence[Sample], *, split: bool) -> int:
    """Pictures in folders of their class; those without one in a folder beside the splits."""
    folders: dict[str, str] = {}
    names, objects = Names(), 0
    names.unique(NO_CLASS)
    for sample in samples:
        out.common(sample)
        labels = [each.label for each in sample.annotations if isinstance(each, ClassLabel)]
        for each in sample.annotations:
            if not isinstance(each, ClassLabel):
                out.losses.add("number" if each.label == "" else "as_box", sample.path)
            elif each.id:
                out.losses.add("object_ids", sample.path)
        if len(labels) > 1:
            out.losses.add("classes", sample.path)
        if not labels:
            folder = NO_CLASS
        else:
            label, objects = labels[0], objects + 1
            if label not in folders:
                folders[label] = names.unique(label.replace("/", "_") or "_")
                if folders[label] != label:
                    out.losses.add("class_name", sample.path)
            folder = f"{out.folder(sample.split)}/{folders[label]}" if split else folders[label]
        called = below(sample.path, sample.split, labels[0]) if labels else ""
        out.side.add(sample, out.picture(sample, folder, called), b"")
    return objects


def _data_yaml(out: Out, known: Sequence[ClassEntry], task: Task, pose: Pose) -> str:
    """Ultralytics wants a train and a val, and names from 0 on without a gap."""
    lines = ["# written by visloop; paths are relative to this file"]
    places = {split or UNSPLIT: folder for split, folder in out.folders.items()}
    if places or task != "classify":
        first = places.get("train") or next(iter(places.values()), "train")
        places = {"train": first, "val": first} | places
    keys = sorted(places.keys() - RESERVED, key=lambda key: (key not in KNOWN_SPLITS, key))
    lines += [f"{quoted(key)}: {quoted(out.top + places[key])}" for key in keys]
    lines.append(f"task: {task}")
    if task == "pose" and pose.points:
        lines.append(f"kpt_shape: [{pose.points}, 3]")
        if flipped := pose.flipped():
            lines.append(f"flip_idx: {flipped}")
        if pose.names:
            listed = ", ".join(map(quoted, pose.names))
            lines.append("kpt_names:")
            lines += [f"  {entry.id}: [{listed}]" for entry in known]
    lines.append("names:" if known else "names: {}")
    lines += [f"  {number}: {quoted(name)}" for number, name in named(known).items()]
    return "\n".join(lines) + "\n"


def named(known: Sequence[ClassEntry]) -> dict[int, str]:
    """Class id → name, gaps filled unless there are too many."""
    names = {entry.id: entry.name for entry in known}
    most = max(names, default=-1)
    if most - len(names) < _MOST_FILLERS:
        return {number: names.get(number, filler(number)) for number in range(most + 1)}
    return names


def quoted(text: str) -> str:
    """A YAML string in double quotes."""
    escapes = {'"': '\\"', "\\": "\\\\"}
    letters = (
        escapes.get(each) or (each if each.isprintable() else f"\\U{ord(each):08x}")
        for each in text
    )
    return f'"{"".join(letters)}"'
