"""YOLO in: every picture of the set with what its label file says, in shares of the picture.

The labels of `images/…/a.jpg` are `labels/…/a.txt` (the last such folder of its path counts), else
`a.txt` beside it. An empty label file says that the picture holds nothing. So does, as in
Ultralytics, a missing one where the pictures of its folder have a folder of labels; where they have
none, the picture is not labelled. Shares are of the upright picture, as Ultralytics takes them.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH120

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from visloop.data.formats.coco.files import Pictures
from visloop.data.formats.folder import SPLITS, shortest_distinct
from visloop.data.formats.records import Item, Reading
from visloop.data.formats.sidefile import Side
from visloop.data.formats.yolo import texts
from visloop.data.formats.yolo.classify import read_classify
from visloop.data.formats.yolo.layout import Layout, Place, layout_of
from visloop.data.formats.yolo.lines import Task, Told, parse
from visloop.data.formats.yolo.unnamed import Unnamed, mend
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Entry, Leftovers, clean, walk
from visloop.data.records import AddOptions, ClassEntry, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SURE: Final = ("test", "val", "train")
"""Where a picture is in several splits, the first of these counts: test pictures never train."""

_ABSENT: Final = (
    "{n} pictures have no label file: taken as background (nothing on them), as Ultralytics does"
)
_UNKNOWN: Final = "{n} pictures have no label file, nor has their folder: added as not labelled"
_CORNERS: Final = (
    "{n} label files have lines of four corners, taken as outlines "
    "(--format yolo-obb takes them as turned boxes)"
)
_DOUBLES: Final = "{n} pictures have lines that say the same twice: kept once"


class _Pictured(NamedTuple):
    """One picture of the set: its name in the data set, its file, its split."""

    path: str
    file: str
    split: str | None


def read_yolo(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every picture of the sets, in the order of the logical paths of each.

    `options.format` may name the task (`yolo-obb`), which counts more than what data.yaml says.

    Raises:
        LabelsUnreadable: a data.yaml cannot be read, or names nothing that is there.
    """
    prefixes = [""]
    if len(paths) > 1:
        prefixes = [f"{clean(tail)}/" for tail in shortest_distinct(paths)]
    wanted = options.format.partition("-")[2]
    task = cast("Task", "" if wanted == "darknet" else wanted)
    sets = [
        _Set(layout_of(path, task, left), prefix, left)
        for path, prefix in zip(paths, prefixes, strict=True)
    ]
    entries: dict[str, ClassEntry] = {}
    for each in chain.from_iterable(one.classes() for one in sets):
        entries.setdefault(each.name, each)
    return Reading(chain.from_iterable(one.items() for one in sets), tuple(entries.values()))


class _Set:
    """Reads one set: first which files belong together, then one picture after the other."""

    def __init__(self, layout: Layout, prefix: str, left: Leftovers) -> None:
        self._layout, self._prefix, self._left = layout, prefix, left
        self._side = Side(layout.tree, "yolo", left)
        names = texts.without_fillers(layout.schema.names)
        self._side.trust(same=names == {each.id: each.name for each in self._side.classes})
        self._schema = layout.schema._replace(names=names)
        self._texts = texts.LabelFiles(layout.tree)
        self._unnamed = Unnamed(names)

    def classes(self) -> tuple[ClassEntry, ...]:
        """Those of data.yaml with their ids; with all their details where we wrote them."""
        if self._side.classes:
            return self._side.classes
        entries: dict[str, ClassEntry] = {}
        for number, name in self._schema.names.items():
            if name in entries:
                self._left.say(f"classes {entries[name].id} and {number} are both called {name!r}")
            elif number >= 0:
                entries[name] = ClassEntry(id=number, name=name)
        return tuple(entries.values())

    def items(self) -> Iterator[Item]:
        yield from self._layout.problems
        if self._schema.task == "classify":
            yield from read_classify(self._layout, self._side, self._prefix, self._left)
            return
        files: dict[str, str | None] = {}
        for place in self._layout.places:
            yield from self._placed(place, files)
        yield from self._unplaced(files)
        pictured: dict[str, _Pictured] = {}
        for file, split in files.items():
            path = self._prefix + texts.logical(file, self._layout.tree)
            if path in pictured:
                reason = f"two pictures would be called {path!r}: {clean(pictured[path].file)} too"
                fix = "give one of them another name"
                yield refuse(path, clean(file), "name_collision", reason, fix=fix)
            else:
                pictured[path] = _Pictured(path, file, split)
        self._texts.look_beside(files)
        for path in sorted(pictured):
            yield self._found(pictured[path])
        for text in self._texts.orphans():
            path = self._prefix + clean(os.path.relpath(text, self._layout.tree))
            reason = "a label file, and no picture of its name is there"
            yield refuse(
                path, clean(text), "missing_image", reason, fix="copy the picture in, or remove it"
            )
        if note := self._unnamed.note():
            self._left.say(note)

    def _placed(self, place: Place, files: dict[str, str | None]) -> Iterator[Refusal]:
        """The pictures of one split."""
        if place.folder:
            for entry in walk(place.folder, "", Leftovers()):
                if isinstance(entry, Refusal):
                    yield entry
                else:
                    self._take(entry.file, place.split, files)
            return
        finder = Pictures(self._layout.tree)
        folder = os.path.dirname(place.listing)
        for name in texts.listed(place.listing):
            base = folder if name.startswith("./") else place.base
            found = finder.find(base, name, clean(place.listing))
            if isinstance(found, Refusal):
                yield found
            else:
                self._take(found, place.split, files)

    def _unplaced(self, files: dict[str, str | None]) -> Iterator[Refusal]:
        """Pictures that no split names: all of them where nothing describes the set."""
        tree = self._layout.tree
        described = bool(self._layout.places)
        more = 0
        for entry in walk(tree, "", Leftovers()):  # label files are no pictures left out
            if isinstance(entry, Refusal):
                yield entry
            elif not described:
                self._take(entry.file, _split_by_folder(entry), files)
            elif entry.file not in files and texts.holds_pictures(entry.path):
                more += 1
                self._take(entry.file, None, files)
        if more:
            told = f"{more} pictures are in no split that {self._layout.said_in} names"
            self._left.say(f"{told}: added without a split")

    def _take(self, file: str, split: str | None, files: dict[str, str | None]) -> None:
        before = files.get(file)
        if before is not None and split != before:
            self._left.add(
                "{n} pictures are in two splits; test counts before val, val before train",
                clean(os.path.relpath(file, self._layout.tree)),
            )
            if split not in SURE or (before in SURE and SURE.index(before) < SURE.index(split)):
                return
        files[file] = split

    def _found(self, each: _Pictured) -> Found:
        text = self._texts.of(each.file)
        raw = b"" if text is None else texts.content(text)
        relative = clean(os.path.relpath(each.file, self._layout.tree))
        kept = self._side.of(relative, raw) if isinstance(raw, bytes) else None
        source = clean(each.file)
        if kept is not None:
            return Found(
                path=self._prefix + kept.path,
                file=each.file,
                source=source,
                annotations=kept.annotations if kept.labelled else None,
                split=kept.split,
                declared=kept.size_wh,
                metadata=kept.metadata,
            )
        found = Found(path=each.path, file=each.file, source=source, split=each.split)
        if text is None:
            return self._without(found)
        if isinstance(raw, str):
            fix = "mend the label file, or remove it"
            refusal = refuse(each.path, clean(text), "labels_unreadable", raw, fix=fix)
            return _with(found, None, [refusal])
        told = parse(raw.decode("utf-8-sig", "replace"), self._schema)
        return self._labelled(found, told, clean(text))

    def _without(self, found: Found) -> Found:
        if self._texts.expected(found.file):
            self._left.add(_ABSENT, found.path)
            return _with(found, (), [])
        self._left.add(_UNKNOWN, found.path)
        return found

    def _labelled(self, found: Found, told: Told, source: str) -> Found:
        if told.corners and not self._schema.task:
            self._left.add(_CORNERS, found.path)
        if told.doubles:
            numbers = ", ".join(map(str, told.doubles[:5]))
            self._left.add(_DOUBLES, f"{found.path} (line {numbers})")
        self._unnamed.met(told)
        said_in = self._layout.said_in
        refusals = [
            refuse(
                found.path,
                source,
                bad.code,
                f"line {bad.line}: {bad.reason}",
                fix=mend(bad, said_in),
            )
            for bad in told.bad
        ]
        return _with(found, tuple(told.annotations), refusals, corners=self._schema.task == "obb")


def _with(
    found: Found,
    annotations: tuple[texts.Label, ...] | None,
    refusals: list[Refusal],
    *,
    corners: bool = False,
) -> Found:
    return Found(
        path=found.path,
        file=found.file,
        source=found.source,
        annotations=annotations,
        split=found.split,
        refusals=tuple(refusals),
        shares=True,
        corners=corners,
    )


def _split_by_folder(entry: Entry) -> str | None:
    parts = entry.path.lower().split("/")[:-1]
    return next((SPLITS[part] for part in parts if part in SPLITS), None)
