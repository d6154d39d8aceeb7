"""Mask pictures out: `images/`, `masks/` (class numbers), `instances/` (object numbers), names.

    masks/a.png        palette PNG: 0 background, 1 … n the classes of classes.txt, 255 void
                       (16-bit grey without a palette where there are more than 254 classes)
    instances/a.png    16-bit PNG: 0 nothing, 1 … the objects of the picture in their order
    classes.txt        the name of each number; labelmap.txt: the colour of each name (CVAT's form)

Outlines are filled. A pixel has one object: of two that overlap, the later one. Pictures that
nobody labelled have no mask. What mask pictures cannot hold lies in `visloop.jsonl`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from visloop.data.formats import rle
from visloop.data.formats.beside import words
from visloop.data.formats.bitmaps.palette import VOID_NUMBER, WIDE_VOID, colours_for, written_name
from visloop.data.formats.losses import Losses
from visloop.data.formats.outlines import filled
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut, split_suffix
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.sidefile import SIDE_FILE, SideOut
from visloop.data.formats.target import Target
from visloop.lazy import lazy_vendor
from visloop.vision import (
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
    is_followed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.records import ClassDictionary, ClassEntry, Sample
    from visloop.vision import Annotation
else:
    np = lazy_vendor("numpy")

_KEPT: Final = f"kept in {SIDE_FILE}, which other readers ignore"
LOSSES: Final = words(
    "a mask picture",
    SIDE_FILE,
    box=f"a mask picture has no boxes: {_KEPT}",
    outline=f"outlines are filled, their points are {_KEPT}",
    overlap=f"a pixel has one object: what another one hides is {_KEPT}",
    class_name=f"names that files of classes cannot hold are written otherwise; they are {_KEPT}",
    orientation=KEPT_TURNED,
)
_KINDS: Final[dict[type[object], str]] = {
    ClassLabel: "class_label",
    NumberValue: "number",
    OrientedBox: "oriented_box",
    Points: "points",
    Track: "track",
    Box: "box",
}
_MOST_NUMBERS: Final = 65_535
_PALETTE: Final = 254


def export_masks(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as pictures and mask pictures; they appear whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    kept = list(samples)
    used = (each.label for sample in kept for each in sample.annotations if each.label)
    known = tuple(sorted(classes.with_added(used).entries, key=lambda entry: entry.id))
    losses, side = Losses(LOSSES), SideOut("masks")
    canvas = _Canvas(known, losses)
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright, by_stem=True)
        for sample in kept:
            inside = f"{sample.split}/" if sample.split in {"train", "val", "test"} else ""
            name = pictures.write(sample, inside)
            _name_losses(sample, inside, name, losses)
            said = b""
            if sample.labelled or sample.annotations:
                stem, (mask, instances) = split_suffix(name)[0], canvas.draw(sample)
                target.write(f"masks/{stem}.png", mask)
                target.write(f"instances/{stem}.png", instances)
                said = mask + instances
            side.add(sample, f"images/{name}", said)
            objects += sum(isinstance(each, Mask | Polygon) for each in sample.annotations)
        target.write("classes.txt", "".join(f"{each}\n" for each in canvas.names).encode())
        target.write("labelmap.txt", canvas.labelmap().encode())
        side.write(target, known)
    return ExportReport(
        format="masks",
        folder=str(target.folder),
        images=len(kept),
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _name_losses(sample: Sample, inside: str, name: str, losses: Losses) -> None:
    lost = {
        "paths": name != inside + sample.path,
        "splits": bool(sample.split) and not inside,
        "metadata": bool(sample.metadata),
        "unlabelled_pictures": not (sample.labelled or sample.annotations),
    }
    for kind, is_lost in lost.items():
        if is_lost:
            losses.add(kind, sample.path)


class _Canvas:
    """Draws the objects of one picture after the other."""

    def __init__(self, known: Sequence[ClassEntry], losses: Losses) -> None:
        self._losses = losses
        self._numbers = {entry.name: at for at, entry in enumerate(known, start=1)}
        self._colours = [(0, 0, 0), *colours_for(known)]
        self._wide = len(known) > _PALETTE
        self._void = WIDE_VOID if self._wide else VOID_NUMBER
        self.names = ["background"]
        for entry in known:
            name = written_name(entry)
            self.names.append(name)
            if name != entry.name:
                losses.add("class_name", entry.name)
            if entry.parent or entry.aliases or entry.definition or entry.id != len(self.names) - 1:
                losses.add("class_dictionary", entry.name)

    def labelmap(self) -> str:
        """CVAT's labelmap.txt."""
        pairs = zip(self.names, self._colours, strict=True)
        lines = [f"{name}:{red},{green},{blue}::" for name, (red, green, blue) in pairs]
        return "\n".join(["# label:color_rgb:parts:actions", *lines, "void:255,255,255::", ""])

    def draw(self, sample: Sample) -> tuple[bytes, bytes]:
        """The PNG of classes and that of instances."""
        shape = (sample.height, sample.width)
        values = np.zeros(shape, np.uint16)
        instances = np.zeros(shape, np.uint16)
        for number, each in enumerate(sample.annotations, start=1):
            bitmap = self._bitmap(each, sample)
            void = each.ignore and not each.label
            if bitmap is None or number > _MOST_NUMBERS:
                continue
            if (instances[bitmap] != 0).any():
                self._losses.add("overlap", sample.path)
            values[bitmap] = self._void if void else self._numbers[each.label]
            instances[bitmap] = 0 if void else number
        return self._classes_png(values), _png(Image.fromarray(instances))

    def _classes_png(self, values: NDArray[Any]) -> bytes:
        if self._wide:
            return _png(Image.fromarray(values))
        picture = Image.fromarray(values.astype(np.uint8))
        levels = [level for colour in self._colours for level in colour]
        levels += [0] * (3 * VOID_NUMBER - len(levels)) + [255, 255, 255]
        picture.putpalette(levels)
        return _png(picture)

    def _bitmap(self, each: Annotation, sample: Sample) -> NDArray[np.bool_] | None:
        """The pixels of an object; None, and a loss, for what has none."""
        self._lost_beside(each, sample.path)
        void = each.ignore and not each.label and isinstance(each, Mask)
        if isinstance(each, Mask) and (each.label or void):
            return rle.to_bitmap(each.counts, each.size_hw)
        if isinstance(each, Polygon) and each.label:
            self._losses.add("outline", sample.path)
            return filled(each.rings, (sample.height, sample.width))
        self._losses.add(_KINDS.get(type(each), "unlabelled"), sample.path)
        return None

    def _lost_beside(self, each: Annotation, path: str) -> None:
        told = {
            "attributes": bool(each.attributes),
            "provenance": bool(each.author or each.review != "accepted"),
            "score": each.score is not None,
            "object_ids": bool(each.id),
            "crowd": each.crowd,
            "ignore": each.ignore and bool(each.label),
            "track": is_followed(each) and not isinstance(each, Track),
        }
        for kind, lost in told.items():
            if lost:
                self._losses.add(kind, path)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
