"""Label Studio out: `tasks.json` to import, `label_config.xml` to set the project up, `images/`.

Addresses are `/data/local-files/?d=images/…`: Label Studio finds the pictures where its document
root for local files is the export's folder. Objects that a model proposed become predictions.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from visloop.data.formats.beside import FIELD, Whole, words
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.label_studio.config import config
from visloop.data.formats.label_studio.encoding import Encoder
from visloop.data.formats.label_studio.tasks import BOTH
from visloop.data.formats.loose import is_column
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.records import ClassDictionary, Sample
    from visloop.vision import Annotation

LABEL_FILE: Final = "tasks.json"
CONFIG_FILE: Final = "label_config.xml"
LOSSES: Final = words(
    "Label Studio",
    "`meta.visloop`",
    points="Label Studio has no skeletons: its points are apart, what joins them is kept in "
    "`meta.visloop`, which other readers ignore",
    geometry="Label Studio counts in per cent: beyond a millionth of a pixel numbers are kept in "
    "`meta.visloop`, which other readers ignore",
    meta="attributes of regions are kept in their `meta`, which Label Studio keeps and does not show",
    orientation=KEPT_TURNED,
)
_TAKEN: Final = frozenset({"image", "id", "split"})
_NAME: Final = "model:"


def export_label_studio(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as tasks of a Label Studio project; the folder appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    encoder = Encoder(losses)
    tasks: list[dict[str, Any]] = []
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright)
        for sample in samples:
            name = pictures.write(sample)
            tasks.append(_task(sample, name, len(tasks) + 1, encoder, losses))
            objects += len(sample.annotations)
        target.write(LABEL_FILE, msgspec.json.encode(tasks))
        target.write(CONFIG_FILE, config(classes, encoder.used, encoder.labels, losses))
    return ExportReport(
        format="label-studio",
        folder=str(target.folder),
        images=len(tasks),
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _task(
    sample: Sample, name: str, number: int, encoder: Encoder, losses: Losses
) -> dict[str, Any]:
    drawn: list[Annotation] = []
    proposed: defaultdict[str, list[Annotation]] = defaultdict(list)
    for each in sample.annotations:
        if (
            each.review == "proposed"
            and each.author.removeprefix(_NAME).strip()
            and (each.author == _NAME + each.author.removeprefix(_NAME).strip())
        ):
            proposed[each.author].append(each)
        else:
            drawn.append(each)
    results, homeless = encoder.results(sample, drawn)
    predictions: list[dict[str, Any]] = []
    for author, held in proposed.items():
        said, more = encoder.results(sample, held, author)
        homeless += more
        predictions.append({"model_version": author.removeprefix(_NAME), "result": said})
    data, side = _said(sample, name, losses)
    side.annotations = homeless
    looked_at = bool(results) or (sample.labelled and not predictions)
    told = side.builtins | ({BOTH: True} if results and predictions else {})
    return {
        "id": number,
        "data": data,
        "annotations": [{"result": results, "was_cancelled": False}] if looked_at else [],
        "predictions": predictions,
        "meta": {FIELD: told} if told else {},
    }


def _said(sample: Sample, name: str, losses: Losses) -> tuple[dict[str, Any], Whole]:
    """The task's data, and what they cannot say."""
    data: dict[str, Any] = {"image": f"/data/local-files/?d={quote(f'images/{name}')}"}
    side = Whole(path="" if name == sample.path else sample.path)
    if sample.split is not None:
        data["split"] = sample.split
        if SPLITS.get(sample.split.strip().lower(), sample.split.strip()) != sample.split:
            losses.add("splits", sample.path)
            side.split = sample.split
    plain = {k: v for k, v in sample.metadata.items() if k not in _TAKEN and is_column(v)}
    side.metadata = {k: v for k, v in sample.metadata.items() if k not in plain}
    if side.metadata:
        losses.add("metadata", sample.path)
    return plain | data, side
