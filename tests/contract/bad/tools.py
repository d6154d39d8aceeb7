"""Exports of labelling tools that are broken, hostile or odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contract.bad.cases import case, jpeg, write

DATUMARO, STUDIO, CVAT, HUGGING = "Datumaro", "Label Studio", "CVAT", "Hugging Face folders"
FILE, OBJECT, WHOLE, KEPT = "refused file", "refused object", "refused whole", "kept"
BOX: dict[str, Any] = {"id": 0, "type": "bbox", "label_id": 0, "bbox": [1, 2, 10, 10]}


def datumaro(folder: Path, *annotations: dict[str, Any], picture: str = "a.jpg") -> Path:
    """One item."""
    write(folder / "images" / "train" / "a.jpg", jpeg())
    image = {"path": picture, "size": [48, 64]}
    document = {
        "dm_format_version": "1.0",
        "categories": {"label": {"labels": [{"name": "cat", "parent": ""}]}},
        "items": [{"id": "a", "annotations": list(annotations), "image": image}],
    }
    return write(folder / "annotations" / "train.json", json.dumps(document))


@case(DATUMARO, "a file that is cut short", WHOLE, "data.labels_unreadable")
def cut_datumaro(folder: Path) -> None:
    file = datumaro(folder, BOX)
    file.write_bytes(file.read_bytes()[:-20])


@case(DATUMARO, "a label number that no class has", OBJECT, "unknown_class", samples=1)
def no_label(folder: Path) -> None:
    datumaro(folder, BOX | {"label_id": 9})


@case(DATUMARO, "a box that is words", OBJECT, "bad_geometry", samples=1)
def words(folder: Path) -> None:
    datumaro(folder, BOX | {"bbox": ["one", 2, 10, 10]})


@case(DATUMARO, "a kind of annotation that is not known", OBJECT, "unsupported_shape", samples=1)
def strange(folder: Path) -> None:
    datumaro(folder, BOX | {"type": "hologram"})


@case(DATUMARO, "an item whose picture is not there", FILE, "missing_image")
def no_picture(folder: Path) -> None:
    datumaro(folder, BOX, picture="gone.jpg")
    (folder / "images" / "train" / "a.jpg").unlink()


@case(DATUMARO, "a picture's path that climbs out", FILE, "outside_folder")
def climbing(folder: Path) -> Path:
    write(folder / "secret.jpg", jpeg(colour=5))
    datumaro(folder / "in", BOX, picture="../../../secret.jpg")
    (folder / "in" / "images" / "train" / "a.jpg").unlink()
    return folder / "in"


REGION: dict[str, Any] = {
    "id": "r",
    "type": "rectanglelabels",
    "from_name": "label",
    "to_name": "image",
    "original_width": 64,
    "original_height": 48,
    "value": {"x": 10, "y": 10, "width": 20, "height": 20, "rectanglelabels": ["cat"]},
}


def studio(folder: Path, *regions: dict[str, Any], image: str = "a.jpg", **more: Any) -> Path:
    """One task with one annotation."""
    write(folder / "a.jpg", jpeg())
    task = {"id": 1, "data": {"image": image}, "annotations": [{"id": 1, "result": list(regions)}]}
    return write(folder / "tasks.json", json.dumps([task | more]))


@case(STUDIO, "a file that is cut short", WHOLE, "data.labels_unreadable")
def cut_studio(folder: Path) -> None:
    file = studio(folder, REGION)
    file.write_bytes(file.read_bytes()[:-20])


@case(STUDIO, "a picture that lies on the web", FILE, "not_fetched", said="URL")
def on_the_web(folder: Path) -> None:
    studio(folder, REGION, image="https://example.org/x/b.jpg")
    (folder / "a.jpg").unlink()


@case(STUDIO, "a task without a picture", FILE, "missing_image", said="names no picture")
def no_image(folder: Path) -> None:
    studio(folder, REGION, image="")
    (folder / "a.jpg").unlink()


@case(STUDIO, "a region without numbers", OBJECT, "bad_geometry", samples=1)
def no_numbers(folder: Path) -> None:
    studio(folder, REGION | {"value": {"rectanglelabels": ["cat"]}})


@case(STUDIO, "a region without a label", OBJECT, "unknown_class", samples=1)
def unlabelled(folder: Path) -> None:
    studio(folder, REGION | {"value": REGION["value"] | {"rectanglelabels": []}})


@case(STUDIO, "a brush whose bits are damaged", OBJECT, "bad_geometry", samples=1)
def bad_brush(folder: Path) -> None:
    value = {"format": "rle", "rle": [1, 2, 3], "brushlabels": ["cat"]}
    studio(folder, REGION | {"type": "brushlabels", "value": value})


@case(STUDIO, "two annotations of one task", KEPT, said="annotations", samples=1)
def two(folder: Path) -> None:
    both = [{"id": n, "result": [REGION | {"id": f"r{n}"}]} for n in (1, 2)]
    studio(folder, annotations=both)


LABELS = "<labels><label><name>cat</name></label></labels>"
XML = f"<annotations><version>1.1</version><meta><task>{LABELS}</task></meta>"


def cvat(folder: Path, shape: str, head: str = "", name: str = "a.jpg") -> Path:
    """One picture with one shape."""
    write(folder / "images" / "a.jpg", jpeg())
    image = f'<image id="0" name="{name}" width="64" height="48">{shape}</image>'
    return write(folder / "annotations.xml", f"{head}{XML}{image}</annotations>")


CVAT_BOX = '<box label="cat" xtl="1" ytl="1" xbr="9" ybr="9" occluded="0"/>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@case(CVAT, "an xml bomb (entities)", WHOLE, "data.labels_unreadable", said="entities")
def bomb(folder: Path) -> None:
    cvat(folder, CVAT_BOX.replace("cat", "&b;"), head=BOMB)


@case(CVAT, "an xml that is cut short", WHOLE, "data.labels_unreadable")
def cut_cvat(folder: Path) -> None:
    file = cvat(folder, CVAT_BOX)
    file.write_bytes(file.read_bytes()[:-20])


@case(CVAT, "a shape that is not known", OBJECT, "unsupported_shape", samples=1)
def unknown_shape(folder: Path) -> None:
    cvat(folder, '<hologram label="cat" points="1,1;9,9"/>')


@case(CVAT, "a shape without its numbers", OBJECT, "bad_geometry", samples=1)
def numberless(folder: Path) -> None:
    cvat(folder, '<box label="cat" xtl="1"/>')


@case(CVAT, "an outline of two points", OBJECT, "bad_geometry", samples=1)
def two_points(folder: Path) -> None:
    cvat(folder, '<polygon label="cat" points="1,1;9,9"/>')


@case(CVAT, "a mask that is larger than the picture", OBJECT, "mask_size", samples=1)
def large_mask(folder: Path) -> None:
    cvat(folder, '<mask label="cat" rle="0,900" left="60" top="40" width="30" height="30"/>')


@case(CVAT, "a picture that is named and not there", FILE, "missing_image", samples=0)
def gone_cvat(folder: Path) -> None:
    cvat(folder, CVAT_BOX, name="b.jpg")
    (folder / "images" / "a.jpg").unlink()


def hugging(folder: Path, *lines: str) -> None:
    """One picture and metadata.jsonl."""
    write(folder / "a.jpg", jpeg())
    write(folder / "metadata.jsonl", "\n".join(lines) + "\n")


ROW = '{"file_name": "a.jpg", "label": "cat"}'


@case(HUGGING, "a row that names a file which is not there", FILE, "missing_image", samples=1)
def gone_hugging(folder: Path) -> None:
    hugging(folder, ROW, '{"file_name": "b.jpg", "label": "cat"}')


@case(HUGGING, "a line that is no JSON", FILE, "bad_row", said="line 2", samples=1)
def broken_line(folder: Path) -> None:
    hugging(folder, ROW, '{"file_name": "b.jp')


@case(HUGGING, "a row that names no picture", FILE, "bad_row", said="line 2", samples=1)
def nameless(folder: Path) -> None:
    hugging(folder, ROW, '{"label": "cat"}')


@case(HUGGING, "a box without a category", OBJECT, "unknown_class", samples=1)
def uncategorised(folder: Path) -> None:
    hugging(folder, '{"file_name": "a.jpg", "objects": {"bbox": [[1, 1, 9, 9]]}}')


@case(HUGGING, "a file name that climbs out", FILE, "outside_folder")
def climbing_out(folder: Path) -> Path:
    write(folder / "secret.jpg", jpeg(colour=5))
    hugging(folder / "in", '{"file_name": "../secret.jpg", "label": "cat"}')
    (folder / "in" / "a.jpg").unlink()
    return folder / "in"


@case(HUGGING, "pictures without a row", KEPT, said="b.jpg", samples=1)
def rowless(folder: Path) -> None:
    hugging(folder, ROW)
    write(folder / "b.jpg", jpeg(colour=5))
