"""Mask pictures in: `images/…/a.jpg` with `masks/…/a.png`, and `instances/…/a.png` where there is one.

A mask has the stem of its picture (also with _mask, _label, _L, _gt behind it), or is a folder of
that name with a picture an object. 0 is background, 255 (or a class called void) is a region to
ignore. A picture without a mask is not labelled; one whose mask is all background holds nothing.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH122, PTH123, PTH208

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop.data.formats.bitmaps.decoding import (
    by_colour,
    by_number,
    masks_of,
    one_object,
    pixels,
)
from visloop.data.formats.bitmaps.palette import Palette, palette_of, written_name
from visloop.data.formats.folder import SPLITS, shortest_distinct
from visloop.data.formats.records import Item, Reading
from visloop.data.formats.sidefile import Side, made_by
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import BrokenFile, Found
from visloop.data.ingest.walk import Entry, Leftovers, clean, walk
from visloop.data.records import AddOptions, ClassEntry, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from visloop.vision import Mask

_PICTURES: Final = ("images", "jpegimages", "imgs", "image", "img")
_MASKS: Final = ("masks", "segmentationclass", "mask", "annotations", "annot", "labels", "gt")
_INSTANCES: Final = ("instances", "segmentationobject")
_ENDINGS: Final = ("", "_mask", "_label", "_labels", "_L", "_gt", "_labelIds", "_seg")
_SUFFIXES: Final = (".png", ".PNG", ".tif", ".tiff", ".bmp", ".gif")
_MOST_BYTES: Final = 1 << 28
_FIX: Final = "mend the mask, or remove it"


class _Home(NamedTuple):
    """One folder of pictures with its folders of masks; `below` is its path in the set."""

    tree: str
    below: str
    pictures: str
    masks: str
    instances: str


def recognises_masks(path: str) -> bool:
    """Whether `path` has a folder of pictures beside one of masks of the same names."""
    return os.path.isdir(path) and bool(_homes(path))


def read_masks(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every picture of the folders, in the order of the logical paths of each."""
    del options
    prefixes = [""]
    if len(paths) > 1:
        prefixes = [f"{clean(tail)}/" for tail in shortest_distinct(paths)]
    sets = [_Set(path, prefix, left) for path, prefix in zip(paths, prefixes, strict=True)]
    entries: dict[str, ClassEntry] = {}
    for each in chain.from_iterable(one.classes() for one in sets):
        entries.setdefault(each.name, each)
    return Reading(chain.from_iterable(one.items() for one in sets), tuple(entries.values()))


def _homes(path: str) -> list[_Home]:
    """The set itself, or one a split."""
    own = _home(path, path, "")
    if own:
        return [own]
    names = [name for name in _listed(path) if name.lower() in SPLITS]
    found = (_home(path, os.path.join(path, name), f"{clean(name)}/") for name in names)
    return [each for each in found if each]


def _home(tree: str, folder: str, below: str) -> _Home | None:
    places = {name.lower(): os.path.join(folder, name) for name in _listed(folder)}
    pictures, masks, instances = (
        next((places[name] for name in known if os.path.isdir(places.get(name, ""))), "")
        for known in (_PICTURES, _MASKS, _INSTANCES)
    )
    if pictures and not masks and made_by(folder) == "masks":  # an export of unlabelled pictures
        return _Home(tree, below, pictures, os.path.join(folder, _MASKS[0]), instances)
    if not pictures or not masks:
        return None
    home = _Home(tree, below, pictures, masks, instances)
    if made_by(folder) == "masks":
        return home
    entries = (each for each in walk(pictures, "", Leftovers()) if isinstance(each, Entry))
    tried = (each for _, each in zip(range(200), entries, strict=False))
    return home if any(_mask_of(masks, each.path)[0] for each in tried) else None


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _mask_of(folder: str, path: str) -> tuple[list[str], bool]:
    """The mask of a picture, or none; and whether they are several, of an object each."""
    stem = os.path.splitext(path)[0]
    for ending in _ENDINGS:
        for suffix in _SUFFIXES:
            file = os.path.join(folder, f"{stem}{ending}{suffix}")
            if os.path.isfile(file):
                return [file], False
    inner = os.path.join(folder, stem)
    files = [os.path.join(inner, name) for name in _listed(inner) if name.endswith(_SUFFIXES)]
    return [file for file in files if os.path.isfile(file)], True


class _Set:
    """Reads one set, a picture after the other."""

    def __init__(self, tree: str, prefix: str, left: Leftovers) -> None:
        self._homes, self._prefix, self._left = _homes(tree), prefix, left
        self._palette = palette_of(tree)
        self._tree = tree
        self._real = os.path.realpath(tree)
        self._side = Side(tree, "masks", left)
        written = ["background", *map(written_name, self._side.classes)]
        self._side.trust(same=list(self._palette.names.values()) == written)
        for home in self._homes:
            if not (self._palette.names or self._palette.colours):
                self._palette = palette_of(home.masks)
        if not (self._palette.names or self._palette.colours):
            left.say("no file names the classes of the masks: they are called by their numbers")

    def classes(self) -> tuple[ClassEntry, ...]:
        """Those that the files name; with all their details where we wrote them."""
        if self._side.classes:
            return self._side.classes
        named = self._palette.classes
        unique = {name: number for number, name in reversed(named.items())}
        return tuple(ClassEntry(id=unique[name], name=name) for name in reversed(unique))

    def items(self) -> Iterator[Item]:
        for home in self._homes:
            used: set[str] = set()
            for entry in walk(home.pictures, "", self._left):
                if isinstance(entry, Refusal):
                    yield entry
                    continue
                files, apart = _mask_of(home.masks, entry.path)
                files = list(filter(self._inside, files))
                used.update(files)
                yield self._found(home, entry, files, apart=apart)
            for mask in walk(home.masks, "", Leftovers()) if os.path.isdir(home.masks) else ():
                if isinstance(mask, Entry) and mask.file not in used:
                    reason = "a mask, and no picture of its name is there"
                    path = self._prefix + home.below + mask.path
                    fix = "copy the picture in, or remove the mask"
                    yield refuse(path, clean(mask.file), "missing_image", reason, fix=fix)

    def _inside(self, file: str) -> bool:
        return os.path.realpath(file).startswith(self._real + os.sep)

    def _found(self, home: _Home, entry: Entry, files: list[str], *, apart: bool) -> Found:
        raws = [_content(file) for file in files]
        instances = _mask_of(home.instances, entry.path)[0] if home.instances else []
        instances = list(filter(self._inside, instances))
        said = b"".join([*raws, *map(_content, instances)])
        relative = clean(os.path.relpath(entry.file, self._tree))
        kept = self._side.of(relative, said)
        source = clean(entry.file)
        if kept is not None:
            return Found(
                path=self._prefix + kept.path,
                file=entry.file,
                source=source,
                annotations=kept.annotations if kept.labelled else None,
                split=kept.split,
                declared=kept.size_wh,
                metadata=kept.metadata,
            )
        path = self._prefix + home.below + entry.path
        split = _split(home.below + entry.path)
        if not files:
            self._left.add("{n} pictures have no mask: added as not labelled", path)
            return Found(path=path, file=entry.file, source=source, split=split)
        try:
            masks, notes = self._masks(files, raws, instances, apart=apart)
        except BrokenFile as broken:
            reason = f"its mask cannot be read: {broken.reason}"
            refusal = refuse(path, clean(files[0]), "labels_unreadable", reason, fix=_FIX)
            return Found(
                path=path, file=entry.file, source=source, split=split, refusals=(refusal,)
            )
        size = (masks[0].size_hw[1], masks[0].size_hw[0]) if masks else None
        return Found(
            path=path,
            file=entry.file,
            source=source,
            annotations=masks,
            split=split,
            declared=size,
            notes=notes,
        )

    def _masks(
        self, files: list[str], raws: list[bytes], instances: list[str], *, apart: bool
    ) -> tuple[tuple[Mask, ...], tuple[str, ...]]:
        palette = self._palette
        if apart:
            named = [_object_name(file, palette) for file in files]
            made = [one_object(raw, name) for raw, name in zip(raws, named, strict=True)]
            return tuple(each for each in made if each is not None), ()
        values, coloured = pixels(raws[0], colours=bool(palette.colours and not palette.names))
        names, unknown = (by_colour if coloured else by_number)(values, palette)
        ids = pixels(_content(instances[0]), colours=False)[0] if instances else None
        if not unknown:
            return tuple(masks_of(values, names, ids)), ()
        names = names | {int(each.lstrip("#"), 16 if coloured else 10): each for each in unknown}
        note = f"its mask has values that no file names: {', '.join(unknown[:10])}"
        return tuple(masks_of(values, names, ids)), (note,)


def _object_name(file: str, palette: Palette) -> str:
    """`cat_3.png` is a cat where that is a class; else the only class there is, else an object."""
    stem = os.path.splitext(os.path.basename(file))[0]
    classes = list(palette.classes.values())
    named = [name for name in classes if stem == name or stem.startswith((f"{name}_", f"{name}-"))]
    return max(named, key=len) if named else classes[0] if len(classes) == 1 else "object"


def _content(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read(_MOST_BYTES)
    except OSError:
        return b""


def _split(path: str) -> str | None:
    parts = path.lower().split("/")[:-1]
    return next((SPLITS[part] for part in parts if part in SPLITS), None)
