"""What the columns of a table mean: by their names, or by how a table without a header looks.

filename,width,height,class,xmin,ymin,xmax,ymax                TensorFlow object detection
TRAIN,gs://bucket/a.jpg,cat,0.1,0.2,,,0.5,0.6,,                 Google AutoML (shares)
a.jpg,10,20,30,40,cat                                           keras-retinanet
image_id,width,height,bbox                                      bbox as "[x, y, w, h]"
image,split,label,xmin,ymin,xmax,ymax,score,attributes,…        ours
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop.data.formats.folder import SPLITS
from visloop.data.ingest.media import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALIASES: Final = {
    "image": "image filename file_name file path image_path filepath file_path image_name img "
    "image_id imageid picture image_file uri",
    "label": "label class class_name classname category label_name labelname category_name target",
    "split": "split set subset usage ml_use",
    "score": "score confidence conf probability",
    "xmin": "xmin x1 x_min left bbox_xmin minx",
    "ymin": "ymin y1 y_min top bbox_ymin miny",
    "xmax": "xmax x2 x_max right bbox_xmax maxx",
    "ymax": "ymax y2 y_max bottom bbox_ymax maxy",
    "x": "x bbox_x box_x",
    "y": "y bbox_y box_y",
    "cx": "x_center cx xc center_x x_centre",
    "cy": "y_center cy yc center_y y_centre",
    "w": "w bbox_w box_w bbox_width box_width",
    "h": "h bbox_h box_h bbox_height box_height",
    "width": "width image_width img_width",
    "height": "height image_height img_height",
    "bbox": "bbox box bounding_box",
    "value": "value number",
    "unit": "unit",
    "attributes": "attributes",
    "visloop": "visloop",
    "visloop_picture": "visloop_picture",
}
_MEANING: Final = {alias: key for key, names in _ALIASES.items() for alias in names.split()}
_DELIMITERS: Final = ",;\t|"
_SETS: Final = frozenset({"train", "validation", "validate", "test", "unassigned", "training"})
AUTOML: Final = ("split", "image", "label", "xmin", "ymin", "", "", "xmax", "ymax", "", "")
_RETINANET: Final = ("image", "xmin", "ymin", "xmax", "ymax", "label")
_AUTOML_BOX: Final = len(AUTOML)


class Columns(NamedTuple):
    """Meaning of each column ("" = none; a name that starts with * is an attribute)."""

    keys: tuple[str, ...]
    header: bool = True
    shares: bool = False

    @property
    def useful(self) -> bool:
        """Whether it names pictures and says something of them."""
        known = set(self.keys)
        boxes = {"xmin", "x", "cx", "bbox"} & known
        return "image" in known and bool(boxes | ({"label", "value"} & known))


def delimiter_of(line: str) -> str:
    """The sign that stands most often in the first line."""
    return max(_DELIMITERS, key=line.count)


def columns_of(line: str, delimiter: str) -> Columns:
    """What the columns mean, given the first line of the table."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return Columns(())
    by_look = _without_header(cells)
    return by_look or _by_names(cells)


def _by_names(cells: Sequence[str]) -> Columns:
    names = [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in cells]
    found = [_MEANING.get(name, "") for name in names]
    keys: list[str] = []
    for cell, key in zip(cells, found, strict=True):
        taken = key and key in keys
        keys.append(key if key and not taken else f"*{cell.strip()}")
    known = set(keys)
    corner = known & {"x", "cx"}
    if corner and "w" not in known:  # x, y, width, height: those are the box's
        keys = ["w" if key == "width" else "h" if key == "height" else key for key in keys]
    if "label" not in known and "name" in names:
        keys[names.index("name")] = "label"
    return Columns(tuple(keys))


def _without_header(cells: Sequence[str]) -> Columns | None:
    """AutoML's and keras-retinanet's tables have none."""
    first = cells[0].strip() if cells else ""
    if first.lower() in _SETS and len(cells) > 1 and is_picture_name(cells[1]):
        keys = AUTOML if len(cells) == _AUTOML_BOX else ("split", "image", *["label"] * 20)
        return Columns(keys, header=False, shares=True)
    if first.startswith("gs://"):
        keys = AUTOML[1:] if len(cells) == _AUTOML_BOX - 1 else ("image", *["label"] * 20)
        return Columns(keys, header=False, shares=True)
    if is_picture_name(first) and len(cells) == len(_RETINANET):
        return Columns(_RETINANET, header=False)
    if is_picture_name(first) and len(cells) == 2:  # noqa: PLR2004 - picture, class
        return Columns(("image", "label"), header=False)
    return None


def is_picture_name(cell: str) -> bool:
    """Whether it ends as names of pictures do."""
    return cell.strip().rpartition(".")[2].lower() in PICTURE_SUFFIXES and "." in cell


def split_of(cell: str) -> str | None:
    """A split under the name it has here."""
    name = cell.strip()
    if name.lower() in {"", "unassigned"}:
        return None
    return SPLITS.get(name.lower(), "val" if name.lower() == "validate" else name)
