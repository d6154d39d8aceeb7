"""`gt.txt` of MOT Challenge: one box a line, `frame,id,left,top,width,height,conf,class,visibility`.

    1,3,794.27,247.59,71.245,174.88,1,1,0.86   frame 1, track 3, a pedestrian, 86 % of it in sight
    1,7,0,0,20,40,0,9,1                        conf 0: evaluation passes over it
    1,-1,10,10,20,40,1,2,1                     id below 1: of no track (Datumaro, CVAT)
    1,3,794,247,71,174,1,-1,-1,-1              ten columns (MOT15, trackers): places in the world, no class

Frames and tracks count from 1. So do pixels, says motchallenge.net: (1, 1) is the top left corner.
CVAT and Datumaro, which name the classes in `gt/labels.txt` beside it, count pixels from 0.
Sources: motchallenge.net/instructions; arXiv:1603.00831, 1906.04567; Datumaro 1.13, `mot.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from visloop.data.formats.loose import BadObject, number
from visloop.data.formats.shapes import tidy
from visloop.vision import Box, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASSES: Final = (
    "pedestrian",
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non motorized vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "occluder full",
    "reflection",
)
"""Classes 1 … 12 of MOT16 and later (arXiv:1603.00831, table 5; MOT17's further ones)."""
VISIBILITY: Final = "visibility"
_LINE_ENDS: Final = re.compile(rb"\r\n?|\n")
_APART: Final = re.compile(r"\s*[,;]\s*|\s+")
_LEAST, _WORLD = 6, 10
_MOST_BAD: Final = 100
_MOST: Final = 10**9


@dataclass(frozen=True)
class Meaning:
    """What the numbers of a file mean: names by class number - 1, and the number of the first pixel."""

    names: Sequence[str] = CLASSES
    first_pixel: int = 1


@dataclass
class Said:
    """What a file says: boxes and raw lines by frame; bad lines as (frame or None, code, reason)."""

    boxes: defaultdict[int, list[Box | Track]] = field(default_factory=lambda: defaultdict(list))
    raw: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    bad: list[tuple[int | None, str, str]] = field(default_factory=list)
    doubles: list[int] = field(default_factory=list)
    classless: int = 0

    @property
    def frames(self) -> set[int]:
        """Those that a line speaks of."""
        return self.raw.keys() | {frame for frame, _, _ in self.bad if frame is not None}


def parse(raw: bytes, meaning: Meaning) -> Said:
    """Every line; never raises. Lines that are there twice count once, but for those of no track."""
    said = Said()
    tracks: defaultdict[int, set[str]] = defaultdict(set)
    for at, line in enumerate(_LINE_ENDS.split(raw.removeprefix(b"\xef\xbb\xbf")), start=1):
        if not line.strip():
            continue
        if len(said.bad) == _MOST_BAD:
            reason = f"line {at} and those after it were not read: {_MOST_BAD} were bad"
            said.bad.append((None, "labels_unreadable", reason))
            break
        frame = None
        try:
            values = _values(line)
            frame = _whole(values[0], "its frame")
            made = _box(values, meaning, said)
            if isinstance(made, Track):
                if line in said.raw[frame]:
                    said.doubles.append(at)
                    continue
                _take(made.track, tracks[frame], frame)
            said.boxes[frame].append(made)
        except BadObject as problem:
            said.bad.append((frame, problem.code, f"line {at}: {problem.reason}"))
        if frame is not None:
            said.raw[frame].append(line)
    return said


def _take(track: str, there: set[str], frame: int) -> None:
    if track in there:
        raise BadObject("double_track", f"track {track} is in frame {frame} twice")
    there.add(track)


def plausible(raw: bytes) -> bool:
    """Whether the first line that is not empty could be one of these."""
    for line in _LINE_ENDS.split(raw):
        if line.strip():
            try:
                return _whole(_values(line)[0], "") >= 0
            except BadObject:
                return False
    return True


def line_of(frame: int, track: int, each: Box | Track, number_of_class: int) -> str:
    """A box as its line, pixels counted from 0."""
    x1, y1, x2, y2 = each.xyxy
    numbers = ",".join(map(_text, (x1, y1, x2 - x1, y2 - y1)))
    seen = each.attributes.get(VISIBILITY)
    share = seen if _is_share(seen) else 1
    return f"{frame},{track},{numbers},{int(not each.ignore)},{number_of_class},{_text(share)}"


def _text(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _values(line: bytes) -> list[float]:
    tokens = _APART.split(line.decode("utf-8", "replace").strip().rstrip(",;"))
    if len(tokens) < _LEAST:
        reason = f"it has {len(tokens)} columns, not {_LEAST} or more"
        raise BadObject("bad_geometry", reason)
    return [number(token, "a column") for token in tokens[:_WORLD]]


def _whole(value: float, what: str) -> int:
    if value % 1 or abs(value) > _MOST:
        raise BadObject("bad_geometry", f"{what} is no whole number: {value:g}")
    return int(value)


def _box(values: Sequence[float], meaning: Meaning, said: Said) -> Box | Track:
    left, top, width, height = values[2:_LEAST]
    if width <= 0 or height <= 0:
        raise BadObject("zero_area_box", f"its box has no area: {width:g} × {height:g}")
    x, y = left - meaning.first_pixel, top - meaning.first_pixel
    common: dict[str, Any] = {
        "xyxy": (tidy(x), tidy(y), tidy(x + width), tidy(y + height)),
        "label": _label(values, meaning, said),
    }
    sure = values[6] if len(values) > 6 else 1  # noqa: PLR2004 - the seventh column
    if sure == 0:
        common["ignore"] = True
    elif 0 < sure < 1:
        common["score"] = sure
    if len(values) == _WORLD - 1 and 0 <= values[8] < 1:
        common["attributes"] = {VISIBILITY: values[8]}
    track = _whole(values[1], "its track")
    return Track(track=str(track), **common) if track > 0 else Box(**common)


def _label(values: Sequence[float], meaning: Meaning, said: Said) -> str:
    stated = values[7] if 7 < len(values) < _WORLD else -1  # noqa: PLR2004 - the eighth column
    if stated < 0:
        said.classless += 1
        if meaning.names is CLASSES or len(meaning.names) == 1:
            return meaning.names[0]
        raise BadObject("unknown_class", "it has no class, and gt/labels.txt names several")
    at = _whole(stated, "its class") - 1
    if not 0 <= at < len(meaning.names) or not meaning.names[at]:
        known = f"1 … {len(meaning.names)}"
        raise BadObject("unknown_class", f"no class has the number {stated:g} (known: {known})")
    return meaning.names[at]
