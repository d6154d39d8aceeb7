"""CVAT for video: tracks over numbered frames, joined with the frames as picture files.

A track's shape holds from its frame on; between two stated frames it moves in a straight line (such
frames are told apart by `key_frame`), and `outside="1"` ends it, for good or until it is stated
again (`ends`). Frames after the last one that a track states hold nothing of it.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH120

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from visloop.data.formats.beside import FIELD, Whole, joined, typed
from visloop.data.formats.cvat.encoding import track_of
from visloop.data.formats.cvat.labels import Labels, side_in
from visloop.data.formats.cvat.shapes import NO_SHAPES, decode
from visloop.data.formats.film import MOST_FRAMES, film_beside, labelled_film
from visloop.data.formats.frames import numbered
from visloop.data.formats.loose import BadObject, listing, mapping, size
from visloop.data.formats.shapes import ELLIPSE_NOTE
from visloop.data.formats.stated import Objection, Stated
from visloop.data.ingest.walk import Entry, Leftovers, clean, walk
from visloop.vision import Annotation, Followed, Points, between, is_followed

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from visloop.data.ingest.records import Found
    from visloop.data.records import AddOptions, Refusal

SINGLE: Final = "single"
ENDS: Final = "ends"
_SHOWN: Final = 5


class _Said(msgspec.Struct):
    """One state of a track in one frame."""

    frame: int
    outside: bool
    key: bool
    annotation: Annotation | None
    side: object = None


class Video:
    """One file for video, and the frames beside it."""

    def __init__(self, file: str, root: ET.Element, labels: Labels) -> None:
        self._file, self._root, self._labels = file, root, labels
        self._folder = os.path.dirname(file)
        original = root.find("meta//original_size")
        self._size = (0, 0)
        if original is not None:
            self._size = (size(original.findtext("width")), size(original.findtext("height")))
        beside = mapping(mapping(side_in(root.find(f"meta/{FIELD}"))).get("frames"))
        self._beside = {key: typed(each, Whole) or Whole() for key, each in beside.items()}
        self._entries: defaultdict[int, list[tuple[object, Annotation]]] = defaultdict(list)
        self._objections: defaultdict[int, list[Objection]] = defaultdict(list)
        self._ellipses = 0
        folder = os.path.join(self._folder, "images")
        self._images = folder if os.path.isdir(folder) else self._folder
        entries = (e for e in walk(self._images, "", Leftovers()) if isinstance(e, Entry))
        self._pictures = numbered(entries)

    def film(self) -> Found | None:
        """The film itself, where it lies beside the file instead of its frames."""
        source = self._root.findtext("meta//source") or ""
        return None if self._pictures else film_beside(self._folder, [source], other=True)

    def on_film(self, film: Found, left: Leftovers, options: AddOptions) -> Found | Refusal:
        """The film with its tracks; frames outside the task were not looked at."""
        texts = [node.get("frame", "") for node in self._root.iter()]
        stated = [int(text) for text in texts if text.isascii() and text.isdigit()]
        first, last = self._bounds()
        end = max(stated, default=0) if last == float("inf") else last
        numbers = range(int(max(first, 0)), int(min(end, MOST_FRAMES)) + 1)
        self._read_all(numbers, left)
        shown = {at: tuple(joined(self._entries.get(at, ()))) for at in numbers}
        film = msgspec.structs.replace(film, declared=self._size if all(self._size) else None)
        return labelled_film(film, shown, self._objections, options)

    def frames(self, left: Leftovers) -> Iterator[Stated]:
        """One picture a frame; a refusal for labelled frames that have no picture."""
        folder, pictures = self._images, self._pictures
        numbers = sorted(pictures)
        self._read_all(numbers, left)
        first, last = self._bounds()
        for number in numbers:
            stated = self._stated(number, pictures[number], folder)
            outside = not first <= number <= last and stated.annotations == ()
            yield msgspec.structs.replace(stated, annotations=None) if outside else stated
        if missing := sorted((self._entries.keys() | self._objections.keys()) - pictures.keys()):
            yield self._missing(missing, folder)

    def _read_all(self, numbers: Sequence[int], left: Leftovers) -> None:
        for at, track in enumerate(self._root.findall("track")):
            self._read(at, track, numbers)
        if self._ellipses:
            left.say(f"{self._ellipses} {ELLIPSE_NOTE}")

    def _missing(self, missing: list[int], folder: str) -> Stated:
        shown = ", ".join(map(str, missing[:_SHOWN])) + (" …" if len(missing) > _SHOWN else "")
        return Stated(
            names=(f"frame_{missing[0]:06d}.png ({len(missing)} labelled frames: {shown})",),
            roots=(folder,),
            tree=self._folder,
            source=clean(self._file),
        )

    def _bounds(self) -> tuple[float, float]:
        """The first and the last frame of the task; everything where it does not say."""
        bounds: list[float] = []
        for tag, usual in (("start_frame", float("-inf")), ("stop_frame", float("inf"))):
            node = self._root.find(f"meta//{tag}")
            text = "" if node is None else (node.text or "").strip()
            bounds.append(int(text) if text.isascii() and text.isdigit() else usual)
        return bounds[0], bounds[1]

    def _stated(self, number: int, entry: Entry, folder: str) -> Stated:
        side = self._beside.get(str(number), Whole())
        annotations = joined(self._entries.get(number, ()))
        looked_at = annotations or not side.unlabelled
        return Stated(
            names=(entry.path,),
            roots=(folder,),
            tree=self._folder,
            source=clean(self._file),
            path=side.path,
            annotations=(*annotations, *side.annotations) if looked_at else None,
            split=side.split,
            declared=self._size_of(number) if all(self._size_of(number)) else None,
            metadata=side.metadata,
            objections=tuple(self._objections.get(number, ())),
        )

    def _size_of(self, number: int) -> tuple[int, int]:
        side = self._beside.get(str(number))
        return side.size if side and side.size else self._size

    def _read(self, at: int, track: ET.Element, numbers: Sequence[int]) -> None:
        label = track.get("label", "").strip()
        name = track.get("id", str(at))
        extra = mapping(side_in(track))
        single, own = extra.get(SINGLE) is True, extra.get("track")
        name = own if isinstance(own, str) and own else name
        said: list[_Said] = []
        for each in (node for node in track if node.tag not in NO_SHAPES):
            one = self._state(each, label, f"track {track.get('id', at)}", name, single=single)
            if one is not None:
                said.append(one)
        said.sort(key=lambda one: one.frame)
        stated = {each for each in listing(extra.get(ENDS)) if isinstance(each, int)}
        for k, before in enumerate(said):
            if before.outside or before.annotation is None:
                continue
            after = said[k + 1] if k + 1 < len(said) else None
            placed = [(before.frame, before.side, before.annotation)]
            if after is not None and is_followed(before.annotation):
                placed += self._between(before, after, before.annotation, numbers)
            again = after is not None and after.outside and said[-1].frame > after.frame
            ends = stated if ENDS in extra else {placed[-1][0]} if again else ()
            for frame, side, each in placed:
                last = frame in ends and is_followed(each)
                drawn = msgspec.structs.replace(each, ends=True) if last else each
                self._entries[frame].append((side, drawn))

    def _state(
        self, node: ET.Element, label: str, where: str, name: str, *, single: bool
    ) -> _Said | None:
        text = node.get("frame", "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004
            reason = f"{where}: a {node.tag} names no frame: {text[:20]!r}"
            self._objections[0].append(Objection("bad_geometry", reason))
            return None
        frame = int(text)
        key = node.get("keyframe", "1").strip() != "0"
        if node.get("outside", "0").strip() == "1":
            return _Said(frame, outside=True, key=key, annotation=None)
        try:
            native = decode(node, label, self._labels, self._size_of(frame))
        except BadObject as problem:
            reason = f"{where}, frame {frame}: {problem.reason}"
            self._objections[frame].append(Objection(problem.code, reason))
            return None
        self._ellipses += node.tag == "ellipse"
        side = side_in(node)
        if not single:
            unseen = isinstance(native, Points) and not any(seen for *_, seen in native.points)
            if unseen and side is None:  # as CVAT says of a skeleton that it is out of sight
                return _Said(frame, outside=True, key=key, annotation=None)
            native = track_of(native, name, key_frame=key)
        return _Said(frame, outside=False, key=key, annotation=native, side=side)

    def _between(
        self, a: _Said, b: _Said, shape: Followed, numbers: Sequence[int]
    ) -> list[tuple[int, object, Annotation]]:
        """Shapes of the frames that lie between two stated ones and have a picture."""
        held = msgspec.structs.replace(shape, key_frame=False)
        end = b.annotation if b.annotation is not None and is_followed(b.annotation) else held
        low, high = bisect_right(numbers, a.frame), bisect_left(numbers, b.frame)
        span = b.frame - a.frame
        return [(at, None, between(held, end, (at - a.frame) / span)) for at in numbers[low:high]]
