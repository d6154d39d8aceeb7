"""Datumaro in: `annotations/<subset>.json`, pictures in `images/<subset>/` or `images/`.

Datumaro reads pictures through OpenCV, which turns them upright as EXIF says: coordinates are taken
as pixels of the upright picture, unless `size` is the one before turning. Every item was looked at:
one without annotations holds no object.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH119, PTH120, PTH122

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from visloop.data.formats.beside import FIELD, Whole, joined, typed
from visloop.data.formats.classes import Details, entries_of, is_colour
from visloop.data.formats.datumaro.objects import Skeletons, decode, skeletons_of
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.loose import (
    BadObject,
    head,
    listing,
    mapping,
    read_json,
    size,
    storable,
    text,
    unreadable_labels,
    whole_numbers,
)
from visloop.data.formats.records import Reading
from visloop.data.formats.shapes import ELLIPSE_NOTE
from visloop.data.formats.stated import Objection, Stated, offer
from visloop.data.ingest.walk import Leftovers, clean
from visloop.data.records import AddOptions, ClassEntry
from visloop.vision import Annotation

TITLE: Final = "Datumaro JSON"
NO_SUBSET: Final = "default"
_MOST_LABEL_FILES: Final = 200


def recognises_datumaro(path: str) -> bool:
    """Whether `path` is a Datumaro annotation file, or a folder with such files."""
    return bool(label_files(path))


def label_files(path: str) -> list[str]:
    """The annotation files at `path`; empty where there are none."""
    if not os.path.isdir(path):
        return [path] if path.lower().endswith(".json") and _looks_right(path) else []
    for folder in (os.path.join(path, "annotations"), path):
        try:
            with os.scandir(folder) as listed:
                files = sorted(e.path for e in listed if e.name.lower().endswith(".json"))
        except OSError:
            continue
        if len(files) <= _MOST_LABEL_FILES and (found := list(filter(_looks_right, files))):
            return found
    return []


def read_datumaro(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every item of every subset.

    Raises:
        LabelsUnreadable: a file is not JSON, or not Datumaro's.
    """
    del options
    files = [_File(file) for path in paths for file in label_files(path)]
    stated = [item for file in files for item in file.items()]
    named = {name: details for file in files for name, details in file.classes()}
    return Reading(offer(stated, left), _entries(named), len(stated))


def _looks_right(file: str) -> bool:
    start = head(file)
    if not start.startswith(b"{"):
        return False
    return b'"dm_format_version"' in start or (
        b'"items"' in start and b'"categories"' in start and b'"images"' not in start
    )


def _entries(named: dict[str, Details | None]) -> tuple[ClassEntry, ...]:
    return entries_of(named.items())


class _File:
    """One subset."""

    def __init__(self, file: str) -> None:
        self._file = file
        document = read_json(file, TITLE)
        if not isinstance(mapping(document).get("items"), list):
            raise unreadable_labels(file, TITLE, "it has no list of items")
        self._items: list[Any] = document["items"]
        self._categories = mapping(document.get("categories"))
        labels = listing(mapping(self._categories.get("label")).get("labels"))
        self._labels = [mapping(each) for each in labels]
        self._names = [text(each.get("name")) for each in self._labels]
        self._skeletons: Skeletons = skeletons_of(self._categories, self._names)
        folder = os.path.dirname(file)
        self._tree = (
            os.path.dirname(folder) if os.path.basename(folder) == "annotations" else folder
        )
        subset = os.path.splitext(os.path.basename(file))[0]
        self._roots = tuple(
            os.path.join(self._tree, *parts) for parts in (("images", subset), ("images",), ())
        )
        side = typed(mapping(document.get("infos")).get(FIELD), Whole)
        self._split = side.split if side else _split_of(clean(subset))

    def classes(self) -> Iterator[tuple[str, Details | None]]:
        """Names in the order of their numbers, with what stands beside them."""
        colours = _colours(self._categories)
        for at, each in enumerate(self._labels):
            details = typed(each.get(FIELD), Details) or Details()
            details.parent = details.parent or text(each.get("parent")) or None
            details.color = details.color or colours.get(at, "")
            yield self._names[at], details

    def items(self) -> Iterator[Stated]:
        """One picture an item."""
        for at, raw in enumerate(self._items):
            yield self._item(at, mapping(raw))

    def _item(self, at: int, raw: dict[str, Any]) -> Stated:
        image = mapping(raw.get("image")) or mapping(raw.get("media"))
        name = text(image.get("path"))
        number = text(raw.get("id"))
        stated = (name,) if name else tuple(f"{number}{s}" for s in (".jpg", ".png", "", ".jpeg"))
        side = typed(raw.get(FIELD), Whole) or Whole()
        annotations, objections, captions, ellipses = self._annotations(at, raw)
        measured = [size(each) for each in listing(image.get("size"))]
        metadata: dict[str, Any] = storable(mapping(raw.get("attr")))
        if captions:
            metadata["caption"] = "\n".join(captions)
        looked_at = annotations or not side.unlabelled
        return Stated(
            names=stated if number or name else (f"item {at}",),
            roots=self._roots,
            tree=self._tree,
            source=clean(self._file),
            path=side.path,
            annotations=(*annotations, *side.annotations) if looked_at else None,
            split=self._split,
            declared=(measured[1], measured[0]) if len(measured) == 2 else None,  # noqa: PLR2004
            metadata=metadata,
            objections=tuple(objections),
            notes=(f"{ellipses} {ELLIPSE_NOTE}",) if ellipses else (),
        )

    def _annotations(
        self, item: int, raw: dict[str, Any]
    ) -> tuple[list[Annotation], list[Objection], list[str], int]:
        """Annotations, what cannot be taken, captions, how many ellipses were drawn as outlines."""
        entries: list[tuple[object, Annotation]] = []
        objections: list[Objection] = []
        captions: list[str] = []
        ellipses = 0
        for at, each in enumerate(listing(raw.get("annotations"))):
            said = mapping(each)
            if said.get("type") == "caption":
                captions.append(text(said.get("caption")))
                continue
            try:
                entries.append((said.get(FIELD), decode(said, self._names, self._skeletons)))
            except BadObject as problem:
                reason = f"items[{item}].annotations[{at}]: {problem.reason}"
                objections.append(Objection(problem.code, reason))
            else:
                ellipses += said.get("type") == "ellipse"
        return joined(entries), objections, captions, ellipses


def _split_of(subset: str) -> str | None:
    return None if subset == NO_SUBSET else SPLITS.get(subset.lower(), subset)


def _colours(categories: dict[str, Any]) -> dict[int, str]:
    colours: dict[int, str] = {}
    for raw in listing(mapping(categories.get("mask")).get("colormap")):
        said = mapping(raw)
        parts = [whole_numbers(said.get(key)) for key in ("label_id", "r", "g", "b")]
        numbers = [part for part in parts if part is not None]
        if len(numbers) == 4:  # noqa: PLR2004
            colour = "#" + "".join(f"{part & 255:02x}" for part in numbers[1:])
            colours[numbers[0]] = colour if is_colour(colour) else ""
    return colours
