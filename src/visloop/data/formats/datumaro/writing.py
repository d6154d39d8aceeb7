"""Datumaro out: a file a subset in `annotations/`, its pictures in `images/<subset>/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop.data.formats.beside import FIELD, Whole, words
from visloop.data.formats.classes import details_of, is_colour, listed, name_losses
from visloop.data.formats.datumaro.encoding import Encoder
from visloop.data.formats.datumaro.reading import NO_SUBSET
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut, split_suffix
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Names, Target
from visloop.ids import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.records import ClassDictionary, Sample

_IMAGE: Final = 2
"""Datumaro's number of the media type."""

LOSSES: Final = words(
    "Datumaro",
    "a field `visloop`",
    oriented_box="Datumaro has no turned boxes: other readers see an outline of four corners",
    track="Datumaro says tracks by the attribute track_id",
    orientation=KEPT_TURNED,
)


class _Subset:
    """What one annotation file will hold."""

    def __init__(self, split: str | None, name: str) -> None:
        self.split, self.name = split, name
        self.items: list[dict[str, Any]] = []
        self.ids: set[str] = set()


class _Subsets:
    """The subsets by split; their names are fit for files, and differ."""

    def __init__(self) -> None:
        self._names = Names()
        self.all: dict[str | None, _Subset] = {None: _Subset(None, self._names.unique(NO_SUBSET))}

    def of(self, split: str | None) -> _Subset:
        """The subset of one split, made where it is new."""
        if split not in self.all:
            name = self._names.unique((split or NO_SUBSET).replace("/", "_").replace("\\", "_"))
            self.all[split] = _Subset(split, name)
        return self.all[split]


def export_datumaro(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as a Datumaro data set; it appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    encoder = Encoder(classes, losses)
    subsets = _Subsets()
    images = objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright)
        for sample in samples:
            subset = subsets.of(sample.split)
            inside = f"{subset.name}/"
            name = pictures.write(sample, inside).removeprefix(inside)
            made, homeless = encoder.objects(sample, first=objects)
            item = _item(sample, subset, name, losses)
            item["annotations"] = made
            side = Whole(
                path="" if name == sample.path else sample.path,
                annotations=homeless,
                unlabelled=not sample.labelled,
            ).builtins
            if side:
                item[FIELD] = side
            subset.items.append(item)
            images, objects = images + 1, objects + len(made)
        categories = _categories(encoder, classes, losses)
        for subset in subsets.all.values():
            if subset.items or (subset.split is None and not images):
                document = _document(subset, categories)
                target.write(f"annotations/{subset.name}.json", msgspec.json.encode(document))
    return ExportReport(
        format="datumaro",
        folder=str(target.folder),
        images=images,
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _item(sample: Sample, subset: _Subset, name: str, losses: Losses) -> dict[str, Any]:
    number = split_suffix(name)[0]
    if number in subset.ids:
        number = name if name not in subset.ids else f"{name}-{digest_of(sample.path)[:8]}"
    subset.ids.add(number)
    if not sample.labelled:
        losses.add("unlabelled_pictures", sample.path)
    return {
        "id": number,
        "annotations": [],
        "attr": sample.metadata,
        "image": {"path": name, "size": [sample.height, sample.width]},
    }


def _categories(encoder: Encoder, classes: ClassDictionary, losses: Losses) -> dict[str, Any]:
    labels: list[dict[str, Any]] = []
    colours: list[dict[str, int]] = []
    for at, (name, entry) in enumerate(listed(classes, encoder.labels)):
        label: dict[str, Any] = {"name": name, "parent": "", "attributes": []}
        if entry is not None:
            label["parent"] = entry.parent or ""
            if is_colour(entry.color):
                rgb = bytes.fromhex(entry.color[1:])
                colours.append({"label_id": at, **dict(zip("rgb", rgb, strict=True))})
        if side := details_of(entry, at, "parent", "color"):
            label[FIELD] = side
        labels.append(label)
    name_losses([label.get(FIELD) for label in labels], losses)
    shared = {"label": {"labels": labels, "label_groups": [], "attributes": []}}
    return shared | ({"mask": {"colormap": colours}} if colours else {}) | encoder.categories()


def _document(subset: _Subset, categories: dict[str, Any]) -> dict[str, Any]:
    read_as = None if subset.name == NO_SUBSET else SPLITS.get(subset.name.lower(), subset.name)
    infos = {} if read_as == subset.split else {FIELD: Whole(split=subset.split).builtins}
    return {
        "dm_format_version": "1.0",
        "media_type": _IMAGE,
        "infos": infos,
        "categories": categories,
        "items": subset.items,
    }
