"""YOLO label files, tables and mask pictures that are broken, hostile or odd."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from tests.contract.bad.cases import case, jpeg, png, write
from tests.contract.bad.pictures import bomb_png

YOLO, TABLE, MASKS = "YOLO", "CSV", "Mask pictures"
FILE, OBJECT, WHOLE, KEPT = "refused file", "refused object", "refused whole", "kept"
CSV = {"format": "csv"}
BOX = "0 .5 .5 .2 .2\n"


def yolo(folder: Path, lines: str | bytes, yaml: str = "train: images\nnames: [cat]\n") -> None:
    """One picture, its label file, a data.yaml."""
    write(folder / "images" / "a.jpg", jpeg())
    write(folder / "labels" / "a.txt", lines)
    write(folder / "data.yaml", yaml)


@case(YOLO, "a number that is none (`nan`)", OBJECT, "not_finite", samples=1)
def nan(folder: Path) -> None:
    yolo(folder, f"{BOX}0 nan .5 .2 .2\n")


@case(YOLO, "a class number that has no name", OBJECT, "unknown_class", said="line 2", samples=1)
def no_name(folder: Path) -> None:
    yolo(folder, f"{BOX}7 .5 .5 .2 .2\n")


@case(YOLO, "pixels instead of shares", OBJECT, "bad_geometry", said="share", samples=1)
def in_pixels(folder: Path) -> None:
    yolo(folder, "0 30 20 10 10\n")


@case(YOLO, "a line with too few numbers", OBJECT, "bad_geometry", samples=1)
def short(folder: Path) -> None:
    yolo(folder, "0 .5 .5\n")


@case(YOLO, "a box of negative width", OBJECT, "zero_area_box", samples=1)
def negative(folder: Path) -> None:
    yolo(folder, "0 .5 .5 -.2 .2\n")


@case(YOLO, "the same line twice", KEPT, said="kept once", samples=1)
def twice(folder: Path) -> None:
    yolo(folder, BOX + BOX)


@case(YOLO, "a label file that is not text", OBJECT, "labels_unreadable", samples=1)
def binary(folder: Path) -> None:
    yolo(folder, b"\0\1\2")


@case(YOLO, "a data.yaml that names folders which are not there", WHOLE, "data.labels_unreadable")
def nowhere(folder: Path) -> None:
    yolo(folder, BOX, "train: gone\nval: gone\nnames: [cat]\n")


@case(YOLO, "a data.yaml that leads out of its folder", FILE, "outside_folder", samples=1)
def out(folder: Path) -> Path:
    write(folder / "secret" / "b.jpg", jpeg(colour=8))
    yolo(folder / "in", BOX, f"train: images\nval: {folder}/secret\nnames: [cat]\n")
    return folder / "in"


@case(YOLO, "a data.yaml that is no YAML", WHOLE, "data.labels_unreadable")
def no_yaml(folder: Path) -> None:
    yolo(folder, BOX, "train: [images\nnames: {0: cat\n")


@case(YOLO, "a data.yaml without names", KEPT, said="by their numbers", samples=1)
def no_names(folder: Path) -> None:
    yolo(folder, BOX, "train: images\n")


@case(YOLO, "a label file without its picture", FILE, "missing_image", samples=1)
def alone(folder: Path) -> None:
    yolo(folder, BOX)
    write(folder / "labels" / "b.txt", BOX)


@case(YOLO, "a picture without a label file", KEPT, said="taken as background", samples=2)
def unlabelled(folder: Path) -> None:
    yolo(folder, BOX)
    write(folder / "images" / "b.jpg", jpeg(colour=8))


@case(YOLO, "a class number with a fraction", OBJECT, "unknown_class", samples=1)
def fraction(folder: Path) -> None:
    yolo(folder, "0.5 .5 .5 .2 .2\n")


def table(folder: Path, rows: str | bytes) -> None:
    """One picture, and a table."""
    write(folder / "a.jpg", jpeg())
    write(folder / "labels.csv", rows)


HEADER = "filename,class,xmin,ymin,xmax,ymax\n"


@case(TABLE, "a row that names no picture", FILE, "missing_image", said="line 3", samples=1)
def nameless(folder: Path) -> None:
    table(folder, f"{HEADER}a.jpg,cat,1,2,9,9\n,cat,1,2,9,9\n")


@case(TABLE, "a word where a number belongs", OBJECT, "bad_geometry", said="line 2", samples=1)
def word(folder: Path) -> None:
    table(folder, f"{HEADER}a.jpg,cat,one,2,9,9\n")


@case(TABLE, "a box that lacks a side", OBJECT, "bad_geometry", said="no xmax", samples=1)
def lacking(folder: Path) -> None:
    table(folder, f"{HEADER}a.jpg,cat,1,2,,9\n")


@case(TABLE, "text of Windows-1252", KEPT, said="Windows-1252", samples=1)
def old(folder: Path) -> None:
    table(folder, "filename,class\na.jpg,Gr\xf6\xdfe\n".encode("latin-1"))


@case(TABLE, "no column that names pictures", KEPT, said="labels.csv", samples=1)
def no_column(folder: Path) -> None:
    table(folder, "colour,size\nred,3\n")


@case(TABLE, "no such column, and `--format csv`", WHOLE, "usage", options=CSV)
def no_column_asked(folder: Path) -> None:
    table(folder, "colour,size\nred,3\n")


@case(TABLE, "a quote that never ends", WHOLE, "data.labels_unreadable")
def quoted(folder: Path) -> None:
    table(folder, f'{HEADER}a.jpg,"cat,1,2,9,9\n')


@case(TABLE, "a row of a picture that is not there", FILE, "missing_image", samples=1)
def gone(folder: Path) -> None:
    table(folder, f"{HEADER}a.jpg,cat,1,2,9,9\nb.jpg,cat,1,2,9,9\n")


@case(TABLE, "a box whose corners are exchanged", OBJECT, "zero_area_box", samples=1)
def exchanged(folder: Path) -> None:
    table(folder, f"{HEADER}a.jpg,cat,9,9,1,2\n")


@case(TABLE, "a table and no rows", KEPT, said="nothing was found")
def no_rows(folder: Path) -> None:
    table(folder, HEADER)


@case(TABLE, "a table that is not there", WHOLE, "data.source_not_found")
def no_table(folder: Path) -> Path:
    return folder / "labels.csv"


def masks(folder: Path, mask: bytes) -> None:
    """One picture and its mask."""
    write(folder / "images" / "a.jpg", jpeg())
    write(folder / "masks" / "a.png", mask)


@case(MASKS, "a mask of another size than its picture", OBJECT, "mask_size", samples=1)
def other_size(folder: Path) -> None:
    white = png("L", (20, 10))
    masks(folder, white)
    write(folder / "classes.txt", "cat\n")


@case(MASKS, "a mask that is no picture", OBJECT, "labels_unreadable", samples=1)
def no_mask(folder: Path) -> None:
    masks(folder, b"no picture")


@case(MASKS, "a mask without a picture", FILE, "missing_image", samples=1)
def no_picture(folder: Path) -> None:
    masks(folder, png("L"))
    write(folder / "masks" / "gone.png", png("L"))


def coloured() -> bytes:
    """A mask of a colour that is grey for nobody."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 10, 30)).save(out, "PNG")
    return out.getvalue()


@case(MASKS, "a colour that the map does not name", KEPT, said="no file names", samples=1)
def no_colour(folder: Path) -> None:
    masks(folder, coloured())
    write(folder / "labelmap.txt", "background:1,1,1::\ncat:9,9,9::\n")


@case(MASKS, "a mask that is cut short", OBJECT, "labels_unreadable", samples=1)
def cut(folder: Path) -> None:
    masks(folder, png("L")[:-20])


@case(MASKS, "a mask that is a bomb", OBJECT, "labels_unreadable", samples=1)
def bomb(folder: Path) -> None:
    masks(folder, bomb_png(40_000))
