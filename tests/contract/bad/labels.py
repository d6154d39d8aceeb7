"""COCO and VOC files that are broken, hostile or odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contract.bad.cases import case, jpeg, write

COCO, VOC = "COCO", "Pascal VOC"
FILE, OBJECT, WHOLE, KEPT = "refused file", "refused object", "refused whole", "kept"
ASKED = {"format": "coco"}
BOX: dict[str, Any] = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 10, 10]}


def coco(folder: Path, *objects: dict[str, Any], **more: Any) -> None:
    """One picture, one category, these objects."""
    write(folder / "images" / "a.jpg", jpeg())
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": list(objects),
    }
    write(folder / "annotations" / "instances.json", json.dumps(document | more))


@case(COCO, "a label file that is cut short", WHOLE, "data.labels_unreadable")
def cut(folder: Path) -> None:
    coco(folder, BOX)
    file = folder / "annotations" / "instances.json"
    file.write_bytes(file.read_bytes()[:-30])


@case(COCO, "a picture that is named and not there", FILE, "missing_image", samples=1)
def missing(folder: Path) -> None:
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 64, "height": 48} for n in (1, 2)]
    coco(folder, images=images)
    write(folder / "images" / "1.jpg", jpeg())
    (folder / "images" / "a.jpg").unlink()


@case(COCO, "a file name that climbs out of the folder", FILE, "outside_folder")
def climbing(folder: Path) -> Path:
    write(folder / "b.jpg", jpeg(colour=7))
    images = [{"id": 1, "file_name": "../../b.jpg", "width": 64, "height": 48}]
    coco(folder / "in", BOX, images=images)
    return folder / "in"


@case(COCO, "a category id that no category has", OBJECT, "unknown_class", samples=1)
def no_category(folder: Path) -> None:
    coco(folder, BOX | {"category_id": 8})


@case(COCO, "a box without area", OBJECT, "zero_area_box", samples=1)
def thin(folder: Path) -> None:
    coco(folder, BOX | {"bbox": [3, 3, 0, 9]})


@case(COCO, "a box outside of the picture", OBJECT, "outside_image", samples=1)
def outside(folder: Path) -> None:
    coco(folder, BOX | {"bbox": [100, 100, 9, 9]})


@case(COCO, "a box that reaches beyond the edge", KEPT, said="clipped", samples=1)
def beyond(folder: Path) -> None:
    coco(folder, BOX | {"bbox": [50, 10, 100, 9]})


@case(COCO, "a box of three numbers", OBJECT, "bad_geometry", samples=1)
def three(folder: Path) -> None:
    coco(folder, BOX | {"bbox": [1, 2, 3]})


@case(COCO, "an outline of two points beside a box", KEPT, said="fewer than three", samples=1)
def line(folder: Path) -> None:
    coco(folder, {**BOX, "segmentation": [[1, 1, 9, 9]]})


@case(COCO, "a mask of another size than its picture", OBJECT, "mask_size", samples=1)
def other_mask(folder: Path) -> None:
    coco(folder, {**BOX, "segmentation": {"size": [4, 4], "counts": [4, 4, 8]}})


@case(COCO, "a size that is not the picture's", KEPT, said="the picture has 64 × 48", samples=1)
def other_size(folder: Path) -> None:
    images = [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}]
    coco(folder, BOX, images=images)


@case(COCO, "pictures that no label file names", KEPT, said="named in no label file", samples=1)
def unnamed(folder: Path) -> None:
    coco(folder, BOX)
    write(folder / "images" / "b.jpg", jpeg())


@case(COCO, "a number that is none (`NaN`)", WHOLE, "data.labels_unreadable")
def nan(folder: Path) -> None:
    coco(folder, BOX | {"bbox": [1, 2, float("nan"), 9]})


@case(COCO, "a list where the document should be", WHOLE, "usage", options=ASKED)
def listed(folder: Path) -> None:
    write(folder / "images" / "a.jpg", jpeg())
    write(folder / "annotations" / "instances.json", "[1, 2]")


@case(COCO, "lists nested 100,000 deep", WHOLE, "data.labels_unreadable")
def deep(folder: Path) -> None:
    coco(folder, BOX)
    head = '{"images": [], "categories": [], "annotations": '
    write(folder / "annotations" / "instances.json", head + "[" * 100_000)


@case(COCO, "an entry without a file name", WHOLE, "data.labels_unreadable")
def unnamed_image(folder: Path) -> None:
    coco(folder, BOX, images=[{"id": 1, "width": 64, "height": 48}])
    (folder / "images" / "a.jpg").unlink()


@case(COCO, "an object of a picture that the file does not list", FILE, "missing_image", samples=1)
def homeless(folder: Path) -> None:
    coco(folder, BOX | {"image_id": 77})


@case(COCO, "a category without a name", KEPT, said="has no name", samples=1)
def nameless_category(folder: Path) -> None:
    coco(folder, BOX, categories=[{"id": 3, "name": ""}])


@case(COCO, "two categories of one number", KEPT, said="the same id", samples=1)
def twins(folder: Path) -> None:
    coco(folder, BOX, categories=[{"id": 3, "name": "cat"}, {"id": 3, "name": "dog"}])


@case(COCO, "a run-length mask that is damaged", OBJECT, "bad_geometry", samples=1)
def bad_runs(folder: Path) -> None:
    coco(folder, {**BOX, "segmentation": {"size": [48, 64], "counts": "~~~~"}})


@case(COCO, "the same picture twice", KEPT, said="2 entries", samples=1)
def same_twice(folder: Path) -> None:
    images = [{"id": n, "file_name": "a.jpg", "width": 64, "height": 48} for n in (1, 2)]
    coco(folder, BOX, images=images)


def voc(folder: Path, *objects: str, head: str = "") -> None:
    """One picture with one xml."""
    write(folder / "JPEGImages" / "a.jpg", jpeg())
    size = "<size><width>64</width><height>48</height><depth>3</depth></size>"
    whole = f"{head}<annotation><filename>a.jpg</filename>{size}{''.join(objects)}</annotation>"
    write(folder / "Annotations" / "a.xml", whole)


def thing(x1: object, y1: object, x2: object, y2: object, name: str = "cat") -> str:
    """One object of a VOC file."""
    numbers = zip(("xmin", "ymin", "xmax", "ymax"), (x1, y1, x2, y2), strict=True)
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in numbers)
    return f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@case(VOC, "an xml bomb (entities)", OBJECT, "labels_unreadable", samples=1, said="entities")
def billion(folder: Path) -> None:
    voc(folder, thing(1, 1, 9, 9, "&b;"), head=BOMB)


@case(VOC, "an xml that reads other files", OBJECT, "labels_unreadable", samples=1, said="entities")
def reading(folder: Path) -> None:
    voc(folder, thing(1, 1, 9, 9, "&a;"), head=OUTSIDE)


@case(VOC, "an xml that is cut short", OBJECT, "labels_unreadable", samples=1)
def cut_xml(folder: Path) -> None:
    voc(folder, thing(1, 1, 9, 9))
    file = folder / "Annotations" / "a.xml"
    file.write_bytes(file.read_bytes()[:-20])


@case(VOC, "a box without area", OBJECT, "zero_area_box", samples=1)
def thin_voc(folder: Path) -> None:
    voc(folder, thing(5, 5, 5, 9))


@case(VOC, "words where numbers should be", OBJECT, "bad_geometry", samples=1)
def words(folder: Path) -> None:
    voc(folder, thing("left", 1, 9, 9))


@case(VOC, "an object without a name", OBJECT, "unknown_class", samples=1)
def nameless(folder: Path) -> None:
    voc(folder, thing(1, 1, 9, 9, ""))


@case(VOC, "an xml without its picture", FILE, "missing_image", samples=1)
def no_picture(folder: Path) -> None:
    voc(folder, thing(1, 1, 9, 9))
    write(folder / "Annotations" / "b.xml", "<annotation><filename>b.jpg</filename></annotation>")
