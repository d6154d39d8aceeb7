"""Where the sequences of MOT Challenge lie, and what is said of each beside its boxes.

train/MOT17-02/gt/gt.txt, seqinfo.ini, img1/000001.jpg …     MOT Challenge; test/ without gt
gt/gt.txt, gt/labels.txt, img1/000001.jpg …                  CVAT, Datumaro: one sequence
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH113, PTH118, PTH120, PTH123

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop.data.formats.folder import SPLITS
from visloop.data.formats.loose import size
from visloop.data.formats.mot.lines import CLASSES, Meaning, plausible
from visloop.data.formats.sidefile import made_by
from visloop.data.ingest.walk import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from visloop.data.records import ClassEntry

NAME: Final = "mot"
GT: Final = os.path.join("gt", "gt.txt")
LABELS: Final = os.path.join("gt", "labels.txt")
INFO: Final = "seqinfo.ini"
PICTURES: Final = "img1"
UNSPLIT: Final = "unsplit"
"""Our own name for the sequences that are in no split."""
_MOST_TEXT: Final = 1 << 20
_SNIFFED: Final = 4096
_MOST_CLASSES: Final = 10_000


class Sequence(NamedTuple):
    """One sequence: its folder, its name below the folder that was given, its split."""

    folder: str
    name: str
    split: str | None

    @property
    def gt(self) -> str:
        """The file of its boxes; "" where it has none."""
        file = os.path.join(self.folder, GT)
        return file if os.path.isfile(file) else ""


def tree_of(path: str) -> str:
    """The folder that nothing is read outside of: the one that is named, or that of a gt.txt."""
    return path if os.path.isdir(path) else os.path.dirname(os.path.dirname(path))


def recognises_mot(path: str) -> bool:
    """Whether `path` is a gt.txt, a sequence, or a folder of sequences (in train, test, …)."""
    if not os.path.isdir(path):
        return path.endswith(os.sep + GT) and _looks_right(path)
    return any(_looks_right(each.gt) for each in sequences(path) if each.gt)


def sequences(path: str) -> Iterator[Sequence]:
    """Those that lie at `path`, by name."""
    tree = tree_of(path)
    if _is_one(tree):
        yield Sequence(tree, "", None)
        return
    ours = made_by(tree) == NAME
    for top in _folders(tree):
        folder = os.path.join(tree, top)
        if _is_one(folder):
            yield Sequence(folder, top, None)
        elif ours or top.lower() in SPLITS:
            split = None if ours and top == UNSPLIT else SPLITS.get(top.lower(), top)
            for name in _folders(folder):
                below = os.path.join(folder, name)
                if _is_one(below):
                    yield Sequence(below, f"{top}/{name}", split)


def meaning_of(sequence: Sequence) -> Meaning:
    """Classes by `gt/labels.txt`, a name a line, and pixels from 0; without it as MOT Challenge has them."""
    file = os.path.join(sequence.folder, LABELS)
    if not os.path.isfile(file):
        return Meaning(CLASSES, 1)
    names = [line.strip() for line in _text(file).rstrip().splitlines()]
    return Meaning(tuple(names[:_MOST_CLASSES]), 0)


def numbers_of(classes: Iterable[ClassEntry]) -> dict[str, int]:
    """The line of each class in `labels.txt`, from 0: its id, or its place where ids are huge."""
    listed = sorted(classes, key=lambda each: each.id)
    huge = bool(listed) and listed[-1].id >= _MOST_CLASSES
    return {each.name: at if huge else each.id for at, each in enumerate(listed)}


def one_line(name: str) -> str:
    """A name as a line can hold it."""
    return " ".join(name.split())


class Info(NamedTuple):
    """What seqinfo.ini says: where the pictures lie, (width, height), how many."""

    pictures: str
    size_wh: tuple[int, int] | None
    length: int


def info_of(sequence: Sequence, tree: str) -> Info:
    """The usual things where there is no seqinfo.ini, or it is none."""
    said = _keys(_text(os.path.join(sequence.folder, INFO)))
    folder = os.path.join(sequence.folder, PICTURES)
    stated = said.get("imdir", "").replace("\\", "/")
    stated = stated.replace("\0", "")
    named = os.path.normpath(os.path.join(sequence.folder, stated)) if stated else folder
    real = os.path.realpath
    if os.path.isdir(named) and inside(real(named), real(tree)):
        folder = named
    if not os.path.isdir(folder):
        folder = sequence.folder
    wide, high = size(said.get("imwidth")), size(said.get("imheight"))
    return Info(folder, (wide, high) if wide and high else None, size(said.get("seqlength")))


def _keys(text: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, sign, value in pairs if sign}


def _is_one(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, GT)) or os.path.isfile(os.path.join(folder, INFO))


def _looks_right(file: str) -> bool:
    try:
        with open(file, "rb") as opened:
            raw = opened.read(_SNIFFED)
    except OSError:
        return False
    return b"\0" not in raw and plausible(raw)


def _folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as listed:
            return sorted(e.name for e in listed if e.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig", errors="replace") as opened:
            return opened.read(_MOST_TEXT)
    except OSError:
        return ""
