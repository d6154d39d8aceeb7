"""COCO in: boxes, outlines, masks, key points, crowds, negatives, ids with gaps.

Coordinates are taken as pixels of the upright picture; where `width` and `height` are those of the
picture before EXIF turned it, `settle` turns the labels too. `bbox` x y w h becomes x1 y1 x2 y2.
An outline or mask stands for its object (its box follows from it); key points come as a second
annotation beside it, both with the attribute `coco.object`.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH119, PTH120, PTH123

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from visloop.data.formats.coco import files as coco_files
from visloop.data.formats.coco.model import Category, Document, Image, decode
from visloop.data.formats.coco.objects import Translator, class_name
from visloop.data.formats.folder import shortest_distinct
from visloop.data.formats.records import Item, LabelsUnreadable, Reading
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Leftovers, clean, is_logical
from visloop.data.records import AddOptions, ClassEntry, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_APART: Final = "give one of them another name in its label file"
_NO_PARENT: Final = frozenset({None, "", "none"})


@dataclass(frozen=True)
class _Source:
    """One label file, decoded: its data set's folder, and where its picture names start."""

    file: str
    tree: str
    root: str
    document: Document
    split: str | None


class _Pictured(NamedTuple):
    """One entry of `images` whose file is there."""

    path: str
    file: str
    image: Image
    source: _Source


def recognises_coco(path: str) -> bool:
    """Whether `path` is a COCO label file, or a folder that holds one where they usually lie."""
    return bool(coco_files.label_files(path))


def read_coco(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every picture that the label files name, in the order of logical paths.

    Raises:
        LabelsUnreadable: a label file is not JSON, or not COCO.
    """
    del options
    sources: list[_Source] = []
    for path in paths:
        files = coco_files.chosen(coco_files.label_files(path), left)
        for file in files:
            tree = path if os.path.isdir(path) else coco_files.home_of(file)
            if os.path.basename(tree) == "annotations":
                tree = os.path.dirname(tree)
            sources.append(_load(file, tree))
    total = sum(len(source.document.images) for source in sources)
    return Reading(_items(sources, left), _classes(sources, left), total)


def _load(file: str, tree: str) -> _Source:
    try:
        with open(file, "rb") as opened:
            raw = opened.read().removeprefix(b"\xef\xbb\xbf")
        document = decode(raw)
    except (msgspec.MsgspecError, OSError, UnicodeDecodeError) as problem:
        raise LabelsUnreadable(
            f"{clean(file)} cannot be read as COCO: {problem}",
            fix="mend the file, or add the pictures without labels: --format images",
        ) from problem
    root = coco_files.picture_root(file, [image.file_name for image in document.images])
    return _Source(file, tree, root, document, coco_files.split_of(file))


def _classes(sources: Sequence[_Source], left: Leftovers) -> tuple[ClassEntry, ...]:
    entries: dict[str, ClassEntry] = {}
    used: dict[int, str] = {}
    for source in sources:
        _tell_categories(source, left)
        for category in source.document.categories:
            name = class_name(category)
            if name in entries:
                continue
            number = category.id if category.class_id is None else category.class_id
            if number in used or number < 0:
                number = max((*used, -1)) + 1
                left.say(
                    f"class {name!r}: its id {category.id} cannot be kept, so it gets {number}"
                )
            used[number] = name
            entries[name] = _entry(category, name, number)
    return tuple(sorted(entries.values(), key=lambda entry: entry.id))


def _tell_categories(source: _Source, left: Leftovers) -> None:
    """Name what is wrong with the list of categories, and what is made of it."""
    by_id: dict[int, str] = {}
    for category in source.document.categories:
        name = class_name(category)
        if not category.name.strip():
            left.say(f"category {category.id} has no name: it is called {name!r}")
        before = by_id.get(category.id, name)
        if before != name:
            left.say(
                f"categories {before!r} and {name!r} have the same id {category.id}:"
                f" objects of it are taken as {name!r}"
            )
        by_id[category.id] = name


def _entry(category: Category, name: str, number: int) -> ClassEntry:
    parent = category.supercategory.strip() if category.supercategory else None
    colour = category.color
    if isinstance(colour, list):
        colour = "#" + "".join(f"{int(part) & 255:02x}" for part in colour[:3])
    return ClassEntry(
        id=number,
        name=name,
        parent=None if parent in _NO_PARENT or parent == name else parent,
        aliases=tuple(category.aliases or ()),
        color=colour if isinstance(colour, str) else "",
        definition=category.definition,
    )


def _items(sources: Sequence[_Source], left: Leftovers) -> Iterator[Item]:
    pictured: dict[str, list[_Pictured]] = {}
    refusals: list[Refusal] = []
    roots: dict[str, set[str]] = {}
    for source in sources:
        roots.setdefault(source.tree, set()).add(source.root)
    finders: dict[str, coco_files.Pictures] = {}
    prefixes = _prefixes(set(roots))
    translators = {source.file: Translator(source.document) for source in sources}
    for source in sources:
        finder = finders.get(source.tree) or coco_files.Pictures(source.tree)
        finders[source.tree] = finder
        for image in source.document.images:
            file = finder.find(source.root, image.file_name, clean(source.file))
            if isinstance(file, Refusal):
                refusals.append(file)
                continue
            base = source.root if len(roots[source.tree]) == 1 else source.tree
            path = _logical(image, file, source, base, prefixes[source.tree])
            entries = pictured.setdefault(path, [])
            if entries and entries[0].file != file:
                reason = f"two pictures would be called {path!r}: {clean(entries[0].file)} too"
                refusals.append(refuse(path, clean(file), "name_collision", reason, fix=_APART))
            else:
                entries.append(_Pictured(path, file, image, source))
    yield from sorted(refusals, key=lambda refusal: refusal.path)
    for path in sorted(pictured):
        yield _found(pictured[path], translators)
    for source in sources:
        yield from translators[source.file].orphans(clean(source.file))
    used = {each.file for entries in pictured.values() for each in entries}
    for finder in finders.values():
        for file in finder.others(used):
            path = clean(os.path.relpath(file, finder.tree))
            left.add("{n} pictures are named in no label file and were left out", path)


def _prefixes(trees: set[str]) -> dict[str, str]:
    """What tells the pictures of several data sets apart: nothing where there is one."""
    folders = sorted(trees)
    if len(folders) < 2:  # noqa: PLR2004
        return dict.fromkeys(folders, "")
    tails = shortest_distinct(folders)
    return {folder: f"{clean(tail)}/" for folder, tail in zip(folders, tails, strict=True)}


def _logical(image: Image, file: str, source: _Source, base: str, prefix: str) -> str:
    """What the file itself says, else the path below `base`, else below the whole set."""
    if image.path and is_logical(image.path):
        return prefix + image.path
    if file.startswith(base + os.sep) and file.isascii():
        return prefix + file[len(base) + 1 :]
    path = os.path.relpath(file, base)
    if path.startswith("../"):
        path = os.path.relpath(file, source.tree)
    return prefix + clean(path)


def _found(entries: Sequence[_Pictured], translators: dict[str, Translator]) -> Found:
    """One picture; several entries of the same file are one picture with all their objects."""
    first = entries[0]
    annotations: list[Any] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    for entry in entries:
        source = clean(entry.source.file)
        objects, refused, said = translators[entry.source.file].objects(
            entry.image, entry.path, source
        )
        annotations += objects
        refusals += refused
        notes += said
    if len(entries) > 1:
        notes.append(f"{len(entries)} entries name this picture: their objects are put together")
    stated = first.image.split
    split = stated if isinstance(stated, str) and stated else first.source.split
    return Found(
        path=first.path,
        file=first.file,
        source=clean(first.file),
        annotations=tuple(annotations)
        if annotations or first.image.labelled is not False
        else None,
        split=split,
        declared=(int(first.image.width or 0), int(first.image.height or 0)),
        metadata=_metadata(first.image, first.source.document),
        refusals=tuple(refusals),
        notes=tuple(notes),
    )


def _metadata(image: Image, document: Document) -> dict[str, Any]:
    metadata = dict(image.metadata or {})
    if not (image.license or image.coco_url or image.flickr_url or image.date_captured):
        return metadata
    for licence in document.licenses if image.license is not None else ():
        if licence.id == image.license:
            metadata.setdefault("licence", licence.name or licence.url)
    for key in ("coco_url", "flickr_url", "date_captured"):
        value = getattr(image, key)
        if value:
            metadata[f"coco.{key}"] = value
    return metadata
