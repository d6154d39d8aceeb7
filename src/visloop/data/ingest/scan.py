"""What is in there: the paths that a person gave, as pictures with labels, in order, lazily."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH100, PTH110, PTH111, PTH112, PTH120

from __future__ import annotations

import os
import time
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from visloop.data.formats import FORMATS
from visloop.data.ingest.records import FILM, Found, Part
from visloop.data.ingest.walk import Leftovers, clean, is_film
from visloop.data.media.grey import parse_window
from visloop.data.media.pages import unfold
from visloop.data.media.policy import parse_frames
from visloop.data.records import AddOptions, ClassEntry
from visloop.errors import NotFound, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from visloop.data.formats import Format, Item, Reading


class SourceNotFound(NotFound):
    """A path that was to be added is not there."""

    code = "data.source_not_found"


class Scan:
    """The pictures that some paths offer. Iterate once; `notes()` is complete after that.

    Items are `Found` (read it, `probe` it, `settle` its labels) or `Refusal`, each format's in the
    order of the logical paths. `classes` are those declared by the source, with its ids.
    """

    def __init__(
        self,
        formats: tuple[str, ...],
        readings: Sequence[Reading],
        left: Leftovers,
        options: AddOptions,
    ) -> None:
        self.formats = formats
        self.classes = _merged(readings, left)
        totals = [reading.total for reading in readings]
        unsure = options.pages == "all" or None in totals
        self.total = None if unsure else sum(total or 0 for total in totals)
        self._items = chain.from_iterable(reading.items for reading in readings)
        self._left = left
        self._changes: dict[str, Any] = {}
        if options.split is not None:
            self._changes["split"] = options.split
        if options.in_place:
            self._changes["in_place"] = True
        self._options = options
        self._unfolds = options.pages == "all" or options.window != "auto"

    def __iter__(self) -> Iterator[Item]:
        items, settle_s = self._items, self._options.settle_s
        if settle_s:
            items = _settled(items, settle_s, self._left)
        if self._options.frames:
            items = _films(items, self._options.frames)
        if not self._changes and not self._unfolds:
            yield from items
            return
        replace, changes = msgspec.structs.replace, self._changes
        for item in items:
            if not isinstance(item, Found):
                yield item
            elif self._unfolds:
                yield from unfold(replace(item, **changes), self._options)
            else:
                yield replace(item, **changes)

    def notes(self) -> tuple[str, ...]:
        """What was left out, renamed or guessed, in words."""
        return self._left.notes()


def scan(paths: Sequence[str | Path], options: AddOptions) -> Scan:
    """Look at what lies at `paths` and offer it, unread.

    `options.format` is `auto` or a name in the table of formats; `options.split` overrides every
    split that the source says. Classes keep the source's names: renaming is the caller's.

    Raises:
        SourceNotFound: a path is not there.
        UsageError: no such format, the path is not of the format that was named, or
            `options.frames` does not say which frames.
    """
    check_format(options.format)
    parse_window(options.window)
    if options.frames:
        parse_frames(options.frames)
    left = Leftovers(films=bool(options.frames))
    grouped: dict[str, list[str]] = {}
    for path in _outermost([existing(path) for path in paths], left):
        grouped.setdefault(_format_of(path, options.format).name, []).append(path)
    readings = [FORMATS[name].read(each, left, options) for name, each in grouped.items()]
    return Scan(tuple(grouped), readings, left, options)


def check_format(name: str) -> None:
    """Raises UsageError: no such format."""
    known = ("auto", *FORMATS, "urls")
    if name not in known:
        raise UsageError(
            f"no format is called {name!r}",
            fix=did_you_mean(name, known, otherwise=", ".join(known)),
        )


def _settled(items: Iterator[Item], settle_s: float, left: Leftovers) -> Iterator[Item]:
    """The items without files that were written to a moment ago: they may not be whole yet."""
    for item in items:
        if isinstance(item, Found):
            try:
                age_s = time.time() - os.path.getmtime(item.file)  # noqa: PTH204
            except OSError:
                age_s = settle_s
            if 0 <= age_s < settle_s:  # a time in the future says nothing
                left.young += 1
                continue
        yield item


def _films(items: Iterator[Item], frames: str) -> Iterator[Item]:
    """The items, films among them as films: the frames that `frames` names are to be taken."""
    for item in items:
        if isinstance(item, Found) and item.part is None and is_film(item.file):
            yield msgspec.structs.replace(item, part=Part(kind=FILM, at={"frames": frames}))
        else:
            yield item


def existing(path: str | Path) -> str:
    """The path as an absolute one; links stay.

    Raises:
        SourceNotFound: nothing is there.
    """
    text = os.path.abspath(os.path.expanduser(path))
    if os.path.exists(text):
        return text
    raise SourceNotFound(
        f"nothing lies at {clean(text)!r}",
        fix="check the path; a relative path starts at the current folder",
    )


def _outermost(paths: list[str], left: Leftovers) -> list[str]:
    """Each path once; those that lie in another given folder come with that folder."""
    kept: list[str] = []
    folders: set[str] = set()
    for path in sorted(set(paths)):
        above = path
        while (above := os.path.dirname(above)) not in folders and above != os.path.dirname(above):
            pass
        if above in folders:
            left.say(f"{clean(path)} lies in {clean(above)}, which is given too")
            continue
        kept.append(path)
        if os.path.isdir(path):
            folders.add(path)
    return kept


def _format_of(path: str, wanted: str) -> Format:
    if wanted == "auto":
        return next(each for each in FORMATS.values() if each.recognises(path))
    chosen = FORMATS[wanted]
    if chosen.recognises(path):
        return chosen
    raise UsageError(
        f"{clean(path)!r} is not {chosen.title}",
        fix="leave --format away to have it guessed, or name the folder that holds all of it",
    )


def _merged(readings: Sequence[Reading], left: Leftovers) -> tuple[ClassEntry, ...]:
    """Declared classes of all sources by name; an id that two names claim stays with the first."""
    merged: dict[str, ClassEntry] = {}
    used: set[int] = set()
    for entry in chain.from_iterable(reading.classes for reading in readings):
        if entry.name in merged:
            continue
        number = entry.id
        if number in used:
            number = max(used) + 1
            left.say(f"class {entry.name!r}: its id {entry.id} is taken, so it gets {number}")
        used.add(number)
        merged[entry.name] = (
            entry
            if number == entry.id
            else ClassEntry(id=number, name=entry.name, parent=entry.parent)
        )
    return tuple(sorted(merged.values(), key=lambda entry: entry.id))
