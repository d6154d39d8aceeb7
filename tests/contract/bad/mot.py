"""Sequences of MOT Challenge that are broken, hostile or odd."""

from __future__ import annotations

from pathlib import Path

from tests.contract.bad.cases import case, jpeg, write

MOT = "MOT Challenge"
FILE, OBJECT, WHOLE, KEPT = "refused file", "refused object", "refused whole", "kept"
GOOD = "1,1,2,2,9,9,1,1,1\n"


def sequence(folder: Path, gt: str | bytes, frames: int = 2) -> Path:
    """A sequence of two frames, and what is said of them."""
    for at in range(1, frames + 1):
        write(folder / "img1" / f"{at:06d}.jpg", jpeg(colour=at))
    return write(folder / "gt" / "gt.txt", gt)


@case(MOT, "a line that lacks columns", OBJECT, "bad_geometry", said="line 2", samples=2)
def short(folder: Path) -> None:
    sequence(folder, f"{GOOD}2,1,2,2,9\n")


@case(MOT, "a word where a number belongs", OBJECT, "bad_geometry", said="line 2", samples=2)
def word(folder: Path) -> None:
    sequence(folder, f"{GOOD}2,1,two,2,9,9,1,1,1\n")


@case(MOT, "a line that names no frame", FILE, "bad_geometry", said="line 2", samples=2)
def frameless(folder: Path) -> None:
    sequence(folder, f"{GOOD}one,1,2,2,9,9,1,1,1\n")


@case(MOT, "a class number beyond the 12", OBJECT, "unknown_class", said="line 2", samples=2)
def beyond(folder: Path) -> None:
    sequence(folder, f"{GOOD}2,1,2,2,9,9,1,13,1\n")


@case(MOT, "a track that is in a frame twice", OBJECT, "double_track", said="line 2", samples=2)
def double(folder: Path) -> None:
    sequence(folder, f"{GOOD}1,1,5,5,9,9,1,1,1\n")


@case(MOT, "a box beside the picture", OBJECT, "outside_image", samples=2)
def beside(folder: Path) -> None:
    sequence(folder, f"{GOOD}2,1,900,2,9,9,1,1,1\n")


@case(MOT, "frames that have no picture", FILE, "missing_image", said="2 labelled", samples=2)
def lost(folder: Path) -> None:
    sequence(folder, f"{GOOD}7,1,2,2,9,9,1,1,1\n8,1,2,2,9,9,1,1,1\n")


@case(MOT, "the same line twice", KEPT, said="there twice", samples=2)
def again(folder: Path) -> None:
    sequence(folder, GOOD * 2)


@case(MOT, "boxes without a class", KEPT, said="without a class", samples=2)
def classless(folder: Path) -> None:
    sequence(folder, "1,1,2,2,9,9,1,-1,-1,-1\n")


@case(MOT, "a seqinfo.ini that leads out of the folder", KEPT, samples=2)
def climbing(folder: Path) -> Path:
    write(folder / "secret" / "000001.jpg", jpeg(colour=5))
    sequence(folder / "in", GOOD)
    write(folder / "in" / "seqinfo.ini", "[Sequence]\nimDir=../secret\n")
    return folder / "in"


@case(MOT, "bytes that are no text", WHOLE, "data.labels_unreadable")
def binary(folder: Path) -> None:
    sequence(folder, GOOD.encode() * 300 + b"\0")
