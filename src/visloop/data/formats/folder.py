"""Plain folders: the name of a sub-folder is the class of what lies in it.

    photos/cat/a.jpg, photos/dog/…            classes cat, dog
    photos/train/cat/a.jpg, photos/test/…     splits train, test; classes below
    photos/a.jpg                              no labels
    photos/images/cat/a.jpg                   containers ("images", "data", …) are looked into

Pictures beside folders mean that the folders are not classes (`--format class-folders` says they
are, `--format images` says that no folder is). Pictures below a class folder may lie deeper. Several
paths given at once count as the contents of one folder; files named one by one have no class.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH119, PTH206

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from visloop.data.formats.records import Item, Reading
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Entry, Leftovers, clean, is_hidden, is_picture, walk
from visloop.data.records import AddOptions, Refusal
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from visloop.vision import Annotation

SPLITS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Folder names (in lower case) that say a split."""

UNLABELLED: Final = "unlabelled"
"""A folder beside class folders whose pictures have no class."""

_NAMES: Final = "data dataset dcim frames image images img imgs jpegimages photos pictures raw"
CONTAINERS: Final = frozenset(_NAMES.split())
Labels: TypeAlias = Literal["guess", "always", "never"]
_Parts: TypeAlias = tuple[str, ...]


class _Peek(NamedTuple):
    """Sub-folders by name, and whether pictures lie beside them."""

    folders: dict[str, str]
    pictures: bool


class _Layout:
    """Which folders hold class folders, and which are splits, by their path from the top."""

    def __init__(self, labels: Labels, left: Leftovers) -> None:
        self.labels: Labels = labels
        self.left = left
        self.splits: dict[_Parts, str] = {}
        self.holders: set[_Parts] = set()
        self.classes: set[str] = set()

    def study(self, stem: _Parts, peek: _Peek) -> None:
        """Look at one folder, and into it where its folders are splits or containers."""
        folders, beside = peek
        names = {name.lower() for name in folders}
        inner: Iterable[str] = ()
        if folders and not beside and names <= SPLITS.keys():
            inner = folders
            self.splits |= {(*stem, name): SPLITS[name.lower()] for name in folders}
        elif names & CONTAINERS and not beside:
            inner = [name for name in folders if name.lower() in CONTAINERS]
        elif self.labels == "always" or (self.labels == "guess" and not beside):
            self.holders.add(stem)
            self.classes |= folders.keys() - {UNLABELLED}
        elif folders and self.labels == "guess":
            self.left.say(
                "pictures lie beside folders, so the folders are not taken as classes "
                "(--format class-folders takes them)"
            )
        for name in inner:
            self.study((*stem, name), _peek(folders[name], self.labels))

    def meaning(self, parts: _Parts) -> tuple[str | None, str | None]:
        """(class, split) of the pictures in the folder `parts`."""
        split: str | None = None
        for length in range(len(parts) + 1):
            stem = parts[:length]
            split = self.splits.get(stem, split)
            if stem in self.holders:
                label = parts[length] if length < len(parts) else UNLABELLED
                return (label if label != UNLABELLED else None), split
        return None, split


def read_folder(
    paths: Sequence[str], left: Leftovers, options: AddOptions, *, labels: Labels = "guess"
) -> Reading:
    """Everything under the paths, labelled and split as the layout says."""
    del options
    layout = _Layout(labels, left)
    if len(paths) == 1 and os.path.isdir(paths[0]):
        layout.study((), _peek(paths[0], labels))
        items = _read(walk(paths[0], "", left), "", (), layout)
    else:
        folders = {_name(path): path for path in paths if os.path.isdir(path)}
        layout.study((), _Peek(folders, pictures=len(folders) < len(paths)))
        items = _given(paths, layout, left)
    if found := sorted(layout.classes):
        shown = ", ".join(found[:10]) + (", …" if len(found) > 10 else "")  # noqa: PLR2004
        left.say(f"classes taken from folder names: {shown} (--format images takes none)")
    return Reading(items)


read_images = partial(read_folder, labels="never")
read_class_folders = partial(read_folder, labels="always")


def shortest_distinct(paths: Sequence[str]) -> list[str]:
    """For each absolute path its shortest tail (posix) that no other path shares."""
    parts = [path.strip(os.sep).split(os.sep) for path in paths]
    tails = [""] * len(parts)
    open_yet, length = list(range(len(parts))), 1
    while open_yet:
        for at in open_yet:
            tails[at] = "/".join(parts[at][-length:])
        often = Counter(tails[at] for at in open_yet)
        open_yet = [at for at in open_yet if often[tails[at]] > 1 and length < len(parts[at])]
        length += 1
    return tails


def _name(path: str) -> str:
    return clean(os.path.basename(path))


def _given(paths: Sequence[str], layout: _Layout, left: Leftovers) -> Iterator[Item]:
    tops = [
        (clean(tail) + "/" * os.path.isdir(path), path)
        for tail, path in zip(shortest_distinct(paths), paths, strict=True)
    ]
    for tail, path in sorted(tops):
        if tail.endswith("/"):
            yield from _read(walk(path, tail, left), tail, (_name(path),), layout)
        else:
            yield Found(path=tail, file=path, source=clean(path))


def _read(
    entries: Iterable[Entry | Refusal], prefix: str, stem: _Parts, layout: _Layout
) -> Iterator[Item]:
    folder: str | None = None
    annotations: tuple[Annotation, ...] | None = None
    split: str | None = None
    for entry in entries:
        if isinstance(entry, Refusal):
            yield entry
            continue
        path, file = entry
        here = path[len(prefix) : path.rfind("/") + 1]
        if here != folder:
            folder = here
            label, split = layout.meaning((*stem, *here.split("/")[:-1]))
            annotations = None if label is None else (ClassLabel(label=label),)
        yield Found(
            path=path,
            file=file,
            source=file if file.isascii() else clean(file),
            annotations=annotations,
            split=split,
        )


def _peek(folder: str, labels: Labels) -> _Peek:
    folders: dict[str, str] = {}
    pictures = False
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                if is_hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders[clean(entry.name)] = entry.path
                elif not pictures and is_picture(entry.path):
                    pictures = True
                    if labels == "never":
                        break
    except OSError:
        return _Peek({}, pictures=False)  # the walk says so in its place
    return _Peek(folders, pictures)
