"""YOLO out, as Darknet reads it: `obj.data`, `obj.names`, lists of pictures, labels beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import PicturesOut, split_suffix
from visloop.data.formats.sidefile import SideOut
from visloop.data.formats.target import Target
from visloop.data.formats.yolo.encoding import LOSSES, Encoder, Pose, all_classes
from visloop.data.formats.yolo.layout import RESERVED, UNSPLIT
from visloop.data.formats.yolo.writing import Out, lost_details, named

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.formats.records import ExportReport, ReadBlob, Upright
    from visloop.data.records import ClassDictionary, Sample

_KEYS: Final = {"val": "valid", None: UNSPLIT}


def export_darknet(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as a Darknet set of boxes; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    kept = list(samples)
    known = all_classes(classes, kept)
    losses = Losses(LOSSES)
    encoder = Encoder("detect", Pose(), known, losses)
    lists: dict[str | None, list[str]] = {}
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "", read_blob, losses, upright=upright, by_stem=True)
        out = Out(target, pictures, "", losses, SideOut("yolo"))
        for sample in kept:
            out.common(sample)
            file = out.picture(sample, "obj_train_data")
            text, count = encoder.text(sample)
            if sample.labelled or sample.annotations:
                target.write(f"{split_suffix(file)[0]}.txt", text.encode())
            out.side.add(sample, file, text.encode())
            lists.setdefault(sample.split, []).append(file)
            objects += count
        names = named(known)
        described = [f"classes = {len(names)}"]
        for split, files in lists.items():
            key = _KEYS.get(split, split or "")
            name = f"{out.folder(split)}.txt"
            target.write(name, "".join(f"{file}\n" for file in files).encode())
            if key not in RESERVED and key.isprintable() and "=" not in key:
                described.append(f"{key} = {name}")
        described += ["names = obj.names", "backup = backup/"]
        target.write("obj.data", ("\n".join(described) + "\n").encode())
        lines = [_one_line(names.get(at, "")) for at in range(max(names, default=-1) + 1)]
        target.write("obj.names", "".join(f"{line}\n" for line in lines).encode())
        for entry in known:
            if _one_line(entry.name) != entry.name:
                losses.add("class_name", entry.name)
        lost_details(known, losses)
        out.side.write(target, known)
    return out.report("yolo-darknet", len(kept), objects, [])


def _one_line(name: str) -> str:
    return " ".join(name.split())
