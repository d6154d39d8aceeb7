"""What labelling tools' own code reads of a folder, shape by shape, and what it writes.

Runs in the environment of the peers, through `readers.py`. By file name without folders each picture
has rows [kind, class, numbers] in pixels: `box` (x1 y1 x2 y2), `turned` (its four corners), `polygon`
and `points` (x y …), `mask` (where its runs start and end, row by row), `class` (nothing).
"""

import json
import os
from pathlib import Path

import numpy as np


def runs(bitmap):
    """Where a mask's runs start and end, counted row by row."""
    flat = np.concatenate([[False], np.asarray(bitmap).ravel() > 0, [False]])
    return np.flatnonzero(flat[1:] != flat[:-1]).tolist()


def of_cvat(folder: Path) -> dict:
    """As Datumaro's reader of CVAT's XML sees it; frames of which a track says `outside` are empty."""
    import datumaro as dm

    dataset = dm.Dataset.import_from(str(folder), "cvat")
    names = dataset.categories()[dm.AnnotationType.label]
    found = {}
    for item in dataset:
        rows = found.setdefault(Path(item.media.path).name, [])
        rows += [
            [*_of_datumaro(dm, each), names[each.label].name]
            for each in item.annotations
            if not each.attributes.get("outside")
        ]
    return {name: [[kind, label, n] for kind, n, label in rows] for name, rows in found.items()}


def _of_datumaro(dm, each):
    kinds = dm.AnnotationType
    if each.type == kinds.label:
        return "class", []
    if each.type == kinds.mask:
        return "mask", runs(each.image)
    if each.type == kinds.rotated_bbox:
        return "turned", [float(n) for corner in each.as_polygon() for n in corner]
    named = {kinds.bbox: "box", kinds.polygon: "polygon", kinds.points: "points"}
    return named.get(each.type, "line"), [float(n) for n in each.points]


def of_label_studio(folder: Path) -> dict:
    """As Label Studio's converter reads its tasks, and its interface judges them."""
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.converter.brush import decode_rle
    from label_studio_sdk.converter.utils import convert_annotation_to_yolo_obb
    from label_studio_sdk.label_interface import LabelInterface

    (tasks,) = folder.glob("*.json")
    config = folder / "label_config.xml"
    interface = LabelInterface(config.read_text())
    interface.validate()
    for task in json.loads(tasks.read_text()):
        for each in (*task["annotations"], *task["predictions"]):
            wrong = interface.validate_prediction(each, return_errors=True)
            assert not wrong, wrong
    found = {}
    for item in Converter(str(config), str(folder)).iter_from_json_file(str(tasks)):
        rows = found.setdefault(item["input"]["image"].rpartition("/")[2], [])
        for each in (one for said in item["output"].values() for one in said):
            across, down = each.get("original_width"), each.get("original_height")
            if each["type"] == "Choices":
                rows += [["class", label, []] for label in each["choices"]]
            elif each["type"] == "RectangleLabels":
                corners = convert_annotation_to_yolo_obb(each, normalize=False)
                flat = [n for corner in corners for n in corner]
                straight = not each["rotation"]
                row = ["box", [*flat[:2], *flat[4:6]]] if straight else ["turned", flat]
                rows.append([row[0], each["rectanglelabels"][0], row[1]])
            elif each["type"] == "PolygonLabels":
                flat = [n for x, y in each["points"] for n in (x * across / 100, y * down / 100)]
                rows.append(["polygon", each["polygonlabels"][0], flat])
            elif each["type"] == "BrushLabels":
                alpha = decode_rle(each["rle"]).reshape(down, across, 4)[:, :, 3]
                rows.append(["mask", each["brushlabels"][0], runs(alpha)])
            elif each["type"] == "KeyPointLabels":
                spot = [each["x"] * across / 100, each["y"] * down / 100]
                rows.append(["points", each["keypointlabels"][0], spot])
    return found


def of_label_studio_film(folder: Path) -> dict:
    """As Label Studio's own interpolation fills the frames of a film, by their number from 1."""
    from label_studio_sdk._extensions.label_studio_tools.postprocessing.video import (
        extract_key_frames,
    )

    (tasks,) = folder.glob("*.json")
    (task,) = json.loads(tasks.read_text())
    found = {}
    drawn = [each for each in task["annotations"][0]["result"] if "sequence" in each["value"]]
    for each in extract_key_frames(drawn):
        for spot in each["value"]["sequence"]:
            x, y = spot["x"] * 6.4, spot["y"] * 4.8
            corners = [x, y, x + spot["width"] * 6.4, y + spot["height"] * 4.8]
            rows = found.setdefault(spot["frame"], [])
            rows.append(["box", each["value"]["labels"][0], corners])
    return found


def label_studio_makes_coco(folder: Path) -> dict:
    """Label Studio's own COCO export of the tasks: boxes and polygons as boxes around them."""
    os.environ["LOCAL_FILES_DOCUMENT_ROOT"] = str(folder)
    from label_studio_sdk.converter import Converter

    out = folder / "coco-by-label-studio"
    converter = Converter(str(folder / "label_config.xml"), str(folder), download_resources=False)
    converter.convert(str(folder / "tasks.json"), str(out), "COCO", is_dir=False)
    told = json.loads((out / "result.json").read_text())
    names = {each["id"]: each["name"] for each in told["categories"]}
    files = {each["id"]: Path(each["file_name"]).name for each in told["images"]}
    found = {
        files[each["id"]]: {"size": [each["width"], each["height"]], "objects": []}
        for each in told["images"]
    }
    for each in told["annotations"]:
        x, y, wide, high = each["bbox"]
        row = [names[each["category_id"]], x, y, x + wide, y + high, "box"]
        found[files[each["image_id"]]]["objects"].append(row)
    return found


def they_write(folder: Path) -> dict:
    """From COCO in `coco/`: Label Studio's importer into `tasks/`, Datumaro's CVAT into `cvat/`."""
    import datumaro as dm
    from label_studio_sdk.converter.imports.coco import convert_coco_to_ls

    (file,) = (folder / "coco" / "annotations").glob("*.json")
    (folder / "tasks").mkdir()
    convert_coco_to_ls(str(file), str(folder / "tasks" / "tasks.json"))
    dm.Dataset.import_from(str(folder / "coco"), "coco").export(
        str(folder / "cvat"), "cvat", save_media=True
    )
    return {}
