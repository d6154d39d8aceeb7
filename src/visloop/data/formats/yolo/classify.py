"""Ultralytics' sets of whole pictures: SPLIT/CLASS/…, told by a data.yaml that says `task: classify`."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH208

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from visloop.data.formats.folder import SPLITS
from visloop.data.formats.records import Item
from visloop.data.formats.yolo.layout import UNSPLIT
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Entry, Leftovers, clean, walk
from visloop.data.records import Refusal
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.data.formats.sidefile import Side
    from visloop.data.formats.yolo.layout import Layout

NO_CLASS = "_no_class"
"""Our own folder for pictures without a class; no part of a split."""


def read_classify(layout: Layout, side: Side, prefix: str, left: Leftovers) -> Iterator[Item]:
    """Every picture below the splits, with the folder that it lies in as its class."""
    folders = {place.folder: place.split for place in layout.places if place.folder}
    if not folders:
        for name in sorted(os.listdir(layout.tree)):
            if name.lower() in SPLITS and os.path.isdir(os.path.join(layout.tree, name)):
                folders[os.path.join(layout.tree, name)] = SPLITS[name.lower()]
    for name in (UNSPLIT, NO_CLASS) if folders else ():
        folder = os.path.join(layout.tree, name)
        if os.path.isdir(folder):
            folders.setdefault(folder, None)
    for folder in sorted(folders or {layout.tree: None}):
        top = clean(os.path.relpath(folder, layout.tree))
        for entry in walk(folder, "", Leftovers() if top == "." else left):
            if isinstance(entry, Refusal):
                yield entry
            else:
                split = folders.get(folder)
                yield _found(entry, "" if top == "." else f"{top}/", split, side, prefix)


def _found(entry: Entry, top: str, split: str | None, side: Side, prefix: str) -> Found:
    kept = side.of(top + entry.path, b"")
    source = clean(entry.file)
    if kept is not None:
        return Found(
            path=prefix + kept.path,
            file=entry.file,
            source=source,
            annotations=kept.annotations if kept.labelled else None,
            split=kept.split,
            declared=kept.size_wh,
            metadata=kept.metadata,
        )
    label, slash, _ = entry.path.partition("/")
    known = slash and NO_CLASS not in {label, top.rstrip("/")}
    return Found(
        path=prefix + top + entry.path,
        file=entry.file,
        source=source,
        annotations=(ClassLabel(label=label),) if known else None,
        split=split,
    )
