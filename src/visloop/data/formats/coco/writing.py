"""COCO out: `images/<logical path>` and `annotations/instances_default.json`, every picture kept.

Boxes are upright, and so are the exported pixels: a picture with an EXIF orientation is turned
(`upright="bake"`, the default) or kept as it is (`"keep"`); all other files are byte for byte the
same. What COCO cannot hold travels in extra fields that its readers ignore, and is named as a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.formats.coco.encoding import Encoder
from visloop.data.formats.coco.model import Image, Kept
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.formats.coco.model import Object
    from visloop.data.records import ClassDictionary, Sample
    from visloop.vision import Annotation

LABEL_FILE: Final = "annotations/instances_default.json"
_INFO: Final[dict[str, Any]] = {
    "info": {"description": "exported by visloop", "version": "1"},
    "licenses": [],
}
LOSSES: Final = {
    "class_label": "COCO has no class of a whole picture: kept in images[].labels, which other "
    "readers ignore",
    "number": "COCO has no numbers: kept in images[].visloop, which other readers ignore",
    "unlabelled": "COCO objects need a class: kept in images[].visloop, which other readers ignore",
    "not_labelled": "COCO does not tell a picture that nobody looked at from one without objects: "
    "kept in images[].labelled, which other readers ignore",
    "oriented_box": "COCO has no turned boxes: other readers see an outline of four corners",
    "track": "COCO has no tracks: other readers see boxes without their track",
    "points": "COCO's key points need a box: other readers see the box around the visible points",
    "attributes": "COCO has no attributes: written as CVAT and Datumaro do, others ignore them",
    "provenance": "COCO has no author or review state: kept in annotations[].visloop, which other "
    "readers ignore",
    "class_ids": "COCO counts classes from 1, and its readers take 0 for none: the ids are one "
    "higher, the own ones kept in categories[].class_id, which other readers ignore",
    "orientation": KEPT_TURNED,
}


def export_coco(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as a COCO data set; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    encoder = Encoder(classes, losses)
    images: list[Image] = []
    objects: list[Object] = []
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright)
        for number, sample in enumerate(samples, start=1):
            made, whole = encoder.objects(sample, image=number, first=len(objects) + 1)
            objects += made
            if not sample.labelled:
                losses.add("not_labelled", sample.path)
            images.append(_image(sample, number, pictures.write(sample), whole))
        document = _INFO | {
            "images": images,
            "annotations": objects,
            "categories": encoder.categories(),
        }
        target.write(LABEL_FILE, msgspec.json.encode(document))
    return ExportReport(
        format="coco",
        folder=str(target.folder),
        images=len(images),
        objects=len(objects),
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _image(sample: Sample, number: int, name: str, whole: list[Annotation]) -> Image:
    labels = [each.label for each in whole if each.label]
    image: dict[str, Any] = {}
    if whole:
        image = {"labels": labels, "visloop": Kept(annotations=whole)}
    if not sample.labelled:
        image["labelled"] = False
    return Image(
        id=number,
        file_name=name,
        width=sample.width,
        height=sample.height,
        path=None if name == sample.path else sample.path,
        split=sample.split,
        metadata=sample.metadata or None,
        **image,
    )
