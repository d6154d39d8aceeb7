"""Reads an exported set with another tool's own reader and prints what that tool sees, as JSON.

Runs in the environment of the peers (`make peers`), not in ours: `python readers.py READER FOLDER`.
The answer has `pictures`, by file name without folders: size (width, height) where the tool says it,
`split`, and `objects` as [class, x1, y1, x2, y2, shape] in pixels; whole-picture classes have no box.
"""

import json
import os
import sys
from pathlib import Path

import drawings

os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["DATUMARO_TELEMETRY"] = "1"


def pycocotools(folder: Path) -> dict:
    from pycocotools.coco import COCO

    (file,) = (folder / "annotations").glob("*.json")
    coco = COCO(str(file))
    found = {}
    for number, image in coco.imgs.items():
        objects = []
        for each in coco.loadAnns(coco.getAnnIds(imgIds=[number])):
            x, y, width, height = each["bbox"]
            shape = "box"
            if each.get("segmentation"):
                shape = "mask" if isinstance(each["segmentation"], dict) else "polygon"
                coco.annToMask(each)
            name = coco.cats[each["category_id"]]["name"]
            objects.append([name, x, y, x + width, y + height, shape])
        size = [image["width"], image["height"]]
        found[Path(image["file_name"]).name] = {"size": size, "objects": objects}
    return found


def datumaro(folder: Path, kind: str) -> dict:
    import datumaro as dm

    dataset = dm.Dataset.import_from(str(folder), kind)
    names = dataset.categories()[dm.AnnotationType.label]
    found = {}
    for item in dataset:
        objects = [
            each
            for annotation in item.annotations
            if (each := _datumaro_object(dm, names, annotation)) is not None
        ]
        picture = item.media_as(dm.Image)
        height, width = picture.size
        name = Path(picture.path).name if getattr(picture, "path", "") else item.id
        key = name if name not in found else f"{item.subset}/{name}"
        found[key] = {"size": [width, height], "split": item.subset, "objects": objects}
    return found


def _datumaro_object(dm, names, annotation):
    kinds = dm.AnnotationType
    label = None if annotation.label is None else names[annotation.label].name
    if annotation.type == kinds.label:
        return [label]
    if annotation.type in {kinds.bbox, kinds.polygon, kinds.mask}:
        x, y, width, height = annotation.get_bbox()
        shape = {kinds.bbox: "box", kinds.polygon: "polygon", kinds.mask: "mask"}
        return [label, x, y, x + width, y + height, shape[annotation.type]]
    return [label, str(annotation.type).rpartition(".")[2]]


def supervision(folder: Path, kind: str) -> dict:
    import supervision as sv

    found = {}
    for split, read in _supervised(sv, folder, kind):
        for path, picture, seen in read:
            objects = [
                [read.classes[int(label)], *map(float, box), "box"]
                for box, label in zip(seen.xyxy, seen.class_id, strict=True)
            ]
            size = [picture.shape[1], picture.shape[0]]
            found[Path(path).name] = {"size": size, "split": split, "objects": objects}
    return found


def _supervised(sv, folder: Path, kind: str):
    detection = sv.DetectionDataset
    if kind == "coco":
        (file,) = (folder / "annotations").glob("*.json")
        yield None, detection.from_coco(str(folder / "images"), str(file))
    elif kind == "voc":
        yield (
            None,
            detection.from_pascal_voc(str(folder / "JPEGImages"), str(folder / "Annotations")),
        )
    else:
        for split in sorted(each.name for each in (folder / "images").iterdir()):
            labels = str(folder / "labels" / split)
            images, config = str(folder / "images" / split), str(folder / "data.yaml")
            yield split, detection.from_yolo(images, labels, config)


def supervised_classes(folder: Path) -> dict:
    import supervision as sv

    found = {}
    for split in sorted(each for each in folder.iterdir() if each.is_dir()):
        read = sv.ClassificationDataset.from_folder_structure(str(split))
        for path, _, seen in read:
            label = read.classes[int(seen.class_id[0])]
            found[Path(path).name] = {"split": split.name, "objects": [[label]]}
    return found


def huggingface(folder: Path) -> dict:
    import datasets

    datasets.disable_progress_bars()
    cache = str(folder.parent / "hf-cache")
    found = {}
    for split, rows in datasets.load_dataset(
        "imagefolder", data_dir=str(folder), cache_dir=cache
    ).items():
        names = getattr(rows.features.get("label"), "names", None)
        for row in rows.cast_column("image", datasets.Image(decode=False)):
            label = row.get("label")
            objects = [[names[label] if names and isinstance(label, int) else label]]
            held = row.get("objects")
            if held:
                objects = [] if label is None else objects
                for (x, y, width, height), name in zip(
                    held["bbox"], held["categories"], strict=True
                ):
                    objects.append([name, x, y, x + width, y + height, "box"])
            elif label is None:
                objects = []
            name = Path(row["image"]["path"]).name
            found[name] = {"split": split, "objects": objects}
    return found


def main() -> None:
    reader, folder = sys.argv[1], Path(sys.argv[2])
    name, _, kind = reader.partition(":")
    if name == "drawings":
        found = getattr(drawings, kind)(folder)
    elif name == "pycocotools":
        found = pycocotools(folder)
    elif name == "datumaro":
        found = datumaro(folder, kind)
    elif name == "supervision":
        found = supervised_classes(folder) if kind == "classes" else supervision(folder, kind)
    else:
        found = huggingface(folder)
    print("\nSEEN " + json.dumps(found))


if __name__ == "__main__":
    main()
