"""MOT Challenge in: every frame of every sequence with the boxes that `gt/gt.txt` says of it.

Frames are found by the number at the end of their names (`img1/000012.jpg` is frame 12), else by
their order from 1. A frame that no line speaks of was looked at and shows nothing; a sequence
without `gt/gt.txt` (a test sequence) is not labelled. Detections (`det/det.txt`) are not read.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH113, PTH118, PTH119

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from visloop.data.formats.frames import numbered
from visloop.data.formats.mot.lines import CLASSES, Said, parse
from visloop.data.formats.mot.places import (
    NAME,
    Sequence,
    info_of,
    meaning_of,
    numbers_of,
    one_line,
    sequences,
    tree_of,
)
from visloop.data.formats.records import Item, LabelsUnreadable, Reading
from visloop.data.formats.sidefile import Side
from visloop.data.formats.stated import REDRAW, Objection, Stated, offer
from visloop.data.formats.yolo.texts import without_fillers
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import Entry, Leftovers, clean, walk
from visloop.data.records import AddOptions, ClassEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Sequence as Listed

_MOST_BYTES: Final = 1 << 30
_SHOWN: Final = 5
_NO_GT: Final = "{n} sequences have no gt/gt.txt: their frames are not labelled"
_DETECTED: Final = "{n} sequences have det/det.txt, what a detector found: left out"
_NO_CLASS: Final = "{n} sequences have boxes without a class: taken as the first one"
_DOUBLES: Final = "{n} sequences have lines that are there twice: kept once"


def read_mot(paths: Listed[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every frame of the sequences at the paths.

    Raises:
        LabelsUnreadable: a gt.txt cannot be read, or is no text.
    """
    del options
    stated: list[Stated] = []
    refusals: list[Item] = []
    classes: dict[str, ClassEntry] = {}
    for path in paths:
        tree = tree_of(path)
        side = Side(tree, NAME, left)
        held = list(sequences(path))
        found = {each.name: each for one in held for each in _classes(one)}
        written = {one_line(name): at for name, at in numbers_of(side.classes).items()}
        side.trust(same=written == {name: each.id for name, each in found.items()})
        for each in side.classes or found.values():
            classes.setdefault(each.name, each)
        for sequence in held:
            read = _Film(sequence, tree, side, left)
            stated += read.frames()
            refusals += read.refusals()
    entries = tuple(sorted(classes.values(), key=lambda each: each.id))
    return Reading(chain(refusals, offer(stated, left)), entries, len(stated) + len(refusals))


def _classes(sequence: Sequence) -> list[ClassEntry]:
    """The classes that a sequence's file names, the first has the id 0."""
    names = dict(enumerate(meaning_of(sequence).names)) if sequence.gt else {}
    return [ClassEntry(id=at, name=name) for at, name in without_fillers(names).items() if name]


class _Film:
    """One sequence."""

    def __init__(self, sequence: Sequence, tree: str, side: Side, left: Leftovers) -> None:
        self._sequence, self._tree, self._side, self._left = sequence, tree, side, left
        self._meaning, self._info = meaning_of(sequence), info_of(sequence, tree)
        self._source = clean(sequence.gt or sequence.folder)
        self._said = parse(_content(sequence.gt), self._meaning) if sequence.gt else Said()
        self._objections: dict[int, list[Objection]] = {}
        for frame, code, reason in self._said.bad:
            if frame is not None:
                self._objections.setdefault(frame, []).append(Objection(code, reason))

    def frames(self) -> Iterator[Stated]:
        """One picture a frame; a refusal for labelled frames that have no picture."""
        self._remark()
        folder = self._info.pictures
        entries = (each for each in walk(folder, "", Leftovers()) if isinstance(each, Entry))
        pictures = numbered(entries, first=1)
        for at in sorted(pictures):
            yield self._stated(at, pictures[at])
        if missing := sorted(self._said.frames - pictures.keys()):
            shown = ", ".join(map(str, missing[:_SHOWN])) + (" …" if len(missing) > _SHOWN else "")
            name = f"{missing[0]:06d}.jpg ({len(missing)} labelled frames: {shown})"
            yield Stated(names=(name,), roots=(folder,), tree=self._tree, source=self._source)

    def refusals(self) -> Iterator[Item]:
        """Lines that name no frame."""
        where = f"{self._sequence.name}/gt.txt".lstrip("/")
        for frame, code, reason in self._said.bad:
            if frame is None:
                yield refuse(
                    f"{where} {reason.partition(':')[0]}", self._source, code, reason, fix=REDRAW
                )

    def _remark(self) -> None:
        name = self._sequence.name or clean(os.path.basename(self._sequence.folder))
        if not self._sequence.gt:
            self._left.add(_NO_GT, name)
        if os.path.isfile(os.path.join(self._sequence.folder, "det", "det.txt")):
            self._left.add(_DETECTED, name)
        names = self._meaning.names
        if self._said.classless and (names is CLASSES or len(names) == 1):
            self._left.add(_NO_CLASS, f"{name} ({names[0]})")
        if self._said.doubles:
            numbers = ", ".join(map(str, self._said.doubles[:_SHOWN]))
            self._left.add(_DOUBLES, f"{name} (line {numbers})")

    def _stated(self, at: int, entry: Entry) -> Stated:
        file = clean(os.path.relpath(entry.file, self._tree))
        kept = self._side.of(file, b"\n".join(self._said.raw.get(at, ())))
        roots, source = (self._info.pictures,), self._source
        plain = Stated(names=(entry.path,), roots=roots, tree=self._tree, source=source)
        if kept is not None:
            return replace(
                plain,
                path=kept.path,
                annotations=kept.annotations if kept.labelled else None,
                split=kept.split,
                declared=kept.size_wh,
                metadata=kept.metadata,
            )
        return replace(
            plain,
            path=f"{self._sequence.name}/{entry.path}".lstrip("/"),
            annotations=tuple(self._said.boxes.get(at, ())) if self._sequence.gt else None,
            split=self._sequence.split,
            declared=self._info.size_wh,
            objections=tuple(self._objections.get(at, ())),
        )


def _content(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            raw = opened.read(_MOST_BYTES + 1)
    except OSError as problem:
        raise _unreadable(file, problem.strerror or "it cannot be opened") from problem
    if len(raw) > _MOST_BYTES:
        raise _unreadable(file, f"it is larger than {_MOST_BYTES >> 20} MB")
    if b"\0" in raw:
        raise _unreadable(file, "it is not text")
    return raw


def _unreadable(file: str, reason: str) -> LabelsUnreadable:
    return LabelsUnreadable(
        f"{clean(file)} cannot be read as MOT Challenge's boxes: {reason}",
        fix="mend the file, or add the pictures without labels: --format images",
    )
