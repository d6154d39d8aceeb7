"""DICOM out: every picture a Secondary Capture, all of them one series in the order of their paths.

Pixels are upright and unchanged: 8 or 16 bits of grey, or RGB. A DICOM file of this kind holds no
labels; all of them are named as lost. Nothing of a picture's metadata goes out.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from PIL import Image, ImageOps

from visloop.config import load_plugin
from visloop.data.formats.beside import SHAPES
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import split_suffix
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Names, Target
from visloop.data.ingest.raster import open_picture
from visloop.ids import digest_of
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.records import ClassDictionary, Sample
else:
    np = lazy_vendor("numpy")

_OUT: Final = "a Secondary Capture holds no labels: left out"
LOSSES: Final = {
    **dict.fromkeys(SHAPES.values(), _OUT),
    "attributes": "DICOM holds no attributes of objects: left out",
    "crowd": "DICOM holds no crowds: left out",
    "ignore": "DICOM holds no objects to ignore: left out",
    "provenance": "DICOM holds no author, score or review state of objects: left out",
    "not_labelled": "DICOM does not tell a picture that nobody looked at from one without objects",
    "splits": "DICOM has no splits: left out",
    "metadata": "metadata of pictures stay behind: they could name people",
    "class_dictionary": "DICOM has no class dictionary: left out",
    "alpha": "Secondary Capture has no transparency: left out",
    "colours": "Secondary Capture is grey or RGB here: other colours were converted to RGB",
    "depth": "Secondary Capture has 16 bits here: deeper pixels were scaled down",
}
_DEEP: Final = frozenset({"I", "F"})


class Writes(Protocol):
    """The plug-in `dicom` of `visloop.media_out`."""

    def capture(self, pixels: NDArray[Any], number: int, series: str) -> bytes:
        """A file with these pixels, uint8 or uint16 (H, W) or uint8 (H, W, 3).

        `number` is its place in the series, which `series` stands for.
        """
        ...


@lru_cache
def _writer() -> Writes:
    return load_plugin("media_out", "dicom", extra="dicom")()


def export_dicom(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as one series; the folder appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
        MissingExtra: pydicom is not installed.
    """
    del upright  # a DICOM file has no EXIF: its pixels are upright
    writer, losses, names = _writer(), Losses(LOSSES), Names()
    baked: list[str] = []
    renamed: dict[str, str] = {}
    if classes.entries:
        losses.add("class_dictionary", "", len(classes.entries))
    count = 0
    with Target(out_dir, force=force) as target:
        series = digest_of(str(target.folder))
        for count, sample in enumerate(samples, start=1):
            _lost(sample, losses)
            name = names.unique(split_suffix(sample.path)[0] + ".dcm")
            pixels = _pixels(read_blob(sample.image), sample, losses)
            target.write(name, writer.capture(pixels, count, series))
            renamed[sample.path] = name
            if sample.orientation != 1:
                baked.append(sample.path)
    return ExportReport(
        format="dicom",
        folder=str(target.folder),
        images=count,
        baked=tuple(baked),
        renamed=renamed,
        losses=losses.report(),
    )


def _lost(sample: Sample, losses: Losses) -> None:
    """Name everything but the pixels."""
    path = sample.path
    for each in sample.annotations:
        losses.add(SHAPES[type(each)], path)
        told = {
            "attributes": bool(each.attributes),
            "crowd": each.crowd,
            "ignore": each.ignore,
            "provenance": bool(each.author) or each.score is not None or each.review != "accepted",
        }
        for kind, occurs in told.items():
            if occurs:
                losses.add(kind, path)
    if not sample.labelled:
        losses.add("not_labelled", path)
    if sample.split is not None:
        losses.add("splits", path)
    if sample.metadata:
        losses.add("metadata", path)


def _pixels(data: bytes, sample: Sample, losses: Losses) -> NDArray[Any]:
    """Upright pixels that a Secondary Capture can hold."""
    with warnings.catch_warnings(action="ignore"):
        picture = open_picture(data, sample.media)
        picture.load()
        turned: Image.Image = picture
        if sample.media != "image/tiff":  # Pillow turns TIFF itself while loading
            turned = ImageOps.exif_transpose(picture)
        mode = turned.mode
        if mode.startswith("I;16"):
            return np.asarray(turned.convert("I;16"))
        if mode in _DEEP:
            losses.add("depth", sample.path)
            return _scaled(np.asarray(turned, np.float64))
        if mode in {"1", "L"}:
            return np.asarray(turned.convert("L"))
        if mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in turned.info:
            losses.add("alpha", sample.path)
        if mode in {"LA", "La"}:
            return np.asarray(turned.convert("L"))
        if mode not in {"RGB", "RGBA", "RGBa", "P", "PA"}:
            losses.add("colours", sample.path)
        return np.asarray(
            turned.convert("RGBA").convert("RGB") if mode == "PA" else turned.convert("RGB")
        )


def _scaled(values: NDArray[Any]) -> NDArray[Any]:
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (65535 / max(high - low, 1e-12))).astype(np.uint16)
