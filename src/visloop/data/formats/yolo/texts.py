"""Which label file belongs to which picture, and what a picture is called without `images/`."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH119, PTH120, PTH122, PTH123

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from visloop.data.formats.yolo.layout import NO_LABELS
from visloop.data.formats.yolo.lines import plausible
from visloop.data.ingest.walk import clean, inside
from visloop.vision import Annotation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Label: TypeAlias = Annotation
_MOST_BYTES: Final = 32 << 20
_FILLER: Final = re.compile(r"\(unused (\d+)\)")
_DROPPED: Final = frozenset({"images", "obj_train_data"})


def filler(number: int) -> str:
    """What an id that no class has is called: Ultralytics wants names from 0 without gaps."""
    return f"(unused {number})"


def without_fillers(names: Mapping[int, str]) -> dict[int, str]:
    """The names that are names."""
    return {number: name for number, name in names.items() if name != filler(number)}


def logical(file: str, tree: str) -> str:
    """The path below the tree without the last folder that is called `images`."""
    parts = clean(os.path.relpath(file, tree)).split("/")
    if parts[0] == "..":
        parts = [part for part in parts if part != ".."][-2:]
    at = next((at for at in range(len(parts) - 2, -1, -1) if parts[at] in _DROPPED), None)
    if at is not None:
        del parts[at]
    return "/".join(parts)


def label_path(picture: str) -> str:
    """Where Ultralytics looks for the labels of a picture (a path that begins with a slash)."""
    head, found, tail = picture.rpartition("/images/")
    mirrored = f"{head}/labels/{tail}" if found else picture
    return os.path.splitext(mirrored)[0] + ".txt"


def holds_pictures(path: str) -> bool:
    """Whether a logical path lies where a set keeps its pictures."""
    return not _DROPPED.isdisjoint(path.split("/")[:-1])


def listed(file: str) -> Iterator[str]:
    """The names in a list of pictures."""
    try:
        with open(file, encoding="utf-8-sig", errors="surrogateescape") as opened:
            for line in opened:
                if (name := line.strip().replace("\0", "")) and not name.startswith("#"):
                    yield name
    except OSError:
        return


def content(file: str) -> bytes | str:
    """The bytes of a label file; or, as text, why they cannot be read as one."""
    try:
        with open(file, "rb") as opened:
            raw = opened.read(_MOST_BYTES + 1)
    except OSError as problem:
        return f"its label file cannot be read: {problem.strerror}"
    if len(raw) > _MOST_BYTES:
        return f"its label file is larger than {_MOST_BYTES >> 20} MB"
    if b"\0" in raw:
        return "its label file is not text"
    return raw


class LabelFiles:
    """The label files of one tree."""

    def __init__(self, tree: str) -> None:
        self._tree = tree
        self._real = os.path.realpath(tree)
        self._folders: dict[str, dict[str, str]] = {}
        self._used: set[str] = set()
        self._beside: dict[str, bool] = {}

    def look_beside(self, pictures: Collection[str]) -> None:
        """Note which folders of pictures hold label files themselves."""
        for picture in pictures:
            folder = os.path.dirname(picture)
            if folder not in self._beside:
                self._beside[folder] = False
            if not self._beside[folder]:
                stem = os.path.splitext(os.path.basename(picture))[0]
                self._beside[folder] = stem in self._texts(folder)

    def of(self, picture: str) -> str | None:
        """The label file of a picture."""
        for candidate in dict.fromkeys((self._mirrored(picture), _beside(picture))):
            folder, name = os.path.split(candidate)
            text = self._texts(folder).get(name.removesuffix(".txt"))
            if text is not None:
                self._used.add(text)
                return text
        return None

    def expected(self, picture: str) -> bool:
        """Whether the pictures of this one's folder have a place for labels."""
        folder = os.path.dirname(self._mirrored(picture))
        apart = folder != os.path.dirname(picture)
        return (apart and os.path.isdir(folder)) or self._beside.get(
            os.path.dirname(picture), False
        )

    def orphans(self) -> list[str]:
        """Label files of no picture, once every picture has been asked for its own."""
        roots = {folder for folder in self._folders if f"{os.sep}labels" in folder}
        for folder in sorted(roots):
            for below, _, _ in os.walk(folder):
                self._texts(below)
        if os.path.isdir(os.path.join(self._tree, "labels")):
            for below, _, _ in os.walk(os.path.join(self._tree, "labels")):
                self._texts(below)
        texts = {text for folder in self._folders.values() for text in folder.values()}
        apart = os.path.join(self._tree, "labels") + os.sep
        return sorted(
            text
            for text in texts - self._used
            if text.startswith(apart) or f"{os.sep}labels{os.sep}" in text or _is_labels(text)
        )

    def _mirrored(self, picture: str) -> str:
        if not picture.startswith(self._tree + os.sep):
            return label_path(picture)
        return self._tree + label_path(picture[len(self._tree) :])

    def _texts(self, folder: str) -> dict[str, str]:
        """Stem → label file of a folder; links that lead out of the tree are none."""
        if folder in self._folders:
            return self._folders[folder]
        found: dict[str, str] = {}
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    if not entry.name.endswith(".txt") or entry.name.lower() in NO_LABELS:
                        continue
                    link = entry.is_symlink()
                    if link and not inside(os.path.realpath(entry.path), self._real):
                        continue
                    if entry.is_file():
                        found[entry.name[:-4]] = entry.path
        except (OSError, ValueError):
            pass
        self._folders[folder] = found
        return found


def _beside(picture: str) -> str:
    return os.path.splitext(picture)[0] + ".txt"


def _is_labels(file: str) -> bool:
    raw = content(file)
    return isinstance(raw, bytes) and plausible(raw[:4096].decode("utf-8", "replace"))
