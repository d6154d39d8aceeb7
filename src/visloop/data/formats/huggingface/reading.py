"""Hugging Face `imagefolder` in: a metadata file in the folder, or in its split folders.

`label` (a name, or a number) is the class of the picture; `objects` holds `bbox` [x, y, w, h] in
pixels with `categories` (names, or numbers); other columns are metadata. Readers of the Hugging Face
turn nothing by EXIF of themselves, yet boxes are most often drawn upright: they are taken so.
Every row was looked at; pictures without a row are named and left out, as `datasets` does.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from visloop.data.formats.beside import FIELD, Whole, joined, typed
from visloop.data.formats.classes import Details, entries_of
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.huggingface.tables import KEY, NAMES, rows
from visloop.data.formats.loose import (
    BadObject,
    head,
    is_column,
    listing,
    mapping,
    numbers,
    storable,
    text,
    whole_numbers,
)
from visloop.data.formats.records import Item, Reading
from visloop.data.formats.stated import Objection, Stated, offer
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import Leftovers, clean
from visloop.data.records import AddOptions, ClassEntry, Refusal
from visloop.vision import Annotation, Box, ClassLabel

CLASSES_FILE: Final = "visloop-classes.json"
SPLIT_FOLDERS: Final = SPLITS | {"dev": "val", "eval": "test"}
_LABELS: Final = frozenset({"label", "labels"})


class Row(Whole, omit_defaults=True):
    """What stands beside a row: as for any picture, and a side field for each object."""

    objects: list[Any] = []  # noqa: RUF012 - msgspec copies it
    label: Any = None


def recognises_huggingface(path: str) -> bool:
    """Whether `path` is a metadata file of an image folder, or a folder with one."""
    return bool(metadata_files(path))


def metadata_files(path: str) -> list[str]:
    """The metadata files at `path`, in its split folders or below `data/`; the first name counts."""
    if not os.path.isdir(path):
        return [path] if os.path.basename(path) in NAMES and _looks_right(path) else []
    found: list[str] = []
    for folder in (path, os.path.join(path, "data")):
        try:
            with os.scandir(folder) as listed:
                below = sorted(each.path for each in listed if each.is_dir())
        except OSError:
            continue
        for each in (folder, *below):
            files = [os.path.join(each, name) for name in NAMES]
            found += [file for file in files if _looks_right(file)][:1]
        if found:
            return found
    return found


def read_huggingface(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every row of every metadata file.

    Raises:
        LabelsUnreadable: a file cannot be read at all.
        MissingExtra: a file is Parquet, and pyarrow is not installed.
    """
    del options
    stated: list[Stated] = []
    refusals: list[Refusal] = []
    classes: tuple[ClassEntry, ...] = ()
    for path in paths:
        tree = path if os.path.isdir(path) else os.path.dirname(path)
        classes = (*classes, *_classes(tree))
        for file in metadata_files(path):
            for one in _stated(file, tree):
                if isinstance(one, Refusal):
                    refusals.append(one)
                else:
                    stated.append(one)
    return Reading(_items(refusals, stated, left), classes, len(stated))


def _items(refusals: list[Refusal], stated: list[Stated], left: Leftovers) -> Iterator[Item]:
    yield from refusals
    yield from offer(stated, left)


def _looks_right(file: str) -> bool:
    if not os.path.isfile(file):
        return False
    start = head(file)
    return start.startswith(b"PAR1") if file.endswith(".parquet") else KEY.encode() in start


def _classes(tree: str) -> tuple[ClassEntry, ...]:
    try:
        with open(os.path.join(tree, CLASSES_FILE), "rb") as opened:  # noqa: PTH123
            listed = msgspec.json.decode(opened.read(), type=list[tuple[str, Details]])
    except (OSError, msgspec.MsgspecError, RecursionError):
        return ()
    return entries_of(listed)


def _stated(file: str, tree: str) -> Iterator[Stated | Refusal]:
    folder = os.path.dirname(file)
    split = SPLIT_FOLDERS.get(os.path.basename(folder).lower()) if folder != tree else None
    for number, row in rows(file):
        where = f"line {number}"
        name = "" if isinstance(row, str) else text(row.get(KEY)).replace("\\", "/")
        if isinstance(row, str) or not name:
            reason = f"{where}: {row if isinstance(row, str) else 'it names no picture'}"
            fix = "mend or remove the line, then add it again"
            yield refuse(
                f"{clean(os.path.basename(file))} {where}", clean(file), "bad_row", reason, fix=fix
            )
            continue
        yield _picture(row, name, where, _Place(file, folder, tree, split))


class _Place(msgspec.Struct, frozen=True):
    file: str
    folder: str
    tree: str
    split: str | None


def _picture(row: dict[str, Any], name: str, where: str, place: _Place) -> Stated:
    beside = _beside(row)
    annotations, objections = _annotations(row, beside, where)
    first, _, rest = name.partition("/")
    inner = SPLIT_FOLDERS.get(first.lower()) if rest and place.folder == place.tree else None
    below = (os.path.join(place.folder, first),) if inner else ()
    split = text(row.get("split"))
    stated = SPLITS.get(split.lower(), split) or place.split or inner
    looked_at = annotations or not beside.unlabelled
    known = {KEY, "objects", "split", FIELD, *_LABELS}
    return Stated(
        names=(rest, name) if inner else (name,),
        roots=(*below, place.folder),
        tree=place.tree,
        source=clean(place.file),
        path=beside.path,
        annotations=(*annotations, *beside.annotations) if looked_at else None,
        split=beside.split or stated if row.get(FIELD) is None else beside.split,
        metadata=beside.metadata
        | {key: value for key, value in row.items() if key not in known and is_column(value)},
        objections=tuple(objections),
    )


def _beside(row: dict[str, Any]) -> Row:
    return typed(_unpacked(row.get(FIELD)), Row) or Row()


def _unpacked(raw: object) -> object:
    """A value that is JSON as text, or the value itself."""
    if not isinstance(raw, str):
        return raw
    try:
        return msgspec.json.decode(raw.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        return None


def _annotations(
    row: dict[str, Any], beside: Row, where: str
) -> tuple[list[Annotation], list[Objection]]:
    entries: list[tuple[object, Annotation]] = []
    objections: list[Objection] = []
    raw = row.get("label", row.get("labels"))
    for at, each in enumerate(raw if isinstance(raw, list) else [raw]):
        if (label := _name(each)) is not None:
            entries.append((beside.label if not at else None, ClassLabel(label=label)))
    objects = mapping(_unpacked(row.get("objects")))
    boxes = listing(objects.get("bbox"))
    named = next(
        (objects[key] for key in ("categories", "category", "label") if key in objects), []
    )
    for at, box in enumerate(boxes):
        try:
            native = _box(box, listing(named), at)
        except BadObject as problem:
            reason = f"{where}, objects.bbox[{at}]: {problem.reason}"
            objections.append(Objection(problem.code, reason))
            continue
        side = beside.objects[at] if at < len(beside.objects) else None
        entries.append((side, native))
    return joined(entries), objections


def _box(box: object, named: list[Any], at: int) -> Box:
    label = _name(named[at]) if at < len(named) else None
    if label is None:
        raise BadObject("unknown_class", "it has no category")
    found = numbers(box, "its box")
    if len(found) != 4:  # noqa: PLR2004
        raise BadObject("bad_geometry", f"its box has {len(found)} numbers, not four")
    x, y, width, height = found
    return Box(label=label, xyxy=(x, y, x + width, y + height))


def _name(value: object) -> str | None:
    """A class by its name, or by its number where that is all there is."""
    number = whole_numbers(storable(value))
    return str(number) if number is not None else text(value) or None
