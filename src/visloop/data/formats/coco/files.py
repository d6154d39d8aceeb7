"""Where a COCO data set keeps its label files and its pictures: many layouts, one answer.

SET/annotations/instances_train2017.json + SET/train2017/ or SET/images/train2017/ …
SET/annotations/instances_default.json + SET/images/        (ours, Datumaro, CVAT)
SET/labels.json + SET/data/                                 (FiftyOne)
SET/train/_annotations.coco.json + SET/train/*.jpg          (Roboflow)
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120, PTH122, PTH123

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from visloop.data.formats.folder import SPLITS
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import Entry, Leftovers, clean, inside, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.data.records import Refusal

_KEYS: Final = (b'"images"', b'"annotations"', b'"categories"')
_SNIFF_BYTES: Final = 65_536
_MOST_LABEL_FILES: Final = 50
_LABEL_FOLDERS: Final = frozenset({"annotations", "labels"})
_OTHER_TASKS: Final = ("captions", "panoptic", "stuff", "image_info")
_TRIED: Final = 8


def label_files(path: str) -> list[str]:
    """The COCO label files at `path`, a file or a folder; empty where there are none."""
    if not os.path.isdir(path):
        return [path] if path.lower().endswith(".json") and looks_like_coco(path) else []
    below = [path] if os.path.basename(path) in _LABEL_FOLDERS else []
    below += [os.path.join(path, "annotations"), path]
    for folder in below:
        if found := _json_files(folder):
            return found
    try:
        with os.scandir(path) as listing:
            folders = sorted(each.path for each in listing if each.name.lower() in SPLITS)
    except OSError:
        return []
    return [file for folder in folders for file in _json_files(folder)]


def looks_like_coco(file: str) -> bool:
    """Whether the first bytes are those of a JSON object with COCO's keys."""
    try:
        with open(file, "rb") as opened:
            head = opened.read(_SNIFF_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return False
    if not head.startswith(b"{"):
        return False
    return any(key in head for key in _KEYS) or (b'"info"' in head and b'"licenses"' in head)


def chosen(files: Sequence[str], left: Leftovers) -> list[str]:
    """Of several label files of one set those that hold objects; the others are named in a note."""
    names = {os.path.basename(file) for file in files}
    kept: list[str] = []
    for file in files:
        name = os.path.basename(file)
        twin = name.replace("person_keypoints_", "instances_")
        if len(files) > 1 and (name.startswith(_OTHER_TASKS) or (twin != name and twin in names)):
            left.add("{n} label files of other tasks were left out (name one to read it)", name)
        else:
            kept.append(file)
    return kept


def split_of(file: str) -> str | None:
    """The split that a label file's name says, else its folder's: `instances_val2017` → val."""
    stem = os.path.splitext(os.path.basename(file))[0].lower()
    for token in (*re.findall(r"[a-z]+", stem), os.path.basename(os.path.dirname(file)).lower()):
        if token in SPLITS:
            return SPLITS[token]
    return None


def home_of(file: str) -> str:
    """The data set's folder, given one of its label files."""
    folder = os.path.dirname(file)
    return os.path.dirname(folder) if os.path.basename(folder) in _LABEL_FOLDERS else folder


def picture_root(file: str, names: Sequence[str]) -> str:
    """The folder that a label file's `file_name`s start at: the one where most of the first exist."""
    folder, home = os.path.dirname(file), home_of(file)
    subset = os.path.splitext(os.path.basename(file))[0].rpartition("_")[2]
    roots = [os.path.join(home, "images"), os.path.join(home, "images", subset)]
    roots += [os.path.join(home, subset), os.path.join(home, "data"), folder, home]
    roots += [os.path.join(home, "JPEGImages")]

    def hits(root: str) -> int:
        return sum(os.path.isfile(os.path.join(root, _tidy(name))) for name in names[:_TRIED])

    return max(roots, key=hits)  # of equals the first


class Pictures:
    """Finds the file that a label file means, inside one folder and never outside of it."""

    def __init__(self, tree: str) -> None:
        self.tree = tree
        entries = walk(tree, "", Leftovers())
        self._files = {entry.file for entry in entries if isinstance(entry, Entry)}
        self._by_name: dict[str, list[str]] = {}

    def find(self, root: str, name: str, source: str) -> str | Refusal:
        """The file called `name` below `root`; else the only one in the tree with its last parts."""
        tidy = _tidy(name)
        file = f"{root}/{tidy}"
        if file in self._files:
            return file
        if not _leaves(tidy) and os.path.isfile(file):
            return self._unwalked(file, name, source)
        found = self._by_tail(tidy)
        if len(found) == 1:
            return found[0]
        if not found and tidy.startswith("../"):
            return _leading_out(
                tidy, source, f"the label file names {name!r}, which leads out of the folder"
            )
        if found:
            reason = f"{name!r} fits {len(found)} pictures: {clean(found[0])}, {clean(found[1])} …"
        else:
            reason = f"the label file names {name!r}, and no such picture is there"
        fix = "copy the picture to where the label file expects it, or remove its entry"
        return refuse(clean(_relative(tidy)), source, "missing_image", reason, fix=fix)

    def others(self, used: set[str]) -> list[str]:
        """Pictures of the tree that no label file named."""
        return sorted(self._files - used)

    def _unwalked(self, file: str, name: str, source: str) -> str | Refusal:
        """A file that the walk did not offer: it has an odd name, or a link leads out of the tree."""
        if inside(os.path.realpath(file), os.path.realpath(self.tree)):
            return file
        return _leading_out(name, source, f"{name!r} is a link out of the folder")

    def _by_tail(self, name: str) -> list[str]:
        if not self._by_name:
            for file in sorted(self._files):
                self._by_name.setdefault(_key(file), []).append(file)
        found = self._by_name.get(_key(name), [])
        parts = [part for part in name.split("/") if part not in {"", ".", ".."}]
        for start in range(len(parts)):
            tail = unicodedata.normalize("NFC", "/" + "/".join(parts[start:]))
            better = [each for each in found if unicodedata.normalize("NFC", each).endswith(tail)]
            if better:
                return better
        return found


def _json_files(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as listing:
            files = sorted(each.path for each in listing if each.name.lower().endswith(".json"))
    except OSError:
        return []
    if len(files) > _MOST_LABEL_FILES:  # one JSON per picture: another format
        return []
    return [file for file in files if looks_like_coco(file)]


def _leading_out(name: str, source: str, reason: str) -> Refusal:
    fix = "copy the pictures in, or add the folder that they lie in"
    return refuse(clean(_relative(name)), source, "outside_folder", reason, fix=fix)


def _tidy(name: str) -> str:
    return os.path.normpath(name.replace("\\", "/")) if name else name


def _leaves(name: str) -> bool:
    return not name or name == ".." or name.startswith(("/", "../")) or name[1:3] == ":/"


def _relative(name: str) -> str:
    parts = [part for part in name.split("/") if part not in {"", ".", ".."}]
    return "/".join(parts) or "unnamed"


def _key(file: str) -> str:
    return unicodedata.normalize("NFC", file.rpartition("/")[2])
